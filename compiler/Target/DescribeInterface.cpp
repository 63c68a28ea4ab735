// Turns the signature of main, with its symbolic sizes, into a ModelInterface.
#include "compiler/Target/DescribeInterface.h"

#include "compiler/Target/SizeText.h"
#include "dialects/Pleat/IR/PleatDialect.h"
#include "passes/Analysis/RowBounds.h"
#include "passes/Analysis/SizeChecks.h"
#include "passes/Analysis/States.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace pleat;
using llvm::Expected;

static Expected<pleat_type> typeCode(Type type, bool isUnsigned, StringRef name) {
  if (auto integer = dyn_cast<IntegerType>(type)) {
    switch (integer.getWidth()) {
    case 1:
      return PLEAT_BOOL;
    case 8:
      return isUnsigned ? PLEAT_U8 : PLEAT_I8;
    case 16:
      return isUnsigned ? PLEAT_U16 : PLEAT_I16;
    case 32:
      return isUnsigned ? PLEAT_U32 : PLEAT_I32;
    case 64:
      return isUnsigned ? PLEAT_U64 : PLEAT_I64;
    }
  }
  if (type.isF32())
    return PLEAT_F32;
  if (type.isF64())
    return PLEAT_F64;
  if (type.isF16())
    return PLEAT_F16;
  if (type.isBF16())
    return PLEAT_BF16;
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return llvm::createStringError(
      "\"%s\": unsupported element type %s; supported: f16, bf16, f32, f64, bool and "
      "integers of 8 to 64 bits",
      name.str().c_str(), text.c_str());
}

namespace {

class Describer {
public:
  Describer(ModuleOp module, func::FuncOp main)
      : module(module), main(main), sizes(main), states(statesOf(main)) {}

  Expected<ModelInterface> describe(StringRef name, ArrayRef<DimBounds> bounds) {
    interface.name = name.str();
    for (const std::string &dim : sizes.dims()) {
      DimSpec spec;
      spec.name = dim;
      interface.dims.push_back(spec);
    }
    interface.hostDims = interface.dims.size() - lengthCount();
    symbolNames.append(sizes.dims().begin(), sizes.dims().end());
    if (llvm::Error error = addSizeChecks())
      return error;
    if (llvm::Error error = setBounds(bounds))
      return error;
    for (BlockArgument argument : main.getArguments())
      if (!stateOfArgument(main, argument.getArgNumber()))
        if (llvm::Error error =
                addTensor(argument, main.getArgAttrDict(argument.getArgNumber()), interface.inputs))
          return error;
    Operation *terminator = main.getBody().front().getTerminator();
    for (OpOperand &operand : terminator->getOpOperands())
      if (llvm::none_of(states,
                        [&](const State &state) { return state.result == operand.getOperandNumber(); }))
        if (llvm::Error error = addTensor(operand.get(), main.getResultAttrDict(operand.getOperandNumber()),
                                          interface.outputs))
          return error;
    for (const State &state : states)
      if (llvm::Error error = addState(state, terminator->getOperand(state.result)))
        return error;
    addIdChecks();
    assignCNames(interface);
    if (!exprs.empty())
      module->setAttr("pleat.size_exprs",
                      AffineMapAttr::get(AffineMap::get(0, symbolNames.size(), exprs, module.getContext())));
    return std::move(interface);
  }

private:
  /// What the model's own ops need: bounds, where a dimension equals a number, or its
  /// minimum or maximum with one; all else is compared at each run.
  llvm::Error addSizeChecks() {
    std::string unread;
    FailureOr<SizeChecks> found = findSizeChecks(main, sizes, unread);
    if (failed(found))
      return llvm::createStringError(
          "the model's ops need a size to be '%s', which cannot be checked at run time", unread.c_str());
    SmallVector<Attribute> extremes;
    for (const ExtremeSize &extreme : found->extremes)
      addExtreme(extreme, extremes);
    for (const SizeCheck &check : found->checks)
      if (!addModelBound(check.firstText, check.secondText) &&
          !addModelBound(check.secondText, check.firstText))
        interface.sizeChecks.push_back(
            {check.firstText, check.secondText, axisOf(check.first), axisOf(check.second)});
    if (!extremes.empty())
      module->setAttr("pleat.size_extremes", ArrayAttr::get(module.getContext(), extremes));
    return llvm::Error::success();
  }

