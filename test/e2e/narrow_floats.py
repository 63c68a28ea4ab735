"""Compiles a model whose tensors are f16 or bf16 and compares each node with f64.

usage: narrow_floats.py PLEAT OUTPUT f16|bf16

A node computes in f32 and rounds its result once: it may be off by half a unit in the last
place of its type, and a little for f32. An accumulator of 16 bits would be off by many, and
a sum of f16 would overflow where only the mean fits.
"""

import pathlib
import subprocess
import sys

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

pleat, output, name = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
output.mkdir(parents=True, exist_ok=True)
elem, digits = {"f16": (TensorProto.FLOAT16, 11), "bf16": (TensorProto.BFLOAT16, 8)}[name]
narrow = helper.tensor_dtype_to_np_dtype(elem)
rng = numpy.random.Generator(numpy.random.PCG64(7))

inputs, weights, nodes, expected, feeds = [], [], [], {}, {}


def value(shape, low=-1.0, high=1.0, weight=False, numbers=None):
    """An input or weight of random numbers of the narrow type, and what they are in f64."""
    numbers = rng.uniform(low, high, shape) if numbers is None else numbers
    stored = numbers.astype(narrow)
    label = f"{'w' if weight else 'x'}{len(inputs) + len(weights)}"
    if weight:
        weights.append(numpy_helper.from_array(stored, label))
    else:
        inputs.append(helper.make_tensor_value_info(label, elem, shape))
        feeds[label] = stored
    return label, stored.astype(numpy.float64)


def case(op, operands, result, type_=elem, **attributes):
    label = f"{op}_{len(nodes)}"
    nodes.append(helper.make_node(op, operands, [label], name=label, **attributes))
    expected[label] = (result, type_)


def reduction(op, operand, axes, result):
    """Axes that are kept as 1."""
    weights.append(numpy_helper.from_array(numpy.array(axes), f"axes{len(nodes)}"))
    case(op, [operand, weights[-1].name], result)


def windows(x, w, pad):
    x = numpy.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
    views = numpy.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=(2, 3))
    return numpy.einsum("ncijkl,mckl->nmij", views, w)


