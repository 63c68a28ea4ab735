// The rules for names, and the table of element types.
#include "compiler/Artifact/ModelInterface.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;
using namespace pleat;

/// Words of C99 and C++17 that cannot name a member. Those with capitals or a leading
/// underscore are reserved to the implementation anyhow and collide with nothing here.
static constexpr StringLiteral kKeywords[] = {"alignas",     "alignof",      "and",       "and_eq",
                                              "asm",         "auto",         "bitand",    "bitor",
                                              "bool",        "break",        "case",      "catch",
                                              "char",        "char16_t",     "char32_t",  "char8_t",
                                              "class",       "compl",        "concept",   "const",
                                              "const_cast",  "consteval",    "constexpr", "constinit",
                                              "continue",    "co_await",     "co_return", "co_yield",
                                              "decltype",    "default",      "delete",    "do",
                                              "double",      "dynamic_cast", "else",      "enum",
                                              "explicit",    "export",       "extern",    "false",
                                              "float",       "for",          "friend",    "goto",
                                              "if",          "inline",       "int",       "linux",
                                              "long",        "mutable",      "namespace", "new",
                                              "noexcept",    "not",          "not_eq",    "nullptr",
                                              "operator",    "or",           "or_eq",     "private",
                                              "protected",   "public",       "register",  "reinterpret_cast",
                                              "requires",    "restrict",     "return",    "short",
                                              "signed",      "sizeof",       "static",    "static_assert",
                                              "static_cast", "struct",       "switch",    "template",
                                              "this",        "thread_local", "throw",     "true",
                                              "try",         "typedef",      "typeid",    "typename",
                                              "typeof",      "union",        "unix",      "unsigned",
                                              "using",       "virtual",      "void",      "volatile",
                                              "wchar_t",     "while",        "xor",       "xor_eq",
                                              "NULL"};

/// Libraries whose lib<name>.so or .a a linker line already means something by.
static constexpr StringLiteral kSystemLibraries[] = {"c",     "m",   "dl",     "rt",    "pthread", "util",
                                                     "anl",   "nsl", "resolv", "crypt", "stdc",    "gcc",
                                                     "gcc_s", "z",   "asan",   "tsan",  "ubsan",   "pleatrt"};

Error pleat::checkModelName(StringRef name) {
  auto refuse = [&](const Twine &why) {
    return createStringError("expects NAME to be a lower-case C identifier, but got '" + name + "'" + why);
  };
  auto lower = [](char c) { return (c >= 'a' && c <= 'z') || c == '_' || isDigit(c); };
  if (name.empty() || isDigit(name.front()) || name.front() == '_' || !all_of(name, lower))
    return refuse("");
  if (is_contained(kKeywords, name))
    return refuse(", a keyword of C or C++");
  if (is_contained(kSystemLibraries, name))
    return refuse(", the name of a system library");
  if (name == "pleat" || name.starts_with("pleat_"))
    return refuse(", a prefix of the types that models share");
  return Error::success();
}

/// `name` as a C identifier, before clashes are looked at.
static std::string mangle(StringRef name) {
  std::string result;
  for (char c : name)
    result += isAlnum(c) || c == '_' ? c : '_';
  if (result.empty() || isDigit(result.front()))
    result.insert(0, "t");
  if (is_contained(kKeywords, result))
    result += '_';
  return result;
}

/// `wanted`, or the first of wanted_2, wanted_3, ... that is free.
static std::string claim(StringSet<> &taken, const std::string &wanted) {
  std::string name = wanted;
  for (unsigned i = 2; !taken.insert(name).second; ++i)
    name = wanted + "_" + std::to_string(i);
  return name;
}

/// What else NAME_state_ begins: functions, and the number of states.
static constexpr StringLiteral kStateNames[] = {"count", "get", "set", "shape", "truncate"};

void pleat::assignCNames(ModelInterface &interface) {
  StringSet<> dims, tensors;
  for (DimSpec &dim : interface.dims)
    dim.cName = claim(dims, mangle(dim.name));
  for (TensorSpec &tensor : interface.inputs)
    tensor.cName = claim(tensors, mangle(tensor.name));
  for (TensorSpec &tensor : interface.outputs)
    tensor.cName = claim(tensors, mangle(tensor.name));
  for (StateSpec &state : interface.states) {
    std::string name = mangle(state.tensor.name);
    state.tensor.cName = claim(tensors, is_contained(kStateNames, name) ? name + "_" : name);
  }
}

namespace {
struct TypeRow {
  pleat_type type;
  unsigned bytes;
  StringLiteral name, cName;
};
} // namespace

static constexpr TypeRow kTypes[] = {
    {PLEAT_F32, 4, "f32", "float"},     {PLEAT_U8, 1, "u8", "uint8_t"},     {PLEAT_I8, 1, "i8", "int8_t"},
    {PLEAT_U16, 2, "u16", "uint16_t"},  {PLEAT_I16, 2, "i16", "int16_t"},   {PLEAT_I32, 4, "i32", "int32_t"},
    {PLEAT_I64, 8, "i64", "int64_t"},   {PLEAT_BOOL, 1, "bool", "uint8_t"}, {PLEAT_F16, 2, "f16", "uint16_t"},
    {PLEAT_F64, 8, "f64", "double"},    {PLEAT_U32, 4, "u32", "uint32_t"},  {PLEAT_U64, 8, "u64", "uint64_t"},
    {PLEAT_BF16, 2, "bf16", "uint16_t"}};

static const TypeRow &rowOf(pleat_type type) {
  const TypeRow *row = find_if(kTypes, [&](const TypeRow &candidate) { return candidate.type == type; });
  return row == std::end(kTypes) ? kTypes[0] : *row;
}

unsigned pleat::elementBytes(pleat_type type) { return rowOf(type).bytes; }
StringRef pleat::typeName(pleat_type type) { return rowOf(type).name; }
StringRef pleat::cTypeName(pleat_type type) { return rowOf(type).cName; }

std::string pleat::axisText(const ModelInterface &interface, const AxisSpec &axis) {
  switch (axis.kind) {
  case PLEAT_AXIS_STATIC:
    return std::to_string(axis.value);
  case PLEAT_AXIS_DIM:
    return interface.dims[axis.value].name;
  case PLEAT_AXIS_EXPR:
    return interface.sizeExprs[axis.value];
  }
  return "?";
}
