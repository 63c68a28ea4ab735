"""A recipe's error is measured against the uncompressed model, and `verify` goes by it.

usage: recipe_error.py PLEAT FOLDER

The model: three linears with a Relu between them, of matrices whose singular values fall off. The
expected errors are computed here, in double precision, from the factors NumPy finds.
"""

import json
import pathlib
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

PLEAT, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
SIZES, RANK, ROWS = (192, 320, 256, 160), 24, 48
RNG = np.random.Generator(np.random.PCG64(7))


def falling(rows, columns):
    """A matrix whose singular values halve every eight."""
    u, _ = np.linalg.qr(RNG.standard_normal((rows, rows)))
    v, _ = np.linalg.qr(RNG.standard_normal((columns, columns)))
    count = min(rows, columns)
    return ((u[:, :count] * 0.5 ** (np.arange(count) / 8)) @ v[:count]).astype(np.float32)


def truncated(matrix):
    u, s, v = np.linalg.svd(matrix.astype(np.float64), full_matrices=False)
    return (u[:, :RANK] * s[:RANK]) @ v[:RANK]


def forward(x, weights):
    for i, weight in enumerate(weights):
        x = x @ weight.astype(np.float64)
        x = np.maximum(x, 0) if i + 1 < len(weights) else x
    return x


def error(got, expected):
    return float(np.linalg.norm(got - expected) / np.linalg.norm(expected))


def pleat(*arguments, code=0):
    done = subprocess.run(list(map(str, (PLEAT, *arguments))), capture_output=True, text=True)
    assert done.returncode == code, f"{arguments} ends with {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def save_model(weights):
    nodes, x = [], "x"
    for i in range(len(weights)):
        nodes.append(helper.make_node("MatMul", [x, f"w{i}"], [f"p{i}"], name=f"fc{i}"))
        x = f"p{i}"
        if i + 1 < len(weights):
            nodes.append(helper.make_node("Relu", [x], [f"r{i}"], name=f"relu{i}"))
            x = f"r{i}"
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", size])
             for name, size in (("x", SIZES[0]), (x, SIZES[-1]))]
    constants = [numpy_helper.from_array(weight, f"w{i}") for i, weight in enumerate(weights)]
    graph = helper.make_graph(nodes, "chain", infos[:1], infos[1:], constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), FOLDER / "m.onnx")


def compiled(name, recipe, *options):
    (FOLDER / f"{name}.yaml").write_text(recipe)
    pleat("compile", FOLDER / "m.onnx", "-o", FOLDER / name / name, "--isa", "x86-64-v3", "--recipe", FOLDER / f"{name}.yaml",
          *options)
    return json.loads((FOLDER / name / f"{name}.json").read_text())


FOLDER.mkdir(parents=True)
weights = [falling(*pair) for pair in zip(SIZES, SIZES[1:])]
save_model(weights)
x = RNG.standard_normal((ROWS, SIZES[0]), dtype=np.float32)
np.savez(FOLDER / "rows.npz", x=x)
whole = forward(x.astype(np.float64), weights)
# fc1 alone is compressed.
shortened = forward(x.astype(np.float64), [weights[0], truncated(weights[1]), weights[2]])
STEPS = f"passes:\n  - pass: decompose-svd\n    targets: [fc1]\n    rank: {RANK}\n"

measured = compiled("recorded", f"version: 1\ndata: rows.npz\n{STEPS}")
certificate = measured["certificate"]
assert certificate["measured"] and certificate["inputs"] == "rows.npz" and certificate["dims"] == {"n": ROWS}, certificate
assert abs(certificate["rel_l2"] / error(shortened, whole) - 1) < 1e-2, (certificate, error(shortened, whole))
# What the step changes in the outputs of fc1 alone, on the activations of the uncompressed model.
before = np.maximum(x @ weights[0].astype(np.float64), 0)
[row] = [row for row in measured["ledger"] if row["pass"] == "decompose-svd"]
expected = error(before @ truncated(weights[1]), before @ weights[1])
assert row["weight"] == "w1" and abs(row["output_error"] / expected - 1) < 1e-2, (row, expected)
# Two compiles give the same manifest.
assert measured == compiled("recorded", f"version: 1\ndata: rows.npz\n{STEPS}")

# Every step has an error of its own, and bounds of dimensions hold for what measures too.
bounded = compiled("bounded", f"version: 1\ndata: random:5\npasses:\n  - pass: decompose-svd\n    rank: {RANK}\n",
                   "--dim", "n=32..64:16")
assert bounded["certificate"]["inputs"] == "random:5" and bounded["certificate"]["dims"] == {"n": 32}, bounded
errors = {row["weight"]: row["output_error"] for row in bounded["ledger"] if row["pass"] == "decompose-svd"}
assert set(errors) == {"w0", "w1", "w2"} and all(0.01 < value < 0.5 for value in errors.values()), errors

# Without data, random rows are drawn; their error is of the same size.
unmeasured = compiled("drawn", f"version: 1\n{STEPS}")
assert [row["output_error"] for row in unmeasured["ledger"] if row["pass"] == "decompose-svd"] == [None], unmeasured
drawn = unmeasured["certificate"]
assert drawn["measured"] and drawn["inputs"] == "random:0", drawn
assert 0.5 < drawn["rel_l2"] / certificate["rel_l2"] < 2, (drawn, certificate)

# `verify` allows what was measured, with headroom, and no more when told what to allow.
report = json.loads(pleat("verify", FOLDER / "recorded" / "recorded", "--model", FOLDER / "m.onnx",
                          "--inputs", FOLDER / "rows.npz", "--json").stdout)
assert report["ok"] and report["allowed_rel_l2"] == certificate["allowed_rel_l2"], report
pleat("verify", FOLDER / "recorded" / "recorded", "--model", FOLDER / "m.onnx", "--dim", "n=8", "--rtol", "1e-4", code=4)

# A recipe that changes nothing is measured too.
nothing = compiled("nothing", f"version: 1\npasses:\n  - pass: decompose-svd\n    rank: 160\n")["certificate"]
assert nothing["measured"] and nothing["rel_l2"] < 1e-6, nothing

# Data that is not there is no artefact.
(FOLDER / "absent.yaml").write_text(f"version: 1\ndata: absent.npz\n{STEPS}")
absent = pleat("compile", FOLDER / "m.onnx", "-o", FOLDER / "absent" / "absent", "--recipe", FOLDER / "absent.yaml", code=5)
assert f"absent.yaml: data: no such file or folder: {FOLDER}/absent.npz" in absent.stderr, absent.stderr
assert not (FOLDER / "absent").exists()
