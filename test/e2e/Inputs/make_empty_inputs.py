"""Writes models that read at places computed from data or sizes, with a data set for each.

usage: make_empty_inputs.py FOLDER
"""

import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

folder = pathlib.Path(sys.argv[1])
WIDTH = 3000  # a row that lies beyond any padding of a buffer


def write(name, node, inputs, outputs, constants=()):
    """`inputs` and `outputs` are lists of (name, sizes, values)."""
    def declare(tensors):
        return [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(values.dtype), sizes)
                for n, sizes, values in tensors]

    initializers = [numpy_helper.from_array(np.array(values), n) for n, values in constants]
    graph = helper.make_graph([node], name, declare(inputs), declare(outputs), initializers)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
              folder / f"{name}.onnx")
    data = folder / f"{name}_data"
    data.mkdir()
    for kind, tensors in (("input", inputs), ("output", outputs)):
        for i, (tensor, _, values) in enumerate(tensors):
            (data / f"{kind}_{i}.pb").write_bytes(numpy_helper.from_array(values, tensor).SerializeToString())


none = np.zeros((0, WIDTH), np.float32)
x = ("x", ["n", WIDTH], none)
row = np.zeros((WIDTH,), np.float32)

write("pad", helper.make_node("Pad", ["x", "pads", "filler"], ["y"]), [x],
      [("y", ["m", WIDTH], np.full((2, WIDTH), 5, np.float32))],
      [("pads", [1, 0, 1, 0]), ("filler", np.float32(5))])
write("gather", helper.make_node("Gather", ["x", "ids"], ["y"]), [x, ("ids", ["k"], np.array([0, 7, -1]))],
      [("y", ["k", WIDTH], np.zeros((3, WIDTH), np.float32))])
write("edge", helper.make_node("Pad", ["x", "pads"], ["y"], mode="edge"), [x], [("y", ["m", WIDTH], none)],
      [("pads", [1, 0, 1, 0])])
write("sixth", helper.make_node("Gather", ["x", "id"], ["y"]), [x], [("y", [WIDTH], row)], [("id", 5)])
write("argmax", helper.make_node("ArgMax", ["x"], ["y"], axis=0), [x],
      [("y", [1, WIDTH], np.zeros((1, WIDTH), np.int64))])
write("topk", helper.make_node("TopK", ["x", "k"], ["y", "z"], axis=0), [x],
      [("y", [2, WIDTH], np.zeros((2, WIDTH), np.float32)), ("z", [2, WIDTH], np.zeros((2, WIDTH), np.int64))],
      [("k", [2])])
