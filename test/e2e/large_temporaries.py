"""Kernels that keep tensors on the way, of sizes that only a run knows, compile and are right.

usage: large_temporaries.py PLEAT FOLDER [CASE ...]

Each model makes the general path hold temporaries that no stack takes. Two sizes are run, one of
them with two threads, and compared with ONNX Runtime.
"""

import pathlib
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnxruntime.capi.onnxruntime_pybind11_state import NotImplemented

PLEAT, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
SIZES = ({"b": 1, "n": 65, "m": 131}, {"b": 3, "n": 7, "m": 40})


def node(op_type, inputs, outputs, **attributes):
    return helper.make_node(op_type, inputs.split(), outputs.split(), name=outputs.split()[0], **attributes)


def constant(name, *values, type=np.int64):
    return numpy_helper.from_array(np.array(values, type), name)


def weight(name, *shape):
    return numpy_helper.from_array(np.random.default_rng(1).standard_normal(shape, dtype=np.float32) * 0.1, name)


# name: inputs, nodes, initialisers; every case computes `y`.
CASES = {
    "softmax over the second of three axes": ({"x": ["b", "n", "m"]}, [node("Softmax", "x", "y", axis=1)], []),
    "softmax over the first axis": ({"x": ["n", "m"]}, [node("Softmax", "x", "y", axis=0)], []),
    "softmax of old over two axes": ({"x": ["b", "n", "m"]}, [
        node("Shape", "x", "s"), node("Flatten", "x", "f", axis=1), node("Softmax", "f", "p", axis=1),
        node("Reshape", "p s", "y")], []),
    "reduction with two uses": ({"x": ["b", "n", "m"]}, [
        node("ReduceMean", "x ax", "mean", keepdims=1), node("Sub", "x mean", "c"), node("Mul", "c c", "q"),
        node("ReduceMean", "q ax", "var", keepdims=1), node("Sqrt", "var", "d"), node("Div", "c d", "z"),
        node("Add", "z mean", "y")], [constant("ax", 1)]),
    "log sum over all": ({"x": ["b", "n", "m"]}, [
        node("ReduceLogSumExp", "x", "l", keepdims=1), node("Sub", "x l", "y")], []),
    "transpose into a reduction": ({"x": ["b", "n", "m"]}, [
        node("Transpose", "x", "t", perm=[2, 0, 1]), node("ReduceSum", "t ax", "r", keepdims=0),
        node("Transpose", "r", "u", perm=[1, 0]), node("Softmax", "u", "y", axis=0)], [constant("ax", 2)]),
    "batched product of inputs": ({"x": ["b", "n", "m"], "z": ["b", "m", "n"]}, [node("MatMul", "x z", "y")], []),
    "contraction over the middle axis": ({"x": ["b", "n", "m"], "z": ["b", "n", 5]}, [
        node("Transpose", "x", "t", perm=[0, 2, 1]), node("MatMul", "t z", "y")], []),
    "attention without heads": ({"x": ["n", 64], "z": ["m", 64]}, [
        node("Transpose", "z", "t", perm=[1, 0]), node("MatMul", "x t", "s"), node("Mul", "s scale", "s2"),
        node("Softmax", "s2", "p", axis=-1), node("MatMul", "p z", "y")],
        [numpy_helper.from_array(np.array(0.125, np.float32), "scale")]),
    "attention of a dynamic head size": ({"x": ["b", 2, "n", "m"]}, [
        node("Transpose", "x", "t", perm=[0, 1, 3, 2]), node("MatMul", "x t", "s"),
        node("Softmax", "s", "p", axis=-1), node("MatMul", "p x", "y")], []),
    "attention of as many heads as rows": ({"x": ["b", "n", "m", 16]}, [
        node("Transpose", "x", "t", perm=[0, 1, 3, 2]), node("MatMul", "x t", "s"),
        node("Softmax", "s", "p", axis=-1), node("MatMul", "p x", "y")], []),
    "attention of doubles": ({"x": ["b", 2, "n", 16], "k": ["b", 2, "m", 16]}, [
        node("Cast", "x", "xd", to=TensorProto.DOUBLE), node("Cast", "k", "kd", to=TensorProto.DOUBLE),
        node("Transpose", "kd", "t", perm=[0, 1, 3, 2]), node("MatMul", "xd t", "s"),
        node("Softmax", "s", "p", axis=-1), node("MatMul", "p kd", "o"),
        node("Cast", "o", "y", to=TensorProto.FLOAT)], []),
    "attention that is masked, of a dynamic head size": (
        {"x": ["b", 3, "n", "m"], "mask": ["b", 1, "n", "n"]}, [
        node("Transpose", "x", "t", perm=[0, 1, 3, 2]), node("MatMul", "x t", "s"), node("Add", "s mask", "sm"),
        node("Softmax", "sm", "p", axis=-1), node("MatMul", "p x", "o"),
        node("Transpose", "o", "y", perm=[0, 2, 1, 3])], []),
    "scattered elements": ({"x": ["b", "n", "m"]}, [
        node("ArgMax", "x", "i", axis=1), node("ReduceMax", "x ax", "v", keepdims=1),
        node("ScatterElements", "x i v", "y", axis=1)], [constant("ax", 1)]),
    "one in many": ({"x": ["b", "n", "m"]}, [
        node("ArgMax", "x", "i", axis=2, keepdims=0), node("OneHot", "i depth values", "h", axis=1),
        node("ReduceSum", "h ax", "y", keepdims=0)],
        [constant("depth", 300), constant("values", 0, 1, type=np.float32), constant("ax", 2)]),
    "triangle": ({"x": ["b", "n", "m"]}, [node("Trilu", "x", "t", upper=0), node("Softmax", "t", "y", axis=-2)], []),
    "doubles": ({"x": ["b", "n", "m"]}, [
        node("Cast", "x", "xd", to=TensorProto.DOUBLE), node("Softmax", "xd", "sd", axis=-1),
        node("Cast", "sd", "y", to=TensorProto.FLOAT)], []),
    "layer norm of two axes": ({"x": ["b", 40, 60]}, [
        node("LayerNormalization", "x g h", "y", axis=1)], [weight("g", 40, 60), weight("h", 40, 60)]),
    "layer norm of doubles": ({"x": ["b", "n", 1200]}, [
        node("Cast", "x", "xd", to=TensorProto.DOUBLE), node("LayerNormalization", "xd g", "l", axis=-1),
        node("Cast", "l", "y", to=TensorProto.FLOAT)],
        [numpy_helper.from_array(np.linspace(0.5, 2, 1200), "g")]),
    "elements of ranks": ({"x": ["b", "n", "m"]}, [
        node("TopK", "x k", "v i", axis=1), node("GatherElements", "x i", "e", axis=1), node("Sub", "v e", "d"),
        node("Add", "d v", "y")], [constant("k", 5)]),
    "places of the largest": ({"x": ["b", "n", "m"]}, [
        node("ArgMax", "x", "i", axis=1), node("Cast", "i", "y", to=TensorProto.FLOAT)], []),
    "cumulative sum": ({"x": ["b", "n", "m"]}, [node("CumSum", "x ax", "y")], [
        numpy_helper.from_array(np.array(1, np.int64), "ax")]),
    "concat and pad": ({"x": ["b", "n", "m"], "z": ["b", "n", "m"]}, [
        node("Concat", "x z x", "c", axis=2), node("Pad", "c pads", "y")], [constant("pads", 0, 1, 2, 0, 3, 4)]),
    "reflected pads": ({"x": ["b", "n", "m"]}, [node("Pad", "x pads", "y", mode="reflect")],
                       [constant("pads", 0, 1, 2, 0, 3, 4)]),
    "split and rejoin": ({"x": ["b", "n", 600]}, [
        node("Split", "x parts", "p q", axis=2), node("Concat", "q p", "y", axis=2)], [constant("parts", 200, 400)]),
    "tiled": ({"x": ["b", "n", "m"]}, [node("Tile", "x times", "y")], [constant("times", 2, 1, 3)]),
    "convolution of doubles": ({"x": ["b", 4, "n", "m"]}, [
        node("Cast", "x", "xd", to=TensorProto.DOUBLE), node("Cast", "w", "wd", to=TensorProto.DOUBLE),
        node("Conv", "xd wd", "c"), node("Cast", "c", "y", to=TensorProto.FLOAT)], [weight("w", 8, 4, 3, 3)]),
    "pool in three dimensions": ({"x": ["b", 2, 6, "n", "m"]}, [
        node("AveragePool", "x", "y", kernel_shape=[2, 3, 3], pads=[0, 1, 1, 0, 1, 1])], []),
    "product with a large constant of doubles": ({"x": ["n", 300]}, [
        node("Cast", "x", "xd", to=TensorProto.DOUBLE), node("Cast", "w", "wd", to=TensorProto.DOUBLE),
        node("MatMul", "xd wd", "p"), node("Cast", "p", "y", to=TensorProto.FLOAT)], [weight("w", 300, 700)]),
    "outer product summed": ({"x": ["n", "m"]}, [
        node("Unsqueeze", "x a0", "r"), node("Unsqueeze", "x a1", "c"), node("Sub", "r c", "d"),
        node("Mul", "d d", "q"), node("ReduceSum", "q a2", "y", keepdims=0)],
        [constant("a0", 0), constant("a1", 1), constant("a2", 2)]),
}


