// Nodes become onnx.node, constants arith.constant or pleat.weight, subgraphs regions. Names
// and types are known by now; only constants can still be wrong.
#include "compiler/Import/ONNX/BuildModule.h"

#include "compiler/Import/ONNX/ConvertTypes.h"
#include "dialects/ONNX/IR/ONNXDialect.h"
#include "dialects/Pleat/IR/PleatDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "onnx/onnx_pb.h"

using namespace mlir;
using namespace pleat;
using namespace pleat::onnx;
using llvm::Error;
using llvm::Expected;

namespace {

class ModuleBuilder {
public:
  ModuleBuilder(MLIRContext *context, const PreparedModel &prepared, ConstantBuilder &constants,
                ModelIssues &issues)
      : context(context), prepared(prepared), constants(constants), issues(issues), b(context) {}

  OwningOpRef<ModuleOp> build();

private:
  /// Values and declared types of one graph.
  struct Scope {
    llvm::StringMap<Value> values;
    llvm::StringMap<const ::onnx::TypeProto *> types;
    llvm::StringMap<unsigned> nodeNames;
  };

  void enterGraph(const ::onnx::GraphProto &graph);
  void buildBody(const ::onnx::GraphProto &graph);
  void buildInitializers(const ::onnx::GraphProto &graph);
  void buildNode(const ::onnx::NodeProto &node);
  bool buildConstantNode(const ::onnx::NodeProto &node, Location location);
  Value buildTensor(const ::onnx::TensorProto &tensor, StringRef name, Location location);
  Value buildOpaqueConstant(NamedAttribute field, Type type, Location location);
  void setInterface(func::FuncOp function, const ::onnx::GraphProto &graph);

  Type typeOf(StringRef name);
  Value valueOf(StringRef name);
  Value none(Location location) { return NoneOp::create(b, location, b.getNoneType()); }
  Location locate(StringRef name) { return NameLoc::get(b.getStringAttr(name)); }
  Location locate(const ::onnx::NodeProto &node);
  SmallVector<Value> outputsOf(const ::onnx::GraphProto &graph);
  void report(Error error, StringRef subject, const Twine &label);

