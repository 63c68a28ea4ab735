"""What RUN lines may use, and which tests this machine can run.

Environment:
  PLEAT_CORPUS         folder of models and conformance tests (default: ../shared/corpus)
  PLEAT_HEAVY=1        run tests that take minutes too (feature `heavy`)
  PLEAT_ROUND_TRIP=1   tests of pleat-opt alone, which also proves that its input survives printing and parsing
"""

import os
import subprocess

import lit.formats

config.name = "pleat"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs"]
config.test_source_root = os.path.join(config.pleat_source, "test")
config.test_exec_root = os.path.join(config.pleat_binary, "test")

tools = os.path.join(config.pleat_binary, "bin")


def llvm_tool(name):
    return os.path.join(config.llvm_tools, name)


def substitute(name, command):
    """`%name` becomes `command`; a longer name that starts alike is left alone."""
    config.substitutions.append((f"%{name}(?![-\\w])", command))


opt = os.path.join(tools, "pleat-opt")
if os.environ.get("PLEAT_ROUND_TRIP") == "1":
    opt += " --verify-roundtrip"
    config.excludes += ["compiler", "e2e"]  # pleat-opt has no part in them
substitute("pleat-opt", opt)
substitute("pleat", os.path.join(tools, "pleat"))
substitute("FileCheck", llvm_tool("FileCheck") + " --enable-var-scope")
for name in ("not", "count", "split-file", "llvm-nm", "llvm-readobj", "llvm-objdump", "mlir-opt"):
    substitute(name, llvm_tool(name))
substitute("cc", os.path.join(config.llvm_tools, "clang"))
substitute("python", config.python)
substitute("src", config.pleat_source)
substitute("build", config.pleat_binary)

config.environment["PATH"] = os.pathsep.join([tools, config.llvm_tools, os.environ["PATH"]])
# Tests that load built models must not depend on what the shell had set.
for variable in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
    if variable in os.environ:
        config.environment[variable] = os.environ[variable]


def announce(feature, present, why):
    """Makes `feature` available, or says once what is skipped without it."""
    if present:
        config.available_features.add(feature)
    else:
        lit_config.note(f"tests that need {feature!r} are skipped: {why}")


corpus = os.path.abspath(
    os.environ.get("PLEAT_CORPUS") or os.path.join(config.pleat_source, "..", "shared", "corpus"))
substitute("corpus", corpus)
config.environment["PLEAT_CORPUS"] = corpus
announce("corpus", os.path.isdir(corpus), f"no folder {corpus}; set PLEAT_CORPUS")


def driver_compiles():
    try:
        verbs = subprocess.run([os.path.join(tools, "pleat"), "--help"], capture_output=True, text=True).stdout
    except OSError:
        return False
    return "\n  compile " in verbs


announce("pleat", driver_compiles(), "the driver is not built, or cannot compile")

modules = subprocess.run([config.python, "-c", "import numpy, onnx, onnxruntime"], capture_output=True)
announce("onnxruntime", modules.returncode == 0,
         f"{config.python} lacks numpy, onnx or onnxruntime; run scripts/dev setup")

if os.environ.get("PLEAT_HEAVY") == "1":
    config.available_features.add("heavy")

try:
    with open("/proc/cpuinfo") as cpuinfo:
        flags = next((set(line.split()) for line in cpuinfo if line.startswith("flags")), set())
except OSError:
    flags = set()
announce("x86-64-v3", {"avx2", "fma", "f16c"} <= flags, "this CPU lacks AVX2")
announce("x86-64-v4", {"avx512f", "avx512bw", "avx512vl", "avx512dq"} <= flags, "this CPU lacks AVX-512")
announce("amx", {"amx_tile", "amx_bf16"} <= flags, "this CPU lacks AMX")
