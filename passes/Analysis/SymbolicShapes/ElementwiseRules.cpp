// Sizes of ops that work element by element: the inputs' shapes broadcast against each other.
#include "passes/Analysis/SymbolicShapes/Rules.h"

using namespace mlir;
using namespace pleat;

/// All inputs broadcast.
static LogicalResult broadcastAll(NodeShapes &facts) {
  Sizes result;
  for (unsigned index = 0; index < facts.node.getInputs().size(); ++index) {
    if (!facts.has(index))
      continue;
    FailureOr<Sizes> merged = facts.broadcast(result, facts.sizes(index));
    if (failed(merged))
      return failure();
    result = *merged;
  }
  facts.setSizes(0, result);
  return success();
}

/// The first input alone decides; others are parameters.
static LogicalResult likeFirst(NodeShapes &facts) {
  for (unsigned index = 0; index < facts.node.getNumResults(); ++index)
    facts.setSizes(index, facts.sizes(0));
  return success();
}

ArrayRef<NamedShapeRule> pleat::elementwiseShapeRules() {
  static constexpr NamedShapeRule rules[] = {
      {"Abs", likeFirst},
      {"Acos", likeFirst},
      {"Acosh", likeFirst},
      {"Asin", likeFirst},
      {"Asinh", likeFirst},
      {"Atan", likeFirst},
      {"Atanh", likeFirst},
      {"BatchNormalization", likeFirst},
      {"BitwiseAnd", broadcastAll},
      {"BitwiseNot", likeFirst},
      {"BitwiseOr", broadcastAll},
      {"BitwiseXor", broadcastAll},
      {"BitShift", broadcastAll},
      {"Ceil", likeFirst},
      {"Celu", likeFirst},
      {"Clip", likeFirst},
      {"Cos", likeFirst},
      {"Cosh", likeFirst},
      {"CumSum", likeFirst},
      {"Dropout", likeFirst},
      {"Elu", likeFirst},
      {"Erf", likeFirst},
      {"Exp", likeFirst},
      {"Floor", likeFirst},
      {"Gelu", likeFirst},
      {"GroupNormalization", likeFirst},
      {"HardSigmoid", likeFirst},
      {"HardSwish", likeFirst},
      {"Hardmax", likeFirst},
      {"InstanceNormalization", likeFirst},
      {"IsInf", likeFirst},
      {"IsNaN", likeFirst},
      {"LRN", likeFirst},
      {"LeakyRelu", likeFirst},
      {"Log", likeFirst},
      {"LogSoftmax", likeFirst},
      {"LpNormalization", likeFirst},
      {"Mean", broadcastAll},
      {"MeanVarianceNormalization", likeFirst},
      {"Mish", likeFirst},
      {"PRelu", likeFirst},
      {"Pow", broadcastAll},
      {"RMSNormalization", likeFirst},
      {"Reciprocal", likeFirst},
      {"Relu", likeFirst},
      {"RotaryEmbedding", likeFirst},
      {"Round", likeFirst},
      {"ScatterElements", likeFirst},
      {"ScatterND", likeFirst},
      {"Selu", likeFirst},
      {"Shrink", likeFirst},
      {"Sigmoid", likeFirst},
      {"Sign", likeFirst},
      {"Sin", likeFirst},
      {"Sinh", likeFirst},
      {"Softmax", likeFirst},
      {"Softplus", likeFirst},
      {"Softsign", likeFirst},
      {"Sqrt", likeFirst},
      {"Sum", broadcastAll},
      {"Swish", likeFirst},
      {"Tan", likeFirst},
      {"Tanh", likeFirst},
      {"ThresholdedRelu", likeFirst},
      {"Trilu", likeFirst},
      {"Xor", broadcastAll},
  };
  return rules;
}
