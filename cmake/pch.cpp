// Holds the precompiled header that every MLIR-using library reuses.
