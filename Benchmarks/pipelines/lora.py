"""LoRA files of every kind for a small XL pipeline, and its weights after diffusers has fused them.

    lora.py FOLDER PROGRAM     FOLDER holds the pipeline `sdxl` of pipelines.py
"""

import pathlib
import subprocess
import sys

import diffusers
import torch
from safetensors.torch import load_file, save_file

import single_file


def layers(pipeline):
    """Layers to update: attention, feed-forward, convolutions, both text encoders."""
    wanted = ("to_q", "to_out.0", "ff.net.0.proj", "proj_in", "conv1", "conv_shortcut", "conv",
              "time_emb_proj", "conv_in", "conv_out", "linear_1")
    for name, module in pipeline.unet.named_modules():
        if name.endswith(wanted) and hasattr(module, "weight") and name.split(".")[-1] != "attn1":
            yield "unet", name, module.weight
    for part in ("text_encoder", "text_encoder_2"):
        for name, module in getattr(pipeline, part).named_modules():
            if name.endswith(("q_proj", "fc1")):
                yield part, name.removeprefix("text_model."), module.weight


def update(weight, rank, kind):
    out, inputs, *kernel = weight.shape
    parts = dict(lora_up=torch.randn(out, rank) * 0.1, alpha=torch.tensor(rank / 2.0))
    if kernel:
        parts["lora_up"] = parts["lora_up"][:, :, None, None]
    if kernel and kernel != [1, 1] and kind == "tucker":
        parts["lora_down"] = torch.randn(rank, inputs, 1, 1) * 0.1
        parts["lora_mid"] = torch.randn(rank, rank, *kernel) * 0.1
    else:
        parts["lora_down"] = torch.randn(rank, inputs, *kernel) * 0.1
    if kind == "dora":
        parts["dora_scale"] = torch.rand(out, *[1] * (weight.dim() - 1)) + 0.5
    return parts


def fused(weight, parts, scale):
    factor = parts["alpha"].item() / parts["lora_up"].shape[1] * scale
    up = parts["lora_up"].flatten(1)
    if "lora_mid" in parts:
        change = torch.einsum(
            "oa,abhw,bi->oihw", up, parts["lora_mid"], parts["lora_down"].flatten(1))
    else:
        change = (up @ parts["lora_down"].flatten(1)).reshape(weight.shape)
    result = weight + factor * change
    if "dora_scale" in parts:
        norm = result.flatten(1).norm(dim=1)
        result = result * (parts["dora_scale"].flatten() / norm).reshape(-1, *[1] * (weight.dim() - 1))
    return result


def name_of(part, name, style, pipeline):
    if part != "unet":
        prefix = {"text_encoder": "lora_te1_", "text_encoder_2": "lora_te2_"}[part]
        return prefix + ("text_model." + name).replace(".", "_")
    if style == "original":
        added = "add_embedding"
        name = single_file.unet_name(
            name + ".weight", pipeline.unet.config.layers_per_block, added).removesuffix(".weight")
        if ".UP." in name:
            number = int(name.split(".")[1]) // (pipeline.unet.config.layers_per_block + 1)
            kind = pipeline.unet.config.up_block_types[number]
            name = name.replace("UP", "2" if kind.startswith("Cross") else "1")
    return "lora_unet_" + name.replace(".", "_")


def main(folder, program):
    status = 0
    for style in ("diffusers", "original"):
        for kind in ("plain", "dora", "tucker"):
            torch.manual_seed(5)
            pipeline = diffusers.StableDiffusionXLPipeline.from_pretrained(folder / "sdxl")
            tensors, expected = {}, {}
            with torch.no_grad():
                for part, name, weight in layers(pipeline):
                    parts = update(weight, 3, kind)
                    stem = name_of(part, name, style, pipeline)
                    for key, value in parts.items():
                        ending = key if key in ("alpha", "dora_scale") else f"{key}.weight"
                        tensors[f"{stem}.{ending}"] = value.contiguous()
                    expected[part, name] = fused(weight.detach(), parts, 0.7)
            path = folder / f"lora-{style}-{kind}.safetensors"
            save_file(tensors, path)
            by_library = ""
            if kind == "plain" and style == "original":
                by_library = library(pipeline, path, expected)
            artifact, weights = folder / "lora.imgc", folder / "lora.safetensors"
            subprocess.run([program, "import", str(folder / "sdxl"), "--lora", f"{path}:0.7",
                            "-o", str(artifact), "--force"], check=True, capture_output=True)
            worst = 0.0
            for part in ("unet", "text_encoder", "text_encoder_2"):
                subprocess.run([program, "export", str(artifact), "--component", part, "-o",
                                str(weights), "--force"], check=True, capture_output=True)
                found = load_file(weights)
                for (owner, name), value in expected.items():
                    if owner == part:
                        key = next(k for k in found if k.endswith(name + ".weight")
                                   and k.removeprefix("text_model.") == name + ".weight")
                        worst = max(worst, (found[key] - value).abs().max().item())
            print(f"{style} {kind}: {len(expected)} layers, max abs error {worst:.2e}{by_library}")
            status |= worst > 1e-5
    return status


def library(pipeline, path, expected):
    """How far diffusers' own fusion of the UNet is from what is expected.

    diffusers 0.42 leaves magnitudes out and does not find transformers 5's text encoders, so that
    plain updates of the UNet alone can be compared.
    """
    pipeline.load_lora_weights(str(path))
    pipeline.fuse_lora(lora_scale=0.7)
    pipeline.unload_lora_weights()
    modules = dict(pipeline.unet.named_modules())
    worst = max((modules[name].weight - value).abs().max().item()
                for (part, name), value in expected.items() if part == "unet")
    return f", diffusers' fusion of the UNet {worst:.2e}"


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), sys.argv[2]))
