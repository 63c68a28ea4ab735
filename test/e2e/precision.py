"""Compiles models with reduced precision and checks errors, sizes, classes and threads.

usage: precision.py PLEAT FOLDER OUTPUT

FOLDER holds char_dense and stories260K_kv with recorded outputs.
"""

import json
import pathlib
import shutil
import subprocess
import sys

import numpy

pleat, models, output = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
shutil.rmtree(output, ignore_errors=True)


def run(*command):
    return subprocess.run(list(map(str, (pleat, *command))), check=True, capture_output=True, text=True).stdout


def compiled(name, model, *options, isa="x86-64-v3"):
    run("compile", model / "model.onnx", "-o", output / name, "--isa", isa, *options)
    return json.loads((output / f"{name}.json").read_text())


def outputs(name, inputs, threads):
    path = output / "y.npz"
    run("run", output / name, "--inputs", inputs, "--outputs", path, "--threads", threads)
    with numpy.load(path) as found:
        return {key: found[key].tobytes() for key in found}


for model in (models / "char_dense", models / "stories260K_kv"):
    name = model.name.lower()
    data = next(iter(sorted(model.glob("test_data_set_*"))))
    plain = compiled(f"{name}_f32", model)
    assert plain["certificate"] == {"measured": False}

    # bf16: about half the bytes, an error between that of one rounding and that of many.
    short = compiled(f"{name}_bf16", model, "--precision", "bf16")
    ratio = short["weights_bytes"] / plain["weights_bytes"]
    assert 0.45 < ratio < 0.7, ratio
    assert 2e-4 < short["certificate"]["rel_l2"] < 3e-2, short["certificate"]
    rounded = [row for row in short["ledger"] if row["pass"] == "pack" and row["class"] == "lossy"]
    assert rounded and all(5e-4 < row["weight_error"] < 3e-3 for row in rounded)
    report = json.loads(run("verify", output / f"{name}_bf16", "--data", model, "--json"))
    assert report["ok"] and report["allowed_rel_l2"] == short["certificate"]["allowed_rel_l2"], report
    assert outputs(f"{name}_bf16", data, 1) == outputs(f"{name}_bf16", data, 2)
    first = (output / f"{name}_bf16.weights").read_bytes(), (output / f"{name}_bf16.json").read_bytes()
    compiled(f"{name}_bf16", model, "--precision", "bf16")
    assert first == ((output / f"{name}_bf16.weights").read_bytes(), (output / f"{name}_bf16.json").read_bytes())

    # Three parts: where the option does not pay, a recipe insists; vectors give f32's bits.
    recipe = output / "split.yaml"
    recipe.write_text("version: 1\npasses:\n  - pass: set-precision\n    precision: f32-split\n")
    split = compiled(f"{name}_split", model, "--recipe", recipe)
    assert split["weights_bytes"] > 1.2 * plain["weights_bytes"]
    parts = [row for row in split["ledger"] if row["pass"] == "pack" and row["class"] == "reassociating"]
    assert parts and all(row["weight_error"] == 0 for row in parts)
    assert split["certificate"]["rel_l2"] < 1e-6, split["certificate"]
    run("verify", output / f"{name}_split", "--data", model)
    assert outputs(f"{name}_split", data, 2) == outputs(f"{name}_f32", data, 1)

# One file of weights serves every level; f32-split stays f32 where rows vary.
model = models / "stories260K_kv"
every = "x86-64-v3,x86-64-v4,x86-64-v4-amx"
compiled("every_level", model, "--precision", "bf16", isa=every)
assert (output / "every_level.weights").read_bytes() == (output / "stories260k_kv_bf16.weights").read_bytes()
run("verify", output / "every_level", "--data", model)
compiled("by_rule", model, "--precision", "f32-split", isa=every)
run("verify", output / "by_rule", "--data", model)
