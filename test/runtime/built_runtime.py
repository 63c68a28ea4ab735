"""Checks what was built: exported symbols, what is needed, and how large the runtime is.

usage: built_runtime.py symbols NM LIBRARY LIST   LIBRARY exports exactly tiny_<each name in LIST>
       built_runtime.py core NM A.o;B.o;...       the core's objects need only what platform.h offers
       built_runtime.py bitcode NM FILE LIST      FILE defines pleat_entry_<each name in LIST>, needs only the
                                                  descriptor and the C library, and names no path
       built_runtime.py size SIZE ARCHIVE         code and data fit into 32 kB
"""
import os
import subprocess
import sys

# Compilers may call the first four in any freestanding program; the rest is platform.h.
CORE_NEEDS = {"memcpy", "memset", "memcmp", "bcmp", "pleat_rt_default_allocator", "pleat_rt_file_open",
              "pleat_rt_file_close", "pleat_rt_file_read", "pleat_rt_file_map", "pleat_rt_file_unmap",
              "pleat_rt_permit_amx", "pleat_rt_pool_create", "pleat_rt_pool_destroy"}
C_LIBRARY = {"__errno_location", "bcmp", "clock_gettime", "close", "free", "fstat", "madvise", "memcmp",
             "memcpy", "memset", "mmap", "munmap", "open", "posix_memalign", "pread", "pthread_create",
             "pthread_join", "syscall"}
MOST_BYTES = 32 * 1024


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def compare(what, found, expected, remedy):
    for name in sorted(expected - found):
        print(f"{what}: expects '{name}', which is missing; {remedy}")
    for name in sorted(found - expected):
        print(f"{what}: does not expect '{name}'; {remedy}")
    return found != expected


def listed_names(path, prefix):
    return {prefix + line.strip() for line in open(path) if line.strip()}


def symbols_of(nm, files):
    """The defined and the undefined symbols of files, those that they define for each other left out."""
    defined, undefined = set(), set()
    for line in run(nm, *files).splitlines():
        fields = line.split()
        if len(fields) >= 2 and len(fields[-2]) == 1:
            (undefined if fields[-2] == "U" else defined).add(fields[-1])
    return defined, undefined - defined


def symbols(nm, library, listed):
    found = {line.split()[-1] for line in run(nm, "-D", "--defined-only", library).splitlines() if line}
    return compare("exported symbols", found, listed_names(listed, "tiny_"), f"edit {listed} if that is meant")


def core(nm, objects):
    _, undefined = symbols_of(nm, objects.split(";"))
    return compare("needs of the core", undefined | CORE_NEEDS, CORE_NEEDS,
                   "the core may only need what runtime/src/core/platform.h offers")


def bitcode(nm, file, listed):
    defined, undefined = symbols_of(nm, [file])
    found = {name for name in defined if name.startswith("pleat_entry_")}
    needs = C_LIBRARY | {"pleat_entry_descriptor"}
    wrong = compare("entries", found, listed_names(listed, "pleat_entry_"), f"edit {listed} if that is meant")
    wrong |= compare("needs of the bitcode", undefined | needs, needs, "models link the C library alone")
    if any(path in open(file, "rb").read() for path in (b"/home", b"/src/", b"/build", os.getcwd().encode())):
        print(f"{file} names a path of this machine")
        wrong = True
    return wrong


def size(tool, archive):
    rows = [line.split() for line in run(tool, archive).splitlines()[1:]]
    total = sum(int(row[0]) + int(row[1]) + int(row[2]) for row in rows if row)
    print(f"runtime: {total} bytes of code and data; at most {MOST_BYTES}")
    return total > MOST_BYTES or total == 0


sys.exit(int({"symbols": symbols, "core": core, "bitcode": bitcode, "size": size}[sys.argv[1]](*sys.argv[2:])))
