// Lays out the structs of runtime/abi/pleat_abi.h field by field. Sizes and alignments are
// checked against the C compiler's when the descriptor is built.
#include "compiler/Target/ModelDescriptor.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"

using namespace llvm;
using namespace pleat;

namespace {

class DescriptorBuilder {
public:
  DescriptorBuilder(Module &module, const ModelInterface &interface, const TargetOptions &options)
      : module(module), context(module.getContext()), interface(interface), options(options),
        pointer(PointerType::getUnqual(context)), i64(Type::getInt64Ty(context)),
        i32(Type::getInt32Ty(context)) {}

  Error build(ArrayRef<std::string> kernels) {
    Expected<Constant *> levels = levelTable(kernels);
    if (!levels)
      return levels.takeError();
    Expected<Constant *> arenaBytes = functionNamed("pleat_arena_bytes"), run = functionNamed("pleat_run");
    Expected<Constant *> evalSizes = interface.sizeExprs.empty() ? null() : functionNamed("pleat_eval_sizes");
    if (Error error = joinErrors(joinErrors(takeError(arenaBytes), takeError(run)), takeError(evalSizes)))
      return error;

    const WeightsIdentity &weights = options.weights;
    Constant *fields[] = {
        int32(PLEAT_ABI_VERSION),
        int32(PLEAT_ABI_OLDEST),
        text("name", interface.name),
        ConstantDataArray::get(context, ArrayRef<uint8_t>(weights.buildId)),
        int64(weights.bytes),
        embeddedWeights(),
        int32(interface.inputs.size()),
        int32(interface.outputs.size()),
        int32(interface.states.size()),
        int32(interface.dims.size()),
        int32(interface.hostDims),
        int32(interface.sizeExprs.size()),
        int32(options.levels.size()),
        int32(kernels.size()),
        int32(interface.idChecks.size()),
        int32(interface.sizeChecks.size()),
        tensorTable("inputs", interface.inputs),
        tensorTable("outputs", interface.outputs),
        stateTable(),
        dimTable(),
        *levels,
        idCheckTable(),
        sizeCheckTable(),
        *arenaBytes,
        *evalSizes,
        *run,
    };
    Constant *descriptor = record(fields, sizeof(pleat_model_desc));
    auto *global = new GlobalVariable(module, descriptor->getType(), /*isConstant=*/true,
                                      GlobalValue::ExternalLinkage, descriptor, kDescriptorName);
    global->setVisibility(GlobalValue::HiddenVisibility);
    defineDescribe(global);
    if (!interface.sizeExprs.empty())
      defineEvalSizes(cast<Function>(*evalSizes));
    return Error::success();
  }

private:
  static Error takeError(Expected<Constant *> &value) { return value ? Error::success() : value.takeError(); }

  Constant *int32(uint64_t value) { return ConstantInt::get(i32, value); }
  Constant *int64(uint64_t value) { return ConstantInt::get(i64, value); }
  Constant *null() { return ConstantPointerNull::get(pointer); }

  /// A struct with C's layout; `bytes` is what the C compiler says it occupies.
  Constant *record(ArrayRef<Constant *> fields, uint64_t bytes) {
    Constant *value = ConstantStruct::getAnon(context, fields);
    if (module.getDataLayout().getTypeAllocSize(value->getType()) != bytes)
      reportFatalInternalError("model descriptor and runtime/abi/pleat_abi.h differ");
    return value;
  }

  /// A private constant. Its address matters, which keeps it in a section of its own and
  /// apart from the runtime's data.
  GlobalVariable *constantData(const Twine &name, Constant *value) {
    return new GlobalVariable(module, value->getType(), /*isConstant=*/true, GlobalValue::InternalLinkage,
                              value, "pleat_model_" + name);
  }

  Constant *text(const Twine &name, StringRef value) {
    return constantData(name, ConstantDataArray::getString(context, value));
  }

  /// A table of equal records; null if there are none.
  Constant *table(const Twine &name, ArrayRef<Constant *> rows) {
    if (rows.empty())
      return null();
    return constantData(name, ConstantArray::get(ArrayType::get(rows.front()->getType(), rows.size()), rows));
  }

  Constant *axisTable(const Twine &name, ArrayRef<AxisSpec> axes) {
    SmallVector<Constant *> rows;
    for (const AxisSpec &axis : axes)
      rows.push_back(axisRecord(axis));
    return table(name, rows);
  }

  Constant *axisRecord(const AxisSpec &axis) {
    return record({int32(axis.kind), int64(axis.value)}, sizeof(pleat_axis));
  }

