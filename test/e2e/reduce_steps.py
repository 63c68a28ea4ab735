"""Fewer, larger steps through a shared block give the worked numbers.

usage: reduce_steps.py PLEAT FOLDER

The block: attention is the linear map A, the network relu(h V) U, both residual, with a norm
before each branch (pre) or behind each addition (post). Four iterations, or two of step 2.
The expected numbers were computed once in double precision.
"""

import json
import pathlib
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

PLEAT, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
START = np.array([[1, -2, .5]], np.float32)
WEIGHTS = {
    "a": [[.1, .2, 0], [0, -.1, .2], [.1, 0, .1]],
    "v": [[.5, -.25, 0, .25], [0, .5, -.5, .25], [-.25, .25, .5, 0]],
    "u": [[.2, 0, -.1], [0, .1, .1], [-.1, .2, 0], [.1, -.1, .2]],
    "one": [1, 1, 1], "zero": [0, 0, 0],
}
WHOLE = {"pre": [1.910193, -0.310917, -0.649461], "post": [1.389137, -0.464979, -0.924158]}
STEPPED = {
    ("pre", "branch"): [2.016101, -0.399554, -0.662330], ("pre", "block"): [1.834590, -0.231598, -0.649020],
    ("post", "branch"): [1.385703, -0.448187, -0.937516], ("post", "block"): [1.522028, -0.689344, -1.332684],
}


def block(kind, layer, h, nodes):
    def op(op_type, inputs, name):
        nodes.append(helper.make_node(op_type, inputs, [f"{layer}.{name}"], name=f"{layer}.{name}"))
        return f"{layer}.{name}"

    def norm(x, name):
        return op("LayerNormalization", [x, "one", "zero"], name)

    def residual(x, branch, name):
        inner = branch(norm(x, f"{name}.norm") if kind == "pre" else x)
        total = op("Add", [x, inner], f"{name}.add")
        return total if kind == "pre" else norm(total, f"{name}.norm")

    h = residual(h, lambda x: op("MatMul", [x, "a"], "attention"), "first")
    return residual(h, lambda x: op("MatMul", [op("Relu", [op("MatMul", [x, "v"], "up")], "relu"), "u"], "down"), "second")


def make_model(kind):
    nodes, h = [], "x"
    for layer in range(4):
        h = block(kind, f"layer{layer}", h, nodes)
    nodes.append(helper.make_node("Identity", [h], ["y"], name="y"))
    weights = [numpy_helper.from_array(np.array(value, np.float32), name) for name, value in WEIGHTS.items()]
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3]) for name in "xy")
    graph = helper.make_graph(nodes, kind, [x], [y], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), FOLDER / f"{kind}.onnx")


def result(kind, name, *flags):
    artefact = FOLDER / name / "block"
    done = subprocess.run([PLEAT, "compile", FOLDER / f"{kind}.onnx", "-o", artefact, *flags], check=True,
                          capture_output=True, text=True)
    subprocess.run([PLEAT, "run", artefact, "--inputs", FOLDER / "x.npz", "--outputs", FOLDER / "y.npz"],
                   check=True, stdout=subprocess.DEVNULL)
    return np.load(FOLDER / "y.npz")["y"][0], done.stderr, json.loads(artefact.with_suffix(".json").read_text())


FOLDER.mkdir(parents=True, exist_ok=True)
np.savez(FOLDER / "x.npz", x=START)
for kind in ["pre", "post"]:
    make_model(kind)
    got, said, _ = result(kind, f"{kind}_whole")
    np.testing.assert_allclose(got, WHOLE[kind], rtol=0, atol=2e-6)
    assert said == "", said
    for residual in ["branch", "block"]:
        recipe = FOLDER / "recipe.yaml"
        recipe.write_text(f"version: 1\npasses:\n  - pass: reduce-steps\n    iterations: 2\n    residual: {residual}\n")
        got, said, manifest = result(kind, f"{kind}_{residual}", "--recipe", recipe)
        np.testing.assert_allclose(got, STEPPED[kind, residual], rtol=0, atol=2e-6)
        assert "2 of 4 iterations are run" in said, said
        row = next(row for row in manifest["ledger"] if row["pass"] == "reduce-steps")
        assert row["class"] == "lossy" and row["flops_after"] * 2 == row["flops_before"], row
