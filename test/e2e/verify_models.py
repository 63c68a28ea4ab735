"""Compiles models and compares what they compute with recorded outputs.

usage: verify_models.py PLEAT LIST FOLDER... [--jobs N] [--threads N,...] [--static] [--isa LEVEL] [--update]

Each FOLDER holds cases in the layout of ONNX's backend tests: a folder with model.onnx and
test_data_set_N. Cases that are known not to work stand in LIST, one a line:

    real/silero_vad_op18_ifless: unsupported

The outcome is the name of the driver's exit code, so that a case that fails otherwise, or
works, is a difference. --threads verifies with each of these numbers of threads; --static also
with the dimensions fixed to the sizes of the first data set; --isa compiles for one level. --update rewrites the list; read the difference before you commit it.
"""

import argparse
import concurrent.futures
import pathlib
import subprocess
import sys
import tempfile

OUTCOMES = {0: "passed", 1: "usage", 2: "invalid", 3: "unsupported", 4: "wrong", 5: "io", 6: "internal"}
SECONDS = 300


def run(*command):
    try:
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return "too slow", f"more than {SECONDS} s"
    return OUTCOMES.get(done.returncode, f"crash {done.returncode}"), done.stderr.strip()


def compile_and_verify(pleat, case, data, threads, flags):
    with tempfile.TemporaryDirectory() as folder:
        artefact = pathlib.Path(folder) / "model"
        result, text = run(pleat, "compile", case / "model.onnx", "-o", artefact, *flags)
        for count in threads:
            if result == "passed":
                result, text = run(pleat, "verify", artefact, "--data", data, "--threads", count)
    return result, text


def sizes_of(case, data):
    """Options that fix each named dimension of the model's inputs to its size in a data set."""
    import onnx  # only where sizes are fixed

    graph = onnx.load(case / "model.onnx", load_external_data=False).graph
    constants = {weight.name for weight in graph.initializer}
    sizes = {}
    for index, value in enumerate(v for v in graph.input if v.name not in constants):
        shape = onnx.load_tensor(data / f"input_{index}.pb").dims
        named = zip(value.type.tensor_type.shape.dim, shape)
        sizes |= {dim.dim_param: size for dim, size in named if dim.dim_param.isidentifier()}
    return [f"--dim={name}={size}" for name, size in sizes.items()]


def outcome(pleat, case, threads, static, isa):
    """What became of a case, and the last words of the command that decided it."""
    result, text = compile_and_verify(pleat, case, case, threads, isa)
    if result == "passed" and static:
        data = case / "test_data_set_0"
        if dims := sizes_of(case, data):
            result, text = compile_and_verify(pleat, case, data, threads, dims + isa)
    return result, text


def read_list(path):
    lines = path.read_text().splitlines() if path.exists() else []
    return dict(line.rsplit(": ", 1) for line in lines if line and not line.startswith("#"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("pleat")
    parser.add_argument("list", type=pathlib.Path)
    parser.add_argument("folders", type=pathlib.Path, nargs="+")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--threads", default="1", type=lambda text: text.split(","))
    parser.add_argument("--static", action="store_true")
    parser.add_argument("--isa")
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    cases = {f"{folder.name}/{model.parent.relative_to(folder)}": model.parent
             for folder in options.folders for model in sorted(folder.rglob("model.onnx"))}
    if not cases:
        sys.exit(f"no model.onnx below {', '.join(map(str, options.folders))}")
    known = read_list(options.list)
    isa = [f"--isa={options.isa}"] if options.isa else []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = dict(zip(cases, pool.map(
            lambda case: outcome(options.pleat, case, options.threads, options.static, isa), cases.values())))

    if options.update:
        head = [line for line in options.list.read_text().splitlines() if line.startswith("#")] \
            if options.list.exists() else []
        kept = {name: result for name, result in known.items() if name not in cases}
        kept |= {name: result for name, (result, _) in results.items() if result != "passed"}
        options.list.write_text("\n".join(head + [f"{n}: {r}" for n, r in sorted(kept.items())]) + "\n")
    different = 0
    for name, (result, text) in results.items():
        expected = known.get(name, "passed")
        if result != expected and not options.update:
            different += 1
            print(f"{name}: expected {expected}, but got {result}\n{text[-600:]}")
    passed = sum(result == "passed" for result, _ in results.values())
    print(f"{passed} of {len(cases)} cases pass, {different} differ from {options.list.name}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
