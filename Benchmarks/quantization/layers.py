"""Compares the layers of a quantized ONNX model one by one: ONNX Runtime against `imgconv run`.

Left to themselves two runtimes drift apart: the last bit of a product decides how an activation that
lies between two codes is rounded, and every such code moves the next layer's. So here every layer
gets the same codes: the quantized activations are taken from ONNX Runtime (without its
optimisations, which is what the operators are defined to give) and made inputs of the model, and
each layer's own quantization is made an output. What then differs is that layer's work alone.
"""

import dataclasses
import os

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper
from safetensors.numpy import load_file, save_file

DYNAMIC = (TensorProto.UINT8, TensorProto.FLOAT, TensorProto.UINT8)


@dataclasses.dataclass
class LayerDifferences:
    """How many codes there are and differ, the largest difference of a code, of a dynamic scale
    (relative) and of an output (over its range)."""

    layers: int = 0
    codes: int = 0
    differing: int = 0
    code: int = 0
    scale: float = 0.0
    output: float = 0.0

    def __str__(self):
        return (f"{self.layers} layers, {self.differing} of {self.codes} codes differ, by at most "
                f"{self.code}; output {self.output * 255:.1e} steps")

    @property
    def agree(self):
        """A code more or less where a value lies between two; everything else as in fp32."""
        return (self.code <= 1 and self.differing <= 1e-4 * self.codes and self.scale <= 1e-5
                and self.output <= 1e-4)


def quantizers(model):
    """The nodes that quantize activations, and the element types of all that they give."""
    constants = {i.name: i.data_type for i in model.graph.initializer}
    nodes, types = [], {}
    for node in model.graph.node:
        if node.op_type == "QuantizeLinear" and node.input[0] not in constants:
            types[node.output[0]] = constants[node.input[2]] if len(node.input) > 2 else TensorProto.UINT8
        elif node.op_type == "DynamicQuantizeLinear":
            types.update(zip(node.output, DYNAMIC))
        else:
            continue
        nodes.append(node)
    return nodes, types


def run_reference(model, types, feeds, path):
    """Every output and every quantized activation, as ONNX Runtime gives them unoptimised."""
    model = copied(model)
    for name, kind in types.items():
        model.graph.output.append(helper.make_tensor_value_info(name, kind, None))
    onnx.save(model, path)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds)))


def forced(model, nodes, types, values):
    """The model with the quantized activations as inputs, and those inputs' values."""
    model = copied(model)
    quantizing = {node.output[0] for node in nodes}
    given = {}
    for node in model.graph.node:
        if node.output[0] in quantizing:
            continue
        for position, name in enumerate(node.input):
            if name in types:
                node.input[position] = name + ".given"
                given[name + ".given"] = np.ascontiguousarray(values[name])
    for name, value in given.items():
        kind = types[name.removesuffix(".given")]
        model.graph.input.append(helper.make_tensor_value_info(name, kind, value.shape))
    for name, kind in types.items():
        model.graph.output.append(helper.make_tensor_value_info(name, kind, values[name].shape))
    return model, given


def copied(model):
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    return copy


def compare(path, feeds, run, folder):
    """The differences of the ONNX model `path`; `run(model, inputs, outputs)` runs imgconv."""
    model = onnx.load(path)
    outputs = [output.name for output in model.graph.output]
    nodes, types = quantizers(model)
    files = [os.path.join(folder, name) for name in
             ("reference.onnx", "given.onnx", "given.safetensors", "layers.safetensors")]
    values = run_reference(model, types, feeds, files[0])
    model, given = forced(model, nodes, types, values)
    onnx.save(model, files[1])
    save_file({**{k: np.ascontiguousarray(v) for k, v in feeds.items()}, **given}, files[2])
    run(*files[1:])
    ours = load_file(files[3])
    found = LayerDifferences(layers=len(nodes))
    for node in nodes:
        add_codes(found, node, values, ours)
    for name in outputs:
        extent = max(float(np.ptp(values[name].astype(np.float64))), 1e-30)
        error = np.abs(values[name].astype(np.float64) - ours[name]).max() / extent
        found.output = max(found.output, float(error))
    for file in files:
        os.remove(file)
    return found


def add_codes(found, node, values, ours):
    codes, *rest = node.output
    difference = np.abs(values[codes].astype(np.int32) - ours[codes].astype(np.int32))
    found.codes += difference.size
    found.differing += int(np.count_nonzero(difference))
    found.code = max(found.code, int(difference.max(initial=0)))
    if rest:
        theirs = float(values[rest[0]])
        found.scale = max(found.scale, abs(float(ours[rest[0]]) - theirs) / max(theirs, 1e-30))
