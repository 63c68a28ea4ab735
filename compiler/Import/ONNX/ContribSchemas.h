/// Operators beyond the standard whose result types we know.
#pragma once

#include "onnx/defs/schema.h"
#include <memory>
#include <map>

namespace pleat::onnx {

/// The standard's schemas, and types of results for operators that exporters' optimisers
/// write: those of domain com.microsoft, and ones they put into the standard domain without
/// being in it. Only for type inference: what these schemas say about inputs is nothing.
class ContribSchemas : public ::onnx::ISchemaRegistry {
public:
  ContribSchemas();

  const ::onnx::OpSchema *GetSchema(const std::string &type, int opset,
                                    const std::string &domain = "") const override;

private:
  void add(const char *type, ::onnx::InferenceFunction infer);

  std::map<std::string, std::unique_ptr<::onnx::OpSchema>> schemas;
};

} // namespace pleat::onnx
