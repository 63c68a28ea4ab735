# The ONNX library (targets ONNX::onnx and ONNX::onnx_proto), built by scripts/dev setup.
set(PLEAT_ONNX_DIR "$ENV{HOME}/.cache/pleat/onnx-1.23.2" CACHE PATH "Where ONNX 1.23 is installed")
set(Protobuf_DIR ${CMAKE_CURRENT_LIST_DIR})
find_package(ONNX 1.23 REQUIRED CONFIG PATHS ${PLEAT_ONNX_DIR} NO_DEFAULT_PATH)
