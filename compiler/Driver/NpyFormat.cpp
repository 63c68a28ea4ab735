// The .npy format (NumPy enhancement proposal 1): header text in both directions.
#include "compiler/Driver/NpyFormat.h"

#include "compiler/Artifact/ModelInterface.h"
#include "compiler/Driver/Failure.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"
#include <cstring>

using namespace pleat;
using llvm::ArrayRef;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;

namespace {

struct Descr {
  pleat_type type;
  llvm::StringLiteral text;
};

constexpr Descr kDescrs[] = {{PLEAT_F32, "<f4"}, {PLEAT_F64, "<f8"}, {PLEAT_F16, "<f2"}, {PLEAT_BF16, "<V2"},
                             {PLEAT_I8, "|i1"},  {PLEAT_I16, "<i2"}, {PLEAT_I32, "<i4"}, {PLEAT_I64, "<i8"},
                             {PLEAT_U8, "|u1"},  {PLEAT_U16, "<u2"}, {PLEAT_U32, "<u4"}, {PLEAT_U64, "<u8"},
                             {PLEAT_BOOL, "|b1"}};

Error malformed(const llvm::Twine &what) {
  return fail(ExitCode::InputInvalid, "not a valid .npy file: " + what);
}

/// The header's dictionary: the few forms of Python literals that NumPy writes.
class HeaderParser {
public:
  explicit HeaderParser(StringRef text) : rest(text) {}

  Error parse(HostTensor &tensor, bool &fortranOrder) {
    llvm::SmallVector<StringRef, 3> seen;
    if (!take("{"))
      return malformed("expects a dictionary in the header");
    while (!take("}")) {
      StringRef key;
      if (!takeString(key) || !take(":"))
        return malformed("expects a key in the header");
      if (llvm::is_contained(seen, key))
        return malformed("the header has '" + key + "' twice");
      seen.push_back(key);
      bool good = true;
      if (key == "descr") {
        if (Error error = takeType(tensor.type))
          return error;
      } else if (key == "fortran_order") {
        fortranOrder = take("True");
        good = fortranOrder || take("False");
      } else if (key == "shape") {
        good = takeShape(tensor.shape);
      } else {
        return malformed("unknown key '" + key + "' in the header");
      }
      if (!good)
        return malformed("bad value of '" + key + "' in the header");
      if (!take(",") && !rest.ltrim().starts_with("}"))
        return malformed("expects ',' or '}' in the header");
    }
    if (seen.size() != 3)
      return malformed("expects the keys descr, fortran_order and shape in the header");
    return Error::success();
  }

private:
  bool take(StringRef token) {
    rest = rest.ltrim();
    return rest.consume_front(token);
  }

  bool takeString(StringRef &value) {
    rest = rest.ltrim();
    if (rest.empty() || (rest.front() != '\'' && rest.front() != '"'))
      return false;
    size_t end = rest.find(rest.front(), 1);
    if (end == StringRef::npos)
      return false;
    value = rest.slice(1, end);
    rest = rest.drop_front(end + 1);
    return true;
  }

  Error takeType(pleat_type &type) {
    StringRef text;
    if (!takeString(text))
      return fail(ExitCode::Unsupported, "unsupported element type: a structure of several fields");
    // The byte order of single bytes and of void elements is written in several ways.
    StringRef kind = text;
    if (!kind.consume_front("<") && !kind.consume_front("|") && !kind.consume_front("="))
      return fail(ExitCode::Unsupported, "unsupported element type '" + text + "'; save it little-endian");
    const Descr *found =
        llvm::find_if(kDescrs, [&](const Descr &descr) { return descr.text.drop_front() == kind; });
    if (found == std::end(kDescrs))
      return fail(ExitCode::Unsupported, "unsupported element type '" + text + "'");
    type = found->type;
    return Error::success();
  }

