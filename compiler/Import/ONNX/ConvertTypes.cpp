// Types: what is a dense tensor becomes one; the rest keeps ONNX's notation.
#include "compiler/Import/ONNX/ConvertTypes.h"

#include "dialects/ONNX/IR/ONNXDialect.h"
#include "mlir/IR/Builders.h"
#include "onnx/onnx_pb.h"

using namespace mlir;
using namespace pleat;
using namespace pleat::onnx;
using TensorProto = ::onnx::TensorProto;

namespace {

/// Names that the ONNX library gives to sizes it knows nothing about.
constexpr StringRef madeUpPrefix = "unk__";

std::string typeText(const ::onnx::TypeProto &type) {
  switch (type.value_case()) {
  case ::onnx::TypeProto::kTensorType:
    return "tensor(" + dataTypeName(type.tensor_type().elem_type()) + ")";
  case ::onnx::TypeProto::kSparseTensorType:
    return "sparse_tensor(" + dataTypeName(type.sparse_tensor_type().elem_type()) + ")";
  case ::onnx::TypeProto::kSequenceType:
    return "seq(" + typeText(type.sequence_type().elem_type()) + ")";
  case ::onnx::TypeProto::kOptionalType:
    return "optional(" + typeText(type.optional_type().elem_type()) + ")";
  case ::onnx::TypeProto::kMapType:
    return "map(" + dataTypeName(type.map_type().key_type()) + "," + typeText(type.map_type().value_type()) +
           ")";
  case ::onnx::TypeProto::kOpaqueType:
    return "opaque(" + type.opaque_type().domain() + "," + type.opaque_type().name() + ")";
  case ::onnx::TypeProto::VALUE_NOT_SET:
    break;
  }
  return "";
}

} // namespace

Type pleat::onnx::convertElementType(MLIRContext *context, int32_t dataType) {
  Builder b(context);
  switch (dataType) {
  case TensorProto::FLOAT:
    return b.getF32Type();
  case TensorProto::UINT8:
    return b.getIntegerType(8, /*isSigned=*/false);
  case TensorProto::INT8:
    return b.getIntegerType(8);
  case TensorProto::UINT16:
    return b.getIntegerType(16, /*isSigned=*/false);
  case TensorProto::INT16:
    return b.getIntegerType(16);
  case TensorProto::INT32:
    return b.getIntegerType(32);
  case TensorProto::INT64:
    return b.getIntegerType(64);
  case TensorProto::STRING:
    return StringType::get(context);
  case TensorProto::BOOL:
    return b.getI1Type();
  case TensorProto::FLOAT16:
    return b.getF16Type();
  case TensorProto::DOUBLE:
    return b.getF64Type();
  case TensorProto::UINT32:
    return b.getIntegerType(32, /*isSigned=*/false);
  case TensorProto::UINT64:
    return b.getIntegerType(64, /*isSigned=*/false);
  case TensorProto::COMPLEX64:
    return ComplexType::get(b.getF32Type());
  case TensorProto::COMPLEX128:
    return ComplexType::get(b.getF64Type());
  case TensorProto::BFLOAT16:
    return b.getBF16Type();
  case TensorProto::FLOAT8E4M3FN:
    return Float8E4M3FNType::get(context);
  case TensorProto::FLOAT8E4M3FNUZ:
    return Float8E4M3FNUZType::get(context);
  case TensorProto::FLOAT8E5M2:
    return Float8E5M2Type::get(context);
  case TensorProto::FLOAT8E5M2FNUZ:
    return Float8E5M2FNUZType::get(context);
  case TensorProto::UINT4:
    return b.getIntegerType(4, /*isSigned=*/false);
  case TensorProto::INT4:
    return b.getIntegerType(4);
  case TensorProto::FLOAT4E2M1:
    return Float4E2M1FNType::get(context);
  case TensorProto::FLOAT8E8M0:
    return Float8E8M0FNUType::get(context);
  case TensorProto::UINT2:
    return b.getIntegerType(2, /*isSigned=*/false);
  case TensorProto::INT2:
    return b.getIntegerType(2);
  case TensorProto::FLOAT6E2M3:
    return Float6E2M3FNType::get(context);
  case TensorProto::FLOAT6E3M2:
    return Float6E3M2FNType::get(context);
  default:
    return {};
  }
}

Type pleat::onnx::convertType(MLIRContext *context, const ::onnx::TypeProto *type) {
  if (!type || !type->has_tensor_type())
    return OpaqueValueType::get(context, type ? typeText(*type) : "");
  const ::onnx::TypeProto::Tensor &tensor = type->tensor_type();
  Type element = convertElementType(context, tensor.elem_type());
  if (!element)
    return OpaqueValueType::get(context, "");
  if (!tensor.has_shape())
    return UnrankedTensorType::get(element);
  SmallVector<int64_t> sizes;
  for (const auto &dim : tensor.shape().dim())
    sizes.push_back(dim.has_dim_value() && dim.dim_value() >= 0 ? dim.dim_value() : ShapedType::kDynamic);
  // Products of sizes must fit; where they do not, nothing is lost by not knowing them.
  SmallVector<int64_t> known;
  llvm::copy_if(sizes, std::back_inserter(known), [](int64_t size) { return !ShapedType::isDynamic(size); });
  if (!storageBytes(ElementType::Complex128, known))
    sizes.assign(sizes.size(), ShapedType::kDynamic);
  return RankedTensorType::get(sizes, element);
}

ArrayAttr pleat::onnx::convertSizes(MLIRContext *context, const ::onnx::TypeProto &type,
                                    ArrayRef<std::string> declared) {
  Builder b(context);
  SmallVector<Attribute> sizes;
  for (auto [axis, dim] : llvm::enumerate(type.tensor_type().shape().dim())) {
    StringRef name = dim.dim_param();
    if (axis < declared.size() && !declared[axis].empty() && !dim.has_dim_value())
      name = declared[axis];
    else if (name.starts_with(madeUpPrefix))
      name = "";
    sizes.push_back(dim.has_dim_value() ? Attribute(b.getI64IntegerAttr(dim.dim_value()))
                                        : Attribute(b.getStringAttr(name)));
  }
  return b.getArrayAttr(sizes);
}
