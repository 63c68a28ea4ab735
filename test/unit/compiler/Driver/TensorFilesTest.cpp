// Tensors in files, both ways, and files that were cut or changed.
#include "compiler/Driver/TensorFiles.h"
#include "compiler/Driver/Failure.h"
#include "compiler/Driver/NpyFormat.h"
#include "compiler/Driver/ZipArchive.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <gtest/gtest.h>
#include <zlib.h>

using namespace pleat;
using llvm::ArrayRef;
using llvm::Expected;

namespace {

std::vector<uint8_t> toBytes(llvm::StringRef text) { return {text.bytes_begin(), text.bytes_end()}; }

/// A tensor whose bytes all differ as far as they can.
HostTensor makeTensor(llvm::StringRef name, pleat_type type, llvm::ArrayRef<int64_t> shape) {
  HostTensor tensor{name.str(), type, llvm::SmallVector<int64_t, 4>(shape), {}};
  tensor.bytes.resize(*hostBytes(type, shape));
  for (size_t i = 0; i < tensor.bytes.size(); ++i)
    tensor.bytes[i] = type == PLEAT_BOOL ? i % 2 : i * 7 + 1;
  return tensor;
}

std::vector<uint8_t> npyFile(const HostTensor &tensor) {
  std::vector<uint8_t> file = toBytes(npyHeader(tensor));
  file.insert(file.end(), tensor.bytes.begin(), tensor.bytes.end());
  return file;
}

std::vector<uint8_t> npyWith(llvm::StringRef dictionary, size_t elementBytes) {
  std::string file("\x93NUMPY\x01\x00", 8);
  file += {static_cast<char>(dictionary.size() & 0xff), static_cast<char>(dictionary.size() >> 8)};
  file += dictionary;
  file.append(elementBytes, '\1');
  return toBytes(file);
}

/// The value of a result that is no failure. (llvm::cantFail checks nothing in this build of LLVM.)
template <typename T>
T valueOf(Expected<T> result) {
  if (result)
    return std::move(*result);
  ADD_FAILURE() << llvm::toString(result.takeError());
  return T();
}

/// The message of a failure, after its code: "2: ...".
template <typename T>
std::string failureOf(Expected<T> result) {
  if (result)
    return "no failure";
  llvm::Error error = result.takeError();
  std::string code = std::to_string(static_cast<int>(codeOf(error)));
  return code + ": " + llvm::toString(std::move(error));
}

std::string archiveOf(llvm::StringRef name, ArrayRef<uint8_t> content) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  ZipWriter writer(stream);
  writer.add(name, {content});
  writer.finish();
  return text;
}

/// An archive with one deflated member, as NumPy's savez_compressed writes it.
std::vector<uint8_t> deflatedArchive(ArrayRef<uint8_t> content) {
  std::vector<uint8_t> packed(compressBound(content.size()) + 16);
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
  stream.next_in = const_cast<uint8_t *>(content.data());
  stream.avail_in = content.size();
  stream.next_out = packed.data();
  stream.avail_out = packed.size();
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  // A stored archive of the packed bytes becomes a deflated one by its headers.
  std::vector<uint8_t> archive = toBytes(archiveOf("a.npy", packed));
  size_t directory = 30 + 5 + packed.size();
  auto put32 = [&](size_t at, uint32_t value) {
    for (int i = 0; i < 4; ++i)
      archive[at + i] = value >> (8 * i);
  };
  uint32_t crc = crc32(0, content.data(), content.size());
  for (auto [method, sum, size] :
       {std::tuple<size_t, size_t, size_t>{8, 14, 22}, {directory + 10, directory + 16, directory + 24}}) {
    archive[method] = 8;
    put32(sum, crc);
    put32(size, content.size());
  }
  return archive;
}

Expected<std::vector<uint8_t>> readOnlyMember(ArrayRef<uint8_t> archive) {
  Expected<std::vector<ZipMember>> members = readZipDirectory(archive);
  if (!members)
    return members.takeError();
  if (members->size() != 1)
    return fail(ExitCode::Internal, "expects one member");
  return readZipMember(archive, members->front());
}

