"""Small checkpoints in the original Stable Diffusion layout, random weights, and what they compute.

    single_file.py make FOLDER        writes FOLDER/KIND.safetensors and FOLDER/KIND.PART.safetensors
    single_file.py compare FOLDER PROGRAM
    single_file.py names FOLDER       which tensors of the two layouts are the same: the fixtures

KIND is v1, v2, xl, refiner. The networks are made by diffusers and transformers, their tensors
renamed to the original layout here; that diffusers' own conversion leads back is checked first.
"""

import json
import pathlib
import re
import subprocess
import sys

import diffusers
import torch
import transformers
from diffusers.loaders import single_file_utils as reference
from safetensors.torch import save_file

RESIDUAL = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0", "conv2": "out_layers.3", "conv_shortcut": "skip_connection",
}
OPEN = {
    "layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}


def unet_name(name, blocks, added):
    ends = {
        "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
        f"{added}.linear_1": "label_emb.0.0", f"{added}.linear_2": "label_emb.0.2",
        "conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2",
    }
    layer, parameter = name.rsplit(".", 1)
    if layer in ends:
        return f"{ends[layer]}.{parameter}"
    if found := re.fullmatch(r"down_blocks\.(\d+)\.downsamplers\.0\.conv", layer):
        return f"input_blocks.{(int(found[1]) + 1) * (blocks + 1)}.0.op.{parameter}"
    if found := re.fullmatch(r"up_blocks\.(\d+)\.upsamplers\.0\.conv", layer):
        number = int(found[1]) * (blocks + 1) + blocks
        return f"output_blocks.{number}.UP.conv.{parameter}"
    found = re.fullmatch(r"(down|up|mid)_blocks?(?:\.(\d+))?\.(resnets|attentions)\.(\d+)\.(.*)", layer)
    half, level, kind, place, inner = found.groups()
    if half == "mid":
        block = "middle_block." + (str(2 * int(place)) if kind == "resnets" else "1")
    else:
        number = int(level) * (blocks + 1) + int(place) + (half == "down")
        block = f"{'input' if half == 'down' else 'output'}_blocks.{number}."
        block += "0" if kind == "resnets" else "1"
    return f"{block}.{RESIDUAL[inner] if kind == 'resnets' else inner}.{parameter}"


def original_unet(network):
    added = "add_embedding" if network.config.addition_embed_type else "class_embedding"
    blocks = network.config.layers_per_block
    names = {unet_name(k, blocks, added): v for k, v in network.state_dict().items()}
    result = {}
    for name, value in names.items():
        if ".UP." in name:
            number = name.split(".")[1]
            has = any(n.startswith(f"output_blocks.{number}.1.") for n in names)
            name = name.replace("UP", "2" if has else "1")
        result[name] = value
    back = reference.convert_ldm_unet_checkpoint(
        {f"model.diffusion_model.{k}": v for k, v in result.items()}, dict(network.config))
    same(back, network.state_dict())
    return {f"model.diffusion_model.{k}": v for k, v in result.items()}


def original_vae(network):
    levels = len(network.config.block_out_channels)
    attention = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}
    result = {}
    for name, value in network.state_dict().items():
        new = name.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
        new = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", new)
        new = re.sub(r"down_blocks\.(\d)\.resnets", r"down.\1.block", new)
        new = re.sub(r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample", new)
        new = re.sub(
            r"up_blocks\.(\d)\.resnets", lambda m: f"up.{levels - 1 - int(m[1])}.block", new)
        new = re.sub(
            r"up_blocks\.(\d)\.upsamplers\.0", lambda m: f"up.{levels - 1 - int(m[1])}.upsample", new)
        if found := re.search(r"mid_block\.attentions\.0\.(.*)\.(weight|bias)", new):
            new = new.replace("mid_block.attentions.0." + found[1], "mid.attn_1." + attention[found[1]])
            if value.dim() == 2:
                value = value[:, :, None, None]
        result["first_stage_model." + new] = value
    config = dict(network.config)
    same(reference.convert_ldm_vae_checkpoint(result, config), network.state_dict())
    return result


def original_clip(network, prefix):
    return {f"{prefix}.transformer.text_model.{k.removeprefix('text_model.')}": v
            for k, v in network.state_dict().items()}


def original_open_clip(network, prefix, extra_layers=0):
    state = {k.removeprefix("text_model."): v for k, v in network.state_dict().items()}
    size = network.config.hidden_size
    result = {
        "positional_embedding": state["embeddings.position_embedding.weight"],
        "token_embedding.weight": state["embeddings.token_embedding.weight"],
        "ln_final.weight": state["final_layer_norm.weight"],
        "ln_final.bias": state["final_layer_norm.bias"],
        "text_projection": state["text_projection.weight"].T.contiguous()
        if "text_projection.weight" in state else torch.randn(size, size),
        "logit_scale": torch.tensor(4.6),
    }
    layers = network.config.num_hidden_layers
    for number in range(layers + extra_layers):
        path = f"transformer.resblocks.{number}."
        own = f"encoder.layers.{min(number, layers - 1)}."
        for ours, theirs in OPEN.items():
            for parameter in ("weight", "bias"):
                result[f"{path}{theirs}.{parameter}"] = state[f"{own}{ours}.{parameter}"].clone()
        for parameter in ("weight", "bias"):
            parts = [state[f"{own}self_attn.{x}_proj.{parameter}"] for x in "qkv"]
            result[f"{path}attn.in_proj_{parameter}"] = torch.cat(parts)
    return {f"{prefix}.model.{k}": v for k, v in result.items()}


def same(left, right):
    assert left.keys() == right.keys(), left.keys() ^ right.keys()
    for name, value in left.items():
        assert torch.equal(value.reshape(right[name].shape), right[name]), name


def unet(**more):
    settings = dict(
        sample_size=8, block_out_channels=[64, 128], layers_per_block=2, cross_attention_dim=64,
        down_block_types=["CrossAttnDownBlock2D", "DownBlock2D"],
        up_block_types=["UpBlock2D", "CrossAttnUpBlock2D"])
    return diffusers.UNet2DConditionModel(**(settings | more))


def vae():
    return diffusers.AutoencoderKL(
        block_out_channels=[32, 64, 64], layers_per_block=2,
        down_block_types=["DownEncoderBlock2D"] * 3, up_block_types=["UpDecoderBlock2D"] * 3)


def clip(projection=None, activation="quick_gelu", size=64, layers=2):
    config = transformers.CLIPTextConfig(
        vocab_size=100, hidden_size=size, intermediate_size=2 * size, num_hidden_layers=layers,
        num_attention_heads=max(size // 64, 1), max_position_embeddings=20, hidden_act=activation,
        projection_dim=projection or size, eos_token_id=99, bos_token_id=98)
    kind = transformers.CLIPTextModelWithProjection if projection else transformers.CLIPTextModel
    return kind(config)


def networks(kind):
    xl = dict(
        use_linear_projection=True, addition_embed_type="text_time",
        block_out_channels=[64, 64, 128],
        down_block_types=["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
        up_block_types=["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"])
    if kind == "v1":
        parts = dict(unet=unet(attention_head_dim=8), vae=vae(), text_encoder=clip())
    elif kind == "v2":
        parts = dict(
            unet=unet(attention_head_dim=[1, 2], use_linear_projection=True), vae=vae(),
            text_encoder=clip(activation="gelu"))
    elif kind == "xl":
        parts = dict(
            unet=unet(
                **xl, cross_attention_dim=192, attention_head_dim=[1, 1, 2],
                transformer_layers_per_block=[1, 2, 3], addition_time_embed_dim=32,
                projection_class_embeddings_input_dim=6 * 32 + 128),
            vae=vae(), text_encoder=clip(),
            text_encoder_2=clip(128, "gelu", 128, 3))
    else:
        xl["down_block_types"] = ["DownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"]
        xl["up_block_types"] = ["UpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"]
        parts = dict(
            unet=unet(
                **xl, cross_attention_dim=128, attention_head_dim=[1, 1, 2],
                transformer_layers_per_block=2, addition_time_embed_dim=32,
                projection_class_embeddings_input_dim=5 * 32 + 128),
            vae=vae(), text_encoder_2=clip(128, "gelu", 128, 3))
    for part in parts.values():
        part.eval()
        for parameter in part.parameters():
            if parameter.dim() < 2:
                parameter.data += 0.1 * torch.randn(parameter.shape)
    return parts


def original(kind, parts):
    """The checkpoint's tensors under their original names."""
    if kind == "v1":
        tensors = original_clip(parts["text_encoder"], "cond_stage_model")
    elif kind == "v2":
        tensors = original_open_clip(parts["text_encoder"], "cond_stage_model", extra_layers=1)
    elif kind == "xl":
        tensors = original_clip(parts["text_encoder"], "conditioner.embedders.0")
        tensors |= original_open_clip(parts["text_encoder_2"], "conditioner.embedders.1")
    else:
        tensors = original_open_clip(parts["text_encoder_2"], "conditioner.embedders.0")
    tensors |= original_unet(parts["unet"]) | original_vae(parts["vae"])
    tensors |= {"betas": torch.rand(10), "alphas_cumprod": torch.rand(10),
                "model_ema.decay": torch.tensor(0.9999)}
    return tensors


def goldens(kind, parts):
    for name, part in parts.items():
        if name == "unet":
            inputs = dict(
                sample=torch.randn(1, 4, 16, 8), timestep=torch.tensor([501]),
                encoder_hidden_states=torch.randn(1, 7, part.config.cross_attention_dim))
            more = {}
            if kind in ("xl", "refiner"):
                more = dict(text_embeds=torch.randn(1, 128),
                            time_ids=torch.rand(1, 6 if kind == "xl" else 5) * 100)
            outputs = dict(out_sample=part(
                inputs["sample"], inputs["timestep"], inputs["encoder_hidden_states"],
                added_cond_kwargs=more).sample)
            inputs |= more
        elif name == "vae":
            inputs = dict(latent=torch.randn(1, 4, 8, 4), sample=torch.randn(1, 3, 16, 24))
            moments = part.quant_conv(part.encoder(inputs["sample"]))
            outputs = dict(
                image=part.decode(inputs["latent"]).sample,
                latent_mean=moments.chunk(2, 1)[0].contiguous(),
                latent_logvar=moments.chunk(2, 1)[1].contiguous())
        else:
            ids = torch.randint(0, 98, (2, 20))
            ids[0, 9] = ids[1, 15] = 99
            inputs = dict(input_ids=ids)
            result = part(ids, output_hidden_states=True)
            outputs = dict(last_hidden_state=result.last_hidden_state,
                           penultimate_hidden_state=result.hidden_states[-2])
            if "text_embeds" in result:
                outputs["text_embeds"] = result.text_embeds
        yield name, ({f"input.{k}": v for k, v in inputs.items()}
                     | {f"output.{k}": v.detach().contiguous() for k, v in outputs.items()})


def make(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for number, kind in enumerate(("v1", "v2", "xl", "refiner")):
        torch.manual_seed(number)
        with torch.no_grad():
            parts = networks(kind)
            tensors = original(kind, parts)
            save_file({k: v.clone().contiguous() for k, v in tensors.items()},
                      folder / f"{kind}.safetensors")
            for name, golden in goldens(kind, parts):
                save_file(golden, folder / f"{kind}.{name}.safetensors")


def names(folder):
    """Which number stands where once every tensor is filled with a number of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in ("v2", "xl"):
        torch.manual_seed(0)
        parts = networks(kind)
        expected, number = {}, 0
        for part, network in parts.items():
            for name, value in network.state_dict().items():
                value.fill_(number)
                expected.setdefault(part, {})[name.removeprefix("text_model.")] = number
                number += 1
        tensors = {}
        for name, value in original(kind, parts).items():
            # One number, or three after one another; those of no network are left out.
            thirds = value.flatten()[:: max(value.numel() // 3, 1)][:3].tolist()
            fused = "in_proj" in name
            tensors[name] = [list(value.shape), [int(x) for x in thirds] if fused else int(thirds[0])]
        (folder / f"{kind}.json").write_text(
            json.dumps(dict(tensors=tensors, expected=expected), separators=(",", ":")) + "\n")


def compare(folder, program):
    status = 0
    for golden in sorted(folder.glob("*.*.safetensors")):
        kind, name, _ = golden.name.split(".")
        run = subprocess.run(
            [program, "run", str(folder / f"{kind}.safetensors"), "--component", name, "--inputs",
             str(golden), "--expect", str(golden), "--tolerance", "2e-5"],
            capture_output=True, text=True)
        status |= run.returncode
        lines = (run.stdout + run.stderr).strip().splitlines()
        print(f"{kind} {name}: status {run.returncode}", *lines[1 if len(lines) > 1 else 0:], sep="\n  ")
    return status


if __name__ == "__main__":
    target = pathlib.Path(sys.argv[2])
    actions = dict(make=make, names=names, compare=compare)
    sys.exit(actions[sys.argv[1]](target, *sys.argv[3:]))
