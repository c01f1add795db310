"""Checks exports of quantized models with the reference packages: ONNX Runtime, safetensors, gguf.

Usage: formats.py IMGCONV SOURCE=GOLDEN[=GRAPH] ...

SOURCE is anything `imgconv import` reads, GOLDEN a safetensors file with its inputs (`input.NAME`),
GRAPH the graph where there are several. Each source is quantized by every scheme below and exported
as ONNX, safetensors and GGUF. The ONNX model must give in ONNX Runtime, as it optimises it and
without optimisation, what imgconv gives of the artifact: weight-only within 1e-4 of the output's
range, 8-bit activations within 2 steps of an 8-bit output (range / 255). Where two runtimes drift
apart (layers.py says why; how far ONNX Runtime's two runs are from each other stands beside it),
every layer must agree for itself. The largest and the root mean square difference are shown.
Safetensors and GGUF must read back: stored integers and scales give the restored weights exactly
(int4 has no safetensors type: only restored), GGUF's Q8_0 blocks of 32 within half a step of theirs.
Ends with status 1 where one does not.
"""

import os
import subprocess
import sys
import tempfile

import gguf
import numpy as np
import onnx
import onnxruntime as ort
from safetensors.numpy import load_file, save_file

import layers

SCHEMES = {
    "int8 channel": ["--weights", "int8"],
    "int8 channel asymmetric": ["--weights", "int8", "--asymmetric"],
    "int8 tensor": ["--weights", "int8", "--granularity", "tensor"],
    "int8 group:32": ["--weights", "int8", "--granularity", "group:32"],
    "int4 group:32": ["--weights", "int4", "--granularity", "group:32"],
    "fp16": ["--weights", "fp16"],
    "bf16": ["--weights", "bf16"],
    "W8A8 static": ["--weights", "int8", "--activations", "static"],
    "W8A8 static smoothed": ["--weights", "int8", "--activations", "static", "--smoothing", "0.5"],
    "W8A8 dynamic": ["--weights", "int8", "--activations", "dynamic"],
}
TOLERANCE, STEPS = 1e-4, 2.0


class Check:
    def __init__(self, tool, source, golden, graph, work):
        self.tool, self.golden, self.work = tool, golden, work
        self.graph = ["--graph", graph] if graph else []
        self.component = ["--component", graph] if graph else []
        self.failed = False
        self.imgconv("import", source, "-o", self.path("model.imgc"))

    def path(self, name):
        return os.path.join(self.work, name)

    def imgconv(self, *arguments):
        process = subprocess.run([self.tool, *arguments, "--quiet"], capture_output=True, text=True)
        if process.returncode != 0:
            raise RuntimeError(process.stderr.strip())

    def quantize(self, options):
        self.imgconv(
            "quantize", self.path("model.imgc"), "-o", self.path("q.imgc"), "--force",
            "--calibration", self.golden, *options)
        self.imgconv(
            "export", self.path("q.imgc"), *self.graph, "-o", self.path("q.onnx"), "--force")
        onnx.checker.check_model(self.path("q.onnx"))

    def feeds(self, session):
        given = {k.removeprefix("input."): v for k, v in load_file(self.golden).items()
                 if not k.startswith("output.")}
        kinds = {"tensor(int64)": np.int64, "tensor(float)": np.float32, "tensor(float16)": np.float16}
        return {i.name: given[i.name].astype(kinds[i.type]) for i in session.get_inputs()}

    def onnx(self, scheme):
        isActive = "W8A8" in scheme
        theirs = []
        for level in (ort.GraphOptimizationLevel.ORT_ENABLE_ALL, ort.GraphOptimizationLevel.ORT_DISABLE_ALL):
            options = ort.SessionOptions()
            options.graph_optimization_level = level
            if isActive:
                # Without it, sums of uint8 * int8 saturate on processors that have no VNNI.
                options.add_session_config_entry("session.x64quantprecision", "1")
            session = ort.InferenceSession(
                self.path("q.onnx"), options, providers=["CPUExecutionProvider"])
            feeds = self.feeds(session)
            theirs.append(dict(zip([o.name for o in session.get_outputs()], session.run(None, feeds))))
        save_file(feeds, self.path("in.safetensors"))
        self.imgconv(
            "run", self.path("q.imgc"), *self.component, "--inputs", self.path("in.safetensors"),
            "-o", self.path("ours.safetensors"), "--force")
        ours = load_file(self.path("ours.safetensors"))
        optimised, plain, itself = (
            largest(ours, theirs[0]), largest(ours, theirs[1]), largest(theirs[0], theirs[1]))
        worst = max(optimised[0], plain[0])
        within = worst <= (STEPS / 255 if isActive else TOLERANCE)
        if not isActive:
            self.failed |= not within
            return f"{optimised[0]:.1e} | {plain[0]:.1e} of the range {'ok' if within else 'FAIL'}"
        single = layers.compare(self.path("q.onnx"), feeds, self.run_graph, self.work)
        self.failed |= not single.agree
        verdict = ("ok" if within else "layers ok") if single.agree else "FAIL"
        return " | ".join(
            f"{most * 255:.2f} ({mean * 255:.3f})" for most, mean in (optimised, plain, itself)
        ) + f" steps; {single} {verdict}"

    def run_graph(self, model, inputs, outputs):
        self.imgconv("run", model, "--inputs", inputs, "-o", outputs, "--force")

    def weights(self, scheme):
        files = [("plain.safetensors", ["--restore"]), ("w.gguf", [])]
        if "int4" not in scheme:
            files.append(("s.safetensors", []))
        for name, options in files:
            self.imgconv("export", self.path("q.imgc"), "-o", self.path(name), "--force", *options)
        plain = load_plain(self.path("plain.safetensors"))
        stored = load_stored(self.path("s.safetensors")) if "int4" not in scheme else {}
        worst = 0.0
        for name, value in plain.items():
            scale = stored.get(name + ".scale")
            if scale is None or stored[name] is None:
                continue
            worst = max(worst, difference(stored[name], scale, stored.get(name + ".zero_point"), value))
        steps = 0.0
        types = {}
        for tensor in gguf.GGUFReader(self.path("w.gguf")).tensors:
            kind = tensor.tensor_type.name
            types[kind] = types.get(kind, 0) + 1
            reference = plain[tensor.name].astype(np.float32).reshape(-1)
            values = gguf.dequantize(tensor.data, tensor.tensor_type).reshape(-1)
            error = np.abs(values - reference)
            if kind == "Q8_0":
                largest = np.abs(reference.reshape(-1, 32)).max(axis=1).repeat(32)
                # Half a step, and the rounding of the scale to fp16.
                steps = max(steps, float((error / np.maximum(largest / 127 * (0.5 + 127 / 2048), 1e-30)).max()))
            elif kind == "F16":
                steps = max(steps, float((error / np.maximum(np.abs(reference) / 2048, 2.0 ** -25)).max()))
            else:
                steps = max(steps, 0.0 if not error.any() else np.inf)
        self.failed |= worst > 0 or steps > 1
        return f"safetensors {worst:.1e}{'' if worst == 0 else ' FAIL'}, gguf {types}: {steps:.2f}{'' if steps <= 1 else ' FAIL'}"


