"""Tiny pipelines of random weights, made by diffusers, and the images that it draws with them.

    pipelines.py make FOLDER [--seed N] [--half] [--only KIND …]
        writes FOLDER/KIND and FOLDER/KIND.golden.safetensors
    pipelines.py fixture FOLDER [--only KIND …]
        the same with narrower networks in fp16, without tokenizers (fixtures/tokenizers has them)
    pipelines.py compare FOLDER PROGRAM
        samples each with PROGRAM and prints the largest error

The goldens hold the images, -1 … 1 but not clamped, and in their metadata the options with which
`imgconv sample` makes the same.
"""

import argparse
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

import diffusers
import torch
import transformers
from safetensors import safe_open
from safetensors.torch import load_file, save_file

WIDTHS = [8, 16]
HERE = pathlib.Path(__file__).resolve().parent
TOKENIZERS = HERE.parent.parent / "fixtures" / "tokenizers"
PROMPT = "A red bicycle, 2 trees & the sea"
NEGATIVE = "blurry, low quality"


def clip_tokenizer(padding=None):
    if WIDTHS[0] < 8:
        padding = None
    tokenizer = transformers.CLIPTokenizer.from_pretrained(TOKENIZERS / "clip")
    if padding:
        tokenizer.pad_token = padding
    return tokenizer


def t5_tokenizer():
    return transformers.T5Tokenizer.from_pretrained(TOKENIZERS / "t5")


def clip(size=16, layers=3, projection=None, activation="quick_gelu", **more):
    tokenizer = clip_tokenizer()
    config = transformers.CLIPTextConfig(
        vocab_size=len(tokenizer), hidden_size=size, intermediate_size=2 * size,
        num_hidden_layers=layers, num_attention_heads=2, max_position_embeddings=77,
        hidden_act=activation, projection_dim=projection or size,
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=1, **more)
    kind = transformers.CLIPTextModelWithProjection if projection else transformers.CLIPTextModel
    return kind(config)


def t5(size=16):
    return transformers.T5EncoderModel(transformers.T5Config(
        vocab_size=len(t5_tokenizer()), d_model=size, d_kv=8, d_ff=2 * size, num_layers=2,
        num_heads=2, feed_forward_proj="gated-gelu"))


def vae(channels=4, **more):
    return diffusers.AutoencoderKL(
        block_out_channels=WIDTHS, layers_per_block=1, norm_num_groups=2, latent_channels=channels,
        down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2, **more)


def unet(cross=16, **more):
    settings = dict(
        sample_size=8, block_out_channels=WIDTHS, layers_per_block=1, norm_num_groups=2,
        cross_attention_dim=cross, attention_head_dim=2,
        down_block_types=["DownBlock2D", "CrossAttnDownBlock2D"],
        up_block_types=["CrossAttnUpBlock2D", "UpBlock2D"])
    return diffusers.UNet2DConditionModel(**(settings | more))


def stable_diffusion(scheduler, network, encoder, tokenizer=None, autoencoder=None, kind=None):
    kind = kind or diffusers.StableDiffusionPipeline
    return kind(
        vae=autoencoder or vae(), text_encoder=encoder, tokenizer=tokenizer or clip_tokenizer(),
        unet=network, scheduler=scheduler, safety_checker=None, feature_extractor=None,
        requires_safety_checker=False)


BETAS = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")


def make_sd():
    scheduler = diffusers.DDIMScheduler(
        **BETAS, clip_sample=False, set_alpha_to_one=False, steps_offset=1)
    return stable_diffusion(scheduler, unet(), clip()), dict(guidance=7.5, negative=NEGATIVE)


def make_sd2():
    scheduler = diffusers.EulerDiscreteScheduler(**BETAS, prediction_type="v_prediction")
    network = unet(attention_head_dim=[2, 4], use_linear_projection=True)
    encoder = clip(activation="gelu")
    pipeline = stable_diffusion(scheduler, network, encoder, clip_tokenizer("!"))
    return pipeline, dict(guidance=3.0, width=24, clip_skip=1)


