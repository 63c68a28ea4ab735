// Recipes become pipelines; mistakes are told with their place.
#include "compiler/Pipelines/Recipe.h"

#include <gtest/gtest.h>

using namespace pleat;

static std::string pipelineOf(llvm::StringRef text) {
  llvm::Expected<Recipe> recipe = parseRecipe(text, "r.yaml");
  return recipe ? recipe->pipeline : "error: " + llvm::toString(recipe.takeError());
}

TEST(Recipe, PassWithSelectors) {
  EXPECT_EQ(pipelineOf("version: 1\npasses:\n  - pass: decompose-svd\n    targets: [\"l*.w1\", "
                       "\"re:fc[12]$\"]\n    rank: 64\n"),
            "pleat-decompose-svd{targets=l*.w1,re:fc[12]$ rank=64}");
}

TEST(Recipe, Precision) {
  EXPECT_EQ(
      pipelineOf(
          "version: 1\npasses:\n  - pass: set-precision\n    precision: f32-split\n    ignore: [head]\n"),
      "pleat-set-precision{precision=f32-split ignore=head}");
  EXPECT_EQ(pipelineOf("version: 1\npasses:\n  - pass: set-precision\n    precision: f16\n"),
            "error: r.yaml:4:16: key 'precision' expects one of f32, f32-split, bf16, but got 'f16'");
  EXPECT_EQ(pipelineOf("version: 1\npasses:\n  - pass: set-precision\n    targets: [fc1]\n"),
            "error: r.yaml:3:5: pass set-precision expects a key precision");
}

TEST(Recipe, LayersAreRolledForThePassThatCountsThem) {
  EXPECT_EQ(
      pipelineOf("version: 1\npasses:\n  - pass: reduce-steps\n    iterations: 6\n    residual: block\n"),
      "func.func(pleat-roll-layers),pleat-reduce-steps{iterations=6 "
      "residual=block},func.func(pleat-unroll-layers)");
  EXPECT_EQ(
      pipelineOf("version: 1\npasses:\n  - pass: reduce-steps\n    iterations: 6\n    residual: both\n"),
      "error: r.yaml:5:15: key 'residual' expects one of branch, block, but got 'both'");
}

static std::string dataOf(llvm::StringRef value, llvm::StringRef path) {
  llvm::Expected<Recipe> recipe = parseRecipe(("version: 1\ndata: " + value + "\n").str(), path);
  return recipe ? recipe->data : "error: " + llvm::toString(recipe.takeError());
}

TEST(Recipe, DataIsFoundFromTheRecipe) {
  EXPECT_EQ(dataOf("rows.npz", "recipes/r.yaml"), "recipes/rows.npz");
  EXPECT_EQ(dataOf("rows.npz", "r.yaml"), "rows.npz");
  EXPECT_EQ(dataOf("/rows.npz", "recipes/r.yaml"), "/rows.npz");
  EXPECT_EQ(dataOf("random:3", "recipes/r.yaml"), "random:3");
  EXPECT_EQ(dataOf("''", "r.yaml"),
            "error: r.yaml:2:7: expected a file, a folder or random:SEED, but got nothing");
  EXPECT_EQ(dataOf("[a]", "r.yaml"), "error: r.yaml:2:8: expected a file, a folder or random:SEED");
}

TEST(Recipe, PassesThatCanMeasureDoSo) {
  llvm::Expected<Recipe> recipe =
      parseRecipe("version: 1\npasses:\n  - pass: decompose-svd\n    rank: 3\n  - pass: set-precision\n"
                  "    precision: bf16\n",
                  "r.yaml", /*measure=*/true);
  ASSERT_TRUE(bool(recipe)) << llvm::toString(recipe.takeError());
  EXPECT_EQ(recipe->pipeline, "pleat-decompose-svd{rank=3 measure=true},pleat-set-precision{precision=bf16}");
}

TEST(Recipe, NoPasses) { EXPECT_EQ(pipelineOf("version: 1\n"), ""); }

TEST(Recipe, Mistakes) {
  EXPECT_EQ(pipelineOf("version: 1\nbudget: 3\n"),
            "error: r.yaml:2:1: unknown key 'budget'; known: version, data, passes");
  EXPECT_EQ(pipelineOf("version: 2\n"), "error: r.yaml:1:10: expected version 1, but got 2");
  EXPECT_EQ(pipelineOf("passes: []\n"), "error: r.yaml:1:1: expected a key 'version'; write version: 1");
  EXPECT_EQ(pipelineOf("version: 1\npasses:\n  - pass: prune\n"),
            "error: r.yaml:3:11: unknown pass 'prune'; known: decompose-svd, set-precision, reduce-steps");
  EXPECT_EQ(pipelineOf("version: 1\npasses:\n  - pass: decompose-svd\n    ranks: 3\n"),
            "error: r.yaml:4:5: unknown key 'ranks' of pass decompose-svd; known: pass, targets, ignore, "
            "rank, ratio, energy");
  EXPECT_EQ(pipelineOf("version: 1\npasses:\n  - pass: decompose-svd\n    rank: many\n"),
            "error: r.yaml:4:11: key 'rank' expects an integer, but got 'many'");
  EXPECT_EQ(pipelineOf("version: 1\npasses:\n  - pass: decompose-svd\n    rank: 3\n    ratio: 0.5\n"),
            "error: r.yaml:3:5: pass decompose-svd expects exactly one of rank, ratio, energy");
}

TEST(Recipe, BrokenYamlIsNoCrash) {
  for (const char *text : {"", "[", "version: [1", "- a\n", "version: 1\npasses: {}\n", "\xff\xfe"})
    EXPECT_EQ(pipelineOf(text).substr(0, 14), "error: r.yaml:") << text;
}
