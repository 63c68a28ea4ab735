/// Schemas for type inference: the standard's, made safe and complete, and contrib operators.
#pragma once

#include "onnx/defs/schema.h"
#include <map>
#include <memory>

namespace pleat::onnx {

/// What the standard's schemas infer, with two differences, and result types of operators
/// that exporters' optimisers write: those of domain com.microsoft, and ones they put into
/// the standard domain without being in it. The differences: values of long vectors are not
/// followed, because a hostile file can claim any length; Reshape and Expand to an unknown
/// shape of known length at least yield a rank. Only for type inference: contrib schemas say
/// nothing about inputs.
class InferenceSchemas : public ::onnx::ISchemaRegistry {
public:
  InferenceSchemas();

  const ::onnx::OpSchema *GetSchema(const std::string &type, int opset,
                                    const std::string &domain = "") const override;

private:
  void add(const char *type, ::onnx::InferenceFunction infer);

  std::map<std::string, std::unique_ptr<::onnx::OpSchema>> contrib;
  /// Changed copies of the standard's schemas, made when first asked for.
  mutable std::map<const ::onnx::OpSchema *, std::unique_ptr<::onnx::OpSchema>> changed;
};

} // namespace pleat::onnx
