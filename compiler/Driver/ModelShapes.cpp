// Dimensions from inputs, shapes from dimensions, and who is who by name.
#include "compiler/Driver/ModelShapes.h"

#include "compiler/Artifact/ModelInterface.h"
#include "compiler/Driver/Failure.h"
#include "compiler/Driver/StatelessView.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace pleat;
using llvm::ArrayRef;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;

namespace {

ArrayRef<pleat_dim_desc> hostDims(const pleat_model_desc &model) {
  return {model.dims, model.host_dim_count};
}
ArrayRef<pleat_axis> axesOf(const pleat_tensor_desc &tensor) { return {tensor.axes, tensor.rank}; }

/// One dimension while it is being decided.
struct Binding {
  int64_t size = -1;
  /// Where the size was found, for messages.
  std::string source;
};

std::string sizes(int64_t size) { return "size " + std::to_string(size); }

/// Gives `dim` a size, which must be the one it has already and one it may have.
Error settle(const pleat_dim_desc &dim, Binding &binding, int64_t size, const Twine &source) {
  std::string where = source.str();
  if (binding.size >= 0 && binding.size != size)
    return fail(ExitCode::InputInvalid, where + " has " + sizes(size) + ", but dimension '" + dim.name +
                                            "' has " + sizes(binding.size) + " by " + binding.source);
  int64_t step = std::max<int64_t>(dim.step, 1);
  if (size < dim.lower || (dim.upper && size > dim.upper) || (size - dim.lower) % step)
    return fail(ExitCode::InputInvalid,
                where + " has " + sizes(size) + ", but dimension '" + dim.name + "' takes " +
                    Twine(dim.lower) +
                    (dim.upper ? ".." + Twine(dim.upper).str() : std::string(" and more")) +
                    (step > 1 ? " in steps of " + std::to_string(step) : ""));
  binding = {size, where};
  return Error::success();
}

Expected<std::vector<Binding>> bindNamed(const pleat_model_desc &model, const NamedDims &named) {
  std::vector<Binding> bindings(model.host_dim_count);
  // In the model's order, so that of several mistakes always the same one is told.
  size_t used = 0;
  for (auto [dim, binding] : llvm::zip_equal(hostDims(model), bindings)) {
    auto entry = named.find(dim.name);
    if (entry == named.end())
      continue;
    ++used;
    if (Error error = settle(dim, binding, entry->second, "--dim " + Twine(dim.name)))
      return error;
  }
  if (used == named.size())
    return bindings;
  std::vector<std::string> known, unknown;
  for (const pleat_dim_desc &dim : hostDims(model))
    known.push_back(dim.name);
  for (const auto &entry : named)
    if (!llvm::is_contained(known, entry.first()))
      unknown.push_back(entry.first().str());
  return fail(ExitCode::Usage, "--dim: the model has no dimension '" + *llvm::min_element(unknown) + "'" +
                                   (known.empty() ? "" : "; it has " + llvm::join(known, ", ")));
}

std::vector<int64_t> exprSizes(const pleat_model_desc &model, const DimValues &dims) {
  // Lengths of states follow the host's dimensions; a fresh session has them at zero.
  DimValues all = dims;
  all.resize(model.dim_count, 0);
  std::vector<int64_t> result(model.expr_count);
  if (model.eval_sizes)
    model.eval_sizes(all.data(), result.data());
  return result;
}

int64_t axisSize(const pleat_axis &axis, const DimValues &dims, ArrayRef<int64_t> exprs) {
  if (axis.kind == PLEAT_AXIS_STATIC)
    return axis.value;
  if (axis.kind == PLEAT_AXIS_EXPR)
    return exprs[axis.value];
  return static_cast<size_t>(axis.value) < dims.size() ? dims[axis.value] : 0;
}

std::string axisLabel(const HostTensor &tensor, size_t axis) {
  return "input '" + tensor.name + "', axis " + std::to_string(axis);
}

} // namespace

std::string pleat::describe(const pleat_model_desc &model, const pleat_tensor_desc &tensor) {
  std::string text = typeName(static_cast<pleat_type>(tensor.type)).str() + " [";
  for (auto [index, axis] : llvm::enumerate(axesOf(tensor))) {
    text += index ? ", " : "";
    text += axis.kind == PLEAT_AXIS_STATIC ? std::to_string(axis.value)
            : axis.kind == PLEAT_AXIS_DIM  ? std::string(model.dims[axis.value].name)
                                           : "?";
  }
  return text + "]";
}

