// Singular value decomposition: worked numbers, the bound it attains, both ways of computing it.
#include "passes/Compression/DecomposeSvd/TruncatedSvd.h"

#include <Eigen/Dense>
#include <cmath>
#include <gtest/gtest.h>
#include <random>

using namespace pleat;

static double squaredError(const LowRankFactors &factors, const std::vector<float> &w, int64_t rows,
                           int64_t columns) {
  double error = 0;
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) {
      double sum = 0;
      for (int64_t r = 0; r < factors.rank; ++r)
        sum += static_cast<double>(factors.u[i * factors.rank + r]) * factors.v[r * columns + j];
      error += (w[i * columns + j] - sum) * (w[i * columns + j] - sum);
    }
  return error;
}

// W of worked example T1 (a 3 x 4 matrix): singular values, and the error of ranks 1 and 2.
static const std::vector<float> example{4, 0, 2, 1, 1, 3, 0, -1, 2, -1, 3, 0};

TEST(TruncatedSvd, WorkedExample) {
  LowRankFactors full = truncatedSvd(example, 3, 4, 3);
  EXPECT_NEAR(full.singularValues[0], 5.663718, 1e-6);
  EXPECT_NEAR(full.singularValues[1], 3.414266, 1e-6);
  EXPECT_NEAR(full.singularValues[2], 1.505022, 1e-6);
  EXPECT_LE(full.relativeError, 1e-6);
  EXPECT_NEAR(squaredError(truncatedSvd(example, 3, 4, 1), example, 3, 4), 13.922300, 1e-5);
  LowRankFactors two = truncatedSvd(example, 3, 4, 2);
  EXPECT_NEAR(squaredError(two, example, 3, 4), 2.265091, 1e-5);
  EXPECT_NEAR(two.relativeError, std::sqrt(2.265091 / 46.0), 1e-6);
}

TEST(TruncatedSvd, LargestEntryOfEachLeftVectorIsPositive) {
  LowRankFactors factors = truncatedSvd(example, 3, 4, 2);
  for (int64_t r = 0; r < 2; ++r) {
    float largest = 0;
    for (int64_t i = 0; i < 3; ++i)
      if (std::fabs(factors.u[i * 2 + r]) > std::fabs(largest))
        largest = factors.u[i * 2 + r];
    EXPECT_GT(largest, 0);
  }
}

static std::vector<float> normals(int64_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float &x : values)
    x = normal(random);
  return values;
}

/// A product of two normal matrices and normal noise.
static std::vector<float> lowRankMatrix(int64_t rows, int64_t columns, int64_t rank, float noise) {
  std::vector<float> u = normals(rows * rank, 1), v = normals(rank * columns, 2),
                     w = normals(rows * columns, 3);
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) {
      float sum = noise * w[i * columns + j];
      for (int64_t r = 0; r < rank; ++r)
        sum += u[i * rank + r] * v[r * columns + j];
      w[i * columns + j] = sum;
    }
  return w;
}

// Above 512 x 512 the factors come from a Krylov space: a matrix of rank 8 with a little
// noise must come back to within the noise.
TEST(TruncatedSvd, LargeMatrixOfLowRank) {
  constexpr int64_t rows = 600, columns = 530, rank = 8;
  std::vector<float> w = lowRankMatrix(rows, columns, rank, 1e-4f);
  EXPECT_LE(truncatedSvd(w, rows, columns, rank).relativeError, 1e-4);
  EXPECT_GE(truncatedSvd(w, rows, columns, rank - 1).relativeError, 1e-2);
  EXPECT_EQ(truncatedSvd(w, rows, columns, rank).u, truncatedSvd(w, rows, columns, rank).u);
}

// Once the whole row space is found, further blocks are rounding and must not count.
TEST(TruncatedSvd, LargeMatrixOfExactlyLowRank) {
  std::vector<float> w = lowRankMatrix(530, 600, 8, 0);
  LowRankFactors factors = truncatedSvd(w, 530, 600, 20);
  EXPECT_LE(factors.relativeError, 1e-6);
  EXPECT_LE(factors.singularValues[8], 1e-4f * factors.singularValues[0]);
}

// Values that hardly fall are the hardest case. The full decomposition of this matrix leaves
// sqrt(1 - energy of the 32 largest values).
TEST(TruncatedSvd, LargeMatrixWithAFlatSpectrum) {
  constexpr int64_t rows = 520, columns = 640, rank = 32;
  std::vector<float> w = normals(rows * columns, 4);
  Eigen::Map<Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> map(w.data(), rows,
                                                                                        columns);
  Eigen::VectorXd values = Eigen::BDCSVD<Eigen::MatrixXd>(map.cast<double>()).singularValues();
  double best = std::sqrt(1 - values.head(rank).squaredNorm() / values.squaredNorm());
  double found = truncatedSvd(w, rows, columns, rank).relativeError;
  EXPECT_GE(found, best * (1 - 1e-6));
  EXPECT_LE(found, best * (1 + 1e-3));
}

TEST(TruncatedSvd, RankForEnergy) {
  // Squared singular values of the example: 32.0777, 11.6572, 2.2651; 46 in all.
  EXPECT_EQ(rankForEnergy(example, 3, 4, 0.5), 1);
  EXPECT_EQ(rankForEnergy(example, 3, 4, 0.70), 2);
  EXPECT_EQ(rankForEnergy(example, 3, 4, 0.95), 2);
  EXPECT_EQ(rankForEnergy(example, 3, 4, 0.96), 3);
  EXPECT_EQ(rankForEnergy(example, 4, 3, 1.0), 3);
}
