"""Every numbered constraint of an op reappears in its verifier and has a negative test.

A label `<op>_c<n>` is declared in a dialect's .td. A comment in a .cpp of that dialect must
name it, and a function of an `*_invalid.mlir` below test/dialects must start with it.
"""

import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parents[2]
LABEL = r"\b([a-z]\w*_c\d+)"


def labels(files, pattern):
    return {label for file in files for label in re.findall(pattern, file.read_text())}


def problems_of(dialect):
    name = dialect.relative_to(root)
    declared = labels(dialect.rglob("*.td"), r"- `" + LABEL + "`")
    verified = labels(dialect.rglob("*.cpp"), LABEL)
    tested = labels((root / "test" / name).rglob("*_invalid.mlir"), r"func\.func @" + LABEL)
    for label in sorted(declared - verified):
        yield f"{label}: declared in {name}, but no verifier there is marked with it"
    for label in sorted(declared - tested):
        yield f"{label}: no function of an *_invalid.mlir below test/{name} starts with it"
    for label in sorted((verified | tested) - declared):
        yield f"{label}: verified or tested, but no .td of {name} declares it"


problems = [p for d in sorted((root / "dialects").iterdir()) if d.is_dir() for p in problems_of(d)]
for problem in problems:
    print(problem)
sys.exit(1 if problems else 0)
