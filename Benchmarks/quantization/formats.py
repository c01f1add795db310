"""Checks exports with the reference packages: ONNX Runtime, safetensors, gguf.

Usage: formats.py ARTIFACT INPUTS.safetensors IMGCONV

Exports the artifact's only graph as ONNX and its weights as safetensors and GGUF. The ONNX model
must give, in ONNX Runtime, what imgconv gives; the weights must read back.
"""

import os
import subprocess
import sys
import tempfile

import gguf
import numpy as np
import onnx
import onnxruntime as ort
from safetensors.numpy import load_file


def main():
    artifact, inputs, tool = sys.argv[1:4]
    with tempfile.TemporaryDirectory() as work:
        def path(name):
            return os.path.join(work, name)

        def imgconv(*arguments):
            subprocess.run([tool, *arguments, "--quiet"], check=True, capture_output=True)

        for name in ("out.onnx", "out.safetensors", "out.gguf"):
            imgconv("export", artifact, "-o", path(name))
        imgconv("export", artifact, "--restore", "-o", path("plain.safetensors"))
        imgconv("run", artifact, "--inputs", inputs, "-o", path("ours.safetensors"))
        onnx.checker.check_model(path("out.onnx"))
        session = ort.InferenceSession(path("out.onnx"), providers=["CPUExecutionProvider"])
        given = load_file(inputs)
        given = {k.removeprefix("input."): v for k, v in given.items() if not k.startswith("output.")}
        names = [value.name for value in session.get_inputs()]
        found = session.run(None, {name: given[name] for name in names})
        for name, value in zip([o.name for o in session.get_outputs()], found):
            ours = load_file(path("ours.safetensors"))[name]
            extent = float(ours.max() - ours.min())
            print(f"{name}: largest difference {np.abs(ours - value).max() / extent:.2e} of the range")
        plain = load_file(path("plain.safetensors"))
        stored = load_file(path("out.safetensors"))
        print(f"safetensors: {len(plain)} tensors restored, {len(stored)} stored")
        worst = 0.0
        types = {}
        for tensor in gguf.GGUFReader(path("out.gguf")).tensors:
            values = gguf.dequantize(tensor.data, tensor.tensor_type).reshape(plain[tensor.name].shape)
            types[tensor.tensor_type.name] = types.get(tensor.tensor_type.name, 0) + 1
            reference = plain[tensor.name].astype(np.float32)
            worst = max(worst, float(np.abs(values - reference).max() / max(np.abs(reference).max(), 1e-30)))
        print(f"gguf: {types}, largest difference {worst:.2e} of a tensor's largest element")


main()
