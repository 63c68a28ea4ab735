"""Depth costs nothing: 48 layers against one, in compile time, code and weights.

usage: deep_stack.py PLEAT FOLDER

Models and artefacts go to FOLDER. Bounds, against the form with one layer: 12 layers take at
most 1.3 x the CPU time of compiling, 48 at most 1.5 x, packing included, and both at most
1.05 x the code bytes; 48 layers that share their weights, written out 48 times, at most
1.02 x the weights file. The outputs of 48 rolled layers are those of 48 written-out ones, bit for bit.
"""

import json
import pathlib
import resource
import subprocess
import sys

import numpy as np

import gpt_stack
import onnx

PLEAT, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
failures = []


def expect(good, text):
    print(("ok: " if good else "FAILED: ") + text)
    if not good:
        failures.append(text)


def children_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def compile_stack(name, layers, shared=False, flags=()):
    """The manifest and the CPU seconds, the least of two compiles."""
    model = FOLDER / f"{name}.onnx"
    if not model.exists():
        onnx.save(gpt_stack.stack(layers, 256, 4, 64, shared), str(model))
    seconds = []
    for _ in range(2):
        before = children_seconds()
        subprocess.run([PLEAT, "compile", model, "-o", FOLDER / name / "stack", *flags], check=True)
        seconds.append(children_seconds() - before)
    return json.loads((FOLDER / name / "stack.json").read_text()), min(seconds)


def outputs(name):
    values = FOLDER / f"{name}.npz"
    subprocess.run([PLEAT, "run", FOLDER / name / "stack", "--inputs", "random:3", "--outputs", values],
                   check=True, stdout=subprocess.DEVNULL)
    return np.load(values)["y"].tobytes()


FOLDER.mkdir(parents=True, exist_ok=True)
one, one_seconds = compile_stack("one", 1)
for name, layers, bound in [("twelve", 12, 1.3), ("deep", 48, 1.5)]:
    manifest, seconds = compile_stack(name, layers)
    expect(seconds <= bound * one_seconds,
           f"{layers} layers: {seconds:.1f} s of CPU time, one layer {one_seconds:.1f} s, bound {bound} x")
    expect(manifest["code_bytes"] <= 1.05 * one["code_bytes"],
           f"{layers} layers: {manifest['code_bytes']} code bytes, one layer {one['code_bytes']}, bound 1.05 x")
shared, _ = compile_stack("shared", 48, shared=True)
expect(shared["weights_bytes"] <= 1.02 * one["weights_bytes"],
       f"48 equal layers: {shared['weights_bytes']} bytes of weights, one layer {one['weights_bytes']}, bound 1.02 x")
(FOLDER / "unrolled.onnx").hardlink_to(FOLDER / "deep.onnx")
compile_stack("unrolled", 48, flags=["--no-roll"])
expect(outputs("deep") == outputs("unrolled"), "48 layers: rolled and written out give the same bits")
sys.exit(1 if failures else 0)