def make_tiny():
    scheduler = diffusers.DDIMScheduler(**BETAS, clip_sample=False)
    autoencoder = diffusers.AutoencoderTiny(
        encoder_block_out_channels=(8, 8), decoder_block_out_channels=(8, 8),
        num_encoder_blocks=(1, 1), num_decoder_blocks=(1, 1))
    pipeline = stable_diffusion(scheduler, unet(), clip(), autoencoder=autoencoder)
    return pipeline, dict(guidance=2.0, count=2)


def make_lcm():
    scheduler = diffusers.LCMScheduler(**BETAS)
    pipeline = stable_diffusion(
        scheduler, unet(time_cond_proj_dim=9), clip(),
        kind=diffusers.LatentConsistencyModelPipeline)
    return pipeline, dict(guidance=8.5, count=2)


def xl_network(pooled, cross, times=6, **more):
    return unet(
        cross=cross, addition_embed_type="text_time", addition_time_embed_dim=4,
        projection_class_embeddings_input_dim=4 * times + pooled, use_linear_projection=True,
        transformer_layers_per_block=[1, 2], **more)


def make_sdxl(force=True, autoencoder=None):
    return diffusers.StableDiffusionXLPipeline(
        vae=autoencoder or vae(), text_encoder=clip(), tokenizer=clip_tokenizer(),
        text_encoder_2=clip(size=24, projection=20, activation="gelu"),
        tokenizer_2=clip_tokenizer("!"), unet=xl_network(20, 40),
        scheduler=diffusers.EulerDiscreteScheduler(**BETAS, steps_offset=1),
        force_zeros_for_empty_prompt=force, add_watermarker=False), dict(guidance=5.0, height=24)


def make_sdxl_mean():
    autoencoder = vae(latents_mean=[0.1, -0.2, 0.3, 0.4], latents_std=[1.5, 0.7, 2.0, 0.9])
    pipeline, options = make_sdxl(force=False, autoencoder=autoencoder)
    return pipeline, options | dict(clip_skip=1, count=2)


def make_refiner():
    pipeline = diffusers.StableDiffusionXLPipeline(
        vae=vae(), text_encoder=None, tokenizer=None,
        text_encoder_2=clip(size=24, projection=20, activation="gelu"),
        tokenizer_2=clip_tokenizer("!"), unet=xl_network(20, 24),
        scheduler=diffusers.DPMSolverMultistepScheduler(**BETAS), add_watermarker=False)
    return pipeline, dict(guidance=4.0, negative=NEGATIVE)


def make_sd3(has_t5=True, **schedule):
    network = diffusers.SD3Transformer2DModel(
        sample_size=8, patch_size=2, in_channels=4, num_layers=2, attention_head_dim=8,
        num_attention_heads=2, joint_attention_dim=48, caption_projection_dim=16,
        pooled_projection_dim=36, out_channels=4, pos_embed_max_size=16)
    return diffusers.StableDiffusion3Pipeline(
        transformer=network, scheduler=diffusers.FlowMatchEulerDiscreteScheduler(
            **(schedule or dict(shift=3.0))),
        vae=vae(scaling_factor=1.5305, shift_factor=0.0609, use_quant_conv=False,
                use_post_quant_conv=False),
        text_encoder=clip(projection=16), tokenizer=clip_tokenizer(),
        text_encoder_2=clip(size=24, projection=20, activation="gelu"),
        tokenizer_2=clip_tokenizer("!"), text_encoder_3=t5(48) if has_t5 else None,
        tokenizer_3=t5_tokenizer() if has_t5 else None), dict(
            guidance=4.5, negative=NEGATIVE, count=2)


def make_sd3_no_t5():
    pipeline, options = make_sd3(
        has_t5=False, use_dynamic_shifting=True, base_shift=0.5, max_shift=1.15)
    return pipeline, options | dict(guidance=2.0, clip_skip=1)


