// YAML to pipeline text, checked key by key against what each pass takes.
#include "compiler/Pipelines/Recipe.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/YAMLParser.h"

using namespace pleat;
namespace yaml = llvm::yaml;

namespace {

enum class ValueKind { Integer, Number, Strings, Word };

struct Parameter {
  llvm::StringLiteral key; ///< as in the recipe; the pass's option has the same name
  ValueKind kind;
  /// The words that a Word may be.
  llvm::ArrayRef<llvm::StringLiteral> words = {};
};

struct RecipePass {
  llvm::StringLiteral name;
  llvm::ArrayRef<Parameter> parameters;
  /// Exactly one of these must be given.
  llvm::ArrayRef<llvm::StringLiteral> oneOf;
  /// Whether the pass has the option `measure`.
  bool canMeasure = false;
  /// What has to run around the pass, as pipeline text.
  llvm::StringLiteral before = "", after = "";
};

constexpr Parameter svdParameters[] = {{"targets", ValueKind::Strings},
                                       {"ignore", ValueKind::Strings},
                                       {"rank", ValueKind::Integer},
                                       {"ratio", ValueKind::Number},
                                       {"energy", ValueKind::Number}};
constexpr llvm::StringLiteral svdSizes[] = {"rank", "ratio", "energy"};

constexpr llvm::StringLiteral precisionWords[] = {"f32", "f32-split", "bf16"};
constexpr Parameter precisionParameters[] = {{"targets", ValueKind::Strings},
                                             {"ignore", ValueKind::Strings},
                                             {"precision", ValueKind::Word, precisionWords}};
constexpr llvm::StringLiteral precisionKeys[] = {"precision"};

constexpr llvm::StringLiteral residualWords[] = {"branch", "block"}, distinctWords[] = {"refuse", "nearest"};
constexpr Parameter stepParameters[] = {{"iterations", ValueKind::Integer},
                                        {"residual", ValueKind::Word, residualWords},
                                        {"distinct", ValueKind::Word, distinctWords}};
constexpr llvm::StringLiteral stepCounts[] = {"iterations"};

/// Every pass a recipe may name, under its flag without the prefix. Passes see layers
/// written out; the one that counts them rolls them for itself.
constexpr RecipePass recipePasses[] = {{"decompose-svd", svdParameters, svdSizes, /*canMeasure=*/true},
                                       {"set-precision", precisionParameters, precisionKeys},
                                       {"reduce-steps", stepParameters, stepCounts, /*canMeasure=*/false,
                                        "func.func(pleat-roll-layers),", ",func.func(pleat-unroll-layers)"}};

class RecipeParser {
public:
  RecipeParser(llvm::StringRef text, llvm::StringRef path, bool measure)
      : path(path), measure(measure), stream(text, sources) {
    sources.setDiagHandler(
        [](const llvm::SMDiagnostic &diagnostic, void *context) {
          auto *self = static_cast<RecipeParser *>(context);
          if (self->syntaxError.empty())
            self->syntaxError = self->at(diagnostic.getLineNo(), diagnostic.getColumnNo() + 1) +
                                diagnostic.getMessage().str();
        },
        this);
  }

  llvm::Expected<Recipe> parse() {
    yaml::document_iterator document = stream.begin();
    yaml::Node *root = document == stream.end() ? nullptr : document->getRoot();
    auto *map = llvm::dyn_cast_or_null<yaml::MappingNode>(root);
    if (!map)
      return failed(root, "expected a mapping with 'version' and 'passes'");
    bool hasVersion = false;
    for (yaml::KeyValueNode &entry : *map) {
      llvm::Expected<std::string> key = scalar(entry.getKey(), "a key");
      if (!key)
        return key.takeError();
      if (*key == "version") {
        llvm::Expected<std::string> version = scalar(entry.getValue(), "a version");
        if (!version)
          return version.takeError();
        if (*version != "1")
          return failed(entry.getValue(), "expected version 1, but got " + *version);
        hasVersion = true;
      } else if (*key == "passes") {
        auto *list = llvm::dyn_cast_or_null<yaml::SequenceNode>(entry.getValue());
        if (!list)
          return failed(entry.getValue(), "expected a list of passes");
        for (yaml::Node &node : *list)
          if (llvm::Error error = addPass(node))
            return std::move(error);
      } else if (*key == "data") {
        llvm::Expected<std::string> data = scalar(entry.getValue(), "a file, a folder or random:SEED");
        if (!data)
          return data.takeError();
        if (data->empty())
          return failed(entry.getValue(), "expected a file, a folder or random:SEED, but got nothing");
        recipe.data = besideRecipe(*data);
      } else {
        return failed(entry.getKey(), "unknown key '" + *key + "'; known: version, data, passes");
      }
    }
    if (!syntaxError.empty())
      return llvm::createStringError("%s", syntaxError.c_str());
    if (!hasVersion)
      return failed(root, "expected a key 'version'; write version: 1");
    return std::move(recipe);
  }

private:
  std::string at(unsigned line, unsigned column) {
    return path.str() + ":" + std::to_string(line) + ":" + std::to_string(column) + ": ";
  }

  /// `data`, from the recipe's folder where it is a relative path.
  std::string besideRecipe(llvm::StringRef data) {
    if (data.starts_with("random:") || llvm::sys::path::is_absolute(data))
      return data.str();
    llvm::SmallString<128> full(llvm::sys::path::parent_path(path));
    llvm::sys::path::append(full, data);
    return full.str().str();
  }

