# ONNX asks for protobuf's own package configuration, which Debian does not ship.
find_package(Protobuf REQUIRED MODULE)
