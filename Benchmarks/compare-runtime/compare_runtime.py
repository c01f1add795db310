"""Compares imgconv's runtime with ONNX Runtime and PyTorch; see compare-runtime."""
import argparse
import json
import os
import subprocess
import sys
import time


def peak_bytes():
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024


def write_unet(folder):
    """Writes the UNet once, as ONNX with external data and as a diffusers folder."""
    import onnx
    import torch
    from diffusers import UNet2DConditionModel

    path = os.path.join(folder, "unet.onnx")
    if os.path.exists(path):
        return path
    torch.manual_seed(0)
    down = ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",)
    up = ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3
    model = UNet2DConditionModel(
        sample_size=64, in_channels=4, out_channels=4, down_block_types=down, up_block_types=up,
        block_out_channels=(320, 640, 1280, 1280), layers_per_block=2, cross_attention_dim=768,
        attention_head_dim=8).eval()
    model.save_pretrained(os.path.join(folder, "unet"))

    class Sample(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, sample, timestep, encoder_hidden_states):
            return self.model(sample, timestep, encoder_hidden_states, return_dict=False)[0]

    raw = os.path.join(folder, "raw")
    os.makedirs(raw, exist_ok=True)
    example = (torch.randn(1, 4, 64, 64), torch.tensor([500]), torch.randn(1, 77, 768))
    with torch.no_grad():
        torch.onnx.export(
            Sample(), example, os.path.join(raw, "model.onnx"), opset_version=18, dynamo=False,
            input_names=["sample", "timestep", "encoder_hidden_states"], output_names=["out_sample"],
            dynamic_axes={
                "sample": {0: "batch", 2: "height", 3: "width"}, "timestep": {0: "batch"},
                "encoder_hidden_states": {0: "batch"}, "out_sample": {0: "batch"}})
    merged = onnx.load(os.path.join(raw, "model.onnx"))
    onnx.save_model(
        merged, path, save_as_external_data=True, all_tensors_to_one_file=True,
        location="unet.onnx.data")
    return path


def draw_inputs(model, dimensions, path):
    """Draws the inputs: floats standard normal, integers 500."""
    import numpy
    import onnx
    from safetensors.numpy import save_file

    graph = onnx.load(model, load_external_data=False).graph
    constants = {tensor.name for tensor in graph.initializer}
    random = numpy.random.default_rng(0)
    tensors = {}
    for value in graph.input:
        if value.name in constants:
            continue
        shape = []
        for axis, dim in enumerate(value.type.tensor_type.shape.dim):
            fixed = dim.dim_value if dim.HasField("dim_value") else 1
            shape.append(
                dimensions.get(f"{value.name}.{axis}", dimensions.get(dim.dim_param, fixed)))
        kind = onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
        if numpy.issubdtype(kind, numpy.floating):
            tensors[value.name] = random.standard_normal(shape).astype(kind)
        else:
            tensors[value.name] = numpy.full(shape, 500, kind)
    save_file(tensors, path)


def measure_onnxruntime(options):
    import numpy
    import onnxruntime
    from safetensors.numpy import load_file, save_file

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads
    session = onnxruntime.InferenceSession(
        options.model, settings, providers=["CPUExecutionProvider"])
    inputs = load_file(options.inputs)
    times = timed(options.runs, lambda: session.run(None, inputs))
    names = [output.name for output in session.get_outputs()]
    results = dict(zip(names, map(numpy.ascontiguousarray, session.run(None, inputs))))
    save_file(results, options.outputs)
    return times


def measure_torch(options):
    import torch
    from diffusers import UNet2DConditionModel
    from safetensors.torch import load_file, save_file

    torch.set_num_threads(options.threads)
    model = UNet2DConditionModel.from_pretrained(options.model).eval()
    inputs = load_file(options.inputs)
    with torch.no_grad():
        run = lambda: model(**inputs, return_dict=False)[0]
        times = timed(options.runs, run)
        save_file({"out_sample": run().contiguous()}, options.outputs)
    return times


def timed(runs, run):
    run()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return times


