"""Includes follow the arrows of cmake/layers.txt.

Reads every `#include "<folder>/..."` of our own folders. Generated headers (.inc) count as
part of the folder they are named in. Tests may include anything.
"""

import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parents[2]
OURS = ("runtime", "dialects", "passes", "compiler", "examples", "benchmarks")
INCLUDE = re.compile(r'^\s*#\s*include\s+"((?:%s)/[^"]+)"' % "|".join(OURS), re.M)


def read_table(text):
    """Rows of the table: folder pattern -> set of the patterns it may include."""
    rows = {}
    for line in text.splitlines():
        line = line.split("#")[0].strip()
        if line:
            folder, allowed = line.split(":")
            rows[folder.strip()] = set(allowed.split())
    unknown = {name for allowed in rows.values() for name in allowed} - set(rows)
    assert not unknown, f"cmake/layers.txt names folders without a row: {sorted(unknown)}"
    return rows


def row_of(path, rows):
    """The row that names most folders of `path`, and the folder that it stands for."""
    parts = pathlib.PurePosixPath(path).parent.parts
    best, rank = None, ()
    for pattern in rows:
        wanted = pattern.split("/")
        if len(wanted) <= len(parts) and all(w in ("*", p) for w, p in zip(wanted, parts)):
            candidate = (sum(w != "*" for w in wanted), len(wanted))
            if candidate > rank:
                best, rank = pattern, candidate
    return best, "/".join(parts[:rank[1]]) if best else None


def forbidden(path, included, rows):
    """Why `path` may not include `included`, or None."""
    row, folder = row_of(path, rows)
    other_row, other_folder = row_of(included, rows)
    if row is None or other_row is None:
        return f"no row of cmake/layers.txt covers {path if row is None else included}"
    if folder == other_folder or other_row in rows[row]:
        return None
    return f"{folder} may include {', '.join(sorted(rows[row])) or 'nothing of ours'}, not {other_folder}"


rows = read_table((root / "cmake" / "layers.txt").read_text())

# The check itself: arrows that must never be allowed, and one that must.
assert forbidden("runtime/src/core/load.c", "dialects/Pleat/IR/PleatDialect.h", rows)
assert forbidden("passes/Optimization/A/A.cpp", "passes/Optimization/B/B.h", rows)
assert forbidden("dialects/Pleat/IR/X.cpp", "dialects/ONNX/IR/ONNXDialect.h", rows)
assert forbidden("examples/stories/stories.c", "runtime/abi/pleat_abi.h", rows)
assert not forbidden("passes/Optimization/A/A.cpp", "dialects/Pleat/IR/PleatDialect.h", rows)

problems = []
for folder in OURS:
    for file in sorted((root / folder).rglob("*")):
        if file.suffix in (".h", ".c", ".cpp", ".def"):
            path = file.relative_to(root).as_posix()
            for match in INCLUDE.finditer(file.read_text(errors="replace")):
                if reason := forbidden(path, match[1], rows):
                    line = file.read_text(errors="replace").count("\n", 0, match.start(1)) + 1
                    problems.append(f"{path}:{line}: {match[1]}: {reason}")
print("\n".join(problems))
sys.exit(1 if problems else 0)