def softmax(x):
    powers = numpy.exp(x - x.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


# Products: rows long enough for an accumulator of 16 bits to stop growing.
(a, fa), (w, fw), (b, fb) = value([3, 4096], 0, 1), value([4096, 37], 0, 1, weight=True), value([37], weight=True)
case("MatMul", [a, w], fa @ fw)
(a, fa), (w, fw) = value([2, 3, 600]), value([2, 600, 19])
case("MatMul", [a, w], fa @ fw)
(a, fa), (w, fw) = value([5, 1100]), value([41, 1100], weight=True)
(b, fb) = value([41], weight=True)
case("Gemm", [a, w, b], fa @ fw.T + fb, transB=1)
for pad in (0, 2):
    (a, fa), (w, fw), (b, fb) = value([1, 23, 9, 8]), value([7, 23, 5, 3], weight=True), value([7], weight=True)
    case("Conv", [a, w, b], windows(fa, fw, pad) + fb[:, None, None], pads=[pad] * 4)

# Reductions: the sums of the first do not fit f16.
(x, fx) = value([3, 5000], 90, 110)
reduction("ReduceMean", x, [1], fx.mean(1, keepdims=True))
reduction("ReduceL2", x, [1], numpy.sqrt((fx**2).sum(1, keepdims=True)))
reduction("ReduceLogSum", x, [1], numpy.log(fx.sum(1, keepdims=True)))
(x, fx) = value([4, 3000])
reduction("ReduceLogSumExp", x, [1], numpy.log(numpy.exp(fx).sum(1, keepdims=True)))
reduction("ReduceSumSquare", x, [0], (fx**2).sum(0, keepdims=True))
(x, fx) = value([5, 7, 300], 0, 1)
reduction("ReduceSum", x, [0, 2], fx.sum((0, 2), keepdims=True))
(x, fx) = value([1, 3, 40, 50], 60, 80)
case("GlobalAveragePool", [x], fx.mean((2, 3), keepdims=True))
case("AveragePool", [x], windows(fx, numpy.eye(3)[:, :, None, None] * numpy.ones((30, 45)) / 1350, 0),
     kernel_shape=[30, 45])

# Rows.
(x, fx) = value([3, 2500], -8, 8)
case("Softmax", [x], softmax(fx))
case("LogSoftmax", [x], numpy.log(softmax(fx)))
(s, fs), (b, fb) = value([2500], weight=True), value([2500], weight=True)
deviation = numpy.sqrt(fx.var(-1, keepdims=True) + 1e-5)
case("LayerNormalization", [x, s, b], (fx - fx.mean(-1, keepdims=True)) / deviation * fs + fb)
case("RMSNormalization", [x, s], fx / numpy.sqrt((fx**2).mean(-1, keepdims=True) + 1e-5) * fs)

# Element by element.
(x, fx) = value([11, 13], -4, 4)
case("Mean", [x, x, x], fx)
case("Tanh", [x], numpy.tanh(fx))
case("Swish", [x], fx / (1 + numpy.exp(-fx)))
case("Where", ["mask", x, x], fx)

# Casts: a tie of f32 that is none of f64, and integers that no step may round twice.
step = 2.0 ** (1 - digits)
exact = numpy.array([1 + step / 2 + 2.0**-40, 1 + step / 2 - 2.0**-40, -1 - step / 2 - 2.0**-40, 1 + step / 2,
                     1 + 3 * step / 2, numpy.inf, -numpy.inf, numpy.nan, 1e300, -0.0, 2.0**-60, 3.0])
inputs.append(helper.make_tensor_value_info("doubles", TensorProto.DOUBLE, [len(exact)]))
inputs.append(helper.make_tensor_value_info("integers", TensorProto.INT64, [4]))
inputs.append(helper.make_tensor_value_info("mask", TensorProto.BOOL, [11, 13]))
feeds |= {"doubles": exact, "integers": numpy.array([257, -257, 2049, 65000]), "mask": rng.uniform(size=(11, 13)) < 0.5}
with numpy.errstate(over="ignore"):
    as_floats = exact.astype(numpy.float16) if name == "f16" else numpy.array(
        [1 + step, 1, -1 - step, 1, 1 + 2 * step, numpy.inf, -numpy.inf, numpy.nan, numpy.inf, -0.0, 2.0**-60, 3.0])
case("Cast", ["doubles"], as_floats.astype(numpy.float64), to=elem)
case("Cast", ["integers"], feeds["integers"].astype(numpy.float64), to=elem)
case("Cast", [x], fx, type_=TensorProto.FLOAT, to=TensorProto.FLOAT)

outputs = [helper.make_tensor_value_info(label, type_, result.shape) for label, (result, type_) in expected.items()]
graph = helper.make_graph(nodes, "narrow", inputs, outputs, weights)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 24)], ir_version=10),
          output / "model.onnx")


def run(*command):
    return subprocess.run([pleat, *map(str, command)], check=True, capture_output=True, text=True).stdout


data = output / "inputs"
data.mkdir(exist_ok=True)
for index, info in enumerate(inputs):
    onnx.save_tensor(numpy_helper.from_array(feeds[info.name], info.name), data / f"input_{index}.pb")

for isa in ("x86-64-v3", "x86-64-v3,x86-64-v4,x86-64-v4-amx"):
    run("compile", output / "model.onnx", "-o", output / "narrow", "--isa", isa)
    run("run", output / "narrow", "--inputs", data, "--outputs", output / "y.npz")
    with numpy.load(output / "y.npz") as found:
        for label, (result, type_) in expected.items():
            got = found[label]
            if type_ == TensorProto.BFLOAT16:
                got = (got.view(numpy.uint16).astype(numpy.uint32) << 16).view(numpy.float32)
            got = got.astype(numpy.float64)
            half = 2.0**-digits if type_ == elem else 0
            allowed = half * 1.01 * numpy.abs(result) + 2e-6 * numpy.maximum(1, numpy.abs(result))
            same = (got == result) | (numpy.isnan(got) & numpy.isnan(result))
            with numpy.errstate(invalid="ignore"):
                excess = numpy.where(same, 0, numpy.abs(got - result) / allowed)
            worst = numpy.nanargmax(numpy.where(numpy.isnan(excess), numpy.inf, excess))
            assert not (excess.flat[worst] > 1 or numpy.isnan(excess.flat[worst])), (
                f"{label} at {isa}: expected {result.flat[worst]}, got {got.flat[worst]}")
