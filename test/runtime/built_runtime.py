"""Checks what was built: exported symbols, what the core needs, and how large the runtime is.

usage: built_runtime.py symbols NM LIBRARY LIST    LIBRARY exports exactly tiny_<each name in LIST>
       built_runtime.py needs NM A.o;B.o;...       the core's objects need nothing beyond the list below
       built_runtime.py size SIZE ARCHIVE          code and data fit into 32 kB
"""
import subprocess
import sys

# Compilers may call the first four in any freestanding program; the rest is platform.h.
CORE_NEEDS = {"memcpy", "memset", "memcmp", "bcmp", "pleat_rt_default_allocator", "pleat_rt_file_open",
              "pleat_rt_file_close", "pleat_rt_file_read", "pleat_rt_file_map", "pleat_rt_file_unmap",
              "pleat_rt_permit_amx", "pleat_rt_pool_create", "pleat_rt_pool_destroy"}
MOST_BYTES = 32 * 1024


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def compare(what, found, expected, remedy):
    for name in sorted(expected - found):
        print(f"{what}: expects '{name}', which is missing; {remedy}")
    for name in sorted(found - expected):
        print(f"{what}: does not expect '{name}'; {remedy}")
    return found != expected


def symbols(nm, library, listed):
    found = {line.split()[-1] for line in run(nm, "-D", "--defined-only", library).splitlines() if line}
    expected = {"tiny_" + line.strip() for line in open(listed) if line.strip()}
    return compare("exported symbols", found, expected, f"edit {listed} if that is meant")


def needs(nm, objects):
    defined, undefined = set(), set()
    for line in run(nm, *objects.split(";")).splitlines():
        fields = line.split()
        if len(fields) >= 2 and len(fields[-2]) == 1:
            (undefined if fields[-2] == "U" else defined).add(fields[-1])
    return compare("needs of the core", (undefined - defined) | CORE_NEEDS, CORE_NEEDS,
                   "the core may only need what runtime/src/core/platform.h offers")


def size(tool, archive):
    rows = [line.split() for line in run(tool, archive).splitlines()[1:]]
    total = sum(int(row[0]) + int(row[1]) + int(row[2]) for row in rows if row)
    print(f"runtime: {total} bytes of code and data; at most {MOST_BYTES}")
    return total > MOST_BYTES or total == 0


sys.exit(int({"symbols": symbols, "needs": needs, "size": size}[sys.argv[1]](*sys.argv[2:])))
