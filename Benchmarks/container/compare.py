#!/usr/bin/env python3
"""Times import and export of `imgconv` against `zstd -3 -T2` and ZipNN on one safetensors file.

    compare.py FILE --dtype F32|F16|BF16 [--rounds 3] [--program .build/release/imgconv]
               [--without-zipnn] [--without-entropy]

Every tool reads the file from disk (or the page cache: it is read once before) and writes its
result to disk; they run in turn, and medians of all rounds are shown. imgconv is shown as it is,
waiting until its file is on the disk, and with --no-sync; the others, which do not wait, as they are
and with that wait (fsync): like is to be compared with like. Before each step the disk comes to rest.
A row of the second round on is how long the disk alone takes for the artifact's bytes (dd, as many
zeros, past the cache; through it where there is no such access). ZipNN (0.5.4, PyPI) runs in an
environment of its own, made under $XDG_CACHE_HOME, on two threads. Prints a table with ratios, and
the order-0 entropy of the planes.
"""
import argparse
import os
import pathlib
import statistics
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


def settle():
    """Waits until the disk is done with what was written and removed before."""
    os.sync()
    time.sleep(4)


def written(path, size):
    """Seconds and memory that the disk takes for `size` bytes."""
    settle()
    command = ["dd", "if=/dev/zero", f"of={path}", "bs=4M", f"count={size >> 22}", "status=none", "conv=fsync"]
    direct = [*command, "oflag=direct"]
    isDirect = subprocess.run([*direct[:4], "count=1", *direct[5:]], stderr=subprocess.DEVNULL).returncode == 0
    seconds, memory, _ = timed(direct if isDirect else command)
    path.unlink()
    return seconds, memory


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


class Comparison:
    """What each step of each tool took, over all rounds."""

    def __init__(self, program, source, dtype, zipnn):
        self.program, self.source, self.zipnn = program, source, zipnn
        self.python = environment()
        self.dtype = {"F32": "float32", "F16": "float16", "BF16": "bfloat16"}[dtype]
        self.artifact, self.back, self.zst, self.znn = (
            source.parent / f"bench.{extension}" for extension in ("imgc", "safetensors", "zst", "znn"))
        self.seconds, self.memory, self.stored = {}, {}, {}

    def add(self, name, seconds, memory, path=None):
        self.seconds.setdefault(name, []).append(seconds)
        self.memory[name] = max(memory, self.memory.get(name, 0))
        if path:
            self.stored[name] = path.stat().st_size

    def add_waiting(self, name, seconds, memory, path, size=None):
        """A step that does not wait for the disk, as it is and with the wait."""
        self.add(name, seconds, memory, size)
        self.add(name + ", fsync", seconds + synced(path), memory, size)

    def add_ours(self, command, source, target, keeps):
        """imgconv without and with the wait; an export is checked and removed."""
        for name in (f"imgconv {command} --no-sync", f"imgconv {command}"):
            target.unlink(missing_ok=True)
            settle()
            options = ["--no-sync"] if "no-sync" in name else []
            self.add(name, *timed([self.program, command, source, "-o", target, *options])[:2],
                     target if keeps else None)
            if not keeps:
                self.check(name)

    def round(self):
        self.clean()
        if "imgconv import" in self.stored:
            self.add("the disk alone", *written(self.back, self.stored["imgconv import"]))
        self.add_ours("import", self.source, self.artifact, keeps=True)
        settle()
        packed = timed(["zstd", "-3", "-T2", "-q", self.source, "-o", self.zst])
        self.add_waiting("zstd -3 -T2", *packed[:2], self.zst, self.zst)
        if self.zipnn:
            settle()
            self.run_zipnn("c", self.source, self.znn, "compress", self.znn)
        self.add_ours("export", self.artifact, self.back, keeps=False)
        settle()
        self.add_waiting("zstd -d", *timed(
            ["zstd", "-d", "-q", self.zst, "-o", self.back])[:2], self.back)
        self.check("zstd -d")
        if self.zipnn:
            settle()
            self.run_zipnn("d", self.znn, self.back, "decompress", None)
            self.check("ZipNN")

    def run_zipnn(self, mode, source, target, name, size):
        _, memory, text = timed([self.python, "-c", ZIPNN, mode, source, target, self.dtype])
        inside, whole = map(float, text.split()[-2:])
        self.add(f"ZipNN {name}, in memory", inside, memory, size)
        self.add_waiting(f"ZipNN {name}, files", whole, memory, target, size)

    def check(self, name):
        if subprocess.run(["cmp", self.source, self.back]).returncode:
            sys.exit(f"the result of {name} differs from the source")
        self.back.unlink()

    def clean(self):
        for path in (self.artifact, self.back, self.zst, self.znn):
            path.unlink(missing_ok=True)

    def ratio(self, name, other):
        return statistics.median(self.seconds[name]) / statistics.median(self.seconds[other])

    def report(self, entropy):
        size = self.source.stat().st_size
        print(f"{self.source.name}: {size} bytes, {self.dtype}")
        for name, seconds in self.seconds.items():
            middle = statistics.median(seconds)
            share = f"{self.stored[name] / size:.4f}" if name in self.stored else ""
            print(f"{name:32} {middle:7.2f} s ({min(seconds):.2f} to {max(seconds):.2f}) "
                  f"{size / middle / 1e6:6.0f} MB/s   peak {self.memory[name]:6.0f} MB   {share}")
        for other in self.seconds:
            ours = "imgconv export" if "-d" in other or "decompress" in other else "imgconv import"
            if not other.startswith("imgconv") and "alone" not in other:
                for name in (ours, f"{ours} --no-sync"):
                    print(f"time, {name} / {other}: {self.ratio(name, other):.3f}")
        if "the disk alone" in self.seconds:
            print(f"time, imgconv import / the disk alone: {self.ratio('imgconv import', 'the disk alone'):.3f}")
        first = self.stored["imgconv import"]
        print(f"size, imgc / zst: {first / self.stored['zstd -3 -T2']:.4f}")
        if self.zipnn:
            print(f"size, imgc / ZipNN: {first / self.stored['ZipNN compress, files']:.5f}")
        if entropy:
            width = 4 if self.dtype == "float32" else 2
            bound = float(timed([self.python, "-c", ENTROPY, self.source, width])[2])
            print(f"size, imgc / entropy of the planes: {first / bound:.5f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--dtype", choices=("F32", "F16", "BF16"), required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--program", default=str(ROOT / ".build/release/imgconv"))
    parser.add_argument("--without-zipnn", action="store_true")
    parser.add_argument("--without-entropy", action="store_true")
    arguments = parser.parse_args()
    comparison = Comparison(
        arguments.program, arguments.file, arguments.dtype, not arguments.without_zipnn)
    with open(arguments.file, "rb") as file:
        while file.read(1 << 26):
            pass
    for _ in range(arguments.rounds):
        comparison.round()
    comparison.report(not arguments.without_entropy)
    comparison.clean()


if __name__ == "__main__":
    main()
