#!/usr/bin/env python3
"""Writes a safetensors file of random weights in the shapes of a Stable Diffusion 1.5 UNet.

Every matrix has a standard deviation of its own between 0.02 and 0.05, and every output channel of it
one that lies around that (log-normal, sigma 0.3), as trained layers have; within a channel values are
normal. Vectors are 1 + 0.1 * normal. `--bytes N` repeats or cuts the list of tensors to about N bytes.
"""
import argparse
import json
import struct

import numpy as np


def resnet(name, inputs, outputs):
    yield f"{name}.norm1.weight", (inputs,)
    yield f"{name}.norm1.bias", (inputs,)
    yield f"{name}.conv1.weight", (outputs, inputs, 3, 3)
    yield f"{name}.conv1.bias", (outputs,)
    yield f"{name}.time_emb_proj.weight", (outputs, 1280)
    yield f"{name}.time_emb_proj.bias", (outputs,)
    yield f"{name}.norm2.weight", (outputs,)
    yield f"{name}.norm2.bias", (outputs,)
    yield f"{name}.conv2.weight", (outputs, outputs, 3, 3)
    yield f"{name}.conv2.bias", (outputs,)
    if inputs != outputs:
        yield f"{name}.conv_shortcut.weight", (outputs, inputs, 1, 1)
        yield f"{name}.conv_shortcut.bias", (outputs,)


def transformer(name, width, context=768):
    for norm in ("norm", "transformer_blocks.0.norm1", "transformer_blocks.0.norm2",
                 "transformer_blocks.0.norm3"):
        yield f"{name}.{norm}.weight", (width,)
        yield f"{name}.{norm}.bias", (width,)
    for proj in ("proj_in", "proj_out"):
        yield f"{name}.{proj}.weight", (width, width, 1, 1)
        yield f"{name}.{proj}.bias", (width,)
    block = f"{name}.transformer_blocks.0"
    for attention, source in (("attn1", width), ("attn2", context)):
        yield f"{block}.{attention}.to_q.weight", (width, width)
        yield f"{block}.{attention}.to_k.weight", (width, source)
        yield f"{block}.{attention}.to_v.weight", (width, source)
        yield f"{block}.{attention}.to_out.0.weight", (width, width)
        yield f"{block}.{attention}.to_out.0.bias", (width,)
    yield f"{block}.ff.net.0.proj.weight", (8 * width, width)
    yield f"{block}.ff.net.0.proj.bias", (8 * width,)
    yield f"{block}.ff.net.2.weight", (width, 4 * width)
    yield f"{block}.ff.net.2.bias", (width,)


def unet():
    """The 686 tensors of the UNet: 859,520,964 parameters."""
    widths = (320, 640, 1280, 1280)
    yield "conv_in.weight", (320, 4, 3, 3)
    yield "conv_in.bias", (320,)
    for layer, source in (("linear_1", 320), ("linear_2", 1280)):
        yield f"time_embedding.{layer}.weight", (1280, source)
        yield f"time_embedding.{layer}.bias", (1280,)
    skips, channels = [320], 320
    for index, width in enumerate(widths):
        for layer in range(2):
            yield from resnet(f"down_blocks.{index}.resnets.{layer}", channels, width)
            channels = width
            if index < 3:
                yield from transformer(f"down_blocks.{index}.attentions.{layer}", width)
            skips.append(channels)
        if index < 3:
            yield f"down_blocks.{index}.downsamplers.0.conv.weight", (width, width, 3, 3)
            yield f"down_blocks.{index}.downsamplers.0.conv.bias", (width,)
            skips.append(channels)
    yield from resnet("mid_block.resnets.0", 1280, 1280)
    yield from transformer("mid_block.attentions.0", 1280)
    yield from resnet("mid_block.resnets.1", 1280, 1280)
    for index, width in enumerate(reversed(widths)):
        for layer in range(3):
            yield from resnet(f"up_blocks.{index}.resnets.{layer}", channels + skips.pop(), width)
            channels = width
            if index > 0:
                yield from transformer(f"up_blocks.{index}.attentions.{layer}", width)
        if index < 3:
            yield f"up_blocks.{index}.upsamplers.0.conv.weight", (width, width, 3, 3)
            yield f"up_blocks.{index}.upsamplers.0.conv.bias", (width,)
    yield "conv_norm_out.weight", (320,)
    yield "conv_norm_out.bias", (320,)
    yield "conv_out.weight", (4, 320, 3, 3)
    yield "conv_out.bias", (4,)


def tensors(total, width):
    """The UNet's tensors, repeated under new names or cut short to about `total` bytes."""
    done, copy = 0, 0
    while True:
        for name, shape in unet():
            if total and done >= total:
                return
            count = int(np.prod(shape))
            if total and done + count * width > total and len(shape) > 1:
                shape = (max(1, (total - done) // width // (count // shape[0])),) + shape[1:]
                count = int(np.prod(shape))
            done += count * width
            yield (f"copy{copy}." if copy else "") + name, shape
        if not total:
            return
        copy += 1


def encoded(values, dtype):
    """The bytes of fp32 values as fp32, fp16 or bf16 (rounded to nearest even)."""
    if dtype == "F32":
        return values.tobytes()
    if dtype == "F16":
        return values.astype(np.float16).tobytes()
    bits = values.view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16).tobytes()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output")
    parser.add_argument("--dtype", choices=("F32", "F16", "BF16"), default="F32")
    parser.add_argument("--bytes", type=int, default=0)
    arguments = parser.parse_args()
    width = 4 if arguments.dtype == "F32" else 2
    layout = sorted(tensors(arguments.bytes, width))
    header, position = {}, 0
    for name, shape in layout:
        size = int(np.prod(shape)) * width
        header[name] = {
            "dtype": arguments.dtype, "shape": list(shape),
            "data_offsets": [position, position + size]}
        position += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    random = np.random.default_rng(8)
    with open(arguments.output, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, shape in layout:
            count, deviation = int(np.prod(shape)), random.uniform(0.02, 0.05)
            if len(shape) == 1:
                part = 1 + 0.1 * random.standard_normal(count, dtype=np.float32)
                file.write(encoded(part, arguments.dtype))
                continue
            rows, columns = shape[0], count // shape[0]
            scales = deviation * np.exp(0.3 * random.standard_normal(rows, dtype=np.float32))
            step = max(1, (1 << 22) // columns)
            for begin in range(0, rows, step):
                channels = scales[begin:begin + step, None].astype(np.float32)
                part = random.standard_normal((len(channels), columns), dtype=np.float32)
                file.write(encoded(channels * part, arguments.dtype))


if __name__ == "__main__":
    main()
