// Where tensors go: literals and weights in every field and type, and external data.
#include "ImportFixture.h"

#include "compiler/Import/ONNX/HashModel.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"

#include <unistd.h>

using namespace pleat;
using llvm::StringRef;
using ::onnx::TensorProto;

class ImportWeights : public ImportFixture {
protected:
  /// A model that returns each of its initializers.
  ::onnx::ModelProto model() {
    return parse(
        R"(<ir_version: 10, opset_import: ["" : 18]> net (float[1] x) => (float[1] y) { y = Abs(x) })");
  }

  TensorProto *addTensor(::onnx::ModelProto &model, const char *name, int32_t type,
                         std::vector<int64_t> dims) {
    TensorProto *tensor = model.mutable_graph()->add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(type);
    for (int64_t dim : dims)
      tensor->add_dims(dim);
    return tensor;
  }

  void setExternal(TensorProto *tensor, std::vector<std::pair<const char *, std::string>> entries) {
    tensor->set_data_location(TensorProto::EXTERNAL);
    for (auto &[key, value] : entries) {
      auto *entry = tensor->add_external_data();
      entry->set_key(key);
      entry->set_value(value);
    }
  }

  /// Imports a model with one tensor of external data; the diagnostics.
  std::string importExternal(std::vector<std::pair<const char *, std::string>> entries) {
    ::onnx::ModelProto m = model();
    setExternal(addTensor(m, "w", TensorProto::FLOAT, {40, 30}), std::move(entries));
    import(m);
    return diagnostics;
  }
};

TEST_F(ImportWeights, EqualTensorsInDifferentFieldsAreOneWeight) {
  ::onnx::ModelProto m = model();
  TensorProto *raw = addTensor(m, "raw", TensorProto::FLOAT, {40, 30});
  TensorProto *typed = addTensor(m, "typed", TensorProto::FLOAT, {40, 30});
  std::string bytes;
  for (int i = 0; i < 1200; ++i) {
    float value = i * 0.25f;
    bytes.append(reinterpret_cast<const char *>(&value), 4);
    typed->add_float_data(value);
  }
  raw->set_raw_data(bytes);
  write("w.bin", "..." + bytes);
  setExternal(addTensor(m, "external", TensorProto::FLOAT, {40, 30}),
              {{"location", "w.bin"}, {"offset", "3"}, {"length", "4800"}});
  std::string ir = import(m);
  ASSERT_EQ(store.keys().size(), 1u) << diagnostics;
  std::string key = store.keys()[0];
  EXPECT_EQ(store.lookup(key)->names, (std::vector<std::string>{"raw", "typed", "external"}));
  EXPECT_TRUE(
      StringRef(ir).contains("pleat.weight \"" + key + "\" {names = [\"typed\"]} : tensor<40x30xf32>"))
      << ir;
  std::vector<float> values(2);
  EXPECT_FALSE(errorToBool(store.read(key, 4792, {reinterpret_cast<uint8_t *>(values.data()), 8})));
  EXPECT_EQ(values, (std::vector<float>{299.5f, 299.75f}));
}

TEST_F(ImportWeights, NarrowTypesInIntegerFields) {
  ::onnx::ModelProto m = model();
  TensorProto *half = addTensor(m, "half", TensorProto::FLOAT16, {3000});
  TensorProto *wide = addTensor(m, "wide", TensorProto::INT64, {600});
  TensorProto *mask = addTensor(m, "mask", TensorProto::BOOL, {5000});
  for (int i = 0; i < 3000; ++i)
    half->add_int32_data(0x3c00 + i);
  for (int i = 0; i < 600; ++i)
    wide->add_int64_data(-i);
  for (int i = 0; i < 5000; ++i)
    mask->add_int32_data(i % 3 == 0);
  import(m);
  ASSERT_EQ(store.keys().size(), 3u) << diagnostics;
  uint16_t lastHalf;
  int64_t lastWide;
  uint8_t flags[2];
  EXPECT_FALSE(errorToBool(store.read(store.keys()[0], 5998, {reinterpret_cast<uint8_t *>(&lastHalf), 2})));
  EXPECT_FALSE(errorToBool(store.read(store.keys()[1], 4792, {reinterpret_cast<uint8_t *>(&lastWide), 8})));
  EXPECT_FALSE(errorToBool(store.read(store.keys()[2], 4998, {flags, 2})));
  EXPECT_EQ(lastHalf, 0x3c00 + 2999);
  EXPECT_EQ(lastWide, -599);
  EXPECT_EQ(flags[0], 1);
  EXPECT_EQ(flags[1], 0);
}

