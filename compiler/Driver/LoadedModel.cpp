// Opening an artefact the way a host does: its library, its weights, a session.
#include "compiler/Driver/LoadedModel.h"

#include "compiler/Driver/Failure.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <dlfcn.h>

using namespace pleat;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;
namespace path = llvm::sys::path;

/// A failed call of the runtime as an error of ours.
static Error runtimeFailure(pleat_status status, const pleat_error &error) {
  ExitCode code = ExitCode::InputInvalid;
  if (status == PLEAT_STATUS_IO)
    code = ExitCode::Io;
  else if (status == PLEAT_STATUS_UNSUPPORTED_CPU || status == PLEAT_STATUS_UNSUPPORTED)
    code = ExitCode::Unsupported;
  else if (status == PLEAT_STATUS_INVALID_ARGUMENT)
    code = ExitCode::Internal;
  return fail(code, Twine(error.text) + " (" + pleat_status_name(status) + ")");
}

Expected<ArtifactFiles> ArtifactFiles::find(StringRef given) {
  StringRef prefix = given;
  for (StringRef suffix : {".so", ".json", ".weights", ".h"})
    if (prefix.consume_back(suffix))
      break;
  llvm::SmallString<128> folder = path::parent_path(prefix);
  StringRef name = path::filename(prefix);
  if (given.ends_with(".so"))
    name.consume_front("lib");
  if (name.empty() || name == "." || name == "..")
    return fail(ExitCode::Usage, "'" + given + "': expects DIR/NAME of a compiled model");
  auto at = [&](const Twine &file) {
    llvm::SmallString<128> full(folder);
    path::append(full, file);
    return full.str().str();
  };
  ArtifactFiles files{name.str(), at("lib" + name + ".so"), at(name + ".weights"), at(name + ".json")};
  if (!llvm::sys::fs::exists(files.sharedObject)) {
    std::string missing = std::exchange(files.sharedObject, at(name + ".so"));
    if (!llvm::sys::fs::exists(files.sharedObject))
      return fail(ExitCode::Io, "'" + missing + "': no such file; expects DIR/NAME of a compiled model");
  }
  return files;
}

Expected<std::unique_ptr<LoadedModel>> LoadedModel::open(const ArtifactFiles &files,
                                                         const LoadSettings &settings) {
  std::unique_ptr<LoadedModel> loaded(new LoadedModel(settings));
  if (Error error = loaded->openLibrary(files))
    return error;
  if (Error error = loaded->loadWeights(files))
    return error;
  return loaded;
}

LoadedModel::~LoadedModel() {
  if (session)
    functions.sessionDestroy(session);
  if (handle)
    functions.modelDestroy(handle);
  // The library stays: threads of a pool that just ended may still be on their way out of it.
}

Error LoadedModel::openLibrary(const ArtifactFiles &files) {
  // Without a slash, the system would search its own folders.
  llvm::SmallString<128> file(files.sharedObject);
  if (std::error_code code = llvm::sys::fs::make_absolute(file))
    return fail(ExitCode::Io, "'" + files.sharedObject + "': " + code.message());
  void *library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return fail(ExitCode::InputInvalid, dlerror()); // names the file

  auto bind = [&](auto &pointer, StringRef name) -> Error {
    std::string symbol = files.name + "_" + name.str();
    pointer = reinterpret_cast<std::remove_reference_t<decltype(pointer)>>(dlsym(library, symbol.c_str()));
    if (pointer)
      return Error::success();
    return fail(ExitCode::InputInvalid, "'" + files.sharedObject + "': it does not define '" + symbol +
                                            "'; was the file renamed after it was compiled?");
  };
  const pleat_model_desc *(*describe)(void);
  if (Error error = bind(describe, "describe"))
    return error;
  model = describe();
  if (model->oldest_runtime > PLEAT_ABI_VERSION || model->abi_version < PLEAT_ABI_OLDEST)
    return fail(ExitCode::InputInvalid, "'" + files.sharedObject + "': its ABI has version " +
                                            Twine(model->abi_version) + ", but this tool knows " +
                                            Twine(PLEAT_ABI_OLDEST) + " to " + Twine(PLEAT_ABI_VERSION));
  view = std::make_unique<StatelessView>(*model);
  if (model->state_count) {
    if (Error error = bind(functions.stateGet, "state_get"))
      return error;
    if (Error error = bind(functions.stateSet, "state_set"))
      return error;
    if (Error error = bind(functions.stateTruncate, "state_truncate"))
      return error;
  }
  if (Error error = bind(functions.modelLoad, "model_load"))
    return error;
  if (Error error = bind(functions.modelDestroy, "model_destroy"))
    return error;
  if (Error error = bind(functions.modelInfo, "model_info"))
    return error;
  if (Error error = bind(functions.sessionCreate, "session_create"))
    return error;
  if (Error error = bind(functions.sessionDestroy, "session_destroy"))
    return error;
  return bind(functions.sessionRun, "session_run");
}