class TensorFiles : public testing::Test {
protected:
  void SetUp() override { ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("pleat-tensors", folder)); }
  void TearDown() override { llvm::sys::fs::remove_directories(folder); }

  std::string at(llvm::StringRef name) const {
    llvm::SmallString<128> file(folder);
    llvm::sys::path::append(file, name);
    return file.str().str();
  }
  void write(llvm::StringRef name, ArrayRef<uint8_t> content) {
    std::error_code code;
    llvm::raw_fd_ostream stream(at(name), code);
    ASSERT_FALSE(code);
    stream.write(reinterpret_cast<const char *>(content.data()), content.size());
  }

  llvm::SmallString<128> folder;
};

} // namespace

TEST(NpyFormat, EveryTypeComesBack) {
  for (pleat_type type : {PLEAT_F32, PLEAT_F64, PLEAT_F16, PLEAT_BF16, PLEAT_I8, PLEAT_I16, PLEAT_I32,
                          PLEAT_I64, PLEAT_U8, PLEAT_U16, PLEAT_U32, PLEAT_U64, PLEAT_BOOL}) {
    HostTensor tensor = makeTensor("", type, {2, 3});
    Expected<HostTensor> read = parseNpy(npyFile(tensor));
    ASSERT_TRUE(bool(read)) << llvm::toString(read.takeError());
    EXPECT_EQ(read->type, type);
    EXPECT_EQ(read->bytes, tensor.bytes);
  }
}

TEST(NpyFormat, OddShapesComeBack) {
  for (llvm::SmallVector<int64_t, 4> shape :
       {llvm::SmallVector<int64_t, 4>{}, {1}, {0}, {0, 5}, {3, 0, 2}, {1, 1, 1, 1, 1, 7}, {100000}}) {
    HostTensor tensor = makeTensor("", PLEAT_I16, shape);
    Expected<HostTensor> read = parseNpy(npyFile(tensor));
    ASSERT_TRUE(bool(read)) << llvm::toString(read.takeError());
    EXPECT_EQ(read->shape, shape);
    EXPECT_EQ(read->bytes, tensor.bytes);
  }
}

TEST(NpyFormat, ElementsBeginAtAMultipleOf64) {
  for (int64_t size = 1; size < 1000000000; size *= 10)
    EXPECT_EQ(npyHeader(HostTensor{"", PLEAT_F32, {size, size}, {}}).size() % 64, 0u);
}

TEST(NpyFormat, FortranOrderBecomesRowMajor) {
  std::vector<uint8_t> file = npyWith("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3)}", 0);
  for (uint8_t element : {11, 21, 12, 22, 13, 23}) // column by column
    file.push_back(element);
  Expected<HostTensor> read = parseNpy(file);
  ASSERT_TRUE(bool(read)) << llvm::toString(read.takeError());
  EXPECT_EQ(read->bytes, (std::vector<uint8_t>{11, 12, 13, 21, 22, 23}));
}

TEST(NpyFormat, RefusesWhatIsNoTensor) {
  auto refusal = [](llvm::StringRef dictionary, size_t bytes) {
    return failureOf(parseNpy(npyWith(dictionary, bytes)));
  };
  EXPECT_EQ(refusal("{'descr': '>f4', 'fortran_order': False, 'shape': (2,)}", 8),
            "3: unsupported element type '>f4'; save it little-endian");
  EXPECT_EQ(refusal("{'descr': '<c8', 'fortran_order': False, 'shape': (2,)}", 16),
            "3: unsupported element type '<c8'");
  EXPECT_EQ(refusal("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}", 8),
            "3: unsupported element type: a structure of several fields");
  EXPECT_EQ(refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", 7),
            "2: not a valid .npy file: expects 8 bytes of elements, but got 7");
  EXPECT_EQ(refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", 8),
            "2: not a valid .npy file: the size of its shape overflows");
  EXPECT_EQ(refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", 0),
            "2: not a valid .npy file: bad value of 'shape' in the header");
  EXPECT_EQ(refusal("{'descr': '<f4', 'descr': '<f4', 'shape': (1,)}", 4),
            "2: not a valid .npy file: the header has 'descr' twice");
  EXPECT_EQ(refusal("{'descr': '<f4', 'shape': (1,)}", 4),
            "2: not a valid .npy file: expects the keys descr, fortran_order and shape in the header");
}

