"""Models to measure: prepared once, in a cache folder."""

import dataclasses
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MIB = 1 << 20


@dataclasses.dataclass
class Case:
    """One model with one set of inputs."""
    name: str
    model: pathlib.Path  # model.onnx, its external data beside it
    data: pathlib.Path   # a folder of input_N.pb


def prepare(spec, corpus, cache):
    """The cases of one entry of suites.json; raises FileNotFoundError when the corpus lacks it."""
    kind = spec["kind"]
    if kind == "gemm":
        return [gemm(spec, m, cache) for m in spec["m"]]
    if kind == "fill":
        return [filled(spec["name"], corpus, cache)]
    folder = corpus / spec["path"]
    data = folder / spec.get("data", "test_data_set_0")
    if not data.is_dir():
        raise FileNotFoundError(data)
    return [Case(spec["name"], folder / "model.onnx", data)]


def filled(name, corpus, cache):
    out = cache / name
    if not (out / "complete").exists():
        source = corpus / "perf" / name
        if not source.is_dir():
            raise FileNotFoundError(source)
        shutil.rmtree(out, ignore_errors=True)
        subprocess.run([sys.executable, corpus / "perf" / "fill.py", source, out], check=True)
        (out / "complete").touch()
    return Case(name, out / "model.onnx", out / "test_data_set_0")


def gemm(spec, m, cache):
    """max_i(x W_i) with as many distinct W_i as leave the caches cold: 128 MiB for M <= 32, 32 MiB above,
    at least two. Max takes part in the time, but reads only M x N numbers for K x N weights."""
    k, n = spec["k"], spec["n"]
    budget = (128 if m <= 32 else 32) * MIB
    count = max(2, -(-budget // (4 * k * n)))
    out = cache / f"{spec['name']}_m{m}"
    if not (out / "complete").exists():
        shutil.rmtree(out, ignore_errors=True)
        (out / "test_data_set_0").mkdir(parents=True)
        rng = np.random.Generator(np.random.PCG64(k * 100003 + n))
        initializers, nodes = [], []
        with open(out / "weights.bin", "wb") as file:
            for i in range(count):
                weight = rng.standard_normal((k, n), dtype=np.float32) / np.float32(np.sqrt(k))
                tensor = TensorProto(name=f"w{i}", data_type=TensorProto.FLOAT, dims=[k, n],
                                     data_location=TensorProto.EXTERNAL)
                for key, value in (("location", "weights.bin"), ("offset", file.tell()), ("length", 4 * k * n)):
                    tensor.external_data.add(key=key, value=str(value))
                initializers.append(tensor)
                nodes.append(helper.make_node("MatMul", ["x", f"w{i}"], [f"y{i}"], name=f"matmul{i}"))
                file.write(weight.tobytes())
        nodes.append(helper.make_node("Max", [f"y{i}" for i in range(count)], ["y"], name="max"))
        graph = helper.make_graph(nodes, spec["name"],
                                  [helper.make_tensor_value_info("x", TensorProto.FLOAT, [m, k])],
                                  [helper.make_tensor_value_info("y", TensorProto.FLOAT, [m, n])], initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        (out / "model.onnx").write_bytes(model.SerializeToString())
        x = rng.standard_normal((m, k), dtype=np.float32)
        (out / "test_data_set_0" / "input_0.pb").write_bytes(numpy_helper.from_array(x, "x").SerializeToString())
        (out / "complete").touch()
    return Case(out.name, out / "model.onnx", out / "test_data_set_0")


def load_inputs(model_path, folder):
    """Inputs by name; the N-th file belongs to the N-th input that is no initializer."""
    model = onnx.load(os.fspath(model_path), load_external_data=False)
    weights = {t.name for t in model.graph.initializer}
    names = [i.name for i in model.graph.input if i.name not in weights]
    inputs = {}
    for index, name in enumerate(names):
        path = pathlib.Path(folder) / f"input_{index}.pb"
        inputs[name] = numpy_helper.to_array(onnx.TensorProto.FromString(path.read_bytes()))
    return inputs
