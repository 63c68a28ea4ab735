/// Constant tensors of a model: small ones as attributes, large ones in the weight store.
#pragma once

#include "compiler/Import/ONNX/ExternalData.h"
#include "compiler/Import/ONNX/StripModel.h"
#include "dialects/Pleat/Weights/WeightStore.h"
#include "mlir/IR/BuiltinAttributes.h"

namespace onnx {
class AttributeProto;
class SparseTensorProto;
class TensorProto;
} // namespace onnx

namespace pleat::onnx {

class ConstantBuilder {
public:
  /// All arguments are borrowed; payloads belong to `file`.
  ConstantBuilder(mlir::MLIRContext *context, std::shared_ptr<MappedFile> file,
                  llvm::ArrayRef<TensorPayload> payloads, ExternalFiles &externalFiles, WeightStore &store)
      : context(context), file(std::move(file)), payloads(payloads), externalFiles(externalFiles),
        store(store) {}

  /// A tensor: `literal` where it is small or holds strings, else the store's `key`.
  struct Tensor {
    mlir::RankedTensorType type;
    mlir::DenseElementsAttr literal;
    std::string key;
  };

  /// Converts a tensor; `name` is what the store calls it.
  llvm::Expected<Tensor> tensor(const ::onnx::TensorProto &proto, llvm::StringRef name);

  /// The value of a node's attribute; graphs are not values.
  llvm::Expected<mlir::Attribute> attribute(const ::onnx::AttributeProto &attribute,
                                            llvm::StringRef nodeName);

  /// A dictionary of `values`, `indices` and `dims`.
  llvm::Expected<mlir::Attribute> sparse(const ::onnx::SparseTensorProto &proto, llvm::StringRef name);

private:
  llvm::Expected<mlir::Attribute> tensorAttribute(const ::onnx::TensorProto &proto, llvm::StringRef name);
  llvm::Expected<mlir::DenseElementsAttr> strings(const ::onnx::TensorProto &proto,
                                                  mlir::RankedTensorType type);
  llvm::Expected<std::string> addWeight(const TensorPayload &payload, ElementType type, llvm::StringRef name);

  mlir::MLIRContext *context;
  std::shared_ptr<MappedFile> file;
  llvm::ArrayRef<TensorPayload> payloads;
  ExternalFiles &externalFiles;
  WeightStore &store;
};

} // namespace pleat::onnx
