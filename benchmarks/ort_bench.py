"""ONNX Runtime's side of a round: the same model, inputs, threads and seconds as `pleat bench`.

usage: ort_bench.py MODEL.onnx DATA_DIR --threads N --seconds S     prints JSON like `pleat bench --json`

Inputs and outputs are bound beforehand, so that no copy is timed.
"""

import argparse
import json
import time

import numpy as np
import onnxruntime

import models

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("data")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--seconds", type=float, default=1.0)
arguments = parser.parse_args()

inputs = models.load_inputs(arguments.model, arguments.data)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = arguments.threads
options.inter_op_num_threads = 1
begin = time.perf_counter_ns()
session = onnxruntime.InferenceSession(arguments.model, options, providers=["CPUExecutionProvider"])
binding = session.io_binding()
for name, value in inputs.items():
    binding.bind_cpu_input(name, np.ascontiguousarray(value))
for output in session.get_outputs():
    binding.bind_output(output.name)
session.run_with_iobinding(binding)
first = time.perf_counter_ns() - begin

# Warm until a tenth of the time is over, at least three runs.
end = time.perf_counter_ns() + arguments.seconds * 1e8
warm = 0
while warm < 3 or time.perf_counter_ns() < end:
    session.run_with_iobinding(binding)
    warm += 1
times = []
end = time.perf_counter_ns() + arguments.seconds * 1e9
while len(times) < 5 or time.perf_counter_ns() < end:
    begin = time.perf_counter_ns()
    session.run_with_iobinding(binding)
    times.append(time.perf_counter_ns() - begin)
p10, median, p90, p99 = (int(x) for x in np.percentile(times, (10, 50, 90, 99)))
print(json.dumps({"median_ns": median, "p10_ns": p10, "p90_ns": p90, "p99_ns": p99, "iterations": len(times),
                  "warmup": warm, "threads": arguments.threads, "first_ns": first}))
