"""A linear over a batch of any size, with one data set: FOLDER/model.onnx, FOLDER/test_data_set_0."""

import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

folder = pathlib.Path(sys.argv[1])
rng = np.random.Generator(np.random.PCG64(1))
weight = rng.standard_normal((5, 7), dtype=np.float32)
graph = helper.make_graph(
    [helper.make_node("MatMul", ["x", "w"], ["y"], name="fc")], "batched",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["B", 5])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["B", 7])], [numpy_helper.from_array(weight, "w")])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "model.onnx")
data = folder / "test_data_set_0"
data.mkdir()
x = rng.standard_normal((3, 5), dtype=np.float32)
onnx.save_tensor(numpy_helper.from_array(x, "x"), data / "input_0.pb")
onnx.save_tensor(numpy_helper.from_array(x @ weight, "y"), data / "output_0.pb")
