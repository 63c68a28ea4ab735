// Random numbers for inputs: splitmix64 (Steele, Lea, Flood 2014), Box-Muller for normals.
#include "compiler/Driver/RandomInputs.h"

#include "compiler/Artifact/ModelInterface.h"
#include "compiler/Driver/Failure.h"
#include <cmath>
#include <cstring>

using namespace pleat;
using llvm::Expected;

namespace {

class Random {
public:
  explicit Random(uint64_t seed) : state(seed) {}

  uint64_t next() {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  /// In 0 .. count-1; the bias is below count / 2^64.
  uint64_t below(uint64_t count) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(next()) * count) >> 64);
  }

  double normal() {
    constexpr double unit = 1.0 / (uint64_t(1) << 53);
    double radius = std::sqrt(-2 * std::log(((next() >> 11) + 1) * unit));
    return radius * std::cos(6.283185307179586 * ((next() >> 11) * unit));
  }

private:
  uint64_t state;
};

/// How many values an integer input may take, counted from 0.
uint64_t choicesOf(const pleat_model_desc &model, uint32_t input, pleat_type type) {
  std::optional<int64_t> rows;
  for (const pleat_id_check &check : llvm::ArrayRef(model.id_checks, model.id_check_count))
    if (check.input == input)
      rows = std::min(rows.value_or(check.rows), check.rows);
  if (!rows)
    return type == PLEAT_U8 || type == PLEAT_I8 ? 256 : 2;
  // A narrow type may not reach all rows.
  unsigned bits = 8 * elementBytes(type);
  bool isSigned = type == PLEAT_I8 || type == PLEAT_I16 || type == PLEAT_I32 || type == PLEAT_I64;
  uint64_t largest = ~uint64_t(0) >> (64 - bits + (isSigned ? 1 : 0));
  return std::min<uint64_t>(std::max<int64_t>(*rows, 0), largest == ~uint64_t(0) ? largest : largest + 1);
}

template <typename T>
void store(uint8_t *to, T value) {
  std::memcpy(to, &value, sizeof(T));
}

void drawFloats(HostTensor &tensor, Random &random) {
  unsigned width = elementBytes(tensor.type);
  for (size_t at = 0; at < tensor.bytes.size(); at += width) {
    double value = random.normal();
    uint8_t *to = &tensor.bytes[at];
    if (tensor.type == PLEAT_F64)
      store(to, value);
    else if (tensor.type == PLEAT_F32)
      store(to, static_cast<float>(value));
    else
      store(to, tensor.type == PLEAT_F16 ? floatToHalf(value) : floatToBFloat16(value));
  }
}

} // namespace

Expected<std::vector<HostTensor>> pleat::drawInputs(const pleat_model_desc &model, const DimValues &dims,
                                                    uint64_t seed) {
  Expected<std::vector<HostTensor>> inputs = allocateTensors(model, inputsOf(model), dims);
  if (!inputs)
    return inputs;
  for (auto [index, tensor] : llvm::enumerate(*inputs)) {
    Random random(Random(seed).next() ^ Random(index + 1).next());
    if (isFloat(tensor.type)) {
      drawFloats(tensor, random);
      continue;
    }
    uint64_t choices = tensor.type == PLEAT_BOOL ? 2 : choicesOf(model, index, tensor.type);
    if (!choices && !tensor.bytes.empty())
      return fail(ExitCode::InputInvalid, "input '" + tensor.name + "' indexes a table without rows");
    unsigned width = elementBytes(tensor.type);
    for (size_t at = 0; at < tensor.bytes.size(); at += width) {
      uint64_t value = random.below(choices);
      std::memcpy(&tensor.bytes[at], &value, width);
    }
  }
  return inputs;
}