TEST_F(ImportWeights, SmallTensorsOfUnusualTypesAreLiterals) {
  ::onnx::ModelProto m = model();
  TensorProto *int4 = addTensor(m, "int4", TensorProto::INT4, {3});
  int4->add_int32_data(0xe1); // 1 and -2
  int4->add_int32_data(0x03);
  addTensor(m, "flags", TensorProto::BOOL, {3})->set_raw_data(std::string("\1\0\1", 3));
  addTensor(m, "bytes", TensorProto::UINT8, {2})->set_raw_data(std::string("\xff\x02", 2));
  addTensor(m, "empty", TensorProto::FLOAT, {0, 4});
  TensorProto *complex = addTensor(m, "complex", TensorProto::COMPLEX64, {1});
  complex->add_float_data(1);
  complex->add_float_data(-2);
  TensorProto *text = addTensor(m, "text", TensorProto::STRING, {2});
  text->add_string_data("a");
  text->add_string_data("b");
  std::string ir = import(m);
  for (StringRef literal : {"dense<[1, -2, 3]> : tensor<3xi4>", "dense<[true, false, true]> : tensor<3xi1>",
                            "dense<[255, 2]> : tensor<2xui8>", "dense<> : tensor<0x4xf32>",
                            "dense<(1.000000e+00,-2.000000e+00)> : tensor<1xcomplex<f32>>",
                            "dense<[\"a\", \"b\"]> : tensor<2x!onnx.string>"})
    EXPECT_TRUE(StringRef(ir).contains(literal)) << literal.str() << " in\n" << ir << diagnostics;
}

TEST_F(ImportWeights, SmallExternalTensorsAreLiterals) {
  ::onnx::ModelProto m = model();
  write("w.bin", StringRef("\0\0\x80\x3f\0\0\0\x40", 8));
  setExternal(addTensor(m, "w", TensorProto::FLOAT, {2}), {{"location", "w.bin"}});
  EXPECT_TRUE(StringRef(import(m)).contains("dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>"))
      << diagnostics;
}

TEST_F(ImportWeights, ExternalDataStaysInTheFolder) {
  write("w.bin", std::string(4800, 'x'));
  EXPECT_EQ(importExternal({{"location", "./w.bin"}}), "");
  std::string name = llvm::sys::path::filename(folder).str();
  for (std::string location :
       {"../" + name + "/w.bin", file("w.bin"), std::string(), std::string("a/../w.bin")}) {
    EXPECT_EQ(importExternal({{"location", location}}),
              "tensor \"w\": external data '" + location + "' lies outside the model's folder\n");
    EXPECT_EQ(status, ImportStatus::InvalidInput);
  }
  ASSERT_EQ(symlink("/etc", file("link").c_str()), 0);
  EXPECT_EQ(importExternal({{"location", "link/passwd"}}),
            "tensor \"w\": external data 'link/passwd' lies outside the model's folder\n");
  ASSERT_EQ(symlink("w.bin", file("inside").c_str()), 0);
  EXPECT_EQ(importExternal({{"location", "inside"}}), "");
}

