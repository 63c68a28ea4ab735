"""Writes FOLDER/states.onnx and a data set.

usage: make_equal_rows.py FOLDER
"""

import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

folder = pathlib.Path(sys.argv[1])


def write(name, nodes, inputs, outputs):
    """`inputs` and `outputs` are lists of (name, sizes, values)."""
    def declare(tensors):
        return [helper.make_tensor_value_info(n, TensorProto.FLOAT, sizes) for n, sizes, _ in tensors]

    graph = helper.make_graph(nodes, name, declare(inputs), declare(outputs))
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
              folder / f"{name}.onnx")
    data = folder / f"{name}_data"
    data.mkdir()
    for kind, tensors in (("input", inputs), ("output", outputs)):
        for i, (tensor, _, values) in enumerate(tensors):
            (data / f"{kind}_{i}.pb").write_bytes(numpy_helper.from_array(values, tensor).SerializeToString())


x = np.random.default_rng(1).standard_normal((2, 3), dtype=np.float32)
past = np.random.default_rng(2).standard_normal((3, 4, 3), dtype=np.float32)

# One computed value appended to three states.
write("states",
      [helper.make_node("Neg", ["x"], ["row"])] +
      [helper.make_node("Concat", [f"past_{i}", "row"], [f"next_{i}"], axis=0) for i in range(3)] +
      [helper.make_node("Relu", ["x"], ["y"])],
      [("x", ["B", 3], x)] + [(f"past_{i}", ["L", 3], past[i]) for i in range(3)],
      [("y", ["B", 3], x.clip(0))] +
      [(f"next_{i}", ["M", 3], np.concatenate([past[i], -x])) for i in range(3)])
