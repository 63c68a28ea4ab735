/* Loading: where weights may come from, and everything that can be wrong with them. */
#include <stdlib.h>

#include "runtime/src/core/checksum.h"
#include "runtime/src/core/model.h"
#include "test/runtime/check.h"
#include "test/runtime/probe.h"

static const char path[] = "load_test.weights";
static uint8_t bytes[IMAGE_MOST_BYTES + 64] __attribute__((aligned(64)));
static pleat_model_desc desc;
static pleat_error error;

static pleat_load_options from_file(void) {
  pleat_load_options options;
  pleat_load_options_init(&options);
  options.weights_path = path;
  return options;
}

static pleat_load_options from_memory(image weights) {
  pleat_load_options options;
  pleat_load_options_init(&options);
  options.weights_data = weights.bytes;
  options.weights_bytes = weights.size;
  return options;
}

static pleat_status load(const pleat_load_options *options) {
  pleat_model *model = NULL;
  pleat_status status = pleat_rt_model_load(&desc, options, &model, &error);
  CHECK((status == PLEAT_STATUS_OK) == (model != NULL));
  pleat_rt_model_destroy(model);
  return status;
}

static void every_source_in_every_mode(void) {
  image weights = probe_image(bytes);
  write_file(path, weights.bytes, weights.size);
  pleat_load_options options[3] = {from_file(), from_memory(weights)};
  pleat_load_options_init(&options[2]);
  desc.embedded_weights = weights.bytes;
  for (int i = 0; i < 3; ++i)
    for (int mode = PLEAT_LOAD_MAP; mode <= PLEAT_LOAD_COPY; ++mode)
      for (int hashes = 0; hashes < 2; ++hashes) {
        options[i].load_mode = mode;
        options[i].check_hashes = hashes;
        pleat_model *model = NULL;
        pleat_model_info info = {sizeof info, 0, 0, 0, NULL};
        CHECK_OK(pleat_rt_model_load(&desc, &options[i], &model, &error));
        CHECK(memcmp(model->weights, weights.bytes, weights.size) == 0);
        CHECK((uintptr_t)model->weights % 64 == 0);
        CHECK_OK(pleat_rt_model_info(model, &info, &error));
        CHECK(info.weights_copied == (mode == PLEAT_LOAD_COPY));
        CHECK(info.weights_bytes == weights.size);
        CHECK(info.level == PLEAT_X86_64_V3 && strcmp(info.level_name, "x86-64-v3") == 0);
        pleat_rt_model_destroy(model);
      }
  desc.embedded_weights = NULL;
}

static void info_fills_what_an_older_host_knows(void) {
  pleat_model_info info = {offsetof(pleat_model_info, weights_bytes), 0, 5, 5, NULL};
  pleat_model *model = probe_load(&desc, probe_image(bytes));
  CHECK_OK(pleat_rt_model_info(model, &info, &error));
  CHECK(info.level == PLEAT_X86_64_V3 && info.weights_copied == 0 && info.weights_bytes == 5);
  info.struct_size = 0;
  CHECK_FAILS(INVALID_ARGUMENT, "model and info expect addresses and info its struct_size", error,
              pleat_rt_model_info(model, &info, &error));
  pleat_rt_model_destroy(model);
}

static void a_model_without_weights_needs_none(void) {
  pleat_model_desc other = desc;
  pleat_model *model = NULL;
  other.weights_bytes = 0;
  CHECK_OK(pleat_rt_model_load(&other, NULL, &model, &error));
  pleat_rt_model_destroy(model);
}

static void weights_must_be_named_once(void) {
  image weights = probe_image(bytes);
  pleat_load_options options = from_file();
  CHECK_FAILS(INVALID_ARGUMENT, "model 'probe' keeps its weights in a file; set weights_path or weights_data",
              error, load(NULL));
  options.weights_data = weights.bytes;
  CHECK_FAILS(INVALID_ARGUMENT, "weights_path and weights_data are both set; give one", error,
              load(&options));
}

static void borrowed_weights_must_be_aligned(void) {
  image weights = probe_image(bytes);
  memmove(bytes + 8, weights.bytes, weights.size);
  image shifted = {bytes + 8, weights.size};
  pleat_load_options options = from_memory(shifted);
  CHECK_FAILS(INVALID_ARGUMENT,
              "weights_data expects an address that is a multiple of 64; align it or use PLEAT_LOAD_COPY",
              error, load(&options));
  options.load_mode = PLEAT_LOAD_COPY;
  CHECK_OK(load(&options));
}

static void files_that_are_none(void) {
  pleat_load_options options = from_file();
  options.weights_path = "no_such_file";
  CHECK_FAILS(IO, "cannot open 'no_such_file' (errno 2)", error, load(&options));
  options.weights_path = "/";
  CHECK_FAILS(IO, "'/' is not a regular file", error, load(&options));
  write_file(path, "", 0);
  options.weights_path = path;
  CHECK_FAILS(BAD_WEIGHTS, "weights file has 0 bytes, fewer than a header", error, load(&options));
}

