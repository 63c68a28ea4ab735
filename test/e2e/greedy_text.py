"""A compiled language model continues a text, greedily, as ONNX Runtime does.

usage: greedy_text.py PLEAT MODEL FOLDER STEPS TOKEN...

MODEL takes the ids of a whole text [1, T] as its first input, with positions as the second if
it has one, and gives scores [1, T, V]. Each step runs the text so far and appends the best id.
"""

import pathlib
import subprocess
import sys

import numpy as np
import onnxruntime

pleat, model, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
steps, start = int(sys.argv[4]), list(map(int, sys.argv[5:]))
session = onnxruntime.InferenceSession(model)


def feeds(tokens):
    values = [np.array([tokens]), np.arange(len(tokens))[None]]
    return {put.name: value for put, value in zip(session.get_inputs(), values)}


def expected_scores(tokens):
    return session.run(None, feeds(tokens))[0]


def compiled_scores(tokens):
    np.savez(folder / "inputs.npz", **feeds(tokens))
    subprocess.run([pleat, "run", folder / "model", "--inputs", folder / "inputs.npz", "--outputs", folder / "outputs.npz"],
                   check=True, stdout=subprocess.DEVNULL)
    return np.load(folder / "outputs.npz")[session.get_outputs()[0].name]


def greedy(scores):
    tokens = list(start)
    for _ in range(steps):
        tokens.append(int(scores(tokens)[0, -1].argmax()))
    return tokens


subprocess.run([pleat, "compile", model, "-o", folder / "model"], check=True)
want, got = greedy(expected_scores), greedy(compiled_scores)
print("expected", *want)
print("got     ", *got)
sys.exit(want != got)
