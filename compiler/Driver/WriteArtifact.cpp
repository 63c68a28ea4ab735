// The files of an artefact and what they say about each other.
#include "compiler/Driver/WriteArtifact.h"

#include "compiler/Artifact/ArtifactWriter.h"
#include "compiler/Artifact/CMakePackage.h"
#include "compiler/Artifact/HeaderFile.h"
#include "compiler/Artifact/Manifest.h"
#include "compiler/Artifact/OutputFile.h"
#include "compiler/Driver/Certificate.h"
#include "compiler/Driver/Diagnostics.h"
#include "compiler/Driver/Failure.h"
#include "compiler/Driver/MeasureSteps.h"
#include "compiler/Driver/MemoryLimit.h"
#include "compiler/Import/ONNX/HashModel.h"
#include "compiler/Target/Libraries.h"
#include "compiler/Target/ReadLedger.h"

#include "llvm/Config/llvm-config.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace pleat;
using llvm::Error;

namespace {

class ArtifactBuilder {
public:
  ArtifactBuilder(Compilation &compilation, const CompileOptions &options)
      : compilation(compilation), options(options), name(options.name) {}

  Error build() {
    auto created = ArtifactWriter::create(options.outputDirectory);
    if (!created)
      return created.takeError();
    writer = std::move(*created);
    if (Error error = writeWeights())
      return error;
    if (Error error = checkMemory(options.maxMemory, "packing weights"))
      return error;
    if (Error error = writeLibraries())
      return error;
    if (Error error = checkMemory(options.maxMemory, "code generation"))
      return error;
    std::string weightsFile = options.embedWeights || weights.bytes == 0 ? "" : name + ".weights";
    const ModelInterface &interface = compilation.interface();
    if (Error error = addText(name + ".h", headerText(interface, options.embedWeights, weightsFile)))
      return error;
    if (Error error = addText(name + "Config.cmake", cmakePackageText(name, weightsFile)))
      return error;
    if (Error error = writeManifest())
      return error;
    if (Error error = writer->commit())
      return error;
    if (options.json)
      llvm::outs() << manifestJson;
    return Error::success();
  }

private:
  /// Adds `file` to the manifest's list.
  Error record(llvm::StringRef file) {
    llvm::Expected<FileRecord> entry = recordFile(writer->path(file));
    if (!entry)
      return entry.takeError();
    entry->name = file.str();
    manifest.files.push_back(std::move(*entry));
    return Error::success();
  }

  Error addText(const std::string &file, llvm::StringRef text) {
    if (Error error = writeFile(writer->path(file), text))
      return error;
    return record(file);
  }

  Error writeWeights() {
    const WeightsPlan &plan = compilation.weights();
    if (plan.fileBytes() == 0)
      return Error::success();
    std::string file = name + ".weights";
    std::string path = options.embedWeights ? writer->scratchPath(file) : writer->path(file);
    llvm::Expected<WrittenWeights> written = plan.write(path);
    if (!written)
      return written.takeError();
    weights = *written;
    if (!options.embedWeights)
      return record(file);
    auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
    if (!buffer)
      return llvm::createFileError(path, buffer.getError());
    embedded = std::move(*buffer);
    return Error::success();
  }

  Error writeLibraries() {
    llvm::ArrayRef<uint8_t> image;
    if (embedded)
      image = {reinterpret_cast<const uint8_t *>(embedded->getBufferStart()), embedded->getBufferSize()};
    llvm::Expected<ObjectFile> object = compilation.compile(weights, image);
    if (!object)
      return object.takeError();
    manifest.codeBytes = object->codeBytes;
    std::string archive = "lib" + name + ".a", shared = "lib" + name + ".so";
    if (Error error = writeArchive(*object, name, writer->path(archive)))
      return error;
    if (Error error = linkShared(*object, name, writer->path(shared)))
      return error;
    if (Error error = record(archive))
      return error;
    return record(shared);
  }

  /// Whether results differ from those of the original: by a recipe, or because some weight is
  /// stored as anything but what it is. What measures is not itself measured.
  bool isReduced() const {
    bool isRounded = llvm::any_of(compilation.weights().list(), [](const WeightsPlan::Entry &entry) {
      return bf16Parts(entry.layout) > 0;
    });
    return !options.measureSteps && (isRounded || !options.recipePath.empty());
  }

  /// How far the files written so far are from the original.
  llvm::json::Object certificate() {
    ArtifactFiles files;
    files.name = name;
    files.sharedObject = writer->scratchPath("lib" + name + ".so");
    files.weights = writer->scratchPath(name + ".weights");
    return measureCertificate(files, options.modelPath, compilation.calibrationData(),
                              compilation.rounding());
  }

  /// Measures what each step changes, where the recipe has data for that and something runs here.
  void measureLedger() {
    std::optional<llvm::StringRef> level = manifest.certificate.getString("level");
    if (!level || compilation.calibrationData().empty() || manifest.ledger.empty())
      return;
    StepsToMeasure steps{options.modelPath, options.recipePath, {}, *level, compilation.calibrationData()};
    for (const DimBounds &dim : options.dims)
      steps.dims.push_back(boundsText(dim));
    if (Error error = measureSteps(manifest.ledger, steps))
      manifest.certificate["steps_reason"] = llvm::toString(std::move(error));
  }

  Error writeManifest() {
    manifest.compiler = "pleat " PLEAT_VERSION;
    manifest.llvm = LLVM_VERSION_STRING;
    for (const LevelInfo *level : options.levels)
      manifest.levels.push_back(level->name.str());
    manifest.weightsBytes = weights.bytes;
    manifest.arenaBytes = compilation.arenaBytes();
    manifest.arenaFormula = compilation.arenaFormula();
    std::tie(manifest.flops, manifest.bytesRead) = compilation.workFormulas();
    manifest.ledger = readLedger(compilation.module());
    manifest.certificate = isReduced() ? certificate() : plainCertificate(compilation.rounding());
    measureLedger();
    for (LedgerRow &row : packRows(compilation.weights(), weights))
      manifest.ledger.push_back(std::move(row));
    llvm::Expected<std::string> model = hashModel(options.modelPath);
    if (!model) // it has been imported: what fails now are the files
      return llvm::createFileError(options.modelPath, model.takeError());
    manifest.hashes.push_back({"model", *model});
    if (!options.recipePath.empty()) {
      llvm::Expected<FileRecord> recipe = recordFile(options.recipePath);
      if (!recipe)
        return recipe.takeError();
      manifest.hashes.push_back({"recipe", recipe->hash});
    }
    manifestJson = manifestText(compilation.interface(), manifest);
    return writeFile(writer->path(name + ".json"), manifestJson);
  }

  Compilation &compilation;
  const CompileOptions &options;
  std::string name;
  std::unique_ptr<ArtifactWriter> writer;
  std::unique_ptr<llvm::MemoryBuffer> embedded;
  WrittenWeights weights;
  Manifest manifest;
  std::string manifestJson;
};

} // namespace

ExitCode pleat::writeArtifact(Compilation &compilation, const CompileOptions &options) {
  Error error = ArtifactBuilder(compilation, options).build();
  if (!error)
    return ExitCode::Done;
  ExitCode code = error.isA<llvm::FileError>() ? ExitCode::Io : codeOf(error);
  reportError(llvm::toString(std::move(error)));
  return code;
}