  Constant *tensorRecord(const std::string &name, const TensorSpec &tensor) {
    return record({text(name + "_name", tensor.name), text(name + "_c_name", tensor.cName),
                   int32(tensor.type), int32(tensor.axes.size()), axisTable(name + "_axes", tensor.axes)},
                  sizeof(pleat_tensor_desc));
  }

  Constant *tensorTable(StringRef name, ArrayRef<TensorSpec> tensors) {
    SmallVector<Constant *> rows;
    for (const TensorSpec &tensor : tensors)
      rows.push_back(tensorRecord((name + "_" + Twine(rows.size())).str(), tensor));
    return table(name, rows);
  }

  Constant *stateTable() {
    SmallVector<Constant *> rows;
    for (const StateSpec &state : interface.states)
      rows.push_back(record({tensorRecord("state_" + std::to_string(rows.size()), state.tensor),
                             int32(state.kind), int32(state.axis), axisRecord(state.nextLength),
                             text("state_" + Twine(rows.size()) + "_output", state.outputName),
                             int32(state.inputPosition), int32(state.outputPosition)},
                            sizeof(pleat_state_desc)));
    return table("states", rows);
  }

  Constant *dimTable() {
    SmallVector<Constant *> rows;
    for (const DimSpec &dim : interface.dims)
      rows.push_back(record(
          {text("dim_" + Twine(rows.size()), dim.name), int64(dim.lower), int64(dim.upper), int64(dim.step)},
          sizeof(pleat_dim_desc)));
    return table("dims", rows);
  }

  Constant *idCheckTable() {
    SmallVector<Constant *> rows;
    for (const IdCheckSpec &check : interface.idChecks)
      rows.push_back(record({int32(check.input), int64(check.rows)}, sizeof(pleat_id_check)));
    return table("id_checks", rows);
  }

  Constant *sizeCheckTable() {
    SmallVector<Constant *> rows;
    for (const SizeCheckSpec &check : interface.sizeChecks) {
      std::string name = "size_check_" + std::to_string(rows.size());
      rows.push_back(record({text(name + "_first", check.firstText), text(name + "_second", check.secondText),
                             axisRecord(check.first), axisRecord(check.second)},
                            sizeof(pleat_size_check)));
    }
    return table("size_checks", rows);
  }

  Expected<Constant *> levelTable(ArrayRef<std::string> kernels) {
    SmallVector<Constant *> rows;
    for (const LevelInfo *level : options.levels) {
      SmallVector<Constant *> entries;
      for (StringRef kernel : kernels) {
        Expected<Constant *> entry = functionNamed((kernel + level->suffix).str());
        if (!entry)
          return entry.takeError();
        entries.push_back(*entry);
      }
      Constant *entryTable = table("kernels" + level->suffix, entries);
      rows.push_back(record({int32(level->abiLevel), entryTable}, sizeof(pleat_level_desc)));
    }
    return table("levels", rows);
  }

  Expected<Constant *> functionNamed(StringRef name) {
    GlobalValue *function = module.getNamedValue(name); // an alias where levels are merged
    if (!function || function->isDeclaration())
      return createStringError("the compiled module lacks the function '" + name + "'");
    return function;
  }

  void defineDescribe(GlobalVariable *descriptor) {
    Function *function = Function::Create(FunctionType::get(pointer, false), GlobalValue::ExternalLinkage,
                                          kDescribeName, module);
    IRBuilder<>(BasicBlock::Create(context, "", function)).CreateRet(descriptor);
  }

  void defineEvalSizes(Function *evalSizes) {
    Function *function =
        Function::Create(evalSizes->getFunctionType(), GlobalValue::ExternalLinkage, kEvalSizesName, module);
    IRBuilder<> builder(BasicBlock::Create(context, "", function));
    builder.CreateCall(evalSizes, {function->getArg(0), function->getArg(1)});
    builder.CreateRetVoid();
  }

  /// The image as data in a section that code never has to reach within 2 GiB.
  Constant *embeddedWeights() {
    ArrayRef<uint8_t> image = options.weights.embedded;
    if (image.empty())
      return null();
    GlobalVariable *data = constantData("weights", ConstantDataArray::get(context, image));
    data->setAlignment(Align(4096));
    data->setCodeModel(CodeModel::Large);
    data->setSection(".lrodata.pleat_model_weights");
    return data;
  }

  Module &module;
  LLVMContext &context;
  const ModelInterface &interface;
  const TargetOptions &options;
  PointerType *pointer;
  Type *i64, *i32;
};

} // namespace

Error pleat::addModelDescriptor(Module &module, const ModelInterface &interface, const TargetOptions &options,
                                ArrayRef<std::string> kernels) {
  return DescriptorBuilder(module, interface, options).build(kernels);
}
