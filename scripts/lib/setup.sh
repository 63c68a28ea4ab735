# shellcheck shell=bash disable=SC2154
# setup: what a bare Debian 12 lacks. Each step looks first whether its result is there.

packages=(
  clang-22 lld-22 liblld-22-dev libclang-rt-22-dev    # compiler, linker (also as library), sanitizers
  llvm-22-dev llvm-22-tools libmlir-22-dev mlir-22-tools
  clang-format-22 clang-tidy-22
  libprotobuf-dev protobuf-compiler                   # ONNX's files
  libeigen3-dev
  libgtest-dev
  ninja-build ccache python3-venv ca-certificates git
)

setup() {
  setup_packages
  setup_python
  setup_onnx
  say "setup is complete"
}

setup_packages() {
  local missing=() package
  for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || fail "expects Debian 12 with apt-get; install the like of: ${missing[*]}"
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "needs root: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  say "install ${missing[*]}"
  local log
  log=$(mktemp)
  { "${as_root[@]}" apt-get -q update &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get -q install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 ||
    { tail -20 "$log" >&2
      fail "apt-get failed; LLVM 22 comes with Debian 12's security updates: enable bookworm-security"; }
  rm -f "$log"
}

setup_python() {
  local wanted=$root/scripts/requirements.txt
  cmp -s "$wanted" "$venv/requirements.txt" && return
  say "make the Python environment $venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$wanted"
  cp "$wanted" "$venv/requirements.txt"
}

# ONNX's C++ library from its source archive: Debian's package is too old.
setup_onnx() {
  local prefix=$deps/onnx-$onnx_version
  [ -f "$prefix/lib/cmake/ONNX/ONNXConfig.cmake" ] && return
  local work
  work=$(mktemp -d)
  say "build ONNX $onnx_version (about two minutes on two cores)"
  (
    cd "$work"
    # Only onnx itself as source: pip's own build tools come ready made.
    "$venv/bin/pip" download --quiet --no-deps --no-binary onnx "onnx==$onnx_version" >pip.log 2>&1 ||
      { cat pip.log >&2; exit 1; }
    tar xf "onnx-$onnx_version.tar.gz"
    PATH="$venv/bin:$PATH" cmake -G Ninja -S "onnx-$onnx_version" -B build -DCMAKE_BUILD_TYPE=Release \
      -DCMAKE_C_COMPILER=clang-22 -DCMAKE_CXX_COMPILER=clang++-22 -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
      -DONNX_BUILD_PYTHON=OFF -DONNX_USE_PROTOBUF_SHARED_LIBS=OFF -DProtobuf_DIR="$root/cmake" \
      -DCMAKE_INSTALL_PREFIX="$prefix.new" >cmake.log 2>&1 || { cat cmake.log >&2; exit 1; }
    ninja -C build -j "$jobs" install >ninja.log 2>&1 || { tail -30 ninja.log >&2; exit 1; }
  ) || fail "ONNX did not build; its files are in $work"
  # In one step, so that an interrupted build is never taken for a complete one.
  rm -rf "$prefix"
  mv "$prefix.new" "$prefix"
  rm -rf "$work"
}
