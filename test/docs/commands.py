"""Commands and links in documents are true.

usage: commands.py BUILD_BIN_DIR

In shell blocks of *.md: `scripts/dev WORD` is a command of scripts/dev; `pleat-opt` and `pleat
VERB` know each flag. Links to files lead to files.
"""

import pathlib
import re
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parents[2]
tools = pathlib.Path(sys.argv[1])
SHELL = re.compile(r"^```sh\n(.*?)^```", re.M | re.S)
LINK = re.compile(r"\]\(([^)#:\s]+)[^):]*\)")


def output(*command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=root)
    return done.stdout + done.stderr


def known_flag(flag, text):
    return re.search(rf"(?<![\w-]){re.escape(flag)}(?![\w-])", text) is not None


def problem(words, cache={}):
    """Why the command `words` cannot be right, or None."""
    program = words[0]
    if program == "scripts/dev":
        known = re.findall(r"^  (\w+) ", output("scripts/dev", "help"), re.M)
        return None if len(words) == 1 or words[1] in known else f"scripts/dev has no command '{words[1]}'"
    if program not in ("pleat", "pleat-opt") or not (tools / program).exists():
        return None
    help_words = (words[1], "--help") if program == "pleat" else ("--help",)
    text = cache.setdefault((program, *help_words), output(tools / program, *help_words))
    if program == "pleat" and not re.search(rf"^  {words[1]}\b", output(tools / program, "--help"), re.M):
        return f"pleat has no verb '{words[1]}'"
    for word in words[1:]:
        flag = word.split("=")[0]
        if flag.startswith("--") and not known_flag(flag, text):
            return f"{program} does not know '{flag}'"
    return None


problems = []
documents = [p for p in root.rglob("*.md") if not {"build", "generated", ".git"} & set(p.relative_to(root).parts)]
for document in sorted(documents):
    text = document.read_text()
    name = document.relative_to(root)
    for block in SHELL.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            words = re.sub(r"\s#.*", "", line).split()
            if words and (reason := problem(words)):
                problems.append(f"{name}: {line}: {reason}")
    for link in LINK.findall(text):
        if not (document.parent / link).exists():
            problems.append(f"{name}: no file {link}")
print("\n".join(problems) or f"{len(documents)} documents are true")
sys.exit(1 if problems else 0)