  bool takeShape(llvm::SmallVectorImpl<int64_t> &shape) {
    if (!take("("))
      return false;
    while (!take(")")) {
      uint64_t size;
      rest = rest.ltrim();
      if (rest.consumeInteger(10, size) || size > uint64_t(INT64_MAX))
        return false;
      shape.push_back(size);
      if (!take(",") && !rest.ltrim().starts_with(")"))
        return false;
    }
    return true;
  }

  StringRef rest;
};

/// Brings elements whose first axis runs fastest into row-major order.
void fromFortranOrder(HostTensor &tensor) {
  unsigned element = elementBytes(tensor.type);
  unsigned rank = tensor.shape.size();
  std::vector<uint8_t> rows(tensor.bytes.size());
  llvm::SmallVector<int64_t, 4> index(rank, 0);
  for (size_t to = 0; to < rows.size(); to += element) {
    uint64_t from = 0;
    for (unsigned axis = rank; axis-- > 0;)
      from = from * tensor.shape[axis] + index[axis];
    std::memcpy(&rows[to], &tensor.bytes[from * element], element);
    for (unsigned axis = rank; axis-- > 0 && ++index[axis] == tensor.shape[axis];)
      index[axis] = 0;
  }
  tensor.bytes = std::move(rows);
}

} // namespace

Expected<HostTensor> pleat::parseNpy(ArrayRef<uint8_t> file) {
  constexpr StringRef magic = "\x93NUMPY";
  StringRef text(reinterpret_cast<const char *>(file.data()), file.size());
  if (!text.starts_with(magic) || file.size() < 10)
    return malformed("expects the magic number and a header");
  uint8_t version = file[6];
  if (version < 1 || version > 3)
    return fail(ExitCode::Unsupported, "unsupported version " + llvm::Twine(version) + " of the .npy format");
  size_t start = version == 1 ? 10 : 12;
  if (file.size() < start)
    return malformed("truncated header");
  uint64_t length =
      version == 1 ? llvm::support::endian::read16le(&file[8]) : llvm::support::endian::read32le(&file[8]);
  if (length > file.size() - start)
    return malformed("truncated header");

  HostTensor tensor;
  bool fortranOrder = false;
  if (Error error = HeaderParser(text.substr(start, length)).parse(tensor, fortranOrder))
    return error;
  ArrayRef<uint8_t> elements = file.drop_front(start + length);
  std::optional<uint64_t> needed = hostBytes(tensor.type, tensor.shape);
  if (!needed)
    return malformed("the size of its shape overflows");
  if (*needed != elements.size())
    return malformed("expects " + llvm::Twine(*needed) + " bytes of elements, but got " +
                     llvm::Twine(elements.size()));
  if (tensor.type == PLEAT_BOOL && llvm::any_of(elements, [](uint8_t byte) { return byte > 1; }))
    return malformed("expects each bool to be 0 or 1");
  tensor.bytes.assign(elements.begin(), elements.end());
  if (fortranOrder)
    fromFortranOrder(tensor);
  return tensor;
}

std::string pleat::npyHeader(const HostTensor &tensor) {
  std::string shape;
  for (int64_t size : tensor.shape)
    shape += std::to_string(size) + (tensor.shape.size() == 1 ? "," : ", ");
  if (tensor.shape.size() > 1)
    shape.resize(shape.size() - 2);
  const Descr *descr = llvm::find_if(kDescrs, [&](const Descr &row) { return row.type == tensor.type; });
  std::string text =
      ("{'descr': '" + descr->text + "', 'fortran_order': False, 'shape': (" + shape + "), }").str();
  // The elements begin at a multiple of 64, after ten bytes, the text and a newline.
  text.append(63 - (text.size() + 10) % 64, ' ');
  text += '\n';
  std::string header = "\x93NUMPY";
  header += {'\x01', '\0', static_cast<char>(text.size() & 0xff), static_cast<char>(text.size() >> 8)};
  return header + text;
}
