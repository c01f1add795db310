#!/usr/bin/env python3
"""How time and memory of import, export, checking and reading one tensor grow with the size.

    growth.py FOLDER [--sizes 0.1,1,3.4,10] [--program .build/release/imgconv] [--python PYTHON]

Sizes are in GB of fp32 weights (weights.py); files are made and removed in FOLDER, which needs room
for three times the largest. One run each, the source in the page cache and on the disk.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent


def timed(command):
    """Seconds and peak memory in MB."""
    begin = time.perf_counter()
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command} failed")
    return time.perf_counter() - begin, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--sizes", default="0.1,1,3.4,10")
    parser.add_argument("--program", default=str(HERE.parent.parent / ".build/release/imgconv"))
    parser.add_argument("--python", default=sys.executable, help="with numpy")
    arguments = parser.parse_args()
    run = arguments.program
    source, artifact, back, one = (
        arguments.folder / name for name in ("g.safetensors", "g.imgc", "b.safetensors", "t.safetensors"))
    for size in map(float, arguments.sizes.split(",")):
        for path in (source, artifact, back, one):
            path.unlink(missing_ok=True)
        subprocess.run([arguments.python, HERE / "weights.py", source, "--bytes", str(int(size * 1e9))],
                       check=True)
        os.sync()
        with open(source, "rb") as file:
            while file.read(1 << 26):
                pass
        rows = [("import", *timed([run, "import", source, "-o", artifact]))]
        source.unlink()
        rows.append(("inspect --verify", *timed([run, "inspect", "--verify", artifact])))
        rows.append(("export", *timed([run, "export", artifact, "-o", back])))
        listing = json.loads(subprocess.run([run, "inspect", "--json", artifact],
                                            capture_output=True, check=True).stdout)
        tensors = sorted(listing["components"][0]["tensors"], key=lambda t: t["bytes"])
        middle = next(t for t in tensors if t["bytes"] >= 1_600_000)
        rows.append((f"one tensor of {middle['bytes'] / 1e6:.1f} MB", *timed(
            [run, "export", artifact, "--tensor", middle["name"], "-o", one])))
        stored = artifact.stat().st_size
        print(f"{size} GB, artifact {stored / 1e9:.3f} GB, {len(tensors)} tensors")
        for name, seconds, memory in rows:
            print(f"  {name:28} {seconds:8.3f} s   {size * 1e3 / seconds:8.0f} MB/s   "
                  f"peak {memory:5.0f} MB", flush=True)
    for path in (source, artifact, back, one):
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