Expected<DimValues> pleat::bindDims(const pleat_model_desc &model, ArrayRef<HostTensor> inputs,
                                    const NamedDims &named) {
  Expected<std::vector<Binding>> bindings = bindNamed(model, named);
  if (!bindings)
    return bindings.takeError();
  for (auto [desc, input] : llvm::zip_equal(inputsOf(model), inputs)) {
    if (input.type != static_cast<pleat_type>(desc.type) || input.shape.size() != desc.rank)
      return fail(
          ExitCode::InputInvalid,
          "input '" + Twine(desc.name) + "': expects " + describe(model, desc) + ", but got " +
              typeName(input.type) + " [" +
              llvm::join(llvm::map_range(input.shape, [](int64_t size) { return std::to_string(size); }),
                         ", ") +
              "]");
    for (auto [index, axis] : llvm::enumerate(axesOf(desc)))
      if (axis.kind == PLEAT_AXIS_DIM && axis.value < model.host_dim_count)
        if (Error error = settle(model.dims[axis.value], (*bindings)[axis.value], input.shape[index],
                                 axisLabel(input, index)))
          return error;
  }
  DimValues dims;
  for (auto [dim, binding] : llvm::zip_equal(hostDims(model), *bindings)) {
    if (binding.size < 0)
      return fail(ExitCode::Usage,
                  "dimension '" + Twine(dim.name) + "' needs a size: --dim " + dim.name + "=VALUE");
    dims.push_back(binding.size);
  }
  // What remains to compare are fixed sizes and expressions of the dimensions now known.
  std::vector<int64_t> exprs = exprSizes(model, dims);
  for (auto [desc, input] : llvm::zip_equal(inputsOf(model), inputs))
    for (auto [index, axis] : llvm::enumerate(axesOf(desc)))
      if (int64_t size = axisSize(axis, dims, exprs); size != input.shape[index])
        return fail(ExitCode::InputInvalid, axisLabel(input, index) + ": expects " + sizes(size) +
                                                ", but got " + sizes(input.shape[index]));
  return dims;
}

Expected<DimValues> pleat::chooseDims(const pleat_model_desc &model, const NamedDims &named) {
  Expected<std::vector<Binding>> bindings = bindNamed(model, named);
  if (!bindings)
    return bindings.takeError();
  DimValues dims;
  for (auto [index, dim, binding] : llvm::enumerate(hostDims(model), *bindings)) {
    if (binding.size < 0 && isStateLength(model, index))
      binding.size = 0; // as in a fresh session
    if (binding.size < 0 && (!dim.upper || dim.lower != dim.upper))
      return fail(ExitCode::Usage,
                  "dimension '" + Twine(dim.name) + "' needs a size: --dim " + dim.name + "=VALUE");
    dims.push_back(binding.size < 0 ? dim.lower : binding.size);
  }
  return dims;
}

Expected<std::vector<HostTensor>> pleat::allocateTensors(const pleat_model_desc &model,
                                                         ArrayRef<pleat_tensor_desc> tensors,
                                                         const DimValues &dims) {
  std::vector<int64_t> exprs = exprSizes(model, dims);
  std::vector<HostTensor> result;
  for (const pleat_tensor_desc &desc : tensors) {
    HostTensor tensor;
    tensor.name = desc.name;
    tensor.type = static_cast<pleat_type>(desc.type);
    for (const pleat_axis &axis : axesOf(desc))
      tensor.shape.push_back(axisSize(axis, dims, exprs));
    std::optional<uint64_t> bytes = hostBytes(tensor.type, tensor.shape);
    if (!bytes)
      return fail(ExitCode::InputInvalid, "'" + tensor.name + "' cannot have the shape " +
                                              shapeText(tensor.shape) + " that these sizes give it");
    tensor.bytes.resize(*bytes);
    result.push_back(std::move(tensor));
  }
  return result;
}

/// Where `given` has the tensor under the model's name, else under its C name.
static std::optional<size_t> findByName(const pleat_tensor_desc &desc, ArrayRef<HostTensor> given) {
  for (StringRef name : {desc.name, desc.c_name})
    for (auto [index, tensor] : llvm::enumerate(given))
      if (tensor.name == name)
        return index;
  return std::nullopt;
}

Expected<std::vector<HostTensor>> pleat::matchTensors(ArrayRef<pleat_tensor_desc> wanted,
                                                      std::vector<HostTensor> given, bool ordered,
                                                      StringRef kind) {
  std::vector<size_t> places;
  for (const pleat_tensor_desc &desc : wanted)
    if (std::optional<size_t> place = findByName(desc, given))
      places.push_back(*place);
    else if (!ordered)
      return fail(ExitCode::InputInvalid, kind + " '" + desc.name + "' is missing");
  if (given.size() != wanted.size())
    return fail(ExitCode::InputInvalid, "the model has " + Twine(wanted.size()) + " " + kind + "s, but got " +
                                            Twine(given.size()) + " tensors");
  // Names settle it only if they settle all.
  std::vector<HostTensor> result;
  for (size_t index = 0; index < wanted.size(); ++index)
    result.push_back(given[places.size() == wanted.size() ? places[index] : index]);
  for (auto [desc, tensor] : llvm::zip_equal(wanted, result))
    tensor.name = desc.name;
  return result;
}
