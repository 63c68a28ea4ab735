"""Compares a page of the documentation with what a program prints.

usage: compare_output.py PAGE PROGRAM
"""
import subprocess
import sys

page, program = sys.argv[1:]
printed = subprocess.run([program], check=True, capture_output=True, text=True).stdout
if open(page).read() != printed:
    sys.exit(f"{page} is not what {program} prints; run: {program} > {page}")
