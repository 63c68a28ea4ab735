"""Each pass does to its Before what its After says.

usage: pass_examples.py PLEAT_OPT [--update]

A pass's description holds pairs of two complete modules:

    **Before** `--flag=options`      (the flag may be left out: it is the pass's own)
    ```mlir ... ```
    **After**
    ```mlir ... ```

Both sides are compared as pleat-opt prints them, so names and layout do not matter.
--update writes what the pass does into each After that is not true; read the difference.
"""

import difflib
import pathlib
import re
import sys

import opt

root = pathlib.Path(__file__).resolve().parents[2]
DEFINITION = re.compile(r'^def (\w+) : Pass<"([\w-]+)"', re.M)
PAIR = re.compile(r"\*\*Before\*\*[^\n`]*(?:`([^`\n]+)`)?[^\n]*\n(.*?)\*\*After\*\*[^\n]*\n([ \t]*```mlir\n.*?```)", re.S)


def check(tool, flags, before, after):
    """What the pass makes of `before` (None if it refuses), and why that is not `after`, or None."""
    found, errors = opt.run(tool, before, *flags)
    if found is None:
        return None, f"'pleat-opt {' '.join(flags)}' refuses the Before:\n{errors}"
    expected, errors = opt.run(tool, after)
    if expected is None:
        return found, f"the After does not parse:\n{errors}"
    if found != expected:
        return found, "".join(
            difflib.unified_diff(expected.splitlines(True), found.splitlines(True), "After", "found"))
    return found, None


def fenced(ir, indent):
    """A block of IR, indented like the description it stands in; its module is implied."""
    lines = ir.rstrip().splitlines()
    if lines[0] == "module {":
        lines = [line[2:] for line in lines[1:-1]]
    return "\n".join(indent + line if line else "" for line in ["```mlir", *lines, "```"])


def problems_of(file, text, tool, update):
    """The problems of one pass's pairs, and its text with the Afters that the pass makes."""
    definition = DEFINITION.search(text)
    problems, count = [], 0
    updated = text
    for count, pair in enumerate(PAIR.finditer(text), 1):
        flags, before, after = pair.groups()
        befores, afters = list(opt.blocks(before)), list(opt.blocks(after))
        if len(befores) != 1 or len(afters) != 1:
            found, reason = None, "expects one mlir block between Before and After, and one behind"
        else:
            found, reason = check(tool, flags.split() if flags else ["--" + definition[2]],
                                  befores[0][1], afters[0][1])
        if reason and found and update:
            indent = re.match(r"[ \t]*", after)[0]
            updated = updated.replace(after, fenced(found, indent))
        elif reason:
            problems.append(f"{file.relative_to(root)}: pair {count} of {definition[1]}: {reason}")
    if not count:
        problems.append(f"{file.relative_to(root)}: {definition[1]} has no Before and After")
    return count, problems, updated


def main(tool, update):
    total, problems = 0, []
    for file in sorted((root / "passes").rglob("*.td")):
        text = file.read_text()
        if DEFINITION.search(text):
            count, found, updated = problems_of(file, text, tool, update)
            total, problems = total + count, problems + found
            if updated != text:
                file.write_text(updated)
    print("\n".join(problems))
    print(f"{total} pairs, {len(problems)} problems")
    if problems and not update:
        print("to take what the passes do as their Afters: test/docs/pass_examples.py build/dev/bin/pleat-opt --update")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], "--update" in sys.argv[2:]))
