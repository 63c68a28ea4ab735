"""A compile that is told to end leaves nothing behind, and earlier files as they were.

usage: interrupted.py PLEAT MODEL FOLDER
"""

import pathlib
import shutil
import signal
import subprocess
import sys
import time

PLEAT, MODEL, FOLDER = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])


def files():
    return sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*"))


def interrupt(number, out):
    """Sends the signal once weights are being written; returns what is then left."""
    compile = subprocess.Popen([PLEAT, "compile", MODEL, "-o", out / "net"],
                               preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))
    while compile.poll() is None and not any(out.glob(".pleat-*/*")):
        time.sleep(0.02)
    compile.send_signal(number)
    ended = compile.wait()
    if ended != -number:
        sys.exit(f"expected the compile to end by signal {number}, but got {ended}")
    return files()


shutil.rmtree(FOLDER, ignore_errors=True)
FOLDER.mkdir(parents=True)
left = interrupt(signal.SIGTERM, FOLDER / "new" / "inner")
if left:
    sys.exit(f"expected no files, but got {left}")

kept = FOLDER / "old" / "net.h"
kept.parent.mkdir()
kept.write_text("earlier")
left = interrupt(signal.SIGINT, kept.parent)
if left != ["old", "old/net.h"] or kept.read_text() != "earlier":
    sys.exit(f"expected the earlier file alone, but got {left}")