def run(*arguments):
    return subprocess.run([PLEAT, *map(str, arguments)], capture_output=True, text=True)


def reference(model, data):
    try:
        options = {"providers": ["CPUExecutionProvider"]}
        return onnxruntime.InferenceSession(model.SerializeToString(), **options).run(["y"], data)[0]
    except NotImplemented:  # it has no convolution of doubles
        return ReferenceEvaluator(model).run(["y"], data)[0]


def check(number, name):
    inputs, nodes, initialisers = CASES[name]
    folder = FOLDER / str(number)
    folder.mkdir(parents=True)
    infos = [helper.make_tensor_value_info(i, TensorProto.FLOAT, shape) for i, shape in inputs.items()]
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "case", infos, [y], initialisers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    model = onnx.shape_inference.infer_shapes(model)
    onnx.save(model, folder / "model.onnx")
    compiled = run("compile", folder / "model.onnx", "-o", folder / "out" / "net", "--isa", "x86-64-v3")
    if compiled.returncode != 0:
        return f"compile ends with {compiled.returncode}: {compiled.stderr}"
    for threads, sizes in enumerate(SIZES, 1):
        data = {i: np.random.default_rng(threads).standard_normal([sizes.get(s, s) for s in shape], dtype=np.float32)
                for i, shape in inputs.items()}
        expected = reference(model, data)
        np.savez(folder / "in.npz", **data)
        done = run("run", folder / "out" / "net", "--inputs", folder / "in.npz", "--outputs", folder / "y.npz",
                   "--threads", threads)
        if done.returncode != 0:
            return f"run ends with {done.returncode}: {done.stderr}"
        actual = np.load(folder / "y.npz")["y"]
        if actual.shape != expected.shape or not np.allclose(actual, expected, rtol=1e-4, atol=1e-5):
            return f"differs at {sizes}"
    return None


def main():
    failures = 0
    for number, name in enumerate(sys.argv[3:] or CASES):
        problem = check(number, name)
        if problem:
            failures += 1
            print(f"{name}: {problem}")
    return 1 if failures else 0


sys.exit(main())
