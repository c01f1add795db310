"""A quantized few-step student of digits against fp32: accuracy, Frechet distance, PSNR and SSIM.

Usage: digits.py FOLDER IMGCONV [COUNT]

FOLDER holds student/ (diffusers), student.onnx, classifier.onnx and
classifier.reference-features.safetensors. Images are made with 1, 2 and 3 noise-corrected steps
from held-out seeds (numpy, 1000 and on; calibration draws its own from seed 0), labels 0 ... 9 in turn, by ONNX
Runtime from the exported models. PSNR and SSIM are means over the images, against the fp32 image of
the same noise, peak 2 (-1 ... 1). FORWARD calibrates on noised fp32 images instead of the rollout, as many
evaluations of them. For a budget the frontier is shown and, of the held-out seeds at the 3 steps it
was measured with, the mean PSNR as budgets define it (peak: the range of each fp32 image).
"ends too" quantizes the activations of the first and the last layers as all others.
"""

import os
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime as ort
from safetensors.numpy import load_file, save_file
from scipy.ndimage import uniform_filter

betas = np.linspace(0.00085 ** 0.5, 0.012 ** 0.5, 1000, dtype=np.float64) ** 2
abar = np.cumprod(1 - betas)
ALPHA, SIGMA = np.sqrt(abar), np.sqrt(1 - abar)


def grid(steps):
    return [int(round(999 * (steps - i) / steps)) for i in range(steps)]


class Model:
    def __init__(self, path):
        options = ort.SessionOptions()
        # Without it, sums of uint8 * int8 saturate on processors that have no VNNI.
        options.add_session_config_entry("session.x64quantprecision", "1")
        self.session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.time = next(i for i in self.session.get_inputs() if "timestep" in i.name)

    def __call__(self, x, t, labels):
        shape = () if not self.time.shape else (len(x),) if self.time.shape[0] != 1 else (1,)
        kind = np.int64 if "int64" in self.time.type else np.float32
        feeds = {"sample": x.astype(np.float32), self.time.name: np.full(shape, t, kind), "class_labels": labels}
        return self.session.run(None, feeds)[0].astype(np.float64)


def sample(model, noise, labels, steps):
    out = []
    for start in range(0, len(noise), 250):
        x, y = noise[start:start + 250].astype(np.float64), labels[start:start + 250]
        taus = grid(steps)
        for i, t in enumerate(taus):
            eps = model(x, t, y)
            clean = (x - SIGMA[t] * eps) / ALPHA[t]
            if i + 1 < len(taus):
                e = x if i == 0 else eps
                x = ALPHA[taus[i + 1]] * clean + SIGMA[taus[i + 1]] * e
        out.append(clean)
    return np.concatenate(out)


def ssim(a, b):
    a, b = a[:, 0], b[:, 0]
    f = lambda v: uniform_filter(v, size=(0, 7, 7))[:, 3:-3, 3:-3]
    ma, mb = f(a), f(b)
    va, vb, cov = f(a * a) - ma * ma, f(b * b) - mb * mb, f(a * b) - ma * mb
    c1, c2 = (0.01 * 2) ** 2, (0.03 * 2) ** 2
    return (((2 * ma * mb + c1) * (2 * cov + c2)) / ((ma ** 2 + mb ** 2 + c1) * (va + vb + c2))).mean(axis=(1, 2))


def budget_psnr(images, reference):
    mse = ((images - reference) ** 2).mean(axis=(1, 2, 3))
    extent = reference.max(axis=(1, 2, 3)) - reference.min(axis=(1, 2, 3))
    return (-10 * np.log10(np.maximum(mse / extent ** 2, 1e-20))).mean()


class Judge:
    def __init__(self, folder):
        self.session = ort.InferenceSession(os.path.join(folder, "classifier.onnx"))
        reference = load_file(os.path.join(folder, "classifier.reference-features.safetensors"))
        self.mean = next(v for v in reference.values() if v.ndim == 1).astype(np.float64)
        self.cov = next(v for v in reference.values() if v.ndim == 2).astype(np.float64)

    def __call__(self, images, labels):
        name = self.session.get_inputs()[0].name
        logits, features = self.session.run(None, {name: images.clip(-1, 1).astype(np.float32)})
        f = features.astype(np.float64)
        mean, cov = f.mean(0), np.cov(f, rowvar=False)
        # tr √(C₁C₂) = Σ √λ(√C₁ C₂ √C₁), which singular covariances do not disturb.
        values, vectors = np.linalg.eigh(self.cov)
        root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
        shared = np.sqrt(np.linalg.eigvalsh(root @ cov @ root).clip(0)).sum()
        distance = ((mean - self.mean) ** 2).sum() + np.trace(cov + self.cov) - 2 * shared
        return (logits.argmax(1) == labels).mean(), distance


