"""Compiles models and compares what they compute with recorded outputs.

usage: verify_models.py PLEAT LIST FOLDER... [--jobs N] [--update]

Each FOLDER holds cases in the layout of ONNX's backend tests: a folder with model.onnx and
test_data_set_N. Cases that are known not to work stand in LIST, one a line:

    real/silero_vad_op18_ifless: unsupported

The outcome is the name of the driver's exit code, so that a case that fails otherwise, or
works, is a difference. --update rewrites the list; read the difference before you commit it.
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


def outcome(pleat, case):
    """What became of a case, and the last words of the command that decided it."""
    with tempfile.TemporaryDirectory() as folder:
        artefact = pathlib.Path(folder) / "model"
        result, text = run(pleat, "compile", case / "model.onnx", "-o", artefact)
        if result == "passed":
            result, text = run(pleat, "verify", artefact, "--data", case)
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
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    cases = {f"{folder.name}/{model.parent.relative_to(folder)}": model.parent
             for folder in options.folders for model in sorted(folder.rglob("model.onnx"))}
    if not cases:
        sys.exit(f"no model.onnx below {', '.join(map(str, options.folders))}")
    known = read_list(options.list)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = dict(zip(cases, pool.map(lambda case: outcome(options.pleat, case), cases.values())))

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
