// Puts states back between the inputs and outputs.
#include "compiler/Driver/StatelessView.h"

#include "llvm/ADT/ArrayRef.h"

using namespace pleat;
using llvm::ArrayRef;

static ArrayRef<pleat_state_desc> statesOf(const pleat_model_desc &model) {
  return {model.states, model.state_count};
}

/// States at their positions, the host's tensors in order between them.
static std::vector<TensorRole> interleave(const pleat_model_desc &model, uint32_t hostCount,
                                          uint32_t pleat_state_desc::*position) {
  std::vector<TensorRole> roles;
  uint32_t host = 0;
  for (uint32_t i = 0; i < hostCount + model.state_count; ++i) {
    TensorRole role{false, host};
    for (uint32_t state = 0; state < model.state_count; ++state)
      if (model.states[state].*position == i)
        role = {true, state};
    host += !role.isState;
    roles.push_back(role);
  }
  return roles;
}

StatelessView::StatelessView(const pleat_model_desc &model)
    : view(model), inputRoles(interleave(model, model.input_count, &pleat_state_desc::input_position)),
      outputRoles(interleave(model, model.output_count, &pleat_state_desc::output_position)) {
  for (const pleat_state_desc &state : statesOf(model)) {
    nextAxes.emplace_back(state.tensor.axes, state.tensor.axes + state.tensor.rank);
    if (state.kind == PLEAT_STATE_APPENDED)
      nextAxes.back()[state.axis] = state.next_length;
  }
  for (const TensorRole &role : inputRoles)
    inputTensors.push_back(role.isState ? model.states[role.index].tensor : model.inputs[role.index]);
  for (const TensorRole &role : outputRoles) {
    if (!role.isState) {
      outputTensors.push_back(model.outputs[role.index]);
      continue;
    }
    const pleat_state_desc &state = model.states[role.index];
    pleat_tensor_desc next = state.tensor;
    next.name = next.c_name = state.output_name;
    next.axes = nextAxes[role.index].data();
    outputTensors.push_back(next);
  }
  for (const pleat_id_check &check : ArrayRef(model.id_checks, model.id_check_count))
    for (uint32_t i = 0; i < inputRoles.size(); ++i)
      if (!inputRoles[i].isState && inputRoles[i].index == check.input)
        idChecks.push_back({i, check.rows});
  view.inputs = inputTensors.data();
  view.input_count = inputTensors.size();
  view.outputs = outputTensors.data();
  view.output_count = outputTensors.size();
  view.id_checks = idChecks.data();
  view.host_dim_count = model.dim_count;
}

bool pleat::isStateLength(const pleat_model_desc &model, uint32_t dim) {
  return llvm::any_of(statesOf(model), [&](const pleat_state_desc &state) {
    return state.kind == PLEAT_STATE_APPENDED && state.tensor.axes[state.axis].value == dim;
  });
}