def make_flux(guided=True, **schedule):
    network = diffusers.FluxTransformer2DModel(
        patch_size=1, in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=8,
        num_attention_heads=2, joint_attention_dim=16, pooled_projection_dim=16,
        guidance_embeds=guided, axes_dims_rope=(2, 2, 4))
    schedule = schedule or dict(
        shift=3.0, use_dynamic_shifting=True, base_shift=0.5, max_shift=1.15)
    return diffusers.FluxPipeline(
        transformer=network, scheduler=diffusers.FlowMatchEulerDiscreteScheduler(**schedule),
        vae=vae(scaling_factor=0.3611, shift_factor=0.1159, use_quant_conv=False,
                use_post_quant_conv=False),
        text_encoder=clip(), tokenizer=clip_tokenizer(), text_encoder_2=t5(16),
        tokenizer_2=t5_tokenizer()), dict(guidance=3.5, height=24, width=16, length=64)


def make_schnell():
    pipeline, options = make_flux(guided=False, shift=1.0)
    return pipeline, options | dict(guidance=2.0, negative=NEGATIVE, width=20)


def make_pixart(kind=None, sample=128, scheduler=None):
    network = diffusers.PixArtTransformer2DModel(
        num_attention_heads=3, attention_head_dim=8, in_channels=4, out_channels=8, num_layers=2,
        cross_attention_dim=24, sample_size=sample, patch_size=2, caption_channels=16,
        use_additional_conditions=sample == 128)
    kind = kind or diffusers.PixArtAlphaPipeline
    scheduler = scheduler or diffusers.DPMSolverMultistepScheduler(
        beta_start=0.0001, beta_end=0.02)
    return kind(
        transformer=network, scheduler=scheduler, vae=vae(), text_encoder=t5(16),
        tokenizer=t5_tokenizer()), dict(guidance=4.5, height=16, width=24)


def make_pixart_sigma():
    pipeline, options = make_pixart(
        diffusers.PixArtSigmaPipeline, 64, diffusers.DDIMScheduler(clip_sample=False))
    return pipeline, options | dict(negative=NEGATIVE, count=2)


def make_dit():
    network = diffusers.DiTTransformer2DModel(
        num_attention_heads=2, attention_head_dim=8, in_channels=4, out_channels=8, num_layers=2,
        sample_size=8, patch_size=2, num_embeds_ada_norm=1000)
    pipeline = diffusers.DiTPipeline(
        transformer=network, vae=vae(), scheduler=diffusers.DDIMScheduler(clip_sample=False))
    return pipeline, dict(guidance=4.0, classes=[207, 3], count=2)


KINDS = {
    name[5:].replace("_", "-"): function
    for name, function in list(globals().items()) if name.startswith("make_")
}
MODELS = (torch.nn.Module,)


def jitter(pipeline, generator):
    """One-dimensional parameters are 0 or 1 at first; random ones tell biases and norms apart."""
    for part in pipeline.components.values():
        if isinstance(part, torch.nn.Module):
            part.eval()
            for parameter in part.parameters():
                if parameter.dim() < 2:
                    parameter.data += 0.1 * torch.randn(parameter.shape, generator=generator)