def median(values):
    return sorted(values)[len(values) // 2]


def peer(kind, options, model, inputs, outputs):
    """Measures a peer in a process of its own; gives median seconds, peak bytes, whole seconds."""
    start = time.perf_counter()
    text = subprocess.run(
        [sys.executable, __file__, "--measure", kind, "--model", model, "--inputs", inputs,
         "--outputs", outputs, "--runs", str(options.runs), "--threads", str(options.threads)],
        check=True, capture_output=True, text=True).stdout
    result = json.loads(text.splitlines()[-1])
    return result["median"], result["peak"], time.perf_counter() - start


def ours(options, model, inputs, outputs):
    start = time.perf_counter()
    report = json.loads(subprocess.run(
        [options.imgconv, "bench", model, "--inputs", inputs, "--runs", str(options.runs),
         "--threads", str(options.threads), "--json", "--quiet"],
        check=True, capture_output=True, text=True).stdout)
    whole = time.perf_counter() - start
    subprocess.run(
        [options.imgconv, "run", model, "--inputs", inputs, "--output", outputs, "--force",
         "--threads", str(options.threads), "--quiet"], check=True, capture_output=True)
    return find(report, "median"), find(report, "peak"), whole


def find(report, word):
    """The first number of the report whose key contains `word`."""
    if isinstance(report, dict):
        for key, value in report.items():
            if word in key.lower() and isinstance(value, (int, float)):
                return value
        for value in report.values():
            found = find(value, word)
            if found is not None:
                return found
    return None


def difference(path, reference):
    """The relative L2 distance and the largest difference of all outputs."""
    import numpy
    from safetensors.numpy import load_file

    mine, theirs = load_file(path), load_file(reference)
    a = numpy.concatenate([mine[name].ravel() for name in sorted(theirs)]).astype(numpy.float64)
    b = numpy.concatenate([theirs[name].ravel() for name in sorted(theirs)]).astype(numpy.float64)
    return numpy.linalg.norm(a - b) / numpy.linalg.norm(b), numpy.abs(a - b).max()


def compare(options):
    dimensions = {}
    for item in options.dim:
        name, extent = item.split("=")
        dimensions[name] = int(extent)
    folder = None
    model = options.model
    if model is None:
        model = write_unet(options.work)
        folder = os.path.join(options.work, "unet")
        dimensions = {
            "batch": 1, "height": 64, "width": 64, "encoder_hidden_states.1": 77} | dimensions
    inputs = os.path.join(options.work, "inputs.safetensors")
    draw_inputs(model, dimensions, inputs)
    out = lambda name: os.path.join(options.work, f"{name}.safetensors")
    version = subprocess.run([options.imgconv, "--version"], capture_output=True, text=True).stdout
    commit = subprocess.run(
        ["git", "-C", options.root, "rev-parse", "--short", "HEAD"], capture_output=True,
        text=True).stdout.strip()
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo")
                if line.startswith("model name")), "unknown")
    print(f"{os.path.basename(model)}, {options.threads} threads, {options.runs} runs; {cpu}; "
          f"imgconv {version.strip()} at {commit}, ISA {os.environ.get('IMGCONV_ISA', 'best')}")
    rows = {"imgconv": ours(options, model, inputs, out("imgconv"))}
    rows["ONNX Runtime"] = peer("onnxruntime", options, model, inputs, out("onnxruntime"))
    if folder and options.torch:
        rows["PyTorch"] = peer("torch", options, folder, inputs, out("torch"))
    print(f"{'':14}{'step s':>9}{'peak GB':>9}{'whole s':>9}{'time /':>9}{'peak /':>9}")
    first = rows["imgconv"]
    for name, (seconds, peak, whole) in rows.items():
        print(f"{name:14}{seconds:9.3f}{peak / 1e9:9.3f}{whole:9.1f}"
              f"{first[0] / seconds:9.3f}{first[1] / peak:9.3f}")
    for name in ["onnxruntime"] + (["torch"] if "PyTorch" in rows else []):
        relative, largest = difference(out("imgconv"), out(name))
        print(f"outputs against {name}: relative L2 {relative:.2e}, largest difference {largest:.2e}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", nargs="?")
    parser.add_argument("--model", dest="measured")
    parser.add_argument("--measure", choices=["onnxruntime", "torch"])
    parser.add_argument("--inputs")
    parser.add_argument("--outputs")
    parser.add_argument("--imgconv")
    parser.add_argument("--root")
    parser.add_argument("--work", default=".build-compare-runtime")
    parser.add_argument("--dim", action="append", default=[])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-torch", dest="torch", action="store_false")
    options = parser.parse_args()
    if options.measure is None:
        return compare(options)
    options.model = options.measured
    measure = {"onnxruntime": measure_onnxruntime, "torch": measure_torch}[options.measure]
    times = measure(options)
    print(json.dumps({"median": median(times), "peak": peak_bytes()}))


if __name__ == "__main__":
    main()
