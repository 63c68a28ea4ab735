"""Makes a GPT-like stack as an ONNX model: attention and a GELU network in every layer, random weights.

usage: gpt_stack.py OUT LAYERS [--width D] [--heads H] [--tokens T] [--shared] [--external]

The input `x` and the output `y` are [1, T, D]. --shared gives every layer the same weights and
writes them once per layer, as exporters do. --external puts weights into a file of their own,
OUT.data. The same arguments give the same bytes.
"""

import argparse
import math
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def layer_weights(rng, width):
    def normal(*shape):
        return rng.standard_normal(shape, dtype=np.float32) * np.float32(1 / math.sqrt(shape[0]))

    return {
        "ln1.weight": 1 + normal(width), "ln1.bias": normal(width),
        "attn.qkv.weight": normal(width, 3 * width), "attn.qkv.bias": normal(3 * width),
        "attn.out.weight": normal(width, width), "attn.out.bias": normal(width),
        "ln2.weight": 1 + normal(width), "ln2.bias": normal(width),
        "mlp.up.weight": normal(width, 4 * width), "mlp.up.bias": normal(4 * width),
        "mlp.down.weight": normal(4 * width, width), "mlp.down.bias": normal(width),
    }


class Layer:
    """The nodes of one layer; every name begins with the layer's."""

    def __init__(self, name, nodes):
        self.name, self.nodes = name, nodes

    def weight(self, name):
        return f"{self.name}.{name}"

    def op(self, kind, inputs, output, **attributes):
        value = f"{self.name}.{output}"
        path = "/" + value.replace(".", "/")
        self.nodes.append(helper.make_node(kind, inputs, [value], name=path, **attributes))
        return value

    def norm(self, x, name):
        scale_and_bias = [self.weight(f"{name}.weight"), self.weight(f"{name}.bias")]
        return self.op("LayerNormalization", [x, *scale_and_bias], name, axis=-1, epsilon=1e-5)

    def linear(self, x, name):
        product = self.op("MatMul", [x, self.weight(f"{name}.weight")], f"{name}.product")
        return self.op("Add", [product, self.weight(f"{name}.bias")], name)

    def attention(self, x):
        qkv = self.op("Reshape", [self.linear(x, "attn.qkv"), "heads_shape"], "attn.heads")

        def part(index, name, order):
            picked = self.op("Gather", [qkv, f"index{index}"], f"attn.{name}.picked", axis=2)
            return self.op("Transpose", [picked], f"attn.{name}", perm=order)

        scores = self.op("MatMul", [part(0, "q", [0, 2, 1, 3]), part(1, "k", [0, 2, 3, 1])], "attn.scores")
        scaled = self.op("Mul", [scores, "scale"], "attn.scaled")
        probabilities = self.op("Softmax", [self.op("Add", [scaled, "mask"], "attn.masked")], "attn.softmax", axis=-1)
        context = self.op("MatMul", [probabilities, part(2, "v", [0, 2, 1, 3])], "attn.context")
        rows = self.op("Transpose", [context], "attn.rows", perm=[0, 2, 1, 3])
        return self.linear(self.op("Reshape", [rows, "flat_shape"], "attn.flat"), "attn.out")

    def network(self, x):
        up = self.linear(x, "mlp.up")
        erf = self.op("Erf", [self.op("Div", [up, "root2"], "gelu.div")], "gelu.erf")
        twice = self.op("Mul", [up, self.op("Add", [erf, "one"], "gelu.add")], "gelu.mul")
        return self.linear(self.op("Mul", [twice, "half"], "gelu"), "mlp.down")

    def build(self, x):
        x = self.op("Add", [x, self.attention(self.norm(x, "ln1"))], "after_attention")
        return self.op("Add", [x, self.network(self.norm(x, "ln2"))], "after_network")


def stack(layers, width, heads, tokens, shared):
    rng = np.random.Generator(np.random.PCG64(1))
    head = width // heads
    future = np.triu(np.full((1, 1, tokens, tokens), np.finfo(np.float32).min, np.float32), 1)
    constants = {
        "heads_shape": np.array([0, 0, 3, heads, head]), "flat_shape": np.array([0, 0, width]), "mask": future,
        "index0": np.array(0), "index1": np.array(1), "index2": np.array(2), "half": np.float32(0.5),
        "one": np.float32(1), "root2": np.float32(math.sqrt(2)), "scale": np.float32(1 / math.sqrt(head)),
    }
    weights = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    nodes, x, values = [], "x", None
    for index in range(layers):
        layer = Layer(f"layers.{index}", nodes)
        values = values if shared and values else layer_weights(rng, width)
        weights += [numpy_helper.from_array(value, layer.weight(name)) for name, value in values.items()]
        x = layer.build(x)
    nodes.append(helper.make_node("Identity", [x], ["y"], name="/y"))
    shape = [1, tokens, width]
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in "xy")
    graph = helper.make_graph(nodes, "stack", [x], [y], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("layers", type=int)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--shared", action="store_true")
    parser.add_argument("--external", action="store_true")
    options = parser.parse_args()
    model = stack(options.layers, options.width, options.heads, options.tokens, options.shared)
    location = options.out.name + ".data" if options.external else None
    onnx.save(model, str(options.out), save_as_external_data=options.external, location=location, size_threshold=1024)


if __name__ == "__main__":
    main()
