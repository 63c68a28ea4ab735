// RUN: rm -rf %t && mkdir %t
// RUN: %python -c "import struct; open('%t/w.bin', 'wb').write(bytes(8) + struct.pack('<49152f', *[2.0] * 49152))"
// RUN: %python -c "import json; json.dump({'format': 'pleat-weights', 'version': 1, 'entries': [{'key': 'k', 'type': 'f32', 'dims': [256, 192], 'names': ['fc1'], 'file': 'w.bin', 'offset': 8}]}, open('%t/index', 'w'))"
// RUN: %pleat-opt --weights=%t/index --pleat-decompose-svd=rank=1 %s | %FileCheck %s
// RUN: %not %pleat-opt --pleat-decompose-svd=rank=1 %s 2>&1 | %FileCheck %s --check-prefix=NO-STORE
// RUN: %not %pleat-opt --weights=%t/absent %s 2>&1 | %FileCheck %s --check-prefix=ABSENT
// The weights of a store that --weights names by its index.

// CHECK: bytes_before = 196608
// CHECK: pleat.low_rank
// NO-STORE: no weight store is open; name one with --weights
// ABSENT: error: --weights: cannot open '{{.*}}absent': No such file or directory
func.func @main(%x: tensor<1x256xf32>) -> tensor<1x192xf32> {
  %w = pleat.weight "k" {names = ["fc1"]} : tensor<256x192xf32>
  %y = pleat.linear %x, %w : tensor<1x256xf32>, tensor<256x192xf32> -> tensor<1x192xf32>
  return %y : tensor<1x192xf32>
}
