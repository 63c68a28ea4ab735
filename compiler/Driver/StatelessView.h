/// A model with states as tools see it: all of the ONNX model's inputs and outputs in its own
/// order, the states among them, and the lengths of states as dimensions like any other.
#pragma once

#include "runtime/abi/pleat_abi.h"
#include <string>
#include <vector>

namespace pleat {

/// Which of the compiled model's tensors an input or output of the view is.
struct TensorRole {
  bool isState;
  /// Among the states, or among the host's inputs or outputs.
  uint32_t index;
};

class StatelessView {
public:
  /// `model` is borrowed; an address that stays.
  explicit StatelessView(const pleat_model_desc &model);
  StatelessView(const StatelessView &) = delete;
  StatelessView &operator=(const StatelessView &) = delete;

  /// Like the model's, but for inputs, outputs, the checks of ids and the number of host
  /// dimensions. Its states say which dimensions are lengths.
  const pleat_model_desc &descriptor() const { return view; }

  /// One an input or output of the view.
  const std::vector<TensorRole> &inputs() const { return inputRoles; }
  const std::vector<TensorRole> &outputs() const { return outputRoles; }

private:
  pleat_model_desc view;
  std::vector<TensorRole> inputRoles, outputRoles;
  std::vector<pleat_tensor_desc> inputTensors, outputTensors;
  std::vector<std::vector<pleat_axis>> nextAxes;
  std::vector<pleat_id_check> idChecks;
};

/// Whether dimension `dim` is the length of an appended state.
bool isStateLength(const pleat_model_desc &model, uint32_t dim);

} // namespace pleat
