"""Writes states.onnx, a model whose inputs and outputs pair up as states of every kind.

usage: make_states.py FILE

Appended: `past` [B,2,P,3] along axis 2, by rows that a kernel computes, and read by a linear, a
reduction, a reshape and an output of its own; `turned` [B,3,P] along the last axis; `log` [P,4]
along the first; `seen` [B,P] of integers, by rows that are an input. Replaced: `hidden` [B,5].
`fixed` fits no output, `half` is no float.
"""

import sys

import onnx
import onnx.checker
import onnx.parser

model = onnx.parser.parse_model("""
<ir_version: 8, opset_import: ["": 17]>
states (float[B,T,4] x, int64[B,T] ids, float[B,2,P,3] past, float[B,3,P] turned, float[P,4] log, int64[B,P] seen,
        float[B,5] hidden, float[B,7] fixed)
    => (float[B,2,3] sums, float[B,2,R,3] present, float[B,3,R] turned_next, float[R,4] log_next, int64[B,R] seen_next,
        float[B,5] hidden_next, float[B,2,R,3] copy, float[B,F] flat, float[B,2,P,4] product, float16[B,7] half)
<float[4,6] w = {0.5, -1, 0.25, 2, 1, 0, 1, 1, -0.5, 0.125, 0, 3, -2, 0.5, 1, 1, 0.75, -1, 0, 1, 2, 0.5, 1, -0.25},
 float[3,4] v = {1, 2, -1, 0.5, 0.25, 1, 1, -2, 3, 0, 1, 1}, float[5] drift = {0.1, 0.2, -0.3, 0.4, 0.5},
 int64[4] heads = {0, 0, 2, 3}, int64[2] rows = {0, -1}, int64[1] zero = {0}, int64[1] three = {3},
 int64[1] axis0 = {0}, int64[1] axis2 = {2}> {
  wide = MatMul(x, w)
  headed = Reshape(wide, heads)
  new = Transpose<perm = [0, 2, 1, 3]>(headed)
  present = Concat<axis = 2>(past, new)
  sums = ReduceSum<keepdims = 0>(present, axis2)
  flat0 = Reshape(present, rows)
  flat = Tanh(flat0)
  copy = Identity(present)
  product = MatMul(past, v)
  columns = Slice(x, zero, three, axis2)
  upright = Transpose<perm = [0, 2, 1]>(columns)
  turned_next = Concat<axis = 2>(turned, upright)
  total = ReduceSum<keepdims = 0>(x, axis0)
  log_next = Concat<axis = 0>(log, total)
  seen_next = Concat<axis = 1>(seen, ids)
  moved = Add(hidden, drift)
  hidden_next = Tanh(moved)
  half = Cast<to = 10>(fixed)
}
""")
onnx.checker.check_model(model)
onnx.save(model, sys.argv[1])
