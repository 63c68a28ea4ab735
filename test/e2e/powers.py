"""Compiles Pow for every kind of base and exponent and compares with numpy.

usage: powers.py PLEAT OUTPUT

Zeros keep their signs, NaN and infinities are numpy's (C's pow); other results agree within
4e-7 in f32, 1e-15 in f64 and half a unit in the last place in f16. Integers saturate, as the
table of ops says; a result that fits is exact up to 2^53.
"""

import pathlib
import subprocess
import sys

import numpy
import onnx
from onnx import helper, numpy_helper

pleat, output = sys.argv[1], pathlib.Path(sys.argv[2])
output.mkdir(parents=True, exist_ok=True)
rng = numpy.random.Generator(numpy.random.PCG64(3))

SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, numpy.inf, -numpy.inf, numpy.nan, 3.0, -3.0, 1e-3, 100.0]
FLOATS = numpy.concatenate([SPECIAL, rng.uniform(-4, 4, 18)])
EXPONENTS = [0.0, 1.0, 2.0, 3.0, 4.0, 7.0, -1.0, -2.0, -3.0, 0.5, -0.5, 1.5, -2.5, 1 / 3, numpy.inf, -numpy.inf, numpy.nan]
INTEGERS = numpy.array([0, 1, -1, 2, -2, 3, -7, 10, 46340])
TOLERANCES = {"float16": 2.0**-11 * 1.01, "float32": 4e-7, "float64": 1e-15}

nodes, weights, feeds, expected = [], [], {}, {}


def case(base, exponent, constant):
    """base ** exponent by numpy's broadcasting; the exponent as a constant or an input."""
    name = f"{base.dtype}_{exponent.dtype}_{len(nodes)}"
    feeds[f"x_{name}"] = base
    if constant:
        weights.append(numpy_helper.from_array(exponent, f"y_{name}"))
    else:
        feeds[f"y_{name}"] = exponent
    nodes.append(helper.make_node("Pow", [f"x_{name}", f"y_{name}"], [name], name=name))
    with numpy.errstate(all="ignore"):
        # Not by a scalar: then numpy takes roots and reciprocals, which differ at zeros and infinities.
        bases, exponents = numpy.broadcast_arrays(base.astype(numpy.float64), exponent.astype(numpy.float64))
        wide = numpy.power(bases, exponents.copy())
        if base.dtype.kind == "i":
            limits = numpy.iinfo(base.dtype)
            cut = numpy.trunc(numpy.clip(numpy.nan_to_num(wide, nan=0.0, posinf=2.0**64, neginf=-(2.0**64)), limits.min, float(limits.max)))
            expected[name] = numpy.where(cut >= limits.max, limits.max, cut.astype(base.dtype))
        else:
            expected[name] = wide
    return name


for dtype in (numpy.float32, numpy.float64, numpy.float16):
    base = FLOATS.astype(dtype)
    for exponent in EXPONENTS:
        case(base, numpy.array(exponent, dtype), constant=True)
    column = numpy.array(EXPONENTS, dtype)[:, None]
    case(base, column, constant=False)
    case(base, column, constant=True)
    for whole in (numpy.int32, numpy.int64):
        case(base, numpy.array([0, 1, 2, 3, -1, -4, 11])[:, None].astype(whole), constant=False)
        case(base, numpy.array(2, whole), constant=True)
        case(base, numpy.array(-3, whole), constant=True)
for dtype in (numpy.int32, numpy.int64):
    base = INTEGERS.astype(dtype)
    case(base, numpy.arange(0, 6)[:, None].astype(dtype), constant=False)
    case(base, numpy.array(3, dtype), constant=True)
    case(base, numpy.array([0.5, 2.0, -1.0])[:, None].astype(numpy.float32), constant=False)
    case(base, numpy.array(2, numpy.float32), constant=True)


def info(name, array):
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)


inputs = [info(name, array) for name, array in feeds.items()]
outputs = [info(name, numpy.empty(result.shape, feeds[f"x_{name}"].dtype)) for name, result in expected.items()]
graph = helper.make_graph(nodes, "powers", inputs, outputs, weights)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8), output / "model.onnx")
numpy.savez(output / "x.npz", **feeds)

subprocess.run([pleat, "compile", output / "model.onnx", "-o", output / "powers"], check=True)
subprocess.run([pleat, "run", output / "powers", "--inputs", output / "x.npz", "--outputs", output / "y.npz"],
               check=True, capture_output=True)
failures = []
with numpy.load(output / "y.npz") as found:
    for name, result in expected.items():
        got = found[name]
        kind = got.dtype.name
        if got.dtype.kind == "i":
            good = got == result
        else:
            with numpy.errstate(all="ignore"):
                rounded = result.astype(got.dtype).astype(numpy.float64)
                near = numpy.abs(got - result) <= TOLERANCES[kind] * numpy.abs(result) + float(numpy.finfo(got.dtype).smallest_subnormal)
            same = (got == rounded) & (numpy.signbit(got) == numpy.signbit(rounded))
            good = same | (numpy.isnan(got) & numpy.isnan(rounded)) | (numpy.isfinite(got) & numpy.isfinite(rounded) & (rounded != 0) & near)
        for at in zip(*numpy.nonzero(~numpy.atleast_1d(good))):
            x, y = numpy.broadcast_arrays(feeds[f"x_{name}"], feeds.get(f"y_{name}", 0))
            failures.append(f"{name}{list(map(int, at))}: base {x[at]}, expected {result[at]}, got {got[at]}")
assert not failures, f"{len(failures)} wrong\n" + "\n".join(failures[:40])
