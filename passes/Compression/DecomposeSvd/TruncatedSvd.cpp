// Small matrices: a full decomposition in double. Large ones: subspace iteration, whose
// cost is a few products with a thin matrix. The error is measured, not estimated.
#include "passes/Compression/DecomposeSvd/TruncatedSvd.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <random>

using namespace pleat;

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using View = Eigen::Map<const Matrix>;

static constexpr int64_t fullLimit = 512;
static constexpr int64_t oversampling = 16;
static constexpr int maxSweeps = 24;
/// Relative change of the captured energy at which the iteration has settled.
static constexpr double settled = 1e-7;

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

static LowRankFactors subspaceIteration(const View &w, int64_t rank) {
  int64_t width = std::min<int64_t>(rank + oversampling, std::min(w.rows(), w.cols()));
  std::mt19937_64 random(0x506c656174); // fixed: same input, same factors
  std::normal_distribution<float> normal;
  Matrix start(w.cols(), width);
  for (int64_t i = 0; i < start.size(); ++i)
    start.data()[i] = normal(random);

  Matrix basis = orthonormal(w * start);
  Matrix projected;
  double energy = 0;
  for (int sweep = 0; sweep < maxSweeps; ++sweep) {
    projected = basis.transpose() * w;
    double captured = projected.cast<double>().squaredNorm();
    if (sweep > 0 && captured - energy <= settled * captured)
      break;
    energy = captured;
    basis = orthonormal(w * orthonormal(projected.transpose()));
  }
  projected = basis.transpose() * w;
  Eigen::BDCSVD<Eigen::MatrixXf> svd(Eigen::MatrixXf(projected), Eigen::ComputeThinU | Eigen::ComputeThinV);
  Eigen::MatrixXf left = basis * svd.matrixU();
  return makeFactors(w, left, svd.singularValues(), svd.matrixV().transpose(), rank);
}

LowRankFactors pleat::truncatedSvd(llvm::ArrayRef<float> matrix, int64_t rows, int64_t columns, int64_t rank) {
  View w(matrix.data(), rows, columns);
  return std::min(rows, columns) <= fullLimit ? fullDecomposition(w, rank) : subspaceIteration(w, rank);
}

int64_t pleat::rankForEnergy(llvm::ArrayRef<float> matrix, int64_t rows, int64_t columns, double energy) {
  View w(matrix.data(), rows, columns);
  Eigen::MatrixXd gram = Eigen::MatrixXd::Zero(std::min(rows, columns), std::min(rows, columns));
  constexpr int64_t window = 256;
  int64_t along = std::max(rows, columns);
  for (int64_t begin = 0; begin < along; begin += window) {
    int64_t count = std::min(window, along - begin);
    Eigen::MatrixXd block = rows <= columns ? Eigen::MatrixXd(w.middleCols(begin, count).cast<double>())
                                            : Eigen::MatrixXd(w.middleRows(begin, count).cast<double>().transpose());
    gram.selfadjointView<Eigen::Lower>().rankUpdate(block);
  }
  Eigen::VectorXd squares =
      Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(gram, Eigen::EigenvaluesOnly).eigenvalues().cwiseMax(0.0);
  double total = squares.sum(), held = 0;
  int64_t rank = 0;
  while (rank < squares.size() && (rank == 0 || held < energy * total))
    held += squares(squares.size() - 1 - rank++);
  return rank;
}
