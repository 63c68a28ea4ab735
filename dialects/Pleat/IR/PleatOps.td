// All of the pleat dialect, for the generators.
include "dialects/Pleat/IR/WeightOps.td"
include "dialects/Pleat/IR/NeuralOps.td"
include "dialects/Pleat/IR/StructureOps.td"