def largest(left, right):
    """The largest and the root mean square difference over the range of `left`, of all outputs."""
    found = [(0.0, 0.0)]
    for name, value in left.items():
        difference = value.astype(np.float64) - right[name]
        extent = max(float(value.max() - value.min()), 1e-30)
        found.append((np.abs(difference).max() / extent, np.sqrt((difference ** 2).mean()) / extent))
    return max(found)


def load_plain(path):
    """The restored tensors; bf16, which numpy does not know, as fp32."""
    import torch
    from safetensors import safe_open
    with safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    return {name: (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()
            for name, tensor in tensors.items()}


def load_stored(path):
    """The tensors that numpy has types for; None for others (int4)."""
    from safetensors import safe_open
    found = {}
    with safe_open(path, "np") as file:
        for name in file.keys():
            try:
                found[name] = file.get_tensor(name)
            except Exception:
                found[name] = None
    return found


def difference(integers, scale, zero, plain):
    """The largest difference of scale * (q - zero) from `plain`, over its largest element."""
    if scale.ndim == plain.ndim:
        for axis in range(plain.ndim):
            times = -(-plain.shape[axis] // scale.shape[axis])
            cut = [slice(None)] * plain.ndim
            cut[axis] = slice(0, plain.shape[axis])
            # Of blocks each scale holds for the same number of neighbours, but the last.
            size = next((s for s in (32, 64, 128) if -(-plain.shape[axis] // s) == scale.shape[axis]), times)
            size = 1 if scale.shape[axis] == plain.shape[axis] else size
            scale = scale.repeat(size, axis)[tuple(cut)]
            if zero is not None:
                zero = zero.repeat(size, axis)[tuple(cut)]
    elif scale.ndim == 1:
        shape = next(
            tuple(len(scale) if a == axis else 1 for a in range(plain.ndim))
            for axis in channel_axes(integers, scale, zero, plain))
        scale = scale.reshape(shape)
        zero = None if zero is None else zero.reshape(shape)
    real = scale.astype(np.float32) * (integers.astype(np.int32) - (0 if zero is None else zero.astype(np.int32)))
    # Restored weights have the original's type.
    restored = real.astype(plain.dtype).astype(np.float32)
    return float(np.abs(restored - plain).max() / max(np.abs(plain).max(), 1e-30))


def channel_axes(integers, scale, zero, plain):
    """The axes that channels' scales may lie on, the one that fits first."""
    def error(axis):
        shape = tuple(len(scale) if a == axis else 1 for a in range(plain.ndim))
        offset = 0 if zero is None else zero.reshape(shape).astype(np.int32)
        return np.abs(scale.reshape(shape) * (integers.astype(np.int32) - offset) - plain).max()
    return sorted((a for a in range(plain.ndim) if plain.shape[a] == len(scale)), key=error)


def main():
    tool, failed = sys.argv[1], False
    print(f"onnxruntime {ort.__version__}: imgconv against it as optimised | unoptimised "
          "(| against each other); largest (root mean square)")
    for argument in sys.argv[2:]:
        source, golden, *graph = argument.split("=")
        name = "/".join(os.path.normpath(source).split("/")[-2:]) + (f" {graph[0]}" if graph else "")
        with tempfile.TemporaryDirectory() as work:
            check = Check(tool, source, golden, graph[0] if graph else None, work)
            for scheme, options in SCHEMES.items():
                try:
                    check.quantize(options)
                    text = f"{check.onnx(scheme):58} {check.weights(scheme)}"
                except Exception as error:
                    check.failed, text = True, f"FAIL {str(error)[:300]}"
                print(f"{name:44} {scheme:24} {text}", flush=True)
            failed |= check.failed
    sys.exit(failed)


main()
