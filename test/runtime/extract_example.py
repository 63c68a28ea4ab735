"""Writes the program in the comment at the start of pleat.h to a file of its own.

usage: extract_example.py pleat.h example.c
"""
import sys

lines = open(sys.argv[1]).read().split("\n")
first = next(i for i, line in enumerate(lines) if line.startswith(" *   #include"))
last = next(i for i in range(first, len(lines)) if lines[i] == " *   }")
with open(sys.argv[2], "w") as out:
    for line in lines[first : last + 1]:
        out.write(line[5:] + "\n")
