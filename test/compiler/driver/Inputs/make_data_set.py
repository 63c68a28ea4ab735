"""Writes ONNX test data sets for the model of make_tiny.py.

usage: make_data_set.py FOLDER KIND...

A set for each KIND: `right`, `wrong` (one output element is off by 0.5), `shape` (an input that
the model does not take).
"""

import os
import sys

import numpy as np
from onnx import numpy_helper

folder, *kinds = sys.argv[1:]
for number, kind in enumerate(kinds):
    name = os.path.join(folder, f"test_data_set_{number}")
    os.makedirs(name, exist_ok=True)
    x = np.arange(12, dtype=np.float32).reshape(4, 3)
    y = x @ np.array([[1, 0], [0, 1], [1, 1]], np.float32)
    if kind == "wrong":
        y[2, 1] += 0.5
    if kind == "shape":
        x = x.reshape(3, 4)
    for file, array in (("input_0.pb", x), ("output_0.pb", y)):
        with open(os.path.join(name, file), "wb") as stream:
            stream.write(numpy_helper.from_array(array).SerializeToString())
