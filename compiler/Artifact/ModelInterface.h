/// What a compiled model shows to the outside: names, types, shapes and dimensions. Plain
/// data, filled by the driver from the recovered IR, read by everything that writes a part
/// of the artefact.
#pragma once

#include "runtime/abi/pleat_abi.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>
#include <vector>

namespace pleat {

/// The size of one axis of an input or output.
struct AxisSpec {
  pleat_axis_kind kind = PLEAT_AXIS_STATIC;
  /// The size; or an index into ModelInterface::dims; or into ModelInterface::sizeExprs.
  int64_t value = 0;
};

/// One input or output.
struct TensorSpec {
  /// As in the model; any text.
  std::string name;
  /// As in the generated header; filled by assignCNames.
  std::string cName = {};
  pleat_type type = PLEAT_F32;
  std::vector<AxisSpec> axes = {};
};

/// One symbolic dimension.
struct DimSpec {
  /// As in the model; any text.
  std::string name;
  /// As in the generated header; filled by assignCNames.
  std::string cName = {};
  int64_t lower = 0;
  /// Largest value; 0: no bound.
  int64_t upper = 0;
  /// Values are lower, lower + step, ...
  int64_t step = 1;
};

/// A tensor that the session keeps from one run to the next.
struct StateSpec {
  /// The model's input; its axes are static or dimensions. Its name stands for the state.
  TensorSpec tensor;
  pleat_state_kind kind = PLEAT_STATE_REPLACED;
  /// Of an appended state: the axis that grows.
  unsigned axis = 0;
  /// Of an appended state: rows after a run.
  AxisSpec nextLength = {};
  /// The model's output that the next run gets as the input.
  std::string outputName = {};
  /// Places of input and output among all of the model's.
  unsigned inputPosition = 0, outputPosition = 0;
};

/// An integer input whose elements index a table of `rows` rows.
struct IdCheckSpec {
  unsigned input = 0;
  int64_t rows = 0;
};

/// Two sizes that the model's ops need to be equal.
struct SizeCheckSpec {
  /// For readers: "past + 1".
  std::string firstText, secondText;
  AxisSpec first, second;
};

struct ModelInterface {
  /// Prefix of every exported symbol; see checkModelName.
  std::string name;
  std::vector<TensorSpec> inputs;
  std::vector<TensorSpec> outputs;
  std::vector<StateSpec> states;
  /// The host's dimensions, then the lengths of appended states.
  std::vector<DimSpec> dims;
  /// How many of `dims` the host gives at each run; each is an axis of an input.
  unsigned hostDims = 0;
  /// Sizes that are expressions of dims, as text for readers: "2*seq + 1". Their values
  /// come from the function `pleat_eval_sizes` of the compiled module, in this order.
  std::vector<std::string> sizeExprs;
  std::vector<IdCheckSpec> idChecks;
  /// Equalities that a run must fulfil and that no bound of a dimension ensures.
  std::vector<SizeCheckSpec> sizeChecks;
};

/// Fails unless `name` may prefix a model's symbols and files: a lower-case C identifier
/// that is no keyword, no system library and no prefix of the shared types.
llvm::Error checkModelName(llvm::StringRef name);

/// Fills every cName, dims in one name space, inputs, outputs and states together in
/// another. The rule: each byte that is no ASCII letter, digit or underscore becomes an underscore; a
/// name that is empty or begins with a digit gets a `t` in front; a keyword of C or C++
/// gets an underscore behind, and so does a state called count, get, set, shape or truncate.
/// A name that is then taken gets _2, or _3 and so on.
void assignCNames(ModelInterface &interface);

/// Bytes of one element.
unsigned elementBytes(pleat_type type);

/// The type's name in manifests: "f32", "i64", "bool".
llvm::StringRef typeName(pleat_type type);

/// The type in C99 with <stdint.h>: "float", "int64_t". Half-precision elements are their
/// bits in a uint16_t, a bool is a uint8_t.
llvm::StringRef cTypeName(pleat_type type);

/// The axis for readers: "64", "batch", "2*seq + 1".
std::string axisText(const ModelInterface &interface, const AxisSpec &axis);

} // namespace pleat