TEST(NpyFormat, EveryTruncationIsRefused) {
  std::vector<uint8_t> file = npyFile(makeTensor("", PLEAT_F32, {2, 3}));
  for (size_t length = 0; length < file.size(); ++length)
    EXPECT_EQ(failureOf(parseNpy(ArrayRef(file).take_front(length))).substr(0, 3), "2: ") << length;
}

TEST(NpyFormat, NoChangedHeaderByteIsFatal) {
  std::vector<uint8_t> file = npyFile(makeTensor("", PLEAT_F32, {2, 3}));
  for (size_t at = 0; at < file.size(); ++at)
    for (unsigned value = 0; value < 256; ++value) {
      std::vector<uint8_t> changed = file;
      changed[at] = value;
      llvm::consumeError(parseNpy(changed).takeError());
    }
}

TEST(ZipArchive, StoredMemberComesBack) {
  std::vector<uint8_t> content = toBytes("some content");
  EXPECT_EQ(valueOf(readOnlyMember(toBytes(archiveOf("a", content)))), content);
  EXPECT_EQ(valueOf(readOnlyMember(toBytes(archiveOf("empty", {})))), std::vector<uint8_t>());
}

TEST(ZipArchive, DeflatedMemberComesBack) {
  std::vector<uint8_t> content = npyFile(makeTensor("", PLEAT_F32, {50, 3}));
  EXPECT_EQ(valueOf(readOnlyMember(deflatedArchive(content))), content);
}

TEST(ZipArchive, EveryTruncationIsRefused) {
  std::vector<uint8_t> archive = deflatedArchive(npyFile(makeTensor("", PLEAT_F32, {5, 3})));
  for (size_t length = 0; length < archive.size(); ++length)
    EXPECT_EQ(failureOf(readOnlyMember(ArrayRef(archive).take_front(length))).substr(0, 3), "2: ") << length;
}

TEST(ZipArchive, NoChangedByteIsFatal) {
  std::vector<uint8_t> archive = deflatedArchive(npyFile(makeTensor("", PLEAT_F32, {5, 3})));
  for (size_t at = 0; at < archive.size(); ++at)
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::vector<uint8_t> changed = archive;
      changed[at] ^= 1 << bit;
      llvm::consumeError(readOnlyMember(changed).takeError());
    }
}

TEST(ZipArchive, ClaimsBeyondTheFileTakeNoMemory) {
  std::vector<uint8_t> archive = deflatedArchive(toBytes("abc"));
  size_t directory = archive.size() - 22 - 46 - 5;
  for (int i = 0; i < 3; ++i)
    archive[directory + 24 + i] = 0xff; // 16 MiB from a few bytes
  EXPECT_EQ(failureOf(readOnlyMember(archive)),
            "2: not a valid ZIP archive: a member claims more bytes than its data can expand to");
}

TEST(ZipArchive, DamageIsFoundByTheChecksum) {
  std::vector<uint8_t> archive = toBytes(archiveOf("a", toBytes("some content")));
  archive[30 + 1] ^= 1;
  EXPECT_EQ(failureOf(readOnlyMember(archive)),
            "2: not a valid ZIP archive: a member's checksum does not match");
}

TEST_F(TensorFiles, NpzComesBack) {
  std::vector<HostTensor> tensors = {makeTensor("a/b.c", PLEAT_F32, {2, 3}), makeTensor("", PLEAT_I64, {}),
                                     makeTensor("none", PLEAT_BOOL, {0, 4})};
  ASSERT_FALSE(bool(writeNpz(at("t.npz"), tensors)));
  TensorSet read = valueOf(readTensors(at("t.npz")));
  ASSERT_EQ(read.tensors.size(), tensors.size());
  EXPECT_FALSE(read.ordered);
  for (size_t i = 0; i < tensors.size(); ++i) {
    EXPECT_EQ(read.tensors[i].name, tensors[i].name);
    EXPECT_EQ(read.tensors[i].shape, tensors[i].shape);
    EXPECT_EQ(read.tensors[i].bytes, tensors[i].bytes);
  }
}

TEST_F(TensorFiles, NpzThatCannotBeWrittenLeavesNothing) {
  llvm::Error error = writeNpz(at("missing/t.npz"), {});
  EXPECT_EQ(codeOf(error), ExitCode::Io);
  llvm::consumeError(std::move(error));
}

