#ifndef PLEAT_PASSES_CPU_EXPANDMATH_TD
#define PLEAT_PASSES_CPU_EXPANDMATH_TD

include "mlir/Pass/PassBase.td"

def ExpandMath : Pass<"pleat-expand-math"> {
  let summary = "Replace elementary functions by straight-line arithmetic";
  let description = [{
    Expands `math.exp`, `exp2`, `log`, `log2`, `log10`, `erf`, `tanh`, `sin`, `cos`,
    `rsqrt` and, for the exponents -1, -0.5, 0, 0.5, 1, 2 and 3, `powf` on f32 and on
    vectors of it, so that loops vectorise and a model depends on libm for rare functions
    only. Narrower floats are computed in f32. Conversions of bf16, and of f64 to 16 bits,
    for which no level has an instruction, become integer arithmetic; they round once. f64,
    other exponents, and the sine and cosine of more than 8192 are left to libm, a vector
    element by element.

    The accuracy of each function is stated in `passes/CPU/MathBuilder.h`.

    **Before**
    ```mlir
    func.func @square(%x: vector<8xf32>) -> vector<8xf32> {
      %two = arith.constant dense<2.0> : vector<8xf32>
      %y = math.powf %x, %two : vector<8xf32>
      return %y : vector<8xf32>
    }
    ```
    **After**
    ```mlir
    func.func @square(%x: vector<8xf32>) -> vector<8xf32> {
      %y = arith.mulf %x, %x : vector<8xf32>
      return %y : vector<8xf32>
    }
    ```
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::math::MathDialect", "mlir::scf::SCFDialect",
                           "mlir::vector::VectorDialect"];
}

#endif // PLEAT_PASSES_CPU_EXPANDMATH_TD
