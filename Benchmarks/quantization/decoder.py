"""PSNR of a quantized image decoder against fp32, beside ONNX Runtime's quantizers in the same run.

Usage: Benchmarks/quantization/run FOLDER, or decoder.py FOLDER IMGCONV [WORD ...] for the rows whose
name has one of the words.

FOLDER holds encoder.onnx and decoder.onnx of an autoencoder (image [N, 3, 256, 256] in 0 ... 1).
Images are crops of scikit-learn's two sample photos: calibration from their left, held-out crops
from their right, which do not overlap. PSNR is the mean over the held-out images of
-10 log10(mean squared difference of the decoded images), peak 1. "ends too" quantizes the activations of the first and the last layers as all others.
"""

import json
import math
import os
import platform
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime as ort
from onnxruntime.quantization import (
    CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_dynamic,
    quantize_static)
from onnxruntime.quantization.shape_inference import quant_pre_process
from safetensors.numpy import load_file, save_file
from sklearn.datasets import load_sample_images

SIZE = 256


def crops(columns, rows):
    images = load_sample_images().images
    return np.stack([
        (image[y:y + SIZE, x:x + SIZE].astype(np.float32) / 255).transpose(2, 0, 1)
        for image in images for y in rows for x in columns])


def run(path, inputs, isActive=False):
    options = ort.SessionOptions()
    if isActive:
        # Without it, sums of uint8 * int8 saturate on processors that have no VNNI.
        options.add_session_config_entry("session.x64quantprecision", "1")
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return np.concatenate([session.run(None, {name: inputs[i:i + 1]})[0] for i in range(len(inputs))])


def psnr(reference, images):
    return float(np.mean([
        -10 * math.log10(float(((a - b) ** 2).mean())) for a, b in zip(reference, images)]))


class Reader(CalibrationDataReader):
    def __init__(self, name, latents):
        self.items = iter([{name: latents[i:i + 1]} for i in range(len(latents))])

    def get_next(self):
        return next(self.items, None)


class Bench:
    def __init__(self, folder, tool, work):
        self.tool, self.work, self.rows = tool, work, []
        self.decoder = os.path.join(folder, "decoder.onnx")
        encoder = os.path.join(folder, "encoder.onnx")
        self.calibration = run(encoder, crops((0, 64), (0, 85, 171)))
        self.held = run(encoder, crops((384,), (0, 171)))
        self.reference = run(self.decoder, self.held)
        self.input = ort.InferenceSession(self.decoder).get_inputs()[0].name
        save_file({self.input: self.calibration}, self.path("calibration.safetensors"))
        save_file({self.input: self.held}, self.path("held.safetensors"))
        self.imgconv("import", self.decoder, "-o", self.path("decoder.imgc"))

    def path(self, name):
        return os.path.join(self.work, name)

    def imgconv(self, *arguments):
        return subprocess.run(
            [self.tool, *arguments, "--quiet"], check=True, capture_output=True, text=True).stdout

    def note(self, what, who, images, size):
        self.rows.append((what, who, psnr(self.reference, images), size))
        print(f"{what:52} {who:10} {self.rows[-1][2]:6.2f} dB  {size / 1e6:6.3f} MB", flush=True)

    def skips(self, what):
        return len(sys.argv) > 3 and not any(word in what for word in sys.argv[3:])

    def ours(self, what, *options):
        if self.skips(what):
            return
        artifact, out = self.path("out.imgc"), self.path("out.safetensors")
        self.imgconv("quantize", self.path("decoder.imgc"), "-o", artifact, "--force", *options)
        self.imgconv(
            "run", artifact, "--inputs", self.path("held.safetensors"), "-o", out, "--force")
        images = next(iter(load_file(out).values()))
        self.note(what, "imgconv", images, os.path.getsize(artifact))
        exported = self.path("out.onnx")
        self.imgconv("export", artifact, "-o", exported, "--force")
        self.note(what + ", exported", "ORT runs", run(exported, self.held, "W8A8" in what), os.path.getsize(exported))

    def theirs(self, what, method=None, **options):
        if self.skips(what):
            return
        out, prepared = self.path("theirs.onnx"), self.path("prepared.onnx")
        quant_pre_process(self.decoder, prepared, skip_symbolic_shape=True)
        if method is None:
            quantize_dynamic(prepared, out, **options)
        else:
            quantize_static(
                prepared, out, Reader(self.input, self.calibration), calibrate_method=method,
                quant_format=QuantFormat.QDQ, **options)
        try:
            images = run(out, self.held, True)
        except ort.capi.onnxruntime_pybind11_state.Fail:
            # onnxruntime 1.32 cannot load some of its own models with exact sums.
            what, images = what + ", saturating sums", run(out, self.held)
        self.note(what, "ORT", images, os.path.getsize(out))


def main():
    folder, tool = sys.argv[1], sys.argv[2]
    print(f"{platform.machine()}, onnxruntime {ort.__version__}, onnx {onnx.__version__}")
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(folder, tool, work)
        calibrated = ("--calibration", bench.path("calibration.safetensors"))
        bench.ours("weights int8, tensor, min-max, nearest", "--weights", "int8", "--granularity", "tensor")
        bench.ours("weights int8, channel, min-max, nearest", "--weights", "int8")
        bench.ours("weights int8, group:64, min-max, nearest", "--weights", "int8", "--granularity", "group:64")
        bench.ours("weights int8, channel, second-order", "--weights", "int8", *calibrated)
        static = ("--weights", "int8", "--activations", "static", *calibrated)
        bench.ours("W8A8 static, nearest, ends too", *static, "--rounding", "nearest", "--quantize-ends")
        bench.ours("W8A8 static, ends too", *static, "--quantize-ends")
        bench.ours("W8A8 static", *static)
        bench.ours("W8A8 static, entropy", *static, "--activation-range", "entropy")
        bench.ours("W8A8 dynamic", "--weights", "int8", "--activations", "dynamic", *calibrated)
        bench.ours(
            "weights int8, tensor, nearest, equalization", "--weights", "int8", "--granularity",
            "tensor", "--equalization")
        bench.ours("weights int8, channel, nearest, equalization", "--weights", "int8", "--equalization")
        bench.ours(
            "weights int8, channel, second-order, equalization", "--weights", "int8", "--equalization",
            *calibrated)
        bench.ours("W8A8 static, equalization", *static, "--equalization")
        for strength in ("0.25", "0.5", "0.75"):
            bench.ours(f"W8A8 static, smoothing {strength}", *static, "--smoothing", strength)
        bench.ours("W8A8 static, 10% of layers fp16", *static, "--budget", "layers<=10%")
        bench.ours(
            "W8A8 static, ends too, 10% of layers fp16", *static, "--quantize-ends", "--budget",
            "layers<=10%")
        bench.theirs("W8A8 static, min-max, tensor", CalibrationMethod.MinMax)
        bench.theirs("W8A8 static, percentile, tensor", CalibrationMethod.Percentile)
        bench.theirs("W8A8 static, min-max, channel", CalibrationMethod.MinMax, per_channel=True)
        bench.theirs("W8A8 dynamic (quantize_dynamic)", None, weight_type=QuantType.QUInt8)
        print(json.dumps([dict(zip(("what", "who", "psnr", "bytes"), row)) for row in bench.rows]))


main()