TEST_F(ImportWeights, ExternalDataErrors) {
  write("w.bin", std::string(4800, 'x'));
  EXPECT_EQ(importExternal({{"location", "absent.bin"}}),
            "tensor \"w\": cannot open external data 'absent.bin': No such file or directory\n");
  EXPECT_EQ(status, ImportStatus::FileAccess);
  EXPECT_EQ(importExternal({{"location", "w.bin"}, {"offset", "1"}}),
            "tensor \"w\": external data 'w.bin' ends at byte 4800, before 4800 bytes at 1\n");
  EXPECT_EQ(
      importExternal({{"location", "w.bin"}, {"offset", "18446744073709551615"}}),
      "tensor \"w\": external data 'w.bin' ends at byte 4800, before 4800 bytes at 18446744073709551615\n");
  EXPECT_EQ(importExternal({{"location", "w.bin"}, {"length", "4799"}}),
            "tensor \"w\": expects 4800 bytes of external data, but got 4799\n");
  EXPECT_EQ(importExternal({{"location", "w.bin"}, {"offset", "-4"}}),
            "tensor \"w\": external data has an offset or a length that is no number\n");
  EXPECT_EQ(status, ImportStatus::InvalidInput);
}

TEST_F(ImportWeights, DataThatDoesNotFitTheShape) {
  auto importRaw = [&](std::vector<int64_t> dims, size_t bytes) {
    ::onnx::ModelProto m = model();
    addTensor(m, "w", TensorProto::FLOAT, dims)->set_raw_data(std::string(bytes, 'x'));
    import(m);
    EXPECT_EQ(status, ImportStatus::InvalidInput);
    return diagnostics;
  };
  EXPECT_EQ(importRaw({1024, 2}, 8000), "tensor \"w\": expects 8192 bytes of data, but got 8000\n");
  EXPECT_EQ(importRaw({1024, 2}, 8196), "tensor \"w\": expects 8192 bytes of data, but got 8196\n");
  EXPECT_EQ(importRaw({int64_t(1) << 62, 8}, 8000), "tensor \"w\": the size of its shape overflows\n");
  EXPECT_EQ(importRaw({-1, 2000}, 8000), "tensor \"w\": the size of its shape overflows\n");
}

TEST_F(ImportWeights, HashCoversTheExternalBytesThatTensorsName) {
  ::onnx::ModelProto m = model();
  setExternal(addTensor(m, "last", TensorProto::FLOAT, {40, 30}),
              {{"location", "w.bin"}, {"offset", "5000"}});
  setExternal(addTensor(m, "first", TensorProto::INT8, {7}), {{"location", "w.bin"}, {"offset", "16"}});
  setExternal(addTensor(m, "other", TensorProto::FLOAT, {2}), {{"location", "b.bin"}});
  std::string text = m.SerializeAsString(), w(9800, 'w'), b = "12345678";
  auto hashOf = [&] {
    write("model.onnx", text);
    write("w.bin", w);
    write("b.bin", b);
    llvm::Expected<std::string> hash = hashModel(file("model.onnx"));
    EXPECT_TRUE(bool(hash)) << llvm::toString(hash.takeError());
    return *hash;
  };
  std::string all = text + w.substr(5000) + w.substr(16, 7) + b;
  auto expected = llvm::BLAKE3::hash<32>({reinterpret_cast<const uint8_t *>(all.data()), all.size()});
  std::string before = hashOf();
  EXPECT_EQ(before, llvm::toHex(expected, /*LowerCase=*/true));
  for (char *byte : {&w[16], &w[22], &w[5000], &w[9799], &b[3]}) {
    ++*byte;
    EXPECT_NE(hashOf(), before);
    --*byte;
  }
  w[0] = w[15] = w[23] = w[4999] = 'x'; // no tensor's bytes
  EXPECT_EQ(hashOf(), before);
  w.resize(9799);
  write("w.bin", w);
  EXPECT_EQ(llvm::toString(hashModel(file("model.onnx")).takeError()),
            "external data 'w.bin' ends at byte 9799, before 4800 bytes at 5000");
}
