"""Writes sizes.onnx and inputs for it: sizes that the model's ops need to be equal.

usage: make_sizes.py FOLDER

y = concat(past, new) + long + short, where past has s elements, new one; `long` has l elements,
which must be s + 1; `claimed` has s + 1 by its own declaration. z is the first up to three
elements of x plus w: min(n, 3) must be k. fits.npz has all sizes right, the others one wrong.
"""

import pathlib
import sys

import numpy as np
import onnx
import onnx.parser

folder = pathlib.Path(sys.argv[1])
model = onnx.parser.parse_model("""
<ir_version: 8, opset_import: ["": 17]>
sizes (float[s] past, float[1] new, float[l] long, float["s + 1"] claimed, float[n] x, float[k] w)
    => (float[t] y, float[k] z)
<int64[1] zero = {0}, int64[1] three = {3}> {
  all = Concat<axis = 0>(past, new)
  half = Add(all, long)
  y = Add(half, claimed)
  first = Slice(x, zero, three)
  z = Add(first, w)
}
""".replace('"s + 1"', "claimed_size"))
# The text form knows no expressions.
next(i for i in model.graph.input if i.name == "claimed").type.tensor_type.shape.dim[0].dim_param = "s + 1"
onnx.save(model, folder / "sizes.onnx")


def write(name, s=4, long=5, claimed=5, n=7, k=3):
    sizes = {"past": s, "new": 1, "long": long, "claimed": claimed, "x": n, "w": k}
    np.savez(folder / f"{name}.npz", **{name: np.arange(size, dtype=np.float32) for name, size in sizes.items()})


write("fits")
write("few", n=2, k=2)
write("long", long=4)
write("claimed", claimed=4)
write("first", n=2, k=3)
