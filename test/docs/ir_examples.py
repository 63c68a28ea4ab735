"""IR in documents and op descriptions parses and verifies.

usage: ir_examples.py PLEAT_OPT

A block may be a fragment: values it does not define get a definition whose type is the one
that the fragment uses them with. Declarations of functions in a fragment stand at its start.
"""

import pathlib
import re
import sys

import opt

root = pathlib.Path(__file__).resolve().parents[2]
MISMATCH = re.compile(r"use of value '(%[\w#]+)' expects different type than prior uses: '(.*?)' vs 'none'")
COMPLETE = re.compile(r"^\s*(module|func\.func (?!private)|llvm\.func|#\w+ =)", re.M)


def undeclared(errors):
    """Names of undeclared values: they stand where the caret below the quoted line points."""
    for match in re.finditer(r"use of undeclared SSA value name\n(.*)\n( *)\^", errors):
        if name := re.match(r"%[\w]+", match[1][len(match[2]):]):
            yield name[0]


def wrap(fragment, types):
    declarations = re.findall(r"^func\.func private .*$", fragment, re.M)
    body = re.sub(r"^func\.func private .*$", "", fragment, flags=re.M)
    defined = "".join(f'  {name} = "example.value"() : () -> ({kind})\n' for name, kind in types.items())
    return "\n".join(declarations) + f"\nfunc.func @example() {{\n{defined}{body}\n  return\n}}\n"


def check(tool, text):
    """Errors that make `text` no example, or None."""
    if COMPLETE.search(text):
        output, errors = opt.run(tool, text)
        return None if output is not None else errors
    types = {}
    while True:
        output, errors = opt.run(tool, wrap(text, types), "--allow-unregistered-dialect")
        if output is not None:
            return None
        progress = False
        for name in undeclared(errors):
            progress |= types.setdefault(name, None) is None
            types[name] = "none"
        for name, kind in MISMATCH.findall(errors):
            progress |= types.get(name) != kind
            types[name] = kind
        if not progress:
            return errors


tool = sys.argv[1]
passed = failed = 0
files = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / "dialects").rglob("*.md"),
         *(root / "dialects").rglob("*.td")]
for file in sorted(f for f in files if "generated" not in f.parts):
    for line, text in opt.blocks(file.read_text()):
        errors = check(tool, text)
        if errors is None:
            passed += 1
        else:
            failed += 1
            print(f"{file.relative_to(root)}:{line}: the block does not parse:\n{errors}")
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
