// The order and form of the manifest's keys.
#include "compiler/Artifact/Manifest.h"

#include "dialects/Pleat/Weights/MappedFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace pleat;

/// Names in models are bytes; JSON is UTF-8.
static std::string utf8(StringRef text) { return json::isUTF8(text) ? text.str() : json::fixUTF8(text); }

namespace {

class ManifestWriter {
public:
  ManifestWriter(json::OStream &json, const ModelInterface &interface, const Manifest &manifest)
      : json(json), interface(interface), manifest(manifest) {}

  void write() {
    json.object([&] {
      json.attribute("name", interface.name);
      json.attributeObject("compiler", [&] {
        json.attribute("pleat", manifest.compiler);
        json.attribute("llvm", manifest.llvm);
      });
      json.attributeArray("levels",
                          [&] { for_each(manifest.levels, [&](StringRef level) { json.value(level); }); });
      writeTensors("inputs", interface.inputs);
      writeTensors("outputs", interface.outputs);
      json.attributeArray("states",
                          [&] { for_each(interface.states, [&](auto &state) { writeState(state); }); });
      json.attributeArray("dims", [&] { for_each(interface.dims, [&](auto &dim) { writeDim(dim); }); });
      json.attribute("code_bytes", manifest.codeBytes);
      json.attribute("weights_bytes", manifest.weightsBytes);
      json.attribute("arena_bytes", orNull(manifest.arenaBytes));
      json.attribute("arena_formula", manifest.arenaFormula);
      json.attribute("bytes_read", manifest.bytesRead);
      json.attribute("flops", manifest.flops);
      json.attributeArray("files", [&] { for_each(manifest.files, [&](auto &file) { writeFile(file); }); });
      json.attributeArray("ledger", [&] { for_each(manifest.ledger, [&](auto &row) { writeRow(row); }); });
      json.attribute("certificate", json::Object(manifest.certificate));
      json.attributeObject("hashes", [&] {
        for (const auto &[what, hash] : manifest.hashes)
          json.attribute(what, hash);
      });
    });
  }

private:
  /// A static size is a number, another one its text.
  void writeAxis(const AxisSpec &axis) {
    if (axis.kind == PLEAT_AXIS_STATIC)
      json.value(axis.value);
    else
      json.value(utf8(axisText(interface, axis)));
  }

  void writeTensorKeys(const TensorSpec &tensor) {
    json.attribute("name", utf8(tensor.name));
    json.attribute("c_name", tensor.cName);
    json.attribute("type", typeName(tensor.type));
    json.attributeArray("shape",
                        [&] { for_each(tensor.axes, [&](const AxisSpec &axis) { writeAxis(axis); }); });
  }

  void writeTensors(StringRef key, ArrayRef<TensorSpec> tensors) {
    json.attributeArray(key, [&] {
      for (const TensorSpec &tensor : tensors)
        json.object([&] { writeTensorKeys(tensor); });
    });
  }

  void writeState(const StateSpec &state) {
    json.object([&] {
      writeTensorKeys(state.tensor);
      json.attribute("output", utf8(state.outputName));
      json.attribute("kind", state.kind == PLEAT_STATE_APPENDED ? "appended" : "replaced");
      if (state.kind != PLEAT_STATE_APPENDED)
        return;
      json.attribute("axis", state.axis);
      json.attribute("capacity", interface.dims[state.tensor.axes[state.axis].value].upper);
    });
  }

  void writeDim(const DimSpec &dim) {
    json.object([&] {
      json.attribute("name", utf8(dim.name));
      json.attribute("c_name", dim.cName);
      json.attribute("lower", dim.lower);
      json.attribute("upper", dim.upper ? json::Value(dim.upper) : json::Value(nullptr));
      json.attribute("step", dim.step);
    });
  }

  void writeFile(const FileRecord &file) {
    json.object([&] {
      json.attribute("name", file.name);
      json.attribute("bytes", file.bytes);
      json.attribute("blake3", file.hash);
    });
  }

  template <typename Number>
  static json::Value orNull(std::optional<Number> value) {
    return value ? json::Value(*value) : json::Value(nullptr);
  }

  void writeRow(const LedgerRow &row) {
    json.object([&] {
      json.attribute("pass", row.pass);
      json.attribute("weight", utf8(row.weight));
      json.attribute("class", ledgerClassName(row.kind));
      json.attribute("bytes_before", row.bytesBefore);
      json.attribute("bytes_after", row.bytesAfter);
      json.attribute("flops_before", row.flopsBefore);
      json.attribute("flops_after", row.flopsAfter);
      json.attribute("weight_error", orNull(row.weightError));
      json.attribute("output_error", orNull(row.outputError));
    });
  }

  json::OStream &json;
  const ModelInterface &interface;
  const Manifest &manifest;
};

} // namespace

std::string pleat::manifestText(const ModelInterface &interface, const Manifest &manifest) {
  uint64_t packed = 0;
  for (const LedgerRow &row : manifest.ledger)
    packed += row.pass == "pack" ? row.bytesAfter : 0;
  if (packed != manifest.weightsBytes)
    reportFatalInternalError("the ledger's rows do not sum up to the weights file's size");
  std::string text;
  raw_string_ostream os(text);
  json::OStream json(os, /*IndentSize=*/2);
  ManifestWriter(json, interface, manifest).write();
  json.flush();
  os << "\n";
  return text;
}

Expected<FileRecord> pleat::recordFile(StringRef path) {
  auto file = MappedFile::open(path);
  if (!file)
    return createFileError(path, file.takeError());
  constexpr uint64_t window = uint64_t(4) << 20;
  BLAKE3 hash;
  ArrayRef<uint8_t> bytes = (*file)->bytes();
  for (uint64_t offset = 0; offset < bytes.size(); offset += window) {
    uint64_t length = std::min<uint64_t>(window, bytes.size() - offset);
    hash.update(bytes.slice(offset, length));
    (*file)->release(offset, length);
  }
  return FileRecord{sys::path::filename(path).str(), bytes.size(),
                    toHex(hash.final<32>(), /*LowerCase=*/true)};
}
