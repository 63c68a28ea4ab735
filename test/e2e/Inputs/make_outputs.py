"""A model whose layers give outputs one by one, some of them twice, some not at all."""

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

rng = np.random.Generator(np.random.PCG64(2))
nodes, weights, x = [], [], "x"
for layer in range(4):
    weights.append(numpy_helper.from_array(rng.standard_normal((8, 8), dtype=np.float32), f"w{layer}"))
    nodes.append(helper.make_node("MatMul", [x, f"w{layer}"], [f"m{layer}"], name=f"matmul{layer}"))
    nodes.append(helper.make_node("Relu", [f"m{layer}"], [f"r{layer}"], name=f"relu{layer}"))
    nodes.append(helper.make_node("Sigmoid", [f"m{layer}"], [f"s{layer}"], name=f"gate{layer}"))
    x = f"r{layer}"
nodes += [helper.make_node("Identity", [source], [name], name=name)
          for name, source in [("a", "s0"), ("b", "s2"), ("c", "s2"), ("d", "r3"), ("e", "r3"), ("f", "x")]]
nodes.append(helper.make_node("Add", ["s1", "s0"], ["g"], name="g"))
outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 8]) for name in "abcdefg"]
graph = helper.make_graph(nodes, "outputs", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 8])], outputs, weights)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)

if __name__ == "__main__":
    import onnxruntime

    out = sys.argv[1]
    onnx.save(model, f"{out}/model.onnx")
    feed = rng.standard_normal((3, 8), dtype=np.float32)
    session = onnxruntime.InferenceSession(f"{out}/model.onnx")
    onnx.save_tensor(numpy_helper.from_array(feed, "x"), f"{out}/input_0.pb")
    for index, value in enumerate(session.run(None, {"x": feed})):
        onnx.save_tensor(numpy_helper.from_array(value), f"{out}/output_{index}.pb")
