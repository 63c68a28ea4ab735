// JSON as aligned text. What a manifest will say in later versions prints without an edit here.
#include "compiler/Driver/JsonTables.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <algorithm>

using namespace llvm;

/// A value that fits a cell of a table.
static std::string cellText(const json::Value &value) {
  if (std::optional<StringRef> text = value.getAsString())
    return text->str();
  std::string text;
  raw_string_ostream stream(text);
  if (const json::Array *array = value.getAsArray()) {
    stream << '[';
    interleaveComma(*array, stream, [&](const json::Value &element) { stream << cellText(element); });
    stream << ']';
  } else {
    stream << value;
  }
  return text;
}

static bool isTable(const json::Value &value) {
  const json::Array *array = value.getAsArray();
  return array && !array->empty() && all_of(*array, [](const json::Value &row) { return row.getAsObject(); });
}

/// The keys of an object, those that identify a thing first.
static SmallVector<StringRef> orderedKeys(const json::Object &object) {
  SmallVector<StringRef> keys;
  for (const auto &member : object)
    keys.push_back(member.first);
  constexpr StringRef first[] = {"name", "type", "shape"};
  auto rank = [&](StringRef key) { return std::make_pair(find(first, key) - std::begin(first), key); };
  sort(keys, [&](StringRef a, StringRef b) { return rank(a) < rank(b); });
  return keys;
}

static void printTable(raw_ostream &stream, const json::Array &rows, unsigned indent) {
  json::Object all;
  for (const json::Value &row : rows)
    for (const auto &member : *row.getAsObject())
      all.try_emplace(member.first, nullptr);
  SmallVector<StringRef> columns = orderedKeys(all);

  std::vector<SmallVector<std::string>> lines;
  lines.push_back(to_vector(map_range(columns, [](StringRef key) { return key.str(); })));
  for (const json::Value &row : rows) {
    SmallVector<std::string> &line = lines.emplace_back();
    for (StringRef key : columns) {
      const json::Value *value = row.getAsObject()->get(key);
      line.push_back(value ? cellText(*value) : "");
    }
  }
  SmallVector<size_t> widths(columns.size(), 0);
  for (const auto &line : lines)
    for (auto [width, cell] : zip_equal(widths, line))
      width = std::max(width, cell.size());
  for (const auto &line : lines) {
    std::string text(indent, ' ');
    for (auto [width, cell] : zip_equal(widths, line))
      text += cell + std::string(width - cell.size() + 2, ' ');
    stream << StringRef(text).rtrim() << '\n';
  }
}

void pleat::printTables(raw_ostream &stream, const json::Object &object, unsigned indent) {
  SmallVector<StringRef> keys = orderedKeys(object);
  // What fits a line stands above what takes many.
  auto takesLines = [&](StringRef key) {
    return object.get(key)->getAsObject() || isTable(*object.get(key));
  };
  sort(keys, [&](StringRef a, StringRef b) {
    return std::make_pair(takesLines(a), a) < std::make_pair(takesLines(b), b);
  });
  for (StringRef key : keys) {
    const json::Value *value = object.get(key);
    stream.indent(indent) << key << ':';
    if (const json::Object *inner = value->getAsObject()) {
      stream << '\n';
      printTables(stream, *inner, indent + 2);
    } else if (isTable(*value)) {
      stream << '\n';
      printTable(stream, *value->getAsArray(), indent + 2);
    } else {
      stream << ' ' << cellText(*value) << '\n';
    }
  }
}
