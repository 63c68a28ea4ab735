// Result types of contrib operators, after ONNX Runtime's documentation of them, and changes
// to what the standard's schemas infer.
#include "compiler/Import/ONNX/InferenceSchemas.h"

#include "onnx/defs/shape_inference.h"

using namespace pleat::onnx;
using ::onnx::InferenceContext;

namespace {

/// Gives output `index` the type and shape of input `from`, if it is wanted and known.
void copyType(InferenceContext &context, size_t from, size_t index) {
  if (index >= context.getNumOutputs() || from >= context.getNumInputs() || !context.getInputType(from))
    return;
  ::onnx::propagateElemTypeFromInputToOutput(context, from, index);
  if (::onnx::hasInputShape(context, from))
    ::onnx::propagateShapeFromInputToOutput(context, from, index);
}

void asFirstInput(InferenceContext &context) { copyType(context, 0, 0); }

/// Gives output `index` one f32 for each row of the first input.
void onePerRow(InferenceContext &context, size_t index) {
  if (index >= context.getNumOutputs())
    return;
  ::onnx::updateOutputElemType(context, index, ::onnx::TensorProto::FLOAT);
  if (!::onnx::hasInputShape(context, 0) || ::onnx::getInputShape(context, 0).dim_size() == 0)
    return;
  ::onnx::TensorShapeProto shape = ::onnx::getInputShape(context, 0);
  shape.mutable_dim(shape.dim_size() - 1)->set_dim_value(1);
  ::onnx::updateOutputShape(context, index, shape);
}

/// Outputs 1 and 2 are mean and inverse deviation, 3 is the sum that was normalised.
void skipNormalization(InferenceContext &context) {
  copyType(context, 0, 0);
  onePerRow(context, 1);
  onePerRow(context, 2);
  copyType(context, 0, 3);
}

/// The first input's shape with another last size, which `size` gives or leaves unknown.
template <typename Size>
void withLastSize(InferenceContext &context, Size size) {
  if (!context.getNumInputs() || !context.getInputType(0) || !context.getNumOutputs())
    return;
  ::onnx::propagateElemTypeFromInputToOutput(context, 0, 0);
  if (!::onnx::hasInputShape(context, 0))
    return;
  ::onnx::TensorShapeProto shape = ::onnx::getInputShape(context, 0);
  if (shape.dim_size() == 0)
    return;
  ::onnx::TensorShapeProto::Dimension &last = *shape.mutable_dim(shape.dim_size() - 1);
  last.Clear();
  size(last);
  ::onnx::updateOutputShape(context, 0, shape);
}

void matMulNBits(InferenceContext &context) {
  withLastSize(context, [&](auto &last) {
    if (int64_t columns = ::onnx::getAttribute(context, "N", int64_t(0)); columns > 0)
      last.set_dim_value(columns);
  });
}

/// Query, key and value weights lie side by side; the result is as wide as the values.
void attention(InferenceContext &context) {
  withLastSize(context, [&](auto &last) {
    if (context.getAttribute("qkv_hidden_sizes") || !::onnx::hasInputShape(context, 1))
      return;
    const ::onnx::TensorShapeProto &weight = ::onnx::getInputShape(context, 1);
    if (weight.dim_size() == 2 && weight.dim(1).has_dim_value())
      last.set_dim_value(weight.dim(1).dim_value() / 3);
  });
}

/// With query, key and value apart, the result has the query's shape, unless values are of
/// another width than keys.
void separateAttention(InferenceContext &context) {
  if (!::onnx::hasNInputShapes(context, 3))
    return;
  auto width = [&](size_t input) {
    const ::onnx::TensorShapeProto &shape = ::onnx::getInputShape(context, input);
    return shape.dim_size() == 3 ? shape.dim(2).dim_value() : 0;
  };
  if (width(0) > 0 && width(1) > 0 && width(1) == width(2))
    copyType(context, 0, 0);
}

/// Input ids B x S and the word embedding V x D give B x S x D of the embedding's type, an
/// int32 for each sequence, and the sum of the embeddings.
void embedLayerNormalization(InferenceContext &context) {
  if (context.getNumInputs() < 3 || !context.getInputType(2) || !context.getNumOutputs())
    return;
  bool index = context.getNumOutputs() > 1, sum = context.getNumOutputs() > 2;
  ::onnx::propagateElemTypeFromInputToOutput(context, 2, 0);
  if (index)
    ::onnx::updateOutputElemType(context, 1, ::onnx::TensorProto::INT32);
  if (sum)
    ::onnx::propagateElemTypeFromInputToOutput(context, 2, 2);
  if (!::onnx::hasInputShape(context, 0) || !::onnx::hasInputShape(context, 2))
    return;
  ::onnx::TensorShapeProto shape = ::onnx::getInputShape(context, 0);
  const ::onnx::TensorShapeProto &table = ::onnx::getInputShape(context, 2);
  if (shape.dim_size() != 2 || table.dim_size() != 2)
    return;
  if (index) {
    ::onnx::TensorShapeProto sequences;
    *sequences.add_dim() = shape.dim(0);
    ::onnx::updateOutputShape(context, 1, sequences);
  }
  *shape.add_dim() = table.dim(1);
  ::onnx::updateOutputShape(context, 0, shape);
  if (sum)
    ::onnx::updateOutputShape(context, 2, shape);
}

/// MatMul of possibly transposed operands, for operands of equal rank or a plain matrix.
void fusedMatMul(InferenceContext &context) {
  if (!::onnx::hasNInputShapes(context, 2) || !context.getNumOutputs())
    return;
  ::onnx::propagateElemTypeFromInputToOutput(context, 0, 0);
  const ::onnx::TensorShapeProto &a = ::onnx::getInputShape(context, 0),
                                 &b = ::onnx::getInputShape(context, 1);
  int rank = a.dim_size();
  bool transposesBatch = ::onnx::getAttribute(context, "transBatchA", int64_t(0)) ||
                         ::onnx::getAttribute(context, "transBatchB", int64_t(0));
  if (rank < 2 || transposesBatch || (b.dim_size() != rank && b.dim_size() != 2))
    return;
  bool transA = ::onnx::getAttribute(context, "transA", int64_t(0));
  bool transB = ::onnx::getAttribute(context, "transB", int64_t(0));
  ::onnx::TensorShapeProto shape;
  for (int axis = 0; axis < rank - 2; ++axis) {
    // Sizes that are not both known and equal may broadcast.
    const auto &size = a.dim(axis);
    bool same = b.dim_size() == 2 || (size.has_dim_value() && b.dim(axis).has_dim_value() &&
                                      size.dim_value() == b.dim(axis).dim_value());
    auto *dim = shape.add_dim();
    if (same)
      *dim = size;
  }
  *shape.add_dim() = a.dim(transA ? rank - 1 : rank - 2);
  *shape.add_dim() = b.dim(transB ? b.dim_size() - 2 : b.dim_size() - 1);
  ::onnx::updateOutputShape(context, 0, shape);
}

/// The length of a vector input, if it is a vector of known length; else -1.
template <typename Context>
int64_t vectorLength(const Context &context, size_t input) {
  const ::onnx::TypeProto *type = input < context.getNumInputs() ? context.getInputType(input) : nullptr;
  if (!type || !type->has_tensor_type() || type->tensor_type().shape().dim_size() != 1 ||
      !type->tensor_type().shape().dim(0).has_dim_value())
    return -1;
  return type->tensor_type().shape().dim(0).dim_value();
}

/// Shapes have at most this many sizes.
constexpr int64_t longestShape = 1024;

/// Adds a rank where inference finds no shape: a Reshape's is the length of its shape operand,
/// an Expand's the larger of that and its input's.
::onnx::InferenceFunction withRankOfShape(::onnx::InferenceFunction infer, bool expands) {
  return [infer, expands](InferenceContext &context) {
    infer(context);
    int64_t rank = vectorLength(context, 1);
    if (!context.getNumOutputs() || ::onnx::hasShape(*context.getOutputType(0)) || rank < 0 ||
        rank > longestShape)
      return;
    if (expands && !::onnx::hasInputShape(context, 0))
      return;
    if (expands)
      rank = std::max<int64_t>(rank, ::onnx::getInputShape(context, 0).dim_size());
    ::onnx::TensorShapeProto shape;
    for (int64_t axis = 0; axis < rank; ++axis)
      shape.add_dim();
    ::onnx::updateOutputShape(context, 0, shape);
  };
}

::onnx::DataPropagationFunction forShortVectors(::onnx::DataPropagationFunction propagate) {
  return [propagate](::onnx::DataPropagationContext &context) {
    for (size_t input = 0; input < context.getNumInputs(); ++input)
      if (vectorLength(context, input) > longestShape)
        return;
    propagate(context);
  };
}

} // namespace

