"""Results as a page."""

import math


def share(of_limit):
    """A share of the limit; a dash where the artefact does not state its bytes and operations."""
    return "-" if of_limit is None else f"{100 * of_limit:.0f} %"


def duration(ns):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}"
    return f"{ns:.0f} ns"


def size(count):
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{count / scale:.3g} {unit}"
    return f"{count} B"


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def table(result):
    """Markdown: the machine, one row for each case and thread count, what was left out."""
    m = result["machine"]
    lines = [f"# {m['cpu']}", "",
             f"{m['cores']} cores, load {m['load']:.1f} at the start, Linux {m['kernel']}; "
             f"ONNX Runtime {m['onnxruntime']}. Above 1 the compiled model is faster; in brackets the lowest and "
             "highest of the rounds. \"Of limit\" is the time that reading the weights or the arithmetic alone would "
             "take at the rates below, over the time taken.", ""]
    for threads, limit in result["limits"].items():
        lines.append(f"- {threads} thread(s): reads {limit['read_bytes_per_s'] / 1e9:.1f} GB/s, "
                     f"{limit['flops_per_s'] / 1e9:.0f} GFLOP/s")
    lines += ["", "| case | threads | pleat | ONNX Runtime | ratio | of limit | compile | peak memory | code | weights |",
              "|---|---|---|---|---|---|---|---|---|---|"]
    for case in result["cases"]:
        for i, row in enumerate(case["rows"]):
            built = (f"{case['compile_s']:.1f} s | {size(case['compile_peak_bytes'])} | {size(case['code_bytes'])} | "
                     f"{size(case['weights_bytes'])}") if i == 0 else " | | | "
            lines.append(f"| {case['name'] if i == 0 else ''} | {row['threads']} | {duration(row['pleat_ns'])} | "
                         f"{duration(row['ort_ns'])} | **{row['ratio']:.2f}** ({row['ratio_low']:.2f}-"
                         f"{row['ratio_high']:.2f}) | {share(row['of_limit'])} | {built} |")
    for threads in result["limits"]:
        ratios = [r["ratio"] for c in result["cases"] for r in c["rows"] if r["threads"] == int(threads)]
        if ratios:
            lines += ["", f"Geometric mean, {threads} thread(s): **{geometric_mean(ratios):.2f}** over {len(ratios)} cases."]
    if result["left_out"]:
        lines += ["", "Left out:", ""]
        lines += [f"- {x['name']}: {x['why'].splitlines()[0]}" for x in result["left_out"]]
    return "\n".join(lines) + "\n"
