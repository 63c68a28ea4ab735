"""A model that reads weights in every way: multiplied, transposed, as numbers, and products in other types."""

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

rng = np.random.Generator(np.random.PCG64(4))


def weight(name, *shape):
    return numpy_helper.from_array(rng.standard_normal(shape, dtype=np.float32), name)


weights = [weight("added", 40, 30), weight("given", 50, 30), weight("both", 40, 40), weight("w", 40, 52)]
weights.append(numpy_helper.from_array(np.float32(0.5), "half"))
nodes = [
    helper.make_node("Transpose", ["added"], ["turned"], perm=[1, 0], name="turn"),
    helper.make_node("Add", ["turned", "x"], ["sum"], name="add"),
    helper.make_node("Transpose", ["given"], ["copy"], perm=[1, 0], name="give"),
    helper.make_node("Transpose", ["both"], ["other"], perm=[1, 0], name="turn_both"),
    helper.make_node("MatMul", ["x", "other"], ["product"], name="multiply"),
    helper.make_node("Mul", ["both", "other"], ["square"], name="square"),
    helper.make_node("MatMul", ["x", "w"], ["scores"], name="scores"),
    helper.make_node("Greater", ["scores", "half"], ["above"], name="compare"),
    helper.make_node("MatMul", ["sum", "w"], ["wide"], name="again"),
    helper.make_node("Cast", ["wide"], ["double"], to=TensorProto.DOUBLE, name="widen"),
    helper.make_node("MatMul", ["product", "w"], ["narrow"], name="third"),
    helper.make_node("Cast", ["narrow"], ["whole"], to=TensorProto.INT32, name="cut"),
]
outputs = [("sum", TensorProto.FLOAT, [30, 40]), ("copy", TensorProto.FLOAT, [30, 50]),
           ("product", TensorProto.FLOAT, [30, 40]), ("square", TensorProto.FLOAT, [40, 40]),
           ("above", TensorProto.BOOL, [30, 52]), ("double", TensorProto.DOUBLE, [30, 52]),
           ("whole", TensorProto.INT32, [30, 52])]
graph = helper.make_graph(nodes, "weight_uses", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [30, 40])],
                          [helper.make_tensor_value_info(*output) for output in outputs], weights)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)

if __name__ == "__main__":
    import onnxruntime

    out = sys.argv[1]
    onnx.save(model, f"{out}/model.onnx")
    feed = rng.standard_normal((30, 40), dtype=np.float32)
    session = onnxruntime.InferenceSession(f"{out}/model.onnx")
    onnx.save_tensor(numpy_helper.from_array(feed, "x"), f"{out}/input_0.pb")
    for index, value in enumerate(session.run(None, {"x": feed})):
        onnx.save_tensor(numpy_helper.from_array(value), f"{out}/output_{index}.pb")
