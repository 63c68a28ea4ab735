// A model's contents, read off the imported IR and the weight store.
#include "compiler/Driver/InspectModel.h"

#include "compiler/Driver/Diagnostics.h"
#include "compiler/Driver/Failure.h"
#include "compiler/Import/ONNX/ONNXImport.h"
#include "dialects/ONNX/IR/ONNXDialect.h"
#include <map>

using namespace pleat;
using namespace mlir;
namespace json = llvm::json;

namespace {

/// The sizes of `onnx.dims` as JSON: numbers and names of dimensions.
json::Array shapeOf(ArrayAttr dims) {
  json::Array shape;
  for (Attribute dim : dims) {
    if (auto size = dyn_cast<IntegerAttr>(dim))
      shape.push_back(size.getInt());
    else if (auto name = dyn_cast<StringAttr>(dim))
      shape.push_back(name.getValue());
  }
  return shape;
}

json::Object interfaceRow(Type type, DictionaryAttr attributes) {
  std::string element;
  llvm::raw_string_ostream stream(element);
  if (auto shaped = dyn_cast<ShapedType>(type))
    stream << shaped.getElementType();
  else
    stream << type;
  json::Object row{{"type", element}};
  if (auto name = attributes.getAs<StringAttr>(onnx::ONNXDialect::getNameAttrName()))
    row["name"] = name.getValue();
  if (auto dims = attributes.getAs<ArrayAttr>(onnx::ONNXDialect::getDimsAttrName()))
    row["shape"] = shapeOf(dims);
  return row;
}

/// Operators with how often they occur, most frequent first.
json::Array operatorRows(ModuleOp module) {
  std::map<std::string, int64_t> counts;
  module.walk([&](onnx::NodeOp node) {
    ++counts[(node.getDomain().empty() ? node.getOpType() : node.getDomain() + "::" + node.getOpType())
                 .str()];
  });
  std::vector<std::pair<int64_t, std::string>> order;
  for (const auto &[name, count] : counts)
    order.emplace_back(-count, name);
  llvm::sort(order);
  json::Array rows;
  for (const auto &[count, name] : order)
    rows.push_back(json::Object{{"name", name}, {"count", -count}});
  return rows;
}

/// Adds the rows "weights" and the totals over them.
void addWeights(json::Object &result, const WeightStore &store) {
  json::Array rows;
  int64_t stored = 0, named = 0;
  for (const std::string &key : store.keys()) {
    std::optional<WeightInfo> info = store.lookup(key);
    if (!info)
      continue;
    stored += info->bytes;
    named += info->bytes * std::max<size_t>(info->names.size(), 1);
    json::Object row{{"name", info->names.empty() ? key : info->names.front()},
                     {"type", elementTypeName(info->type)},
                     {"shape", json::Array(info->dims)},
                     {"bytes", info->bytes}};
    if (info->names.size() > 1)
      row["same_as"] = json::Array(llvm::ArrayRef(info->names).drop_front());
    rows.push_back(std::move(row));
  }
  result["weights"] = std::move(rows);
  result["distinct_weight_bytes"] = stored;
  result["named_weight_bytes"] = named;
}

} // namespace

llvm::Expected<json::Object> pleat::inspectModel(StringRef file) {
  DialectRegistry registry;
  registerImportDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  printDiagnosticsOf(context);
  WeightStore store;
  ImportResult imported = importModel(file, context, store);
  if (!imported.module)
    return fail(static_cast<ExitCode>(imported.status), "'" + file + "' cannot be imported");

  auto main = imported.module->lookupSymbol<func::FuncOp>("main");
  if (!main)
    return fail(ExitCode::Internal, "the importer made no function 'main'");
  json::Array inputs, outputs;
  for (unsigned i = 0; i < main.getNumArguments(); ++i)
    inputs.push_back(interfaceRow(main.getArgumentTypes()[i], main.getArgAttrDict(i)));
  for (unsigned i = 0; i < main.getNumResults(); ++i)
    outputs.push_back(interfaceRow(main.getResultTypes()[i], main.getResultAttrDict(i)));
  json::Object result{{"inputs", std::move(inputs)},
                      {"outputs", std::move(outputs)},
                      {"operators", operatorRows(*imported.module)}};
  addWeights(result, store);
  return result;
}