Error LoadedModel::loadWeights(const ArtifactFiles &files) {
  pleat_load_options options;
  pleat_load_options_init(&options);
  options.load_mode = settings.mode;
  if (model->weights_bytes && !model->embedded_weights)
    options.weights_path = files.weights.c_str();
  pleat_error error;
  pleat_status status = functions.modelLoad(&options, &handle, &error);
  if (status == PLEAT_STATUS_OK)
    return Error::success();
  bool theirs = status == PLEAT_STATUS_BAD_WEIGHTS || status == PLEAT_STATUS_WRONG_BUILD;
  return inContext("'" + (theirs ? files.weights : files.sharedObject) + "': ",
                   runtimeFailure(status, error));
}

pleat_model_info LoadedModel::info() const {
  pleat_model_info info{};
  info.struct_size = sizeof(info);
  if (functions.modelInfo(handle, &info, nullptr) || !info.level_name)
    info.level_name = "unknown";
  return info;
}

Error LoadedModel::prepare(const DimValues &sizes, llvm::ArrayRef<HostTensor> inputs,
                           llvm::MutableArrayRef<HostTensor> outputs) {
  functions.sessionDestroy(std::exchange(session, nullptr));
  dims = sizes;
  inputData.clear();
  outputData.clear();
  nextStates.clear();
  std::vector<StateData> content;
  for (auto [role, input] : llvm::zip_equal(view->inputs(), inputs)) {
    if (role.isState)
      content.push_back(stateData(role.index, input));
    else
      inputData.push_back(input.bytes.data());
  }
  for (auto [role, output] : llvm::zip_equal(view->outputs(), outputs)) {
    if (role.isState)
      nextStates.push_back(stateData(role.index, output));
    else
      outputData.push_back(output.bytes.data());
  }

  pleat_session_options options;
  pleat_session_options_init(&options);
  options.threads = settings.threads;
  // Capacities of states stay at what the model was compiled for.
  DimValues largest(sizes.begin(), sizes.begin() + model->host_dim_count);
  for (int64_t &size : largest)
    size = std::max<int64_t>(size, 1); // 0 stands for the upper bound
  largest.resize(model->dim_count, 0);
  pleat_error error;
  if (pleat_status status = functions.sessionCreate(handle, largest.data(), &options, &session, &error))
    return runtimeFailure(status, error);
  return setStates(content);
}

LoadedModel::StateData LoadedModel::stateData(uint32_t state, const HostTensor &tensor) {
  StateData data{state, {}};
  data.tensor.type = tensor.type;
  data.tensor.rank = tensor.shape.size();
  llvm::copy(tensor.shape, data.tensor.shape);
  data.tensor.data = const_cast<uint8_t *>(tensor.bytes.data()); // an input's data is only read
  return data;
}

Error LoadedModel::setStates(llvm::ArrayRef<StateData> content) {
  lengths.clear();
  pleat_error error;
  for (const StateData &data : content) {
    if (pleat_status status = functions.stateSet(session, data.state, &data.tensor, &error))
      return runtimeFailure(status, error);
    const pleat_state_desc &state = model->states[data.state];
    if (state.kind == PLEAT_STATE_APPENDED)
      lengths.emplace_back(data.state, data.tensor.shape[state.axis]);
  }
  return Error::success();
}

Error LoadedModel::readStates() {
  pleat_error error;
  for (const StateData &data : nextStates)
    if (pleat_status status = functions.stateGet(session, data.state, &data.tensor, &error))
      return runtimeFailure(status, error);
  return Error::success();
}

Error LoadedModel::run() {
  pleat_error error;
  for (auto [state, length] : lengths)
    if (pleat_status status = functions.stateTruncate(session, state, length, &error))
      return runtimeFailure(status, error);
  pleat_status status =
      functions.sessionRun(session, inputData.data(), outputData.data(), dims.data(), &error);
  return status ? runtimeFailure(status, error) : Error::success();
}