TEST_F(TensorFiles, NpzRefusesNamesBeyondTheFormat) {
  HostTensor tensor = makeTensor(std::string(0xffff - 4, 'n'), PLEAT_F32, {2});
  ASSERT_FALSE(bool(writeNpz(at("long.npz"), tensor)));
  EXPECT_EQ(valueOf(readTensors(at("long.npz"))).tensors[0].name, tensor.name);
  tensor.name += 'n';
  llvm::Error error = writeNpz(at("longer.npz"), tensor);
  EXPECT_EQ(codeOf(error), ExitCode::Unsupported);
  llvm::consumeError(std::move(error));
  EXPECT_FALSE(llvm::sys::fs::exists(at("longer.npz")));
}

TEST_F(TensorFiles, FolderOfNpyGoesByName) {
  write("b.npy", npyFile(makeTensor("", PLEAT_F32, {2})));
  write("a.npy", npyFile(makeTensor("", PLEAT_F32, {3})));
  write("notes.txt", toBytes("not a tensor"));
  TensorSet read = valueOf(readTensors(folder));
  ASSERT_EQ(read.tensors.size(), 2u);
  EXPECT_EQ(read.tensors[0].name, "a");
  EXPECT_EQ(read.tensors[1].name, "b");
}

/// dims: [2], data_type: FLOAT, name: "x", raw_data: 8 bytes.
static const uint8_t kProto[] = {0x08, 2, 0x10, 1, 0x42, 1, 'x', 0x4a, 8, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40};

TEST_F(TensorFiles, ProtosGoByNumber) {
  for (const char *name : {"input_0.pb", "input_2.pb", "input_1.pb", "input_10.pb", "output_0.pb"})
    write(name, kProto);
  EXPECT_EQ(failureOf(readTensors(folder)),
            "2: '" + folder.str().str() + "': expects input_3.pb, but got input_10.pb");
  llvm::sys::fs::remove(at("input_10.pb"));
  TensorSet read = valueOf(readTensors(folder));
  EXPECT_EQ(read.tensors.size(), 3u);
  EXPECT_TRUE(read.ordered);
  EXPECT_EQ(read.tensors[0].name, "x");
  EXPECT_EQ(read.tensors[0].at(1), 2.0);
}

TEST_F(TensorFiles, EveryTruncationOfAProtoIsRefused) {
  ASSERT_TRUE(bool(parseProto(kProto)));
  for (size_t length = 0; length < sizeof(kProto); ++length)
    EXPECT_NE(failureOf(parseProto(ArrayRef(kProto).take_front(length))), "no failure") << length;
}

TEST_F(TensorFiles, NoChangedProtoByteIsFatal) {
  for (size_t at = 0; at < sizeof(kProto); ++at)
    for (unsigned value = 0; value < 256; ++value) {
      std::vector<uint8_t> changed(std::begin(kProto), std::end(kProto));
      changed[at] = value;
      llvm::consumeError(parseProto(changed).takeError());
    }
}

TEST_F(TensorFiles, DataSetsAreFoundInNumericOrder) {
  for (const char *name : {"test_data_set_10", "test_data_set_9", "other"})
    ASSERT_FALSE(llvm::sys::fs::create_directory(at(name)));
  EXPECT_EQ(valueOf(findDataSets(folder)),
            (std::vector<std::string>{at("test_data_set_9"), at("test_data_set_10")}));
  write("output_0.pb", kProto);
  EXPECT_EQ(valueOf(findDataSets(folder)), std::vector<std::string>{folder.str().str()});
}

TEST_F(TensorFiles, MissingAndUnknownFilesAreRefused) {
  EXPECT_EQ(failureOf(readTensors(at("none"))), "5: '" + at("none") + "': no such file or folder");
  write("a.txt", {});
  EXPECT_EQ(failureOf(readTensors(at("a.txt"))),
            "1: '" + at("a.txt") + "': expects a .npz file, a folder of .npy files or of ONNX test protos");
  EXPECT_EQ(failureOf(readTensors(folder)),
            "2: '" + folder.str().str() + "': expects .npy files or input_N.pb in this folder");
}
