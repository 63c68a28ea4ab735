// Small matrices: a full decomposition in double. Large ones: a block Krylov method, whose
// cost is a few products with a thin matrix. The error is measured, not estimated.
#include "passes/Compression/DecomposeSvd/TruncatedSvd.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <random>

using namespace pleat;

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using View = Eigen::Map<const Matrix>;

static constexpr int64_t fullLimit = 512;
static constexpr int64_t oversampling = 16;
static constexpr int maxBlocks = 8;
/// Relative change of the captured energy at which the basis is good enough.
static constexpr double settled = 1e-5;

/// An orthonormal basis of the columns of `block`.
static Matrix orthonormal(const Matrix &block) {
  Eigen::HouseholderQR<Eigen::MatrixXf> qr(block);
  return qr.householderQ() * Eigen::MatrixXf::Identity(block.rows(), block.cols());
}

/// ||W - U V||_F / ||W||_F, rows at a time, accumulated in double.
static double relativeError(const View &w, const Matrix &u, const Matrix &v) {
  constexpr int64_t window = 64;
  double error = 0, norm = 0;
  for (int64_t row = 0; row < w.rows(); row += window) {
    int64_t count = std::min<int64_t>(window, w.rows() - row);
    Matrix difference = w.middleRows(row, count) - u.middleRows(row, count) * v;
    error += difference.cast<double>().squaredNorm();
    norm += w.middleRows(row, count).cast<double>().squaredNorm();
  }
  return norm > 0 ? std::sqrt(error / norm) : 0;
}

/// Splits the values over both factors and fixes the signs.
template <typename Left, typename Values, typename Right>
static LowRankFactors makeFactors(const View &w, const Left &left, const Values &values, const Right &right,
                                  int64_t rank) {
  Matrix u(w.rows(), rank), v(rank, w.cols());
  LowRankFactors factors;
  for (int64_t i = 0; i < rank; ++i) {
    double root = std::sqrt(std::max(0.0, static_cast<double>(values(i))));
    Eigen::Index largest;
    left.col(i).cwiseAbs().maxCoeff(&largest);
    double sign = left(largest, i) < 0 ? -1 : 1;
    u.col(i) = (left.col(i).template cast<double>() * (sign * root)).template cast<float>();
    v.row(i) = (right.row(i).template cast<double>() * (sign * root)).template cast<float>();
    factors.singularValues.push_back(static_cast<float>(values(i)));
  }
  factors.rank = rank;
  factors.relativeError = relativeError(w, u, v);
  factors.u.assign(u.data(), u.data() + u.size());
  factors.v.assign(v.data(), v.data() + v.size());
  return factors;
}

static LowRankFactors fullDecomposition(const View &w, int64_t rank) {
  Eigen::MatrixXd dense = w.cast<double>();
  Eigen::BDCSVD<Eigen::MatrixXd> svd(dense, Eigen::ComputeThinU | Eigen::ComputeThinV);
  return makeFactors(w, svd.matrixU(), svd.singularValues(), svd.matrixV().transpose(), rank);
}

/// Removes from `block` what lies in the span of `basis`, whose columns are orthonormal.
/// Twice, as rounding leaves some the first time.
static void removeSpan(const Matrix &basis, Matrix &block) {
  for (int pass = 0; pass < 2; ++pass)
    block -= basis * (basis.transpose() * block);
}

/// An orthonormal basis of what `block` adds to the span of `basis`; nullopt if it adds
/// nothing but rounding.
static std::optional<Matrix> newDirections(const Matrix &basis, Matrix block) {
  removeSpan(basis, block);
  Matrix fresh = orthonormal(block);
  if (basis.cols() == 0)
    return fresh;
  // A block that was nearly within the span is nearly noise, and noise lies anywhere.
  removeSpan(basis, fresh);
  fresh = orthonormal(fresh);
  float overlap = (basis.transpose() * fresh).cwiseAbs().maxCoeff();
  return overlap < 1e-3f ? std::optional(std::move(fresh)) : std::nullopt;
}