  MLIRContext *context;
  const PreparedModel &prepared;
  ConstantBuilder &constants;
  ModelIssues &issues;
  OpBuilder b;
  SmallVector<Scope, 4> scopes;
};

void ModuleBuilder::report(Error error, StringRef subject, const Twine &label) {
  llvm::handleAllErrors(asImportError(std::move(error), ImportStatus::FileAccess, label + ": "),
                        [&](const ImportError &inner) {
                          issues.push_back({inner.getStatus(), subject.str(), inner.getText()});
                        });
}

Type ModuleBuilder::typeOf(StringRef name) {
  auto found = scopes.back().types.find(name);
  return convertType(context, found == scopes.back().types.end() ? nullptr : found->second);
}

Value ModuleBuilder::valueOf(StringRef name) {
  for (Scope &scope : llvm::reverse(scopes))
    if (auto found = scope.values.find(name); found != scope.values.end())
      return found->second;
  return {};
}

/// A node without a name, or with one that another node of its graph has, goes by its first
/// output, which is unique.
Location ModuleBuilder::locate(const ::onnx::NodeProto &node) {
  bool unique = !node.name().empty() && scopes.back().nodeNames.lookup(node.name()) == 1;
  if (unique || node.output().empty() || node.output(0).empty())
    return locate(node.name().empty() ? node.op_type() : node.name());
  return locate(node.output(0));
}

void ModuleBuilder::enterGraph(const ::onnx::GraphProto &graph) {
  Scope &scope = scopes.emplace_back();
  for (const auto *values : {&graph.value_info(), &graph.output(), &graph.input()})
    for (const ::onnx::ValueInfoProto &value : *values)
      scope.types[value.name()] = &value.type();
  for (const ::onnx::NodeProto &node : graph.node())
    ++scope.nodeNames[node.name()];
}

Value ModuleBuilder::buildOpaqueConstant(NamedAttribute field, Type type, Location location) {
  int64_t opset = prepared.opsets.count("") ? prepared.opsets.at("") : 1;
  auto node = NodeOp::create(b, location, TypeRange(type), "Constant", "", opset, b.getDictionaryAttr(field),
                             ArrayAttr(), ValueRange(), 0);
  return node.getResult(0);
}

Value ModuleBuilder::buildTensor(const ::onnx::TensorProto &proto, StringRef name, Location location) {
  Expected<ConstantBuilder::Tensor> tensor = constants.tensor(proto, name);
  if (!tensor) {
    report(tensor.takeError(), name, "tensor \"" + name + "\"");
    return none(location);
  }
  if (tensor->literal && isa<StringType>(tensor->type.getElementType()))
    return buildOpaqueConstant(b.getNamedAttr("value", tensor->literal), tensor->type, location);
  if (tensor->literal)
    return arith::ConstantOp::create(b, location, tensor->type, tensor->literal);
  SmallVector<StringRef> names{name};
  if (auto original = prepared.originalNames.find(name); original != prepared.originalNames.end())
    names.push_back(original->second);
  NamedAttribute attributes[] = {b.getNamedAttr("key", b.getStringAttr(tensor->key)),
                                 b.getNamedAttr("names", b.getStrArrayAttr(names))};
  return WeightOp::create(b, location, TypeRange(tensor->type), ValueRange(), attributes);
}

void ModuleBuilder::buildInitializers(const ::onnx::GraphProto &graph) {
  for (const ::onnx::TensorProto &tensor : graph.initializer())
    scopes.back().values[tensor.name()] = buildTensor(tensor, tensor.name(), locate(tensor.name()));
  for (const ::onnx::SparseTensorProto &tensor : graph.sparse_initializer()) {
    const std::string &name = tensor.values().name();
    Expected<Attribute> value = constants.sparse(tensor, name);
    if (!value) {
      report(value.takeError(), name, "tensor \"" + name + "\"");
      continue;
    }
    Type type =
        OpaqueValueType::get(context, "sparse_tensor(" + dataTypeName(tensor.values().data_type()) + ")");
    scopes.back().values[name] =
        buildOpaqueConstant(b.getNamedAttr("sparse_value", *value), type, locate(name));
  }
}

/// Builds a Constant node that holds numbers as a constant; false for any other node.
bool ModuleBuilder::buildConstantNode(const ::onnx::NodeProto &node, Location location) {
  if (node.op_type() != "Constant" || !node.domain().empty() || node.attribute_size() != 1 ||
      node.output_size() != 1)
    return false;
  const ::onnx::AttributeProto &attribute = node.attribute(0);
  TypedAttr value;
  if (attribute.type() == ::onnx::AttributeProto::TENSOR) {
    scopes.back().values[node.output(0)] = buildTensor(attribute.t(), node.output(0), location);
    return true;
  }
  if (attribute.type() == ::onnx::AttributeProto::FLOAT)
    value = DenseElementsAttr::get(RankedTensorType::get({}, b.getF32Type()), attribute.f());
  else if (attribute.type() == ::onnx::AttributeProto::INT)
    value = DenseElementsAttr::get(RankedTensorType::get({}, b.getI64Type()), int64_t(attribute.i()));
  else if (attribute.type() == ::onnx::AttributeProto::FLOATS)
    value = DenseElementsAttr::get(RankedTensorType::get({attribute.floats_size()}, b.getF32Type()),
                                   ArrayRef<float>(attribute.floats().data(), attribute.floats_size()));
  else if (attribute.type() == ::onnx::AttributeProto::INTS)
    value = DenseElementsAttr::get(
        RankedTensorType::get({attribute.ints_size()}, b.getI64Type()),
        ArrayRef<int64_t>(SmallVector<int64_t>(attribute.ints().begin(), attribute.ints().end())));
  if (!value)
    return false;
  scopes.back().values[node.output(0)] = arith::ConstantOp::create(b, location, value);
  return true;
}

SmallVector<Value> ModuleBuilder::outputsOf(const ::onnx::GraphProto &graph) {
  SmallVector<Value> outputs;
  for (const ::onnx::ValueInfoProto &output : graph.output())
    outputs.push_back(valueOf(output.name()));
  return outputs;
}

void ModuleBuilder::buildNode(const ::onnx::NodeProto &node) {
  Location location = locate(node);
  if (buildConstantNode(node, location))
    return;
  SmallVector<Value> inputs;
  for (const std::string &input : node.input())
    inputs.push_back(input.empty() ? none(location) : valueOf(input));
  SmallVector<Type> types;
  for (const std::string &output : node.output())
    types.push_back(output.empty() ? Type(b.getNoneType()) : typeOf(output));
  SmallVector<NamedAttribute> fields;
  SmallVector<StringRef> subgraphNames;
  SmallVector<const ::onnx::GraphProto *> subgraphs;
  for (const ::onnx::AttributeProto &attribute : node.attribute()) {
    if (attribute.has_g() || attribute.graphs_size()) {
      subgraphNames.append(std::max(1, attribute.graphs_size()), attribute.name());
      if (attribute.has_g())
        subgraphs.push_back(&attribute.g());
      else
        for (const ::onnx::GraphProto &graph : attribute.graphs())
          subgraphs.push_back(&graph);
      continue;
    }
    Expected<Attribute> value = constants.attribute(attribute, subjectOf(node));
    if (!value)
      report(value.takeError(), subjectOf(node),
             labelOf(node, prepared.opsets) + ": attribute '" + attribute.name() + "'");
    else
      fields.push_back(b.getNamedAttr(attribute.name(), *value));
  }
  auto op = NodeOp::create(b, location, types, node.op_type(), node.domain(),
                           prepared.opsets.at(node.domain()), b.getDictionaryAttr(fields),
                           subgraphs.empty() ? ArrayAttr() : b.getStrArrayAttr(subgraphNames), inputs,
                           subgraphs.size());
  if (node.output_size())
    if (auto scope = prepared.scopes.find(node.output(0)); scope != prepared.scopes.end())
      op->setAttr(ONNXDialect::getScopeAttrName(), b.getStringAttr(scope->second));
  for (auto [region, graph] : llvm::zip(op.getSubgraphs(), subgraphs)) {
    OpBuilder::InsertionGuard guard(b);
    b.createBlock(&region);
    enterGraph(*graph);
    buildBody(*graph);
    pleat::onnx::YieldOp::create(b, location, outputsOf(*graph));
    scopes.pop_back();
  }
  for (auto [name, result] : llvm::zip(node.output(), op.getResults()))
    if (!name.empty())
      scopes.back().values[name] = result;
}

/// Fills the block at the insertion point with a graph whose scope has been entered.
void ModuleBuilder::buildBody(const ::onnx::GraphProto &graph) {
  Block *block = b.getInsertionBlock();
  for (const ::onnx::ValueInfoProto &input : graph.input())
    scopes.back().values[input.name()] = block->addArgument(typeOf(input.name()), locate(input.name()));
  buildInitializers(graph);
  for (const ::onnx::NodeProto &node : graph.node())
    buildNode(node);
}

void ModuleBuilder::setInterface(func::FuncOp function, const ::onnx::GraphProto &graph) {
  auto attributes = [&](const ::onnx::ValueInfoProto &value) {
    SmallVector<NamedAttribute> list{
        b.getNamedAttr(ONNXDialect::getNameAttrName(), b.getStringAttr(value.name()))};
    if (value.type().has_tensor_type() && value.type().tensor_type().has_shape())
      list.push_back(
          b.getNamedAttr(ONNXDialect::getDimsAttrName(),
                         convertSizes(context, value.type(), prepared.declaredSizes.lookup(value.name()))));
    return b.getDictionaryAttr(list);
  };
  for (auto [index, input] : llvm::enumerate(graph.input()))
    function.setArgAttrs(index, attributes(input));
  for (auto [index, output] : llvm::enumerate(graph.output()))
    function.setResultAttrs(index, attributes(output));
}

OwningOpRef<ModuleOp> ModuleBuilder::build() {
  OwningOpRef<ModuleOp> module = ModuleOp::create(b.getUnknownLoc());
  SmallVector<NamedAttribute> opsets;
  for (const auto &[domain, version] : prepared.opsets)
    opsets.push_back(b.getNamedAttr(domain.empty() ? "ai.onnx" : domain, b.getI64IntegerAttr(version)));
  (*module)->setAttr(ONNXDialect::getOpsetsAttrName(), b.getDictionaryAttr(opsets));
  if (prepared.convertedFrom)
    (*module)->setAttr(ONNXDialect::getConvertedFromAttrName(), b.getI64IntegerAttr(prepared.convertedFrom));

  const ::onnx::GraphProto &graph = prepared.proto->graph();
  b.setInsertionPointToStart(module->getBody());
  auto function = func::FuncOp::create(b, locate(graph.name()), "main", b.getFunctionType({}, {}));
  Block *block = b.createBlock(&function.getBody());
  enterGraph(graph);
  buildBody(graph);
  SmallVector<Value> outputs = outputsOf(graph);
  func::ReturnOp::create(b, function.getLoc(), outputs);
  function.setFunctionType(b.getFunctionType(block->getArgumentTypes(), TypeRange(ValueRange(outputs))));
  setInterface(function, graph);
  return module;
}

} // namespace

OwningOpRef<ModuleOp> pleat::onnx::buildModule(MLIRContext *context, const PreparedModel &prepared,
                                               ConstantBuilder &constants, ModelIssues &issues) {
  return ModuleBuilder(context, prepared, constants, issues).build();
}