def main():
    folder, tool = sys.argv[1:3]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 1000
    judge = Judge(folder)
    random = np.random.default_rng(1000)
    noise = random.standard_normal((count, 1, 16, 16)).astype(np.float32)
    labels = (np.arange(count) % 10).astype(np.int64)
    fp32 = Model(os.path.join(folder, "student.onnx"))
    reference = {steps: sample(fp32, noise, labels, steps) for steps in (1, 2, 3)}

    def show(name, images, size=None):
        for steps in (1, 2, 3):
            accuracy, distance = judge(images[steps], labels)
            mse = ((images[steps] - reference[steps]) ** 2).mean(axis=(1, 2, 3))
            psnr = (10 * np.log10(4 / np.maximum(mse, 1e-20))).mean()
            alike = ssim(images[steps], reference[steps]).mean()
            print(f"{name:44} {steps}  {accuracy:.4f}  {distance:7.3f}  {psnr:7.2f}  {alike:.4f}"
                  + (f"  {size / 1e6:.3f} MB" if size else ""), flush=True)

    print(f"{'':44} steps accuracy Frechet PSNR SSIM")
    show("fp32", reference)
    with tempfile.TemporaryDirectory() as work:
        def path(name):
            return os.path.join(work, name)

        def imgconv(*arguments):
            return subprocess.run([tool, *arguments, "--quiet"], check=True, capture_output=True, text=True).stdout

        imgconv("import", os.path.join(folder, "student"), "--role", "student", "-o", path("s.imgc"))
        # Forward-noised calibration: clean fp32 images of other seeds, noised to the student's grid.
        other = random.standard_normal((48, 1, 16, 16)).astype(np.float32)
        clean = sample(fp32, other, np.arange(48, dtype=np.int64) % 10, 3)
        steps = np.array([grid(3)[i % 3] for i in range(48)])
        fresh = random.standard_normal(clean.shape)
        noised = ALPHA[steps][:, None, None, None] * clean + SIGMA[steps][:, None, None, None] * fresh
        save_file({"sample": noised.astype(np.float32), "timestep": steps.astype(np.float32),
                   "class_labels": np.arange(48, dtype=np.int64) % 10}, path("forward.safetensors"))
        forward = ("--calibration", path("forward.safetensors"), "--calibration-samples", "48")
        base = ("--weights", "int8")
        static = (*base, "--activations", "static")
        variants = {
            "weights int8 channel, min-max, nearest": (*base, "--rounding", "nearest", "--no-bias-correction"),
            "weights int8 channel, second-order, rollout": base,
            "W8A8 naive: tensor, min-max, nearest": (*static, "--granularity", "tensor", "--rounding", "nearest", "--no-bias-correction", "--no-split-concatenations", "--quantize-ends"),
            "W8A8 channel, min-max, nearest, ends too": (*static, "--rounding", "nearest", "--no-bias-correction", "--quantize-ends"),
            "W8A8 min-max, rollout, ends too": (*static, "--quantize-ends"),
            "W8A8 min-max, rollout": static,
            "W8A8 entropy, rollout": (*static, "--activation-range", "entropy"),
            "W8A8 mse, rollout": (*static, "--activation-range", "mse"),
            "W8A8 per step, rollout": (*static, "--activation-per-step"),
            "W8A8 dynamic": (*base, "--activations", "dynamic"),
            "weights int8 channel, second-order, FORWARD": (*base, *forward),
            "W8A8 min-max, FORWARD": (*static, *forward),
            "W8A8 min-max, rollout, equalization": (*static, "--equalization"),
            "W8A8 min-max, rollout, smoothing 0.25": (*static, "--smoothing", "0.25"),
            "W8A8 min-max, rollout, smoothing 0.5": (*static, "--smoothing", "0.5"),
            "W8A8 min-max, rollout, smoothing 0.75": (*static, "--smoothing", "0.75"),
            "W8A8 budget layers<=10%": (*static, "--budget", "layers<=10%"),
            "W8A8 budget psnr>=40": (*static, "--budget", "psnr>=40"),
            "W8A8 budget psnr>=45": (*static, "--budget", "psnr>=45"),
        }
        only = sys.argv[4:] if len(sys.argv) > 4 else None
        for name, options in variants.items():
            if only and not any(word in name for word in only):
                continue
            try:
                text = imgconv("quantize", path("s.imgc"), "-o", path("q.imgc"), "--force", *options)
            except subprocess.CalledProcessError as error:
                print(f"{name:44} {error.stderr.strip()}")
                continue
            if "budget" in name:
                print("\n".join(line for line in text.splitlines() if "PSNR" in line or " of " in line and "dB" in line))
            imgconv("export", path("q.imgc"), "-o", path("q.onnx"), "--force")
            model = Model(path("q.onnx"))
            images = {s: sample(model, noise, labels, s) for s in (1, 2, 3)}
            show(name, images, os.path.getsize(path("q.imgc")))
            if "budget" in name:
                print(f"    held out, 3 steps, as the budget counts: {budget_psnr(images[3], reference[3]):.2f} dB", flush=True)


main()
