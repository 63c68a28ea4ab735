"""No file, however broken, crashes the tools or leaves something half-written.

usage: hostile_files.py PLEAT FOLDER [MALFORMED]

MALFORMED is a folder of broken models. Beside these: a small model cut off at 200 points, and
a weights file that is cut off or damaged. Each must end with a diagnostic and the right exit code.
"""

import pathlib
import shutil
import subprocess
import sys

import gpt_stack

PLEAT, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
INVALID, UNSUPPORTED, NOT_MET, IO = 2, 3, 4, 5
failures = 0


def expect(name, codes, *command):
    """Runs a command that has to end with one of `codes` and has to say why."""
    global failures
    done = subprocess.run([PLEAT, *map(str, command)], capture_output=True, text=True, errors="replace")
    if done.returncode not in codes or not (done.stderr + done.stdout).strip():
        failures += 1
        print(f"{name}: expected exit code {codes}, but got {done.returncode}: {done.stderr[-300:]}")


def expect_no_artefact(name, model, codes=(INVALID, UNSUPPORTED), *flags):
    global failures
    out = FOLDER / "out"
    expect(name, codes, "compile", model, "-o", out / "model", *flags)
    expect(f"{name}, checked", codes, "check", model) if not flags else None
    if out.exists():
        failures += 1
        print(f"{name}: left {[str(p) for p in out.rglob('*')]}")
        shutil.rmtree(out)


def truncated_models(model):
    whole = model.read_bytes()
    cut = FOLDER / "cut.onnx"
    for point in range(200):
        cut.write_bytes(whole[: len(whole) * point // 200])
        expect_no_artefact(f"model cut off at {point}/200", cut)


def broken_recipe(model):
    recipe = FOLDER / "recipe.yaml"
    recipe.write_text("version: 1\npasses:\n  - pass: decompose-svd\n    targets: ['*']\n    rnak: 4\n")
    expect_no_artefact("recipe with an unknown key", model, (INVALID,), "--recipe", recipe)


def damaged_weights(model):
    subprocess.run([PLEAT, "compile", model, "-o", FOLDER / "good" / "model"], check=True)
    good = (FOLDER / "good" / "model.weights").read_bytes()
    weights = FOLDER / "damaged" / "model.weights"
    shutil.copytree(FOLDER / "good", weights.parent)

    def verify(name, content, codes):
        weights.write_bytes(content)
        run = ("--inputs", "random:1")
        expect(f"{name}, verified", codes, "verify", weights.with_suffix(""), "--model", model, *run)
        return run

    for point in range(0, len(good), max(1, len(good) // 40)):
        run = verify(f"weights cut off at {point}", good[:point], (INVALID, NOT_MET, IO))
        expect(f"weights cut off at {point}, run", (INVALID, IO), "run", weights.with_suffix(""), *run,
               "--outputs", FOLDER / "y.npz")
    for at in range(0, 256, 4):
        broken = bytearray(good)
        broken[at] ^= 0xFF
        verify(f"weights with byte {at} changed", broken, (INVALID, NOT_MET, IO))
    broken = bytearray(good)
    broken[-200] ^= 1
    verify("weights with a tensor's bit changed", broken, (NOT_MET,))
    assert not (FOLDER / "y.npz").exists()


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    model = FOLDER / "model.onnx"
    subprocess.run([sys.executable, gpt_stack.__file__, model, "1", "--width=16", "--heads=2", "--tokens=4"], check=True)
    truncated_models(model)
    broken_recipe(model)
    damaged_weights(model)
    if len(sys.argv) > 3:
        for malformed in sorted(pathlib.Path(sys.argv[3]).rglob("*.onnx")):
            expect_no_artefact(malformed.name, malformed)
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