static void every_truncation_is_found(void) {
  image weights = probe_image(bytes);
  for (size_t size = 0; size < weights.size; ++size) {
    image cut = {weights.bytes, size};
    pleat_load_options memory = from_memory(cut), file = from_file();
    CHECK(load(&memory) == PLEAT_STATUS_BAD_WEIGHTS);
    if (size % 16)
      continue;
    write_file(path, weights.bytes, size);
    CHECK(load(&file) == PLEAT_STATUS_BAD_WEIGHTS);
    file.load_mode = PLEAT_LOAD_COPY;
    CHECK(load(&file) == PLEAT_STATUS_BAD_WEIGHTS);
  }
  image longer = {weights.bytes, weights.size + 64};
  pleat_load_options options = from_memory(longer);
  CHECK_FAILS(BAD_WEIGHTS, "weights file expects 448 bytes, but has 512", error, load(&options));
}

static void every_damaged_byte_of_header_and_table_is_found(void) {
  image weights = probe_image(bytes);
  size_t end = sizeof(pleat_weights_header) + 2 * sizeof(pleat_weights_entry);
  pleat_load_options options = from_memory(weights);
  for (size_t i = 0; i < end; ++i)
    for (int bit = 0; bit < 8; ++bit) {
      weights.bytes[i] ^= (uint8_t)(1 << bit);
      CHECK(load(&options) != PLEAT_STATUS_OK);
      weights.bytes[i] ^= (uint8_t)(1 << bit);
    }
  CHECK_OK(load(&options));
}

static void damaged_content_is_found_when_asked_for(void) {
  image weights = probe_image(bytes);
  pleat_load_options options = from_memory(weights);
  weights.bytes[image_entry(weights, 1)->offset + 5] ^= 1;
  CHECK_OK(load(&options));
  options.check_hashes = 1;
  CHECK_FAILS(HASH_MISMATCH, "weights file has entry 1 at offset 320 whose bytes do not match their hash",
              error, load(&options));
}

/* A writer who knows how the file is sealed still cannot lead the runtime astray. */
static void hostile_tables_are_refused(void) {
  static const struct {
    uint64_t offset, bytes;
  } entries[] = {{0, 12},                /* the header */
                 {192, 12},              /* the table */
                 {256, 12},              /* the first tensor */
                 {324, 12},              /* not aligned */
                 {384, 12},              /* no room behind it */
                 {320, 129},             /* leaves the file */
                 {1 << 20, 0},           /* lies outside the file */
                 {UINT64_MAX - 63, 128}, /* end overflows */
                 {320, UINT64_MAX},
                 {320, UINT64_MAX - 319}};
  for (size_t i = 0; i < sizeof entries / sizeof *entries; ++i) {
    image weights = probe_image(bytes);
    pleat_load_options options = from_memory(weights);
    image_entry(weights, 1)->offset = entries[i].offset;
    image_entry(weights, 1)->bytes = entries[i].bytes;
    reseal_image(weights, 1);
    memcpy(desc.build_id, image_header(weights)->build_id, 32);
    CHECK(load(&options) == PLEAT_STATUS_BAD_WEIGHTS);
  }
  desc = probe_descriptor();
  image weights = probe_image(bytes);
  pleat_load_options options = from_memory(weights);
  image_entry(weights, 1)->offset += 1;
  reseal_image(weights, 0);
  CHECK_FAILS(BAD_WEIGHTS, "weights file has a table that is not its build's", error, load(&options));
}

static void hostile_headers_are_refused(void) {
  static const struct {
    uint64_t table;
    uint32_t entries;
  } headers[] = {{0, 2}, {79, 2}, {84, 2}, {72, 2}, {448, 1}, {1ull << 63, 2}, {80, UINT32_MAX}, {80, 6}};
  for (size_t i = 0; i < sizeof headers / sizeof *headers; ++i) {
    image weights = probe_image(bytes);
    pleat_load_options options = from_memory(weights);
    pleat_weights_header *header = image_header(weights);
    header->table_offset = headers[i].table;
    header->entry_count = headers[i].entries;
    header->header_check = pleat_rt_crc32c(header, offsetof(pleat_weights_header, header_check));
    CHECK(load(&options) == PLEAT_STATUS_BAD_WEIGHTS);
  }
}