  void addExtreme(const ExtremeSize &extreme, SmallVectorImpl<Attribute> &extremes) {
    MLIRContext *context = module.getContext();
    AffineExpr sides[] = {extreme.first, extreme.second};
    auto map = AffineMapAttr::get(AffineMap::get(0, symbolNames.size(), sides, context));
    StringRef kind = extreme.isMinimum ? "min" : "max";
    extremes.push_back(ArrayAttr::get(context, {StringAttr::get(context, kind), map}));
    symbolNames.push_back((kind + "(" + sizeText(extreme.first, symbolNames) + ", " +
                           sizeText(extreme.second, symbolNames) + ")")
                              .str());
  }

  bool addModelBound(StringRef name, StringRef text) {
    auto dim = llvm::find_if(interface.dims, [&](const DimSpec &spec) { return spec.name == name; });
    if (dim == interface.dims.end())
      return false;
    int64_t number = 0;
    bool atMost = text.consume_front("min("), atLeast = !atMost && text.consume_front("max(");
    if (atMost || atLeast) {
      auto [first, second] = text.split(", ");
      if (first != name || !second.consume_back(")") || second.getAsInteger(10, number))
        return false;
    } else if (text.getAsInteger(10, number)) {
      return false;
    }
    if (!atMost && number < 0)
      return false;
    if (!atLeast && number <= 0) // an upper bound of 0 would stand for none
      return false;
    if (!atMost)
      dim->lower = std::max(dim->lower, number);
    if (!atLeast)
      dim->upper = dim->upper ? std::min(dim->upper, number) : number;
    return true;
  }

  static std::string rangeText(const DimSpec &dim) {
    return std::to_string(dim.lower) + (dim.upper ? " to " + std::to_string(dim.upper) : " on");
  }

  llvm::Error setBounds(ArrayRef<DimBounds> bounds) {
    for (const DimBounds &bound : bounds) {
      auto dim = llvm::find_if(interface.dims, [&](const DimSpec &spec) { return spec.name == bound.name; });
      if (dim == interface.dims.end()) {
        std::string known;
        for (const DimSpec &spec : interface.dims)
          known += (known.empty() ? "" : ", ") + spec.name;
        return llvm::createStringError(std::errc::invalid_argument,
                                       "--dim names '%s', which is no dimension of the model; it has: %s",
                                       bound.name.c_str(), known.empty() ? "none" : known.c_str());
      }
      if (bound.lower < dim->lower || (dim->upper && bound.upper > dim->upper))
        return llvm::createStringError(std::errc::invalid_argument,
                                       "--dim %s: the model's ops allow %s only from %s", bound.name.c_str(),
                                       bound.name.c_str(), rangeText(*dim).c_str());
      dim->lower = bound.lower;
      dim->upper = bound.upper;
      dim->step = bound.step;
    }
    return llvm::Error::success();
  }

  /// How many dimensions are lengths of appended states: they stand last.
  unsigned lengthCount() {
    llvm::DenseSet<unsigned> lengths;
    for (const State &state : states)
      if (state.axis)
        lengths.insert(lengthOf(state));
    return lengths.size();
  }

  unsigned lengthOf(const State &state) {
    AffineExpr length = (*sizes.shapeOf(main.getArgument(state.argument)))[*state.axis];
    return cast<AffineSymbolExpr>(length).getPosition();
  }

  llvm::Error addState(const State &state, Value next) {
    std::vector<TensorSpec> list;
    Value argument = main.getArgument(state.argument);
    if (llvm::Error error = addTensor(argument, main.getArgAttrDict(state.argument), list))
      return error;
    StateSpec spec{list.front()};
    if (auto name = main.getResultAttrOfType<StringAttr>(state.result, PleatDialect::getNameAttrName()))
      spec.outputName = name.str();
    spec.inputPosition = state.argument;
    spec.outputPosition = state.result;
    std::string label = "state \"" + spec.tensor.name + "\" = \"" + spec.outputName + "\": ";
    for (const AxisSpec &axis : spec.tensor.axes)
      if (axis.kind == PLEAT_AXIS_EXPR)
        return llvm::createStringError("%sexpects sizes that are numbers or dimensions, but got '%s'",
                                       label.c_str(), interface.sizeExprs[axis.value].c_str());
    if (state.axis) {
      const DimSpec &length = interface.dims[lengthOf(state)];
      if (!length.upper || length.lower || length.step != 1)
        return llvm::createStringError(
            "%sits length is dimension '%s', which needs bounds from 0 to the most rows "
            "a session keeps; give --dim %s=0..ROWS",
            label.c_str(), length.name.c_str(), length.name.c_str());
      spec.kind = PLEAT_STATE_APPENDED;
      spec.axis = *state.axis;
      spec.nextLength = axisOf((*sizes.shapeOf(next))[*state.axis]);
    }
    interface.states.push_back(std::move(spec));
    return llvm::Error::success();
  }