def draw(pipeline, name, options, seed, steps):
    """The noise, the latents and the images of diffusers, and imgconv's options."""
    arguments = dict(
        num_inference_steps=steps, generator=torch.Generator().manual_seed(seed))
    count = options.get("count", 1)
    flags = ["--steps", str(steps), "--seed", str(seed), "--guidance", str(options["guidance"])]
    flags += ["--count", str(count), "--sampler", "scheduler"]
    if name == "dit":
        arguments |= dict(class_labels=options["classes"])
        flags += ["--class", ",".join(map(str, options["classes"]))]
    else:
        arguments |= dict(prompt=PROMPT, num_images_per_prompt=count)
        flags += ["--prompt", PROMPT]
        for side in ("height", "width"):
            arguments[side] = options.get(side, 16)
            flags += [f"--{side}", str(arguments[side])]
    if "negative" in options:
        arguments["negative_prompt"] = options["negative"]
        flags += ["--negative-prompt", options["negative"]]
    if "clip_skip" in options:
        # diffusers 0.42 looks for the name that transformers 5 has dropped.
        encoder = pipeline.text_encoder
        if not hasattr(encoder, "text_model"):
            object.__setattr__(encoder, "text_model", encoder)
        arguments["clip_skip"] = options["clip_skip"]
        flags += ["--clip-skip", str(options["clip_skip"])]
    if "length" in options:
        arguments["max_sequence_length"] = options["length"]
        flags += ["--prompt-tokens", str(options["length"])]
    if name.startswith("pixart"):
        arguments |= dict(use_resolution_binning=False, clean_caption=False)
    key = "true_cfg_scale" if name == "schnell" else "guidance_scale"
    arguments[key] = options["guidance"]
    if name == "dit":
        decoded = pipeline.vae.decode
        kept = []
        pipeline.vae.decode = lambda x, **more: (kept.append(decoded(x)[0]), decoded(x))[1]
        pipeline(**arguments, output_type="np")
        return kept[0], flags
    latents = []
    decode = pipeline.vae.decode

    def recorded(x, **more):
        result = decode(x, **more)
        latents.append(result[0] if isinstance(result, tuple) else result.sample)
        return result

    pipeline.vae.decode = recorded
    pipeline(**arguments, output_type="pt")
    pipeline.vae.decode = decode
    return latents[0], flags


def make(folder, seed, only, half, with_tokenizers=True):
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, function) in enumerate(KINDS.items()):
        if only and name not in only:
            continue
        torch.manual_seed(seed * 1000 + number)
        pipeline, options = function()
        jitter(pipeline, torch.Generator().manual_seed(seed))
        target = folder / name
        if half:
            for part in pipeline.components.values():
                if isinstance(part, torch.nn.Module):
                    part.half()
        pipeline.save_pretrained(target)
        if half:
            for part in pipeline.components.values():
                if isinstance(part, torch.nn.Module):
                    part.float()
        if not with_tokenizers:
            for tokenizer in target.glob("tokenizer*"):
                shutil.rmtree(tokenizer)
        pipeline.set_progress_bar_config(disable=True)
        steps = random.Random(seed * 77 + number).choice([2, 3, 4, 5])
        with torch.no_grad():
            images, flags = draw(pipeline, name, options, 42 + seed, steps)
        save_file(
            {"images": images.float().contiguous()}, folder / f"{name}.golden.safetensors",
            metadata={"arguments": json.dumps(flags)})


def compare(folder, program):
    worst = 0.0
    for golden in sorted(folder.glob("*.golden.safetensors")):
        name = golden.name.removesuffix(".golden.safetensors")
        with safe_open(golden, "pt") as file:
            flags = json.loads(file.metadata()["arguments"])
        with tempfile.TemporaryDirectory() as temporary:
            raw = pathlib.Path(temporary) / "raw.safetensors"
            run = subprocess.run(
                [program, "sample", str(folder / name), *flags, "--raw", str(raw)],
                capture_output=True, text=True)
            if run.returncode:
                print(f"{name:14} status {run.returncode}: {run.stderr.strip()}")
                worst = float("inf")
                continue
            found = load_file(raw)["images"]
        expected = load_file(golden)["images"]
        if found.shape != expected.shape:
            print(f"{name:14} {tuple(found.shape)}, expected {tuple(expected.shape)}")
            worst = float("inf")
            continue
        error = (found - expected).abs().max().item()
        print(f"{name:14} max abs error {error:.2e} of images {expected.min():.2f} … "
              f"{expected.max():.2f}")
        worst = max(worst, error)
    print(f"worst {worst:.2e}")
    return 0 if worst <= 1e-4 else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=["make", "fixture", "compare"])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("program", nargs="?")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--half", action="store_true")
    options = parser.parse_args()
    if options.action == "make":
        make(options.folder, options.seed, options.only, options.half)
        return 0
    if options.action == "fixture":
        WIDTHS[:] = [4, 8]
        make(options.folder, options.seed, options.only, True, False)
        return 0
    return compare(options.folder, options.program)


if __name__ == "__main__":
    sys.exit(main())
