// What a model's header says, from top to bottom. In the text pieces `@` stands for the
// model's name. Functions without types of the model come from HeaderFunctions.inc.
#include "compiler/Artifact/HeaderFile.h"

#include "runtime/abi/RuntimeImage.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace pleat;

std::string pleat::commentText(StringRef text) {
  std::string result;
  for (char c : text) {
    bool closes = c == '/' && !result.empty() && result.back() == '*';
    bool opens = c == '*' && !result.empty() && result.back() == '/';
    if (closes || opens)
      result += ' ';
    result += isPrint(c) && c != '\\' && c != '?' ? c : '_'; // no escapes, no trigraphs
  }
  return result;
}

namespace {

class HeaderWriter {
public:
  HeaderWriter(raw_ostream &os, const ModelInterface &interface, bool embedded, StringRef weightsFile)
      : os(os), interface(interface), embedded(embedded), weightsFile(weightsFile) {}

  void write() {
    writeExample();
    std::string guard = "PLEAT_MODEL_" + StringRef(interface.name).upper() + "_H";
    os << "#ifndef " << guard << "\n#define " << guard << "\n\n";
    os << publicHeaderText();
    os << "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
    writeTypes();
    writeFunctions();
    if (!interface.states.empty())
      writeStates();
    writeSizes();
    os << "#ifdef __cplusplus\n}\n#endif\n\n#endif /* " << guard << " */\n";
  }

private:
  /// Writes a piece of text with the model's name for `@`.
  void piece(StringRef text) {
    for (char c : text)
      if (c == '@')
        os << interface.name;
      else
        os << c;
  }

  static void comment(raw_ostream &os, StringRef text) { os << "/* " << commentText(text) << " */"; }

  std::string shapeText(const TensorSpec &tensor) {
    std::string text = tensor.name;
    for (const AxisSpec &axis : tensor.axes)
      text += "[" + axisText(interface, axis) + "]";
    return text + " " + typeName(tensor.type).str();
  }

  /// A value that the dimension takes, for the example: small, but not 0 if it can be helped.
  static int64_t exampleSize(const DimSpec &dim) {
    return dim.lower == 0 && (dim.upper == 0 || dim.step <= dim.upper) ? dim.step : dim.lower;
  }

  std::string exampleSizes(size_t count) {
    std::vector<std::string> values;
    for (const DimSpec &dim : ArrayRef(interface.dims).take_front(count))
      values.push_back(std::to_string(exampleSize(dim)));
    return join(values, ", ");
  }

  void writeExample() {
    piece("/* The model `@`. Made by pleat; do not edit. A complete program:\n *\n"
          " *   #include \"@.h\"\n *   #include <stdio.h>\n *   #include <stdlib.h>\n *\n"
          " *   int main(void) {\n"
          " *     pleat_error error;\n *     @_model *model = NULL;\n *     @_session *session = NULL;\n"
          " *     pleat_load_options load;\n *     pleat_load_options_init(&load);\n");
    if (!embedded && !weightsFile.empty())
      os << " *     load.weights_path = \"" << weightsFile << "\";\n";
    if (interface.hostDims)
      piece(" *     const @_dims dims = {" + exampleSizes(interface.hostDims) + "};\n");
    if (hasStateLengths())
      piece(" *     const @_largest largest = {" + exampleSizes(interface.dims.size()) + "};\n");
    writeExampleBuffers("inputs", interface.inputs);
    writeExampleBuffers("outputs", interface.outputs);
    StringRef largest = hasStateLengths() ? "&largest" : interface.hostDims ? "&dims" : "NULL";
    piece(" *     pleat_status status = @_model_load(&load, &model, &error);\n"
          " *     if (status == PLEAT_STATUS_OK)\n"
          " *       status = @_session_create(model, ");
    os << largest;
    piece(", NULL, &session, &error);\n"
          " *     if (status == PLEAT_STATUS_OK)\n"
          " *       status = @_session_run(session, ");
    os << address(interface.inputs, "inputs") << ", " << address(interface.outputs, "outputs") << ", "
       << (interface.hostDims ? "&dims" : "NULL");
    piece(", &error);\n"
          " *     if (status != PLEAT_STATUS_OK)\n"
          " *       fprintf(stderr, \"%s: %s\\n\", pleat_status_name(status), error.text);\n"
          " *     @_session_destroy(session);\n *     @_model_destroy(model);\n");
    for (const TensorSpec &tensor : interface.inputs)
      os << " *     free((void *)inputs." << tensor.cName << ");\n";
    for (const TensorSpec &tensor : interface.outputs)
      os << " *     free(outputs." << tensor.cName << ");\n";
    os << " *     return status != PLEAT_STATUS_OK;\n *   }\n */\n";
  }

  static StringRef address(ArrayRef<TensorSpec> tensors, StringRef variable) {
    return tensors.empty() ? "NULL" : variable == "inputs" ? "&inputs" : "&outputs";
  }

  void writeExampleBuffers(StringRef variable, ArrayRef<TensorSpec> tensors) {
    if (tensors.empty())
      return;
    os << " *     " << interface.name << "_" << variable << " " << variable << ";\n";
    for (const TensorSpec &tensor : tensors) {
      std::string member = (variable + "." + tensor.cName).str();
      os << " *     " << member << " = ";
      if (sizeIsKnown(tensor))
        os << "calloc((size_t)" << interface.name << "_" << tensor.cName << "_elements("
           << (interface.hostDims ? "&dims" : "NULL") << ") + 1, sizeof *" << member << ");\n";
      else
        os << "NULL; // see " << interface.name << "_session_output_shapes\n";
    }
  }

