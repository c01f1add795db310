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


def write_unet(folder, imgconv):
    """Writes the UNet once: by diffusers as a folder, by imgconv as .imgc and as ONNX."""
    import torch
    from diffusers import UNet2DConditionModel

    path = lambda name: os.path.join(folder, name)
    if not os.path.exists(path("unet")):
        torch.manual_seed(0)
        UNet2DConditionModel(
            sample_size=64, cross_attention_dim=768, attention_head_dim=8
        ).save_pretrained(path("unet"))
    if not os.path.exists(path("unet.imgc")):
        subprocess.run(
            [imgconv, "import", path("unet"), "-o", path("unet.imgc"), "--quiet"], check=True)
    if not os.path.exists(path("unet.onnx")):
        subprocess.run(
            [imgconv, "export", path("unet.imgc"), "-o", path("unet.onnx"), "--quiet"],
            check=True)
    return path("unet.onnx")


def unet_dimensions(latent, batch):
    """The free extents of the UNet's inputs."""
    return {
        "sample.0": batch, "sample.2": latent, "sample.3": latent, "timestep.0": batch,
        "encoder_hidden_states.0": batch, "encoder_hidden_states.1": 77}


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


def machine(options):
    """The threads, the processor, the program's version and commit, the instruction set."""
    version = subprocess.run([options.imgconv, "--version"], capture_output=True, text=True).stdout
    commit = subprocess.run(
        ["git", "-C", options.root, "rev-parse", "--short", "HEAD"], capture_output=True,
        text=True).stdout.strip()
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo")
                if line.startswith("model name")), "unknown")
    return (f"{options.threads} threads; {cpu}; imgconv {version.strip()} at {commit}, "
            f"ISA {os.environ.get('IMGCONV_ISA', 'best')}")


def peak_rate(options):
    """The processor's fp32 multiply-adds, 10⁹ operations a second; see peak.c."""
    program = os.path.join(options.work, "peak")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peak.c")
    subprocess.run(
        [os.environ.get("CC", "cc"), "-O2", "-pthread", source, "-o", program], check=True)
    return float(subprocess.run(
        [program, str(options.threads)], check=True, capture_output=True, text=True).stdout)


def scale(options):
    """Prints how the UNet's step grows with the latent and the batch."""
    write_unet(options.work, options.imgconv)
    model = os.path.join(options.work, "unet.imgc")
    print(f"UNet, {options.runs} runs; {machine(options)}")
    print("| latent | batch | step | GFLOP | GFLOPS | measured peak | share | memory |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for latent in options.latents:
        for batch in options.batches:
            extents = unet_dimensions(latent, batch) | dict(pairs(options.dim))
            bindings = [
                word for name, extent in extents.items() for word in ("--dim", f"{name}={extent}")]
            before = peak_rate(options)
            report = json.loads(subprocess.run(
                [options.imgconv, "bench", model, *bindings, "--runs", str(options.runs),
                 "--warmup", str(options.warmup), "--threads", str(options.threads), "--json",
                 "--quiet"], check=True, capture_output=True, text=True).stdout)
            rate, most = report["gigaOperationsPerSecond"], max(before, peak_rate(options))
            print(f"| {latent} | {batch} | {report['medianSeconds']:.2f} s "
                  f"| {report['operations'] / 1e9:,.0f} | {rate:.0f} | {most:.0f} "
                  f"| {rate / most:.2f} | {report['peakBytes'] / 1e9:.2f} GB |", flush=True)


def pairs(items):
    """Arguments name=extent."""
    return [(name, int(extent)) for name, extent in (item.split("=") for item in items)]


def compare(options):
    dimensions = dict(pairs(options.dim))
    folder = None
    model = options.model
    if model is None:
        model = write_unet(options.work, options.imgconv)
        folder = os.path.join(options.work, "unet")
        dimensions = unet_dimensions(64, 1) | dimensions
    inputs = os.path.join(options.work, "inputs.safetensors")
    draw_inputs(model, dimensions, inputs)
    out = lambda name: os.path.join(options.work, f"{name}.safetensors")
    print(f"{os.path.basename(model)}, {options.runs} runs; {machine(options)}")
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
    parser.add_argument("--scaling", action="store_true")
    parser.add_argument("--latents", type=int, nargs="+", default=[32, 64, 96, 128])
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--warmup", type=int, default=1)
    options = parser.parse_args()
    if options.scaling:
        return scale(options)
    if options.measure is None:
        return compare(options)
    options.model = options.measured
    measure = {"onnxruntime": measure_onnxruntime, "torch": measure_torch}[options.measure]
    times = measure(options)
    print(json.dumps({"median": median(times), "peak": peak_bytes()}))


if __name__ == "__main__":
    main()
