"""Runs pleat-opt on text, and finds fenced blocks of IR."""

import os
import re
import subprocess

BLOCK = re.compile(r"^([ \t]*)```mlir[ \t]*\n(.*?)^[ \t]*```", re.M | re.S)


def run(tool, text, *flags):
    """Output and errors of pleat-opt with `flags` on `text`; the output is None on failure."""
    if os.environ.get("PLEAT_ROUND_TRIP") == "1":
        flags += ("--verify-roundtrip",)
    done = subprocess.run([tool, "-", "--mlir-print-local-scope", *flags], input=text,
                          capture_output=True, text=True, timeout=120)
    return (done.stdout if done.returncode == 0 else None), done.stderr


def blocks(text):
    """(line number, IR) of each fenced mlir block, without its indentation."""
    for match in BLOCK.finditer(text):
        indent = len(match[1])
        lines = [line[indent:] for line in match[2].splitlines()]
        yield text.count("\n", 0, match.start()) + 2, "\n".join(lines) + "\n"