InferenceSchemas::InferenceSchemas() {
  for (const char *type : {"LayerNormalization", "SimplifiedLayerNormalization", "Gelu", "FastGelu",
                           "BiasGelu", "QuickGelu", "RotaryEmbedding", "MoE"})
    add(type, asFirstInput);
  for (const char *type : {"SkipLayerNormalization", "SkipSimplifiedLayerNormalization"})
    add(type, skipNormalization);
  add("MatMulNBits", matMulNBits);
  add("Attention", attention);
  add("MultiHeadAttention", separateAttention);
  add("GroupQueryAttention", separateAttention);
  add("EmbedLayerNormalization", embedLayerNormalization);
  add("FusedMatMul", fusedMatMul);
  // These add an activation to a standard operator, whose newest version infers for them.
  for (auto [fused, plain] : {std::pair("FusedConv", "Conv"), std::pair("FusedGemm", "Gemm")})
    add(fused, ::onnx::OpSchemaRegistry::Schema(plain)->GetTypeAndShapeInferenceFunction());
}

void InferenceSchemas::add(const char *type, ::onnx::InferenceFunction infer) {
  auto schema = std::make_unique<::onnx::OpSchema>(type, __FILE__, __LINE__);
  schema->SetDomain("com.microsoft").SinceVersion(1).TypeAndShapeInferenceFunction(std::move(infer));
  contrib[type] = std::move(schema);
}