/// `matrix` with the columns of `block` behind its own.
static Matrix appendColumns(const Matrix &matrix, const Matrix &block) {
  Matrix joined(block.rows(), matrix.cols() + block.cols());
  joined << matrix, block;
  return joined;
}

/// Left singular vectors and squared singular values of a wide matrix, smallest first.
static Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> leftVectors(const Matrix &wide) {
  Eigen::MatrixXd gram = (wide * wide.transpose()).cast<double>();
  return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(gram);
}

/// Grows a basis of the Krylov space of W W^T, one block at a time, until the energy of the
/// `rank` leading values in it settles.
static LowRankFactors blockKrylov(const View &w, int64_t rank) {
  int64_t shorter = std::min(w.rows(), w.cols()), width = std::min(rank + oversampling, shorter);
  std::mt19937_64 random(0x506c656174); // fixed: same input, same factors
  std::normal_distribution<float> normal;
  Matrix start(w.cols(), width);
  for (int64_t i = 0; i < start.size(); ++i)
    start.data()[i] = normal(random);

  Matrix basis(w.rows(), 0), along(w.cols(), 0); // along = W^T basis
  Matrix block = w * start;
  double energy = 0;
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solved;
  for (int count = 1;; ++count) {
    std::optional<Matrix> fresh = newDirections(basis, std::move(block));
    if (!fresh)
      break;
    basis = appendColumns(basis, *fresh);
    Matrix image = w.transpose() * basis.rightCols(width);
    along = appendColumns(along, image);
    solved = leftVectors(along.transpose());
    double captured = solved.eigenvalues().tail(rank).sum();
    bool isSettled = count > 1 && captured - energy <= settled * captured;
    if (isSettled || count == maxBlocks || basis.cols() + width > shorter)
      break;
    energy = captured;
    block = w * orthonormal(image);
  }
  // Largest first. A value at the level of rounding has no direction, so its factors are zero.
  Matrix vectors = solved.eigenvectors().rightCols(rank).rowwise().reverse().cast<float>();
  Eigen::VectorXd values = solved.eigenvalues().tail(rank).reverse().cwiseMax(0.0).cwiseSqrt();
  Matrix left = basis * vectors, right = vectors.transpose() * along.transpose();
  for (int64_t i = 0; i < rank; ++i) {
    bool isNoise = values(i) <= values(0) * std::numeric_limits<float>::epsilon();
    right.row(i) *= isNoise ? 0.0f : static_cast<float>(1 / values(i));
  }
  return makeFactors(w, left, values, right, rank);
}

LowRankFactors pleat::truncatedSvd(llvm::ArrayRef<float> matrix, int64_t rows, int64_t columns,
                                   int64_t rank) {
  View w(matrix.data(), rows, columns);
  return std::min(rows, columns) <= fullLimit ? fullDecomposition(w, rank) : blockKrylov(w, rank);
}

int64_t pleat::rankForEnergy(llvm::ArrayRef<float> matrix, int64_t rows, int64_t columns, double energy) {
  View w(matrix.data(), rows, columns);
  Eigen::MatrixXd gram = Eigen::MatrixXd::Zero(std::min(rows, columns), std::min(rows, columns));
  constexpr int64_t window = 256;
  int64_t along = std::max(rows, columns);
  for (int64_t begin = 0; begin < along; begin += window) {
    int64_t count = std::min(window, along - begin);
    Eigen::MatrixXd block = rows <= columns
                                ? Eigen::MatrixXd(w.middleCols(begin, count).cast<double>())
                                : Eigen::MatrixXd(w.middleRows(begin, count).cast<double>().transpose());
    gram.selfadjointView<Eigen::Lower>().rankUpdate(block);
  }
  Eigen::VectorXd squares = Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(gram, Eigen::EigenvaluesOnly)
                                .eigenvalues()
                                .cwiseMax(0.0);
  double total = squares.sum(), held = 0;
  int64_t rank = 0;
  while (rank < squares.size() && (rank == 0 || held < energy * total))
    held += squares(squares.size() - 1 - rank++);
  return rank;
}
