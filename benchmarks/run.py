"""Compares compiled models with ONNX Runtime, in one run, by turns.

usage: run.py [SUITE | CASE ...] [--threads 1,2] [--rounds 7] [--seconds 1] [--load copy|map] [--label NAME]

Both sides get the same inputs, cores and allocator huge pages; the compiled model's weights
are copied to huge pages too, unless --load map leaves them in the file. The ratio of a row is the
median of the rounds' ratios; above 1 the compiled model is faster. Results go to
benchmarks/results/LABEL.md and .json.
"""

import argparse
import json
import os
import pathlib
import platform
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import models
import report

root = pathlib.Path(__file__).resolve().parents[1]
here = root / "benchmarks"
deps = pathlib.Path(os.environ.get("PLEAT_DEPS", pathlib.Path.home() / ".cache" / "pleat"))
pleat = pathlib.Path(os.environ.get("PLEAT", root / "build" / "release" / "bin" / "pleat"))
ENVIRONMENT = {**os.environ, "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}


class Failed(Exception):
    """A program of ours ended with an error; the text says which and why."""


def pinned(threads):
    """Pins a child to the first `threads` cores this process may use."""
    cores = sorted(os.sched_getaffinity(0))[:threads]
    return lambda: os.sched_setaffinity(0, cores)


def run_json(command, threads):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=ENVIRONMENT,
                          preexec_fn=pinned(threads))
    if done.returncode:
        raise Failed(f"{pathlib.Path(command[0]).name} ended with {done.returncode}: {done.stderr.strip()[-400:]}")
    return json.loads(done.stdout)


def compile_case(case, folder):
    """Compiles the model; seconds, peak resident bytes and the artefact's bytes."""
    name = re.sub(r"\W", "_", case.name).lower()
    begin = time.monotonic()
    child = subprocess.Popen([pleat, "compile", case.model, "-o", folder / name], stderr=subprocess.PIPE, text=True,
                             env=ENVIRONMENT)
    errors = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise Failed(f"pleat compile: {errors.strip()[-400:]}")
    manifest = json.loads((folder / f"{name}.json").read_text())
    return folder / name, {"compile_s": time.monotonic() - begin, "compile_peak_bytes": usage.ru_maxrss * 1024,
                           "code_bytes": manifest["code_bytes"], "weights_bytes": manifest["weights_bytes"]}


def measure(case, artefact, threads, options):
    """Rounds of both sides by turns; who begins changes with each."""
    sides = {
        "pleat": [pleat, "bench", artefact, "--inputs", case.data, "--threads", threads, "--seconds",
                  options.seconds, "--load", options.load, "--json"],
        "ort": [sys.executable, here / "ort_bench.py", case.model, case.data, "--threads", threads, "--seconds",
                options.seconds],
    }
    rounds = []
    for number in range(options.rounds):
        order = list(sides) if number % 2 == 0 else list(sides)[::-1]
        rounds.append({side: run_json(sides[side], threads) for side in order})
    medians = {side: [r[side]["median_ns"] for r in rounds] for side in sides}
    ratios = [r["ort"]["median_ns"] / r["pleat"]["median_ns"] for r in rounds]
    last = rounds[-1]["pleat"]
    return {"threads": threads, "pleat_ns": statistics.median(medians["pleat"]),
            "ort_ns": statistics.median(medians["ort"]), "ratio": statistics.median(ratios),
            "ratio_low": min(ratios), "ratio_high": max(ratios), "pleat_first_ns": last["first_ns"],
            "ort_first_ns": rounds[-1]["ort"]["first_ns"], "bytes_read": last.get("bytes_read"),
            "flops": last.get("flops"), "rounds": rounds}


def rooflines(thread_counts):
    """Read bandwidth and multiply-add rate for each thread count, measured now."""
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "roofline"
        subprocess.run(["clang-22", "-O3", "-march=native", "-ffp-contract=fast", "-pthread", here / "roofline.c",
                        "-o", program], check=True)
        return {threads: run_json([program, threads, 128], threads) for threads in thread_counts}


def share_of_limit(row, limit):
    """Time that bandwidth or arithmetic alone would take, over the time taken."""
    if row["bytes_read"] is None or row["flops"] is None:
        return None
    least = max(row["bytes_read"] / limit["read_bytes_per_s"], row["flops"] / limit["flops_per_s"])
    return least / (row["pleat_ns"] * 1e-9)


def machine():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    version = subprocess.run([pleat, "--version"], capture_output=True, text=True).stdout.strip()
    import onnxruntime
    return {"cpu": model[1] if model else platform.machine(), "cores": os.cpu_count(),
            "kernel": platform.release(), "pleat": version, "onnxruntime": onnxruntime.__version__,
            "load": os.getloadavg()[0]}


def select(names):
    suites = json.loads((here / "suites.json").read_text())
    chosen = []
    for suite, content in suites.items():
        for case in content["cases"]:
            if not names or suite in names or any(case["name"].startswith(n) for n in names):
                chosen.append(case)
    if not chosen:
        known = [*suites, *(c["name"] for s in suites.values() for c in s["cases"])]
        sys.exit(f"no suite or case {', '.join(names)}; there are {', '.join(known)}")
    return chosen


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--load", choices=["copy", "map"], default="copy")
    parser.add_argument("--label")
    options = parser.parse_args()
    threads = [int(t) for t in options.threads.split(",")]
    if max(threads) > len(os.sched_getaffinity(0)):
        sys.exit(f"asked for {max(threads)} threads, but got {len(os.sched_getaffinity(0))} cores")
    corpus = pathlib.Path(os.environ.get("PLEAT_CORPUS", root / ".." / "shared" / "corpus")).resolve()
    result = {"machine": machine(), "limits": rooflines(threads), "cases": [], "left_out": []}
    for spec in select(options.names):
        try:
            cases = models.prepare(spec, corpus, deps / "bench")
        except FileNotFoundError as missing:
            result["left_out"].append({"name": spec["name"], "why": f"not in the corpus: {missing}"})
            continue
        for case in cases:
            print(case.name, file=sys.stderr, flush=True)
            with tempfile.TemporaryDirectory() as folder:
                try:
                    artefact, entry = compile_case(case, pathlib.Path(folder))
                    rows = [measure(case, artefact, t, options) for t in threads]
                except Failed as failure:
                    result["left_out"].append({"name": case.name, "why": str(failure)})
                    continue
            for row in rows:
                row["of_limit"] = share_of_limit(row, result["limits"][row["threads"]])
            result["cases"].append({"name": case.name, **entry, "rows": rows})
    label = options.label or re.sub(r"\W+", "-", result["machine"]["cpu"]).strip("-").lower()
    out = here / "results" / label
    out.parent.mkdir(exist_ok=True)
    out.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")
    out.with_suffix(".md").write_text(report.table(result))
    print(report.table(result))
    print(f"{len(result['cases'])} measured, {len(result['left_out'])} left out; peak of this script "
          f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MiB", file=sys.stderr)
    return 1 if any("ended with" in x["why"] for x in result["left_out"]) else 0


if __name__ == "__main__":
    sys.exit(main())