const ::onnx::OpSchema *InferenceSchemas::GetSchema(const std::string &type, int opset,
                                                    const std::string &domain) const {
  const ::onnx::OpSchemaRegistry *standard = ::onnx::OpSchemaRegistry::Instance();
  if (const ::onnx::OpSchema *schema = standard->GetSchema(type, opset, domain)) {
    bool expands = type == "Expand", rank = expands || type == "Reshape";
    if (!rank && !schema->has_data_propagation_function())
      return schema;
    std::unique_ptr<::onnx::OpSchema> &copy = changed[schema];
    if (!copy) {
      copy = std::make_unique<::onnx::OpSchema>(*schema);
      if (rank)
        copy->TypeAndShapeInferenceFunction(
            withRankOfShape(schema->GetTypeAndShapeInferenceFunction(), expands));
      if (schema->has_data_propagation_function())
        copy->PartialDataPropagationFunction(forShortVectors(schema->GetDataPropagationFunction()));
    }
    return copy.get();
  }
  // Optimisers write these two into the standard domain, whatever its version.
  bool borrowed = type == "SimplifiedLayerNormalization" || type == "LayerNormalization";
  if (domain != "com.microsoft" && !(domain.empty() && borrowed))
    return nullptr;
  auto found = contrib.find(type);
  return found == contrib.end() ? nullptr : found->second.get();
}
