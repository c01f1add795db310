"""Distils the digits teacher with several settings and judges every student by 2,000 samples.

    variants.py IMGCONV MODELS OUTPUT SETTINGS.yaml ...

MODELS holds `teacher`, `classifier.onnx` and `classifier.reference-features.safetensors`. A student
that stands in OUTPUT already is judged again, not trained again; each row is printed as it is known:
Fréchet distance and accuracy at 1 step, 2 and 3 steps plain, 2 and 3 steps noise-corrected.
"""

import json
import pathlib
import subprocess
import sys

import numpy
from safetensors.numpy import save_file
from sklearn.datasets import load_digits

program, models, output = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])


def enlarged(images, size):
    """Bilinear, with pixel centres at halves, edges repeated."""
    places = (numpy.arange(size) + 0.5) * images.shape[-1] / size - 0.5
    low = numpy.floor(places).astype(int)
    share = (places - low).astype(numpy.float32)
    first, second = low.clip(0, images.shape[-1] - 1), (low + 1).clip(0, images.shape[-1] - 1)

    def along(values):
        return values[..., first] * (1 - share) + values[..., second] * share

    return along(along(images).swapaxes(-1, -2)).swapaxes(-1, -2)


def write_data(path):
    """The digits as the teacher saw them, for forward distillation."""
    digits = load_digits()
    images = enlarged(digits.images.astype(numpy.float32) / 8 - 1, 16)[:, None]
    save_file(
        {"images": numpy.ascontiguousarray(images), "labels": digits.target.astype(numpy.int64)},
        path,
    )


def judged(student, steps, corrects):
    command = [program, "sample", student, "--steps", str(steps), "--count", "2000"]
    command += ["--class", "0,1,2,3,4,5,6,7,8,9", "--batch", "500", "--seed", "0", "--quiet", "--json"]
    command += ["--metric-model", models / "classifier.onnx"]
    command += ["--reference-features", models / "classifier.reference-features.safetensors"]
    if not corrects:
        command.append("--no-noise-correction")
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def row(settings, data):
    student = output / f"{settings.stem}.imgc"
    if not student.exists():
        command = [program, "distill", models / "teacher", "-o", student, "--settings", settings]
        command += ["--sheet-interval", "0", "--checkpoint-interval", "50", "--quiet"]
        if "trajectory: forward" in settings.read_text() or "adversarial_weight" in settings.read_text():
            command += ["--data", data]
        if pathlib.Path(f"{student}.checkpoint").exists():
            command.append("--resume")
        subprocess.run(command, check=True)
    cells = [judged(student, n, c) for n, c in [(1, True), (2, False), (2, True), (3, False), (3, True)]]
    return [f"{cell['frechetDistance']:.3f} ({cell['accuracy']:.4f})" for cell in cells]


output.mkdir(parents=True, exist_ok=True)
data = output / "digits.safetensors"
write_data(data)
print("| settings | 1 step | 2 plain | 2 corrected | 3 plain | 3 corrected |", "|---|---|---|---|---|---|", sep="\n")
for path in map(pathlib.Path, sys.argv[4:]):
    print("|", " | ".join([path.stem, *row(path, data)]), "|", flush=True)
