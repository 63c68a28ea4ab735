"""Makes a folder that looks like what `pleat compile` writes, from the runtime's hand-written model.

usage: make_tiny.py CC SOURCE_ROOT BUILD_ROOT FOLDER

FOLDER gets libtiny.so, tiny.weights and tiny.json. The model maps x[batch][3] to
y[batch][2] = x W with W = [[1, 0], [0, 1], [1, 1]].
"""

import os
import shutil
import subprocess
import sys

cc, source, build, folder = sys.argv[1:]
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
runtime = os.path.join(build, "runtime", "libpleatrt.a")


def compile(output, *arguments):
    paths = [os.path.join(source, a) if a.endswith(".c") else a for a in arguments]
    subprocess.run([cc, "-I", source, "-o", os.path.join(folder, output), *paths, runtime, "-pthread"], check=True)


compile("libtiny.so", "-shared", "-fPIC", "-DPLEAT_ENTRY_PREFIX=tiny", "-DDESCRIPTOR=tiny_descriptor",
        "test/runtime/tiny.c",
        "runtime/src/core/entry.c", "test/compiler/driver/Inputs/describe.c")
compile("tiny_weights", "test/runtime/tiny_weights.c", "test/runtime/image.c")
subprocess.run([os.path.join(folder, "tiny_weights")], cwd=folder, check=True)
os.remove(os.path.join(folder, "tiny_weights"))
with open(os.path.join(folder, "tiny.json"), "w") as manifest:
    manifest.write('{"inputs": [{"name": "x", "type": "f32", "shape": ["batch", 3]}], "weights_bytes": 320,'
                   ' "flops": ["*", 4, "batch"], "bytes_read": 24, "ledger": [{"pass": "pack", "weight": "w", "bytes_after": 24}]}\n')
