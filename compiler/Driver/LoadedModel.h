/// A compiled model in a tool: the library it shipped as, loaded the way a host would.
#pragma once

#include "compiler/Driver/ModelShapes.h"
#include "compiler/Driver/StatelessView.h"
#include <memory>

namespace pleat {

/// The files of one artefact, which is named by DIR/NAME.
struct ArtifactFiles {
  std::string name;
  /// DIR/libNAME.so, or DIR/NAME.so if only that exists.
  std::string sharedObject;
  std::string weights;
  std::string manifest;

  /// Finds the files of `path`. A suffix .so, .json, .weights or .h is taken off. Fails with
  /// Io if there is no library, with Usage if `path` has no name.
  static llvm::Expected<ArtifactFiles> find(llvm::StringRef path);
};

struct LoadSettings {
  /// 1 runs in the calling thread.
  int64_t threads = 1;
  pleat_load_mode mode = PLEAT_LOAD_MAP;
};

/// A model and, once sizes are known, one session of it.
class LoadedModel {
public:
  /// Opens the library and loads its weights. Runs the library's code: it is as trusted as
  /// any program. Fails with Io or InputInvalid.
  static llvm::Expected<std::unique_ptr<LoadedModel>> open(const ArtifactFiles &files,
                                                           const LoadSettings &settings);

  ~LoadedModel();
  LoadedModel(const LoadedModel &) = delete;
  LoadedModel &operator=(const LoadedModel &) = delete;

  /// The model with its states as inputs and outputs; see StatelessView.
  const pleat_model_desc &descriptor() const { return view->descriptor(); }

  /// What the runtime chose: level, where the weights lie.
  pleat_model_info info() const;

  /// Makes a session for runs of these sizes, in place of an earlier one, sets its states from
  /// the inputs that they are, and takes note of the buffers, which are borrowed until the
  /// last run. They are in the descriptor's order and of the shapes that the sizes give them
  /// (bindDims, allocateTensors).
  llvm::Error prepare(const DimValues &dims, llvm::ArrayRef<HostTensor> inputs,
                      llvm::MutableArrayRef<HostTensor> outputs);

  /// Runs once on the buffers of `prepare`. Appended states are first cut back to the length
  /// that the inputs have; replaced ones go on from run to run.
  llvm::Error run();

  /// Copies the states' content to the outputs that they are.
  llvm::Error readStates();

private:
  /// NAME_* of the library, with opaque handles and arrays for the model's own types.
  struct Functions {
    pleat_status (*modelLoad)(const pleat_load_options *, void **, pleat_error *);
    void (*modelDestroy)(void *);
    pleat_status (*modelInfo)(const void *, pleat_model_info *, pleat_error *);
    pleat_status (*sessionCreate)(const void *, const int64_t *, const pleat_session_options *, void **,
                                  pleat_error *);
    void (*sessionDestroy)(void *);
    pleat_status (*sessionRun)(void *, const void *const *, void *const *, const int64_t *, pleat_error *);
    /// Null for a model without states.
    pleat_status (*stateGet)(const void *, uint32_t, const pleat_tensor *, pleat_error *);
    pleat_status (*stateSet)(void *, uint32_t, const pleat_tensor *, pleat_error *);
    pleat_status (*stateTruncate)(void *, uint32_t, int64_t, pleat_error *);
  };

  /// A state's content outside of the session.
  struct StateData {
    uint32_t state;
    pleat_tensor tensor;
  };
  static StateData stateData(uint32_t state, const HostTensor &tensor);
  llvm::Error setStates(llvm::ArrayRef<StateData> content);

  explicit LoadedModel(const LoadSettings &settings) : settings(settings) {}
  llvm::Error openLibrary(const ArtifactFiles &files);
  llvm::Error loadWeights(const ArtifactFiles &files);

  LoadSettings settings;
  Functions functions{};
  const pleat_model_desc *model = nullptr;
  std::unique_ptr<StatelessView> view;
  void *handle = nullptr, *session = nullptr;
  DimValues dims;
  std::vector<const void *> inputData;
  std::vector<void *> outputData;
  std::vector<StateData> nextStates;
  /// Appended states and the lengths that they were set to.
  std::vector<std::pair<uint32_t, int64_t>> lengths;
};

} // namespace pleat