  llvm::Error addTensor(Value value, DictionaryAttr attributes, std::vector<TensorSpec> &list) {
    TensorSpec spec;
    if (auto name = attributes ? attributes.getAs<StringAttr>(PleatDialect::getNameAttrName()) : StringAttr())
      spec.name = name.str();
    auto type = cast<RankedTensorType>(value.getType());
    bool isUnsigned = attributes && attributes.contains("pleat.unsigned");
    Expected<pleat_type> code = typeCode(type.getElementType(), isUnsigned, spec.name);
    if (!code)
      return code.takeError();
    spec.type = *code;
    auto shape = sizes.shapeOf(value);
    if (failed(shape))
      return llvm::createStringError("\"%s\": its sizes do not follow from those of the inputs",
                                     spec.name.c_str());
    for (AffineExpr size : *shape)
      spec.axes.push_back(axisOf(size));
    list.push_back(std::move(spec));
    return llvm::Error::success();
  }

  AxisSpec axisOf(AffineExpr size) {
    AxisSpec axis;
    if (auto constant = dyn_cast<AffineConstantExpr>(size)) {
      axis.value = constant.getValue();
    } else if (auto symbol = dyn_cast<AffineSymbolExpr>(size);
               symbol && symbol.getPosition() < sizes.dims().size()) {
      axis.kind = PLEAT_AXIS_DIM;
      axis.value = symbol.getPosition();
    } else {
      axis.kind = PLEAT_AXIS_EXPR;
      axis.value = llvm::find(exprs, size) - exprs.begin();
      if (axis.value == static_cast<int64_t>(exprs.size())) {
        exprs.push_back(size);
        interface.sizeExprs.push_back(sizeText(size, symbolNames));
      }
    }
    return axis;
  }

  /// Inputs whose elements index a table: the runtime checks them before a run.
  void addIdChecks() {
    main.walk([&](GatherOp gather) {
      Value ids = gather.getIds();
      while (auto reshape = ids.getDefiningOp<ReshapeOp>())
        ids = reshape.getX();
      auto argument = dyn_cast<BlockArgument>(ids);
      if (!argument || argument.getOwner() != &main.getBody().front() ||
          stateOfArgument(main, argument.getArgNumber()))
        return;
      unsigned input = argument.getArgNumber() - llvm::count_if(states, [&](const State &state) {
                         return state.argument < argument.getArgNumber();
                       });
      int64_t rows = cast<RankedTensorType>(gather.getTable().getType()).getDimSize(0);
      for (IdCheckSpec &check : interface.idChecks)
        if (check.input == input) {
          check.rows = std::min(check.rows, rows);
          return;
        }
      interface.idChecks.push_back({input, rows});
    });
  }

  ModuleOp module;
  func::FuncOp main;
  SizeExprs sizes;
  SmallVector<State> states;
  /// How each symbol of `exprs` reads: dimensions, then minima and maxima.
  SmallVector<std::string> symbolNames;
  SmallVector<AffineExpr> exprs;
  ModelInterface interface;
};

} // namespace

Expected<ModelInterface> pleat::describeInterface(ModuleOp module, StringRef name,
                                                  ArrayRef<DimBounds> bounds) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (!main)
    return llvm::createStringError("the module has no function 'main'");
  return Describer(module, main).describe(name, bounds);
}

void pleat::noteDimBounds(ModuleOp module, const ModelInterface &interface) {
  SmallVector<NamedBounds> bounds;
  for (const DimSpec &dim : interface.dims)
    bounds.push_back({dim.name, dim.lower, dim.upper});
  setDimBounds(module, bounds);
}
