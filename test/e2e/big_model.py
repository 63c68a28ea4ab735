"""Memory is bounded: compiling 2 GB of weights takes no more than three times the largest tensor and 500 MB.

usage: big_model.py PLEAT FOLDER

Once as a single file just under protobuf's limit of 2 GiB, once with the weights in a file of
their own. Takes 5 GB of FOLDER, which is emptied afterwards.
"""

import os
import pathlib
import shutil
import subprocess
import sys

PLEAT, FOLDER = sys.argv[1], pathlib.Path(sys.argv[2])
WIDTH, LAYERS = 1024, 42
LARGEST = 4 * WIDTH * WIDTH * 4
BOUND = 3 * LARGEST + 500_000_000


def peak_bytes(*command):
    """The largest resident set of a command that has to succeed, mapped pages included."""
    pid = os.posix_spawn(command[0], list(map(str, command)), os.environ)
    _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit(f"{command[1]} ended with {os.waitstatus_to_exitcode(status)}")
    return usage.ru_maxrss * 1024


failed = False
for flags in [[], ["--external"]]:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    model = FOLDER / "big.onnx"
    generator = pathlib.Path(__file__).with_name("gpt_stack.py")
    subprocess.run([sys.executable, generator, model, str(LAYERS), f"--width={WIDTH}", "--heads=16", "--tokens=16", *flags],
                   check=True)
    peak = peak_bytes(PLEAT, "compile", model, "-o", FOLDER / "big" / "big")
    weights = (FOLDER / "big" / "big.weights").stat().st_size
    good = peak <= BOUND
    failed |= not good
    print(f"{'ok' if good else 'FAILED'}: {weights / 1e6:.0f} MB of weights {' '.join(flags) or 'in one file'}: "
          f"peak {peak / 1e6:.0f} MB, bound {BOUND / 1e6:.0f} MB")
shutil.rmtree(FOLDER)
sys.exit(failed)
