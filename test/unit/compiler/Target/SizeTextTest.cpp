// Sizes as readers see them in manifests and headers.
#include "compiler/Target/SizeText.h"

#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace pleat;

TEST(SizeText, ParenthesesWhereAnOperandIsCompound) {
  MLIRContext context;
  AffineExpr n = getAffineSymbolExpr(0, &context), m = getAffineSymbolExpr(1, &context);
  std::string dims[] = {"n", "past"};
  EXPECT_EQ(sizeText(n + m, dims), "n + past");
  EXPECT_EQ(sizeText(n * 2 - 5, dims), "n*2 - 5");
  EXPECT_EQ(sizeText((n + 1) * 3, dims), "(n + 1)*3");
  EXPECT_EQ(sizeText((n + m).floorDiv(4), dims), "(n + past)//4");
  EXPECT_EQ(sizeText(n.ceilDiv(4), dims), "-((-n)//4)");
  EXPECT_EQ(sizeText(n % 8, dims), "n%8");
}
