#!/usr/bin/env python3
"""Times import and export of `imgconv` against `zstd -3 -T2` and ZipNN on one safetensors file.

    compare.py FILE --dtype F32|F16|BF16 [--program .build/release/imgconv] [--without-zipnn]
               [--without-entropy]

Every tool reads the file from disk (or the page cache: it is read once before) and writes its
result to disk; they run in turn. Only imgconv waits until its file is on the disk; `zstd` is shown
without and with that wait (fsync). ZipNN (0.5.4, PyPI) runs in an environment of its own, made under
$XDG_CACHE_HOME, on two threads. Prints a table with ratios, and the order-0 entropy of the planes.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
VENV = pathlib.Path(os.environ.get("BENCHMARK_VENV", CACHE / "imgconv-container"))

ZIPNN = """
import sys, time, zipnn
mode, source, target, dtype = sys.argv[1:]
tool = zipnn.ZipNN(bytearray_dtype=dtype, input_format="byte", threads=2)
begin = time.perf_counter()
with open(source, "rb") as file:
    data = bytearray(file.read()) if mode == "c" else file.read()
middle = time.perf_counter()
result = tool.compress(data) if mode == "c" else tool.decompress(data)
after = time.perf_counter()
with open(target, "wb") as file:
    file.write(result)
print(after - middle, time.perf_counter() - begin)
"""


def environment():
    python = VENV / "bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "zipnn==0.5.4", "numpy"], check=True)
    return str(python)


def timed(command):
    """Seconds, peak memory in MB, and what was printed."""
    begin = time.perf_counter()
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True)
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command} failed")
    return time.perf_counter() - begin, usage.ru_maxrss / 1024, text


def synced(path):
    """Seconds until the file is on the disk."""
    begin = time.perf_counter()
    with open(path, "rb") as file:
        os.fsync(file.fileno())
    return time.perf_counter() - begin


ENTROPY = """
import sys, numpy as np
path, width = sys.argv[1], int(sys.argv[2])
counts = np.zeros((width, 256), np.int64)
dtype = np.dtype(f"<u{width}")
with open(path, "rb") as file:
    file.seek(8 + int.from_bytes(file.read(8), "little"))
    while True:
        block = np.frombuffer(file.read(1 << 26), dtype)
        if not len(block): break
        block = (block << dtype.type(1)) | (block >> dtype.type(8 * width - 1))
        for plane in range(width):
            part = ((block >> dtype.type(8 * plane)) & dtype.type(255)).astype(np.uint8)
            counts[plane] += np.bincount(part, minlength=256)
total = counts.sum(1, keepdims=True)
share = counts / total
print((-(share * np.log2(np.where(share > 0, share, 1))).sum(1) * total[:, 0]).sum() / 8)
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--dtype", choices=("F32", "F16", "BF16"), required=True)
    parser.add_argument("--program", default=str(ROOT / ".build/release/imgconv"))
    parser.add_argument("--without-zipnn", action="store_true")
    parser.add_argument("--without-entropy", action="store_true")
    arguments = parser.parse_args()
    source, folder = arguments.file, arguments.file.parent
    size = source.stat().st_size
    width = 4 if arguments.dtype == "F32" else 2
    python = environment()
    artifact, back, zst, znn = (folder / f"bench.{e}" for e in ("imgc", "safetensors", "zst", "znn"))
    os.sync()
    with open(source, "rb") as file:
        while file.read(1 << 26):
            pass
    rows = []

    def row(name, seconds, memory, stored):
        rows.append((name, seconds, size / seconds / 1e6, memory, stored))

    for path in (artifact, back):
        path.unlink(missing_ok=True)
    seconds, memory, _ = timed([arguments.program, "import", source, "-o", artifact])
    row("imgconv import", seconds, memory, artifact.stat().st_size)
    packed = timed(["zstd", "-3", "-T2", "-q", "-f", source, "-o", zst])
    row("zstd -3 -T2", *packed[:2], zst.stat().st_size)
    row("zstd -3 -T2, fsync", packed[0] + synced(zst), packed[1], zst.stat().st_size)
    if not arguments.without_zipnn:
        dtype = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}[arguments.dtype]
        _, memory, text = timed([python, "-c", ZIPNN, "c", source, znn, dtype])
        inside, whole = map(float, text.split()[-2:])
        row("ZipNN compress, files", whole, memory, znn.stat().st_size)
        row("ZipNN compress, in memory", inside, memory, znn.stat().st_size)
    seconds, memory, _ = timed([arguments.program, "export", artifact, "-o", back])
    row("imgconv export", seconds, memory, None)
    if subprocess.run(["cmp", source, back]).returncode:
        sys.exit("the export differs from the source")
    back.unlink()
    row("zstd -d", *timed(["zstd", "-d", "-q", "-f", zst, "-o", back])[:2], None)
    back.unlink()
    if not arguments.without_zipnn:
        _, memory, text = timed([python, "-c", ZIPNN, "d", znn, back, dtype])
        inside, whole = map(float, text.split()[-2:])
        row("ZipNN decompress, files", whole, memory, None)
        row("ZipNN decompress, in memory", inside, memory, None)
        if subprocess.run(["cmp", source, back]).returncode:
            print("ZipNN's result differs from the source")
        back.unlink()
    print(f"{source.name}: {size} bytes, {arguments.dtype}")
    for name, seconds, rate, memory, stored in rows:
        share = f"{stored / size:.4f}" if stored else ""
        print(f"{name:28} {seconds:7.2f} s {rate:8.0f} MB/s   peak {memory:7.0f} MB   {share}")
    first = artifact.stat().st_size
    print(f"time, import / zstd -3 -T2: {rows[0][1] / rows[1][1]:.3f}, "
          f"with fsync {rows[0][1] / rows[2][1]:.3f}")
    print(f"size, imgc / zst: {first / zst.stat().st_size:.4f}")
    if not arguments.without_zipnn:
        print(f"size, imgc / ZipNN: {first / znn.stat().st_size:.5f}")
    if not arguments.without_entropy:
        entropy = float(timed([python, "-c", ENTROPY, source, width])[2])
        print(f"size, imgc / entropy of the planes: {first / entropy:.5f}")
    for path in (artifact, zst, znn):
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
