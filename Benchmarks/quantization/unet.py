"""Weight-only int8 of a large UNet: time and peak memory beside ONNX Runtime's quantize_dynamic.

Usage: unet.py MODEL.onnx IMGCONV [RUNS]

MODEL.onnx may keep its weights as external data. Each quantizer runs in a process of its own, in
turn, on the same file in the page cache; time is the whole process, memory its VmHWM. ONNX Runtime
runs with a scale a tensor (its default) and, as imgconv, a scale a channel; ratios are to the latter,
then to the former. imgconv writes an artifact, which `--verify` of inspect checks afterwards; RUNS (1)
counts imgconv's runs, of which the median is shown. Rows: from the ONNX file, and from an artifact
imported before. Results go to a folder in IMGCONV_BENCH_WORK (one in memory leaves the disk out).
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time

THEIRS = """
import sys
from onnxruntime.quantization import QuantType, quantize_dynamic
quantize_dynamic(
    sys.argv[1], sys.argv[2], weight_type=QuantType.QInt8, use_external_data_format=True,
    per_channel=len(sys.argv) > 3)
"""


def run(*arguments):
    """Seconds and peak bytes of a process."""
    start = time.monotonic()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{arguments[0]}: status {status}")
    return time.monotonic() - start, usage.ru_maxrss * 1024


def warm(path):
    """Reads the model's files, so that no quantizer waits for the disk."""
    for name in (path, path + ".data"):
        if os.path.exists(name):
            with open(name, "rb") as file:
                while file.read(1 << 24):
                    pass


def show(what, seconds, peak, theirs):
    ratios = "".join(f"  {seconds / s:.3f} {peak / p:.4f}" for s, p in theirs or [])
    print(f"{what:48} {seconds:7.2f} s  {peak / 1e9:6.3f} GB{ratios}", flush=True)


def main():
    model, tool = sys.argv[1:3]
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    warm(model)
    with tempfile.TemporaryDirectory(dir=os.environ.get("IMGCONV_BENCH_WORK")) as work:
        theirs = []
        for what, options in (("channel", ["channel"]), ("tensor", [])):
            theirs.append(
                run(sys.executable, "-c", THEIRS, model, os.path.join(work, "theirs.onnx"), *options))
            show(f"ONNX Runtime quantize_dynamic, int8, {what}", *theirs[-1], None)
            for name in os.listdir(work):
                os.remove(os.path.join(work, name))
        source, output = os.path.join(work, "model.imgc"), os.path.join(work, "out.imgc")

        def ours(what, given):
            taken = [
                run(tool, "quantize", given, "--weights", "int8", "-o", output, "--force", "--quiet")
                for _ in range(runs)]
            subprocess.run(
                [tool, "inspect", "--verify", output], check=True, stdout=subprocess.DEVNULL)
            seconds, peaks = zip(*taken)
            show(what, statistics.median(seconds), max(peaks), theirs)

        ours("imgconv quantize --weights int8, from ONNX", model)
        subprocess.run([tool, "import", model, "-o", source, "--quiet"], check=True,
                       stdout=subprocess.DEVNULL)
        ours("imgconv quantize --weights int8, from .imgc", source)


main()
