// RUN: %pleat-opt %s --pleat-roll-layers=min-repeats=3 | %FileCheck %s --check-prefix=REPEATS
// RUN: %pleat-opt %s --pleat-roll-layers=min-ops=3 | %FileCheck %s --check-prefix=OPS
// RUN: %pleat-opt %s --pleat-roll-layers --remarks-filter-passed=pleat-roll-layers --remark-policy=all 2>&1 | %FileCheck %s --check-prefix=REMARK
// The options say what is worth a loop, and a remark what became one.

// Two layers of two ops: either option forbids them.
// REPEATS-LABEL: @two_layers_of_two_ops
// OPS-LABEL: @two_layers_of_two_ops
// REPEATS-NOT: pleat.repeat
// OPS-NOT: pleat.repeat
// REMARK: Rolled | Category:pleat-roll-layers | Remark=2, Remark=" layers of ", Remark=2, Remark=" ops rolled, ", Remark=1
func.func @two_layers_of_two_ops(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %a = pleat.weight "b3:0a" : tensor<8x8xf32>
  %b = pleat.weight "b3:0b" : tensor<8x8xf32>
  %1 = pleat.linear %x, %a : tensor<4x8xf32>, tensor<8x8xf32> -> tensor<4x8xf32>
  %2 = pleat.activation <relu> %1 : tensor<4x8xf32>
  %3 = pleat.linear %2, %b : tensor<4x8xf32>, tensor<8x8xf32> -> tensor<4x8xf32>
  %4 = pleat.activation <relu> %3 : tensor<4x8xf32>
  return %4 : tensor<4x8xf32>
}