  bool hasStateLengths() const { return interface.dims.size() > interface.hostDims; }

  /// Whether a tensor's size follows from the host's dimensions alone.
  bool sizeIsKnown(const TensorSpec &tensor) const {
    return all_of(tensor.axes, [&](const AxisSpec &axis) {
      return axis.kind == PLEAT_AXIS_STATIC ||
             (axis.kind == PLEAT_AXIS_DIM ? axis.value < interface.hostDims : !hasStateLengths());
    });
  }

  void writeDims(StringRef name, size_t count) {
    if (count == 0) {
      piece("typedef struct @_" + name.str() + " @_" + name.str() + "; /* none: pass NULL */\n\n");
      return;
    }
    piece("typedef struct @_" + name.str() + " {\n");
    for (const DimSpec &dim : ArrayRef(interface.dims).take_front(count)) {
      os << "  int64_t " << dim.cName << "; ";
      std::string range = dim.name + ": from " + std::to_string(dim.lower);
      range += dim.upper ? " to " + std::to_string(dim.upper) : " without a bound";
      if (dim.step != 1)
        range += " in steps of " + std::to_string(dim.step);
      comment(os, range);
      os << "\n";
    }
    piece("} @_" + name.str() + ";\n\n");
  }

  void writeTensors(StringRef name, ArrayRef<TensorSpec> tensors, StringRef qualifier) {
    if (tensors.empty()) {
      piece("typedef struct @_" + name.str() + " @_" + name.str() + "; /* none: pass NULL */\n\n");
      return;
    }
    piece("typedef struct @_" + name.str() + " {\n");
    for (const TensorSpec &tensor : tensors) {
      os << "  " << qualifier << cTypeName(tensor.type) << " *" << tensor.cName << "; ";
      comment(os, shapeText(tensor));
      os << "\n";
    }
    piece("} @_" + name.str() + ";\n\n");
  }

  void writeTypes() {
    piece("/* The model in memory, and what runs it. See the rules above. */\n"
          "typedef struct @_model @_model;\ntypedef struct @_session @_session;\n\n"
          "/* Sizes of a run. */\n");
    writeDims("dims", interface.hostDims);
    os << "/* The most that the dimensions of a session's runs may be";
    if (hasStateLengths()) {
      os << "; for states, the rows to keep room\n * for. */\n";
      writeDims("largest", interface.dims.size());
    } else {
      piece(". */\ntypedef @_dims @_largest;\n\n");
    }
    os << "/* Dense row-major tensors, borrowed for the run; element alignment suffices. */\n";
    writeTensors("inputs", interface.inputs, "const ");
    os << "/* Written by the run; they overlap no input and no other output. */\n";
    writeTensors("outputs", interface.outputs, "");
  }

  void writeFunctions() {
    piece(
#include "compiler/Artifact/HeaderFunctions.inc"
    );
  }

  void writeStates() {
    os << "/* The states that a session keeps, by number. */\nenum {\n";
    for (auto [i, state] : enumerate(interface.states)) {
      piece("  @_state_");
      os << state.tensor.cName << " = " << i << ", ";
      comment(os, shapeText(state.tensor));
      os << "\n";
    }
    piece("  @_state_count = " + std::to_string(interface.states.size()) + "\n};\n\n");
    piece(
#include "compiler/Artifact/HeaderStates.inc"
    );
  }

  void writeSizes() {
    size_t exprs = hasStateLengths() ? 0 : interface.sizeExprs.size();
    if (exprs)
      piece("/* Sizes that are expressions of the dimensions; the functions below use them. */\n"
            "void @_eval_sizes(const @_dims *dims, int64_t *sizes);\n\n");
    for (const TensorSpec &tensor : concat<const TensorSpec>(interface.inputs, interface.outputs))
      if (sizeIsKnown(tensor))
        writeElements(tensor);
  }

  void writeElements(const TensorSpec &tensor) {
    comment(os, "Elements of " + shapeText(tensor) + ".");
    piece("\nstatic inline int64_t @_" + tensor.cName + "_elements(const @_dims *dims) {\n");
    bool usesDims = false, usesExprs = false;
    std::string product;
    for (const AxisSpec &axis : tensor.axes) {
      product += product.empty() ? "" : " * ";
      usesDims |= axis.kind == PLEAT_AXIS_DIM;
      usesExprs |= axis.kind == PLEAT_AXIS_EXPR;
      product += axis.kind == PLEAT_AXIS_STATIC ? "INT64_C(" + std::to_string(axis.value) + ")"
                 : axis.kind == PLEAT_AXIS_DIM  ? "dims->" + interface.dims[axis.value].cName
                                                : "sizes[" + std::to_string(axis.value) + "]";
    }
    if (usesExprs)
      piece("  int64_t sizes[" + std::to_string(interface.sizeExprs.size()) +
            "];\n  @_eval_sizes(dims, sizes);\n");
    else if (!usesDims)
      os << "  (void)dims;\n";
    os << "  return " << (product.empty() ? "1" : product) << ";\n}\n\n";
  }

  raw_ostream &os;
  const ModelInterface &interface;
  bool embedded;
  StringRef weightsFile;
};

} // namespace

std::string pleat::headerText(const ModelInterface &interface, bool embedded, StringRef weightsFile) {
  std::string text;
  raw_string_ostream os(text);
  HeaderWriter(os, interface, embedded, weightsFile).write();
  return text;
}
