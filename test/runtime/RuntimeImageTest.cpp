/// The images that the compiler embeds, and a model that runs on the bitcode.
#include "runtime/abi/RuntimeImage.h"
#include "runtime/abi/pleat_abi.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

// The entries as entry.c has them, before a model's name takes the place of the prefix.
extern "C" {
struct pleat_model;
struct pleat_session;
pleat_status pleat_entry_model_load(const pleat_load_options *, pleat_model **, pleat_error *);
void pleat_entry_model_destroy(pleat_model *);
pleat_status pleat_entry_session_create(const pleat_model *, const int64_t *, const pleat_session_options *,
                                        pleat_session **, pleat_error *);
void pleat_entry_session_destroy(pleat_session *);
pleat_status pleat_entry_session_run_tensors(pleat_session *, const pleat_tensor *, const pleat_tensor *,
                                             pleat_error *);
}

namespace {

std::string contents(const char *path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(RuntimeImage, IsTheBitcodeThatWasBuilt) {
  std::string file = contents(BITCODE);
  ASSERT_FALSE(file.empty());
  EXPECT_TRUE(pleat::runtimeBitcode() == file);
  EXPECT_EQ(file.substr(0, 2), "BC");
}

TEST(RuntimeImage, HeaderTextIsThePublicHeader) {
  std::string file = contents(PUBLIC_HEADER);
  ASSERT_FALSE(file.empty());
  EXPECT_TRUE(pleat::publicHeaderText() == file);
}

TEST(RuntimeImage, ModelRunsOnTheBitcode) {
  pleat_load_options options;
  pleat_load_options_init(&options);
  options.weights_path = "tiny.weights";
  pleat_model *model = nullptr;
  pleat_session *session = nullptr;
  pleat_error error = {};
  ASSERT_EQ(pleat_entry_model_load(&options, &model, &error), PLEAT_STATUS_OK) << error.text;
  ASSERT_EQ(pleat_entry_session_create(model, nullptr, nullptr, &session, &error), PLEAT_STATUS_OK)
      << error.text;
  float x[3] = {1, 2, 3}, y[2] = {};
  const pleat_tensor input = {PLEAT_F32, 2, {1, 3}, x}, output = {PLEAT_F32, 2, {1, 2}, y};
  EXPECT_EQ(pleat_entry_session_run_tensors(session, &input, &output, &error), PLEAT_STATUS_OK) << error.text;
  EXPECT_EQ(y[0], 4);
  EXPECT_EQ(y[1], 5);
  pleat_entry_session_destroy(session);
  pleat_entry_model_destroy(model);
}

} // namespace
