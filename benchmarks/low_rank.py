"""What a rank-64 recipe gains on four 4096 x 4096 linears with Relu between them.

usage: low_rank.py [--rounds 5] [--seconds 0.5] [--size 4096] [--rank 64]

At M = 1 and 128, one thread, by turns: the dense artefact, the factored one, and ONNX Runtime
on a graph of the same two matrices for each linear. The promise is the dense time times the
larger of the byte and flop ratios that apply: bytes at M = 1, operations at 128.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import run

LAYERS = 4


def network(path, sizes, m):
    """A chain of linears; `sizes` holds, for each layer, the widths it goes through."""
    rng = np.random.Generator(np.random.PCG64(5))
    nodes, weights, x = [], [], "x"
    for layer, widths in enumerate(sizes):
        for part, (k, n) in enumerate(zip(widths, widths[1:])):
            name = f"layer{layer}.w{part}"
            value = rng.standard_normal((k, n), dtype=np.float32) / np.float32(np.sqrt(k))
            weights.append(numpy_helper.from_array(value, name))
            nodes.append(helper.make_node("MatMul", [x, name], [name + ".out"], name=name + ".matmul"))
            x = name + ".out"
        if layer + 1 < len(sizes):
            nodes.append(helper.make_node("Relu", [x], [x + ".relu"], name=f"layer{layer}.relu"))
            x += ".relu"
    nodes.append(helper.make_node("Identity", [x], ["y"], name="last"))
    value_info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [m, width])
                  for name, width in (("x", sizes[0][0]), ("y", sizes[-1][-1]))]
    graph = helper.make_graph(nodes, "chain", value_info[:1], value_info[1:], weights)
    path.mkdir(parents=True)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path / "model.onnx")
    data = path / "test_data_set_0"
    data.mkdir()
    onnx.save_tensor(numpy_helper.from_array(rng.standard_normal((m, sizes[0][0]), dtype=np.float32), "x"),
                     str(data / "input_0.pb"))
    return path


def compile_model(case, out, flags=()):
    subprocess.run([run.pleat, "compile", case / "model.onnx", "-o", out, *flags], check=True)
    return json.loads(out.with_suffix(".json").read_text())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--size", type=int, default=4096)
    parser.add_argument("--rank", type=int, default=64)
    options = parser.parse_args()
    size, rank = options.size, options.rank
    folder = pathlib.Path(tempfile.mkdtemp(prefix="low-rank-"))
    recipe = folder / "recipe.yaml"
    recipe.write_text(f"version: 1\npasses:\n  - pass: decompose-svd\n    targets: ['layer*']\n    rank: {rank}\n")
    print("| M | dense ms | factored ms | ONNX Runtime, factored, ms | of the promise | vs ONNX Runtime | weights |")
    print("|---|---|---|---|---|---|---|")
    for m in (1, 128):
        dense = network(folder / f"dense{m}", [(size, size)] * LAYERS, m)
        factored = network(folder / f"factored{m}", [(size, rank, size)] * LAYERS, m)
        whole = compile_model(dense, folder / f"out_dense{m}" / "dense")
        thin = compile_model(dense, folder / f"out_thin{m}" / "thin", ["--recipe", recipe])
        bench = ["--threads", 1, "--seconds", options.seconds]
        sides = {
            "dense": [run.pleat, "bench", folder / f"out_dense{m}" / "dense", "--load", "copy", "--json",
                      "--inputs", dense / "test_data_set_0", *bench],
            "thin": [run.pleat, "bench", folder / f"out_thin{m}" / "thin", "--load", "copy", "--json",
                     "--inputs", dense / "test_data_set_0", *bench],
            "ort": [sys.executable, run.here / "ort_bench.py", factored / "model.onnx", factored / "test_data_set_0", *bench],
        }
        rounds = [{side: run.run_json(command, 1) for side, command in sides.items()} for _ in range(options.rounds)]
        ns = {side: statistics.median(r[side]["median_ns"] for r in rounds) for side in sides}
        last = rounds[-1]
        key = "bytes_read" if m == 1 else "flops"
        promise = last["thin"][key] / last["dense"][key]
        of_promise = statistics.median(r["thin"]["median_ns"] / r["dense"]["median_ns"] for r in rounds) / promise
        ratio = statistics.median(r["ort"]["median_ns"] / r["thin"]["median_ns"] for r in rounds)
        print(f"| {m} | {ns['dense'] / 1e6:.3f} | {ns['thin'] / 1e6:.3f} | {ns['ort'] / 1e6:.3f} | {of_promise:.2f} | "
              f"{ratio:.2f} | {whole['weights_bytes']} -> {thin['weights_bytes']} |", flush=True)


if __name__ == "__main__":
    main()
