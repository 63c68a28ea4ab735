/// Elementary functions as straight-line arithmetic, for emitters of SIMD code.
///
/// Each function takes an f32 or a 1-D vector of f32 and lays ops of arith, math.fma and
/// vector at the builder's insertion point: no calls, no branches, no fast-math flags, and
/// the same bits at every vector width. NaN gives NaN, infinities give the limit. Errors
/// are the largest seen over the floats of the range, in units in the last place (ULP) of
/// the result; test/unit/passes/CPU/MathBuilderTest.cpp measures them.
#pragma once

#include "mlir/IR/Builders.h"

namespace pleat {

/// A constant of `like`'s type (f32 or a vector of it) with every element `value`.
mlir::Value buildConstantLike(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value like, float value);

/// e^x; at most 1 ULP, denormal results included.
mlir::Value buildExp(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);

/// 2^y; at most 1 ULP, denormal results included.
mlir::Value buildExp2(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value y);

/// e^x for x below 88, or NaN; at most 3 ULP, and 1 at 0; results below e^-87.3 are 0. For
/// softmax, whose sums carry larger errors: fewer operations than `buildExp` and half their
/// depth, and masked scores never make denormals, which processors handle in microcode
/// (about 1.7 times the time of a whole attention).
mlir::Value buildExpFlushed(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);

/// Natural logarithm; at most 2 ULP. 0 gives -inf, negative numbers NaN.
mlir::Value buildLog(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);

/// Error function; at most 6 ULP, and never beyond [-1, 1].
mlir::Value buildErf(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);

/// Hyperbolic tangent; at most 6 ULP, and never beyond [-1, 1].
mlir::Value buildTanh(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);

/// 1 / (1 + e^-x); at most 3 ULP where it is at least 2^-126, else 0.
mlir::Value buildSigmoid(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);

/// x sigmoid(x); at most 4 ULP.
mlir::Value buildSilu(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);

/// x/2 (1 + erf(x / sqrt 2)); absolute error at most 4e-7 times max(1, |x|).
mlir::Value buildGeluErf(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);

/// x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))); absolute error as `buildGeluErf`.
mlir::Value buildGeluTanh(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);

/// Sine and cosine for |x| <= 8192: absolute error at most 2e-7. Larger arguments lose
/// accuracy, and beyond 2^23 the result means nothing: callers fall back to libm.
mlir::Value buildSinReduced(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);
mlir::Value buildCosReduced(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);

} // namespace pleat
