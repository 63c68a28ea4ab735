// RUN: %pleat-opt %s --split-input-file --pleat-expand-math | %FileCheck %s

// Which functions are expanded; test/unit/passes/CPU/MathBuilderTest.cpp measures them.

// CHECK-LABEL: @vector_functions
// CHECK-NOT: math.{{exp|erf|tanh|log}}
// CHECK: math.fma {{.+}} : vector<8xf32>
// CHECK-NOT: math.{{exp|erf|tanh|log}}
func.func @vector_functions(%x: vector<8xf32>) -> vector<8xf32> {
  %a = math.exp %x : vector<8xf32>
  %b = math.erf %a : vector<8xf32>
  %c = math.tanh %b : vector<8xf32>
  %d = math.log %c : vector<8xf32>
  return %d : vector<8xf32>
}

// -----

// Narrow floats are computed in f32.
// CHECK-LABEL: @half
// CHECK: arith.extf %{{.+}} : f16 to f32
// CHECK: arith.truncf %{{.+}} : f32 to f16
func.func @half(%x: f16) -> f16 {
  %y = math.exp %x : f16
  return %y : f16
}

// -----

// Large angles keep libm's function, an element at a time.
// CHECK-LABEL: @sine
// CHECK: %[[ANY:.+]] = vector.reduction <or>
// CHECK: scf.if %[[ANY]]
// CHECK-COUNT-4: math.sin %{{.+}} : f32
// CHECK-NOT: math.sin
func.func @sine(%x: vector<4xf32>) -> vector<4xf32> {
  %y = math.sin %x : vector<4xf32>
  return %y : vector<4xf32>
}

// -----

// CHECK-LABEL: @powers
// CHECK: %[[SQUARE:.+]] = arith.mulf %[[X:.+]], %[[X]]
// CHECK: arith.mulf %[[SQUARE]], %[[X]]
// CHECK: %[[SUM:.+]] = arith.addf %[[X]], %{{.+}}
// CHECK: %[[ROOT:.+]] = math.sqrt %[[SUM]]
// CHECK: %[[POWER:.+]] = arith.select %{{.+}}, %{{.+}}, %[[ROOT]]
// CHECK: arith.divf %{{.+}}, %[[POWER]]
func.func @powers(%x: f32) -> (f32, f32) {
  %three = arith.constant 3.0 : f32
  %inverse = arith.constant -0.5 : f32
  %a = math.powf %x, %three : f32
  %b = math.powf %x, %inverse : f32
  return %a, %b : f32, f32
}

// -----

// 2^(y log2 x) would lose digits, and doubles have libm.
// CHECK-LABEL: @negative_left_to_libm
// CHECK: math.powf
// CHECK: math.exp %{{.+}} : f64
func.func @negative_left_to_libm(%x: f32, %y: f32, %z: f64) -> (f32, f64) {
  %a = math.powf %x, %y : f32
  %b = math.exp %z : f64
  return %a, %b : f32, f64
}

// -----

// CHECK-LABEL: @absolute
// CHECK: %[[NEGATIVE:.+]] = arith.cmpi slt, %[[X:.+]], %[[ZERO:.+]] : vector<4xi64>
// CHECK: %[[NEGATED:.+]] = arith.subi %[[ZERO]], %[[X]]
// CHECK: arith.select %[[NEGATIVE]], %[[NEGATED]], %[[X]]
func.func @absolute(%x: vector<4xi64>) -> vector<4xi64> {
  %y = math.absi %x : vector<4xi64>
  return %y : vector<4xi64>
}

// -----

// CHECK-LABEL: @fma_of_halves
// CHECK: math.fma %{{.+}} : vector<8xf32>
// CHECK: arith.truncf %{{.+}} : vector<8xf32> to vector<8xf16>
func.func @fma_of_halves(%x: vector<8xf16>, %y: vector<8xf16>, %z: vector<8xf16>) -> vector<8xf16> {
  %r = math.fma %x, %y, %z : vector<8xf16>
  return %r : vector<8xf16>
}

// -----

// bf16 is made of bits, with which no level needs a library.
// CHECK-LABEL: @bf16
// CHECK-NOT: arith.{{extf|truncf}}
// CHECK: arith.shli
// CHECK: arith.shrui
// CHECK-NOT: arith.{{extf|truncf}}
func.func @bf16(%x: vector<8xbf16>) -> vector<8xbf16> {
  %y = math.exp %x : vector<8xbf16>
  return %y : vector<8xbf16>
}

// -----

// f64 to 16 bits: f32 with an odd last bit where something is lost, then rounded.
// CHECK-LABEL: @double_to_half
// CHECK: %[[NEAR:.+]] = arith.truncf %{{.+}} : f64 to f32
// CHECK: arith.extf %[[NEAR]] : f32 to f64
// CHECK: %[[ODD:.+]] = arith.ori
// CHECK: %[[WIDE:.+]] = arith.bitcast %[[ODD]] : i32 to f32
// CHECK: arith.truncf %[[WIDE]] : f32 to f16
func.func @double_to_half(%x: f64) -> f16 {
  %y = arith.truncf %x : f64 to f16
  return %y : f16
}

// -----

// Powers of -0 and -inf are those of 0 and inf, which roots do not give.
// CHECK-LABEL: @root
// CHECK: %[[POSITIVE:.+]] = arith.addf %[[X:.+]], %{{.+}} : f32
// CHECK: %[[LEAST:.+]] = arith.cmpf oeq, %[[X]], %{{.+}} : f32
// CHECK: %[[ROOT:.+]] = math.sqrt %[[POSITIVE]]
// CHECK: arith.select %[[LEAST]], %{{.+}}, %[[ROOT]]
func.func @root(%x: f32) -> f32 {
  %half = arith.constant 0.5 : f32
  %y = math.powf %x, %half : f32
  return %y : f32
}