static void other_versions_and_builds_say_so(void) {
  image weights = probe_image(bytes);
  pleat_load_options options = from_memory(weights);
  image_header(weights)->version = 7;
  reseal_image(weights, 0);
  CHECK_OK(load(&options));
  image_header(weights)->oldest_reader = 6;
  reseal_image(weights, 0);
  CHECK_FAILS(VERSION_MISMATCH,
              "weights file version 7 needs a reader of version 6 or later, but this runtime reads version 1",
              error, load(&options));
  weights = probe_image(bytes);
  desc.build_id[31] ^= 1;
  CHECK_FAILS(WRONG_BUILD, "weights file belongs to another build than model 'probe'", error, load(&options));
  weights.bytes[0] = 'X';
  CHECK_FAILS(BAD_WEIGHTS, "weights file has another magic number: it is not a weights file", error,
              load(&options));
  desc = probe_descriptor();
}

static void other_abi_versions_say_so(void) {
  pleat_load_options options = from_memory(probe_image(bytes));
  desc.abi_version = 4;
  desc.oldest_runtime = 3;
  CHECK_FAILS(VERSION_MISMATCH,
              "model 'probe' has ABI version 4 and needs a runtime of 3 or later, but this one is 2 and "
              "accepts 2 or later",
              error, load(&options));
  desc = probe_descriptor();
  desc.abi_version = 1;
  CHECK(load(&options) == PLEAT_STATUS_VERSION_MISMATCH);
  desc = probe_descriptor();
  desc.dim_count = PLEAT_MAX_DIMS + 1;
  CHECK_FAILS(UNSUPPORTED, "model 'probe' has 257 dimensions, more than 256", error, load(&options));
  desc = probe_descriptor();
}

static void options_of_other_versions(void) {
  image weights = probe_image(bytes);
  struct {
    pleat_load_options known;
    uint64_t later;
  } newer = {from_memory(weights), 0};
  newer.known.struct_size = sizeof newer;
  CHECK_OK(load(&newer.known));
  newer.later = 1;
  CHECK_FAILS(VERSION_MISMATCH,
              "pleat_load_options uses an option beyond byte 72, which this version does not know", error,
              load(&newer.known));
  pleat_load_options older = from_memory(weights);
  older.load_mode = 99; /* beyond what the older host knew: must not be read */
  older.struct_size = offsetof(pleat_load_options, load_mode);
  CHECK_OK(load(&older));
  older.struct_size = sizeof older;
  CHECK_FAILS(INVALID_ARGUMENT, "load_mode expects a pleat_load_mode, but got 99", error, load(&older));
  older.struct_size = 0;
  CHECK_FAILS(INVALID_ARGUMENT, "pleat_load_options has struct_size 0; fill it with its initialiser", error,
              load(&older));
}

static void allocators_must_be_whole(void) {
  pleat_load_options options = from_memory(probe_image(bytes));
  pleat_allocator half = {sizeof half, NULL, NULL, NULL};
  options.allocator = &half;
  CHECK_FAILS(INVALID_ARGUMENT, "allocator expects both allocate and deallocate", error, load(&options));
}

static char logged[200];
static void log_line(void *self, pleat_log_level level, const char *text) {
  CHECK(self == logged && level == PLEAT_LOG_INFO);
  snprintf(logged, sizeof logged, "%s", text);
}

static void a_load_is_logged(void) {
  pleat_load_options options = from_memory(probe_image(bytes));
  options.log = log_line;
  options.log_self = logged;
  CHECK_OK(load(&options));
  CHECK(strcmp(logged, "model 'probe' runs at level x86-64-v3, 448 bytes of weights used where they lie") ==
        0);
}

static void null_is_harmless(void) {
  pleat_rt_model_destroy(NULL);
  CHECK_FAILS(INVALID_ARGUMENT, "model expects an address, but got NULL", error,
              pleat_rt_model_load(&desc, NULL, NULL, &error));
  CHECK(pleat_rt_model_load(&desc, NULL, NULL, NULL) == PLEAT_STATUS_INVALID_ARGUMENT);
}

int main(void) {
  desc = probe_descriptor();
  RUN_TEST(every_source_in_every_mode);
  RUN_TEST(info_fills_what_an_older_host_knows);
  RUN_TEST(a_model_without_weights_needs_none);
  RUN_TEST(weights_must_be_named_once);
  RUN_TEST(borrowed_weights_must_be_aligned);
  RUN_TEST(files_that_are_none);
  RUN_TEST(every_truncation_is_found);
  RUN_TEST(every_damaged_byte_of_header_and_table_is_found);
  RUN_TEST(damaged_content_is_found_when_asked_for);
  RUN_TEST(hostile_tables_are_refused);
  RUN_TEST(hostile_headers_are_refused);
  RUN_TEST(other_versions_and_builds_say_so);
  RUN_TEST(other_abi_versions_say_so);
  RUN_TEST(options_of_other_versions);
  RUN_TEST(allocators_must_be_whole);
  RUN_TEST(a_load_is_logged);
  RUN_TEST(null_is_harmless);
  remove(path);
  return TEST_RESULT();
}