  llvm::Error failed(yaml::Node *node, const std::string &text) {
    if (!syntaxError.empty())
      return llvm::createStringError("%s", syntaxError.c_str());
    std::pair<unsigned, unsigned> place{1, 1};
    if (node)
      place = sources.getLineAndColumn(node->getSourceRange().Start);
    return llvm::createStringError("%s%s", at(place.first, place.second).c_str(), text.c_str());
  }

  llvm::Expected<std::string> scalar(yaml::Node *node, llvm::StringRef what) {
    auto *value = llvm::dyn_cast_or_null<yaml::ScalarNode>(node);
    if (!value)
      return failed(node, "expected " + what.str());
    llvm::SmallString<64> storage;
    return value->getValue(storage).str();
  }

  llvm::Error addPass(yaml::Node &node) {
    auto *map = llvm::dyn_cast<yaml::MappingNode>(&node);
    if (!map)
      return failed(&node, "expected a pass: a mapping that begins with 'pass'");
    const RecipePass *pass = nullptr;
    std::string options;
    llvm::SmallVector<std::string> seen;
    for (yaml::KeyValueNode &entry : *map) {
      llvm::Expected<std::string> key = scalar(entry.getKey(), "a key");
      if (!key)
        return key.takeError();
      if (!pass) {
        if (*key != "pass")
          return failed(entry.getKey(), "expected 'pass' first, but got '" + *key + "'");
        llvm::Expected<std::string> name = scalar(entry.getValue(), "a pass's name");
        if (!name)
          return name.takeError();
        pass = llvm::find_if(recipePasses, [&](const RecipePass &known) { return known.name == *name; });
        if (pass == std::end(recipePasses))
          return failed(entry.getValue(), "unknown pass '" + *name + "'; known: " + knownPasses());
        continue;
      }
      const Parameter *parameter =
          llvm::find_if(pass->parameters, [&](const Parameter &known) { return known.key == *key; });
      if (parameter == pass->parameters.end())
        return failed(entry.getKey(), "unknown key '" + *key + "' of pass " + pass->name.str() +
                                          "; known: " + knownKeys(*pass));
      if (llvm::is_contained(seen, *key))
        return failed(entry.getKey(), "key '" + *key + "' is given twice");
      seen.push_back(*key);
      llvm::Expected<std::string> value = optionText(entry.getValue(), *parameter);
      if (!value)
        return value.takeError();
      options += (options.empty() ? "" : " ") + *key + "=" + *value;
    }
    if (!pass)
      return failed(&node, "expected a key 'pass'");
    unsigned given =
        llvm::count_if(pass->oneOf, [&](llvm::StringRef key) { return llvm::is_contained(seen, key); });
    if (!pass->oneOf.empty() && given != 1)
      return failed(&node, "pass " + pass->name.str() + " expects " +
                               (pass->oneOf.size() > 1 ? "exactly one of " : "a key ") +
                               llvm::join(pass->oneOf, ", "));
    if (measure && pass->canMeasure)
      options += " measure=true";
    recipe.pipeline += (recipe.pipeline.empty() ? "" : ",") + pass->before.str() + "pleat-" +
                       pass->name.str() + (options.empty() ? "" : "{" + options + "}") + pass->after.str();
    return llvm::Error::success();
  }

  static std::string knownPasses() {
    std::string text;
    for (const RecipePass &pass : recipePasses)
      text += (text.empty() ? "" : ", ") + pass.name.str();
    return text;
  }

  static std::string knownKeys(const RecipePass &pass) {
    std::string text = "pass";
    for (const Parameter &parameter : pass.parameters)
      text += ", " + parameter.key.str();
    return text;
  }

  llvm::Expected<std::string> optionText(yaml::Node *node, const Parameter &parameter) {
    if (parameter.kind == ValueKind::Strings) {
      auto *list = llvm::dyn_cast_or_null<yaml::SequenceNode>(node);
      if (!list)
        return failed(node, "key '" + parameter.key.str() + "' expects a list of names");
      std::string text;
      for (yaml::Node &item : *list) {
        llvm::Expected<std::string> name = scalar(&item, "a name");
        if (!name)
          return name.takeError();
        if (name->empty())
          return failed(&item, "expected a name, but got an empty one");
        if (name->find_first_of(" \"',{}") != std::string::npos)
          return failed(&item,
                        "a selector cannot hold spaces, quotes, commas or braces; match them with '?'");
        text += (text.empty() ? "" : ",") + *name;
      }
      if (text.empty())
        return failed(node, "key '" + parameter.key.str() + "' expects at least one name");
      return text;
    }
    llvm::Expected<std::string> text =
        scalar(node, parameter.kind == ValueKind::Word ? "a word" : "a number");
    if (!text)
      return text;
    if (parameter.kind == ValueKind::Word) {
      if (!llvm::is_contained(parameter.words, llvm::StringRef(*text)))
        return failed(node, "key '" + parameter.key.str() + "' expects one of " +
                                llvm::join(parameter.words, ", ") + ", but got '" + *text + "'");
      return text;
    }
    int64_t integer;
    double number;
    bool valid = parameter.kind == ValueKind::Integer ? !llvm::StringRef(*text).getAsInteger(10, integer)
                                                      : !llvm::StringRef(*text).getAsDouble(number);
    if (!valid)
      return failed(node, "key '" + parameter.key.str() + "' expects " +
                              (parameter.kind == ValueKind::Integer ? "an integer" : "a number") +
                              ", but got '" + *text + "'");
    return text;
  }

  llvm::StringRef path;
  bool measure;
  llvm::SourceMgr sources;
  yaml::Stream stream;
  std::string syntaxError;
  Recipe recipe;
};

} // namespace

llvm::Expected<Recipe> pleat::parseRecipe(llvm::StringRef text, llvm::StringRef path, bool measure) {
  return RecipeParser(text, path, measure).parse();
}
