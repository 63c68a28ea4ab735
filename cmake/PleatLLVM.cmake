# LLVM/MLIR from the distribution, one precompiled header, and the functions that add
# our dialects and libraries.

find_package(MLIR 22.1 REQUIRED CONFIG HINTS /usr/lib/llvm-22/lib/cmake/mlir)
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)

separate_arguments(PLEAT_LLVM_DEFINITIONS NATIVE_COMMAND "${LLVM_DEFINITIONS}")
add_library(pleat_llvm INTERFACE)
target_compile_definitions(pleat_llvm INTERFACE NDEBUG)
target_compile_options(pleat_llvm INTERFACE ${PLEAT_LLVM_DEFINITIONS})
target_include_directories(pleat_llvm SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
target_include_directories(pleat_llvm INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
target_link_libraries(pleat_llvm INTERFACE MLIR LLVM)

# MLIR headers cost 10 to 35 CPU seconds a file; everything that sees IR shares this one.
add_library(pleat_pch OBJECT ${CMAKE_SOURCE_DIR}/cmake/pch.cpp)
target_link_libraries(pleat_pch PUBLIC pleat_llvm)
target_compile_options(pleat_pch PRIVATE -Xclang -fno-pch-timestamp)
target_precompile_headers(pleat_pch PRIVATE ${CMAKE_SOURCE_DIR}/cmake/pch.h)
# Two checkouts share one ccache only if nothing about the header names a checkout: paths
# are relative to the build folder, where the compiler runs, and ccache is given a checksum
# of what goes into the header instead of the header's own bytes.
set(PLEAT_PCH CMakeFiles/pleat_pch.dir/cmake_pch.hxx)
file(SHA256 ${CMAKE_SOURCE_DIR}/cmake/pch.h pch_hash)
string(SHA256 pch_hash "${pch_hash} ${MLIR_VERSION} ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_BUILD_TYPE} ${PLEAT_SANITIZE}")
file(WRITE ${CMAKE_BINARY_DIR}/${PLEAT_PCH}.pch.sum "${pch_hash}")

# Gives a target's sources the precompiled header.
function(pleat_use_pch name)
  add_dependencies(${name} pleat_pch)
  target_compile_options(${name} PRIVATE -Winvalid-pch
    "SHELL:-Xclang -include-pch -Xclang ${PLEAT_PCH}.pch -Xclang -include -Xclang ${PLEAT_PCH}")
  get_target_property(sources ${name} SOURCES)
  set_property(SOURCE ${sources} APPEND PROPERTY OBJECT_DEPENDS ${CMAKE_BINARY_DIR}/${PLEAT_PCH}.pch)
endfunction()

# pleat_tablegen(<file.td> <out> <mlir-tblgen flags>): <out> appears beside the .td, in the build tree.
find_program(PLEAT_MLIR_TBLGEN NAMES mlir-tblgen-22 mlir-tblgen HINTS ${LLVM_TOOLS_BINARY_DIR} REQUIRED)
function(pleat_tablegen td out)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${out})
  get_filename_component(parent ${output} DIRECTORY)
  file(MAKE_DIRECTORY ${parent})
  set(includes -I${CMAKE_SOURCE_DIR})
  foreach(path IN LISTS MLIR_INCLUDE_DIRS)
    list(APPEND includes -I${path})
  endforeach()
  add_custom_command(OUTPUT ${output}
    COMMAND ${PLEAT_MLIR_TBLGEN} ${ARGN} ${includes} -d ${output}.d -o ${output} ${CMAKE_CURRENT_SOURCE_DIR}/${td}
    DEPFILE ${output}.d DEPENDS ${td} VERBATIM)
  string(MAKE_C_IDENTIFIER "generate_${CMAKE_CURRENT_BINARY_DIR}_${out}" target)
  add_custom_target(${target} DEPENDS ${output})
  set_property(GLOBAL APPEND PROPERTY PLEAT_GENERATED_TARGETS ${target})
endfunction()

# pleat_library(<name> SOURCES ... [LINK ...]): a static library of ours that sees MLIR.
function(pleat_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC pleat_llvm ${ARG_LINK})
  pleat_use_pch(${name})
  get_property(generated GLOBAL PROPERTY PLEAT_GENERATED_TARGETS)
  if(generated)
    add_dependencies(${name} ${generated})
  endif()
endfunction()

# pleat_executable(<name> SOURCES ... [LINK ...]): a program of ours that sees MLIR, in bin/.
function(pleat_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE pleat_llvm ${ARG_LINK})
  # The precompiled header is built with -fPIC; -fPIE would reject it.
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF
                        RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  target_compile_options(${name} PRIVATE -fPIC)
  pleat_use_pch(${name})
  get_property(generated GLOBAL PROPERTY PLEAT_GENERATED_TARGETS)
  add_dependencies(${name} ${generated})
endfunction()

# pleat_dialect(<Name> [SOURCES ...] [LINK ...]): dialect and ops of <Name>Ops.td in this folder.
function(pleat_dialect name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  string(TOLOWER ${name} dialect)
  foreach(kind dialect op attrdef enum typedef)
    pleat_tablegen(${name}Ops.td ${name}.${kind}.h.inc -gen-${kind}-decls)
    pleat_tablegen(${name}Ops.td ${name}.${kind}.cpp.inc -gen-${kind}-defs)
  endforeach()
  pleat_library(Pleat${name}Dialect SOURCES ${ARG_SOURCES} LINK ${ARG_LINK})
endfunction()

# pleat_pass(<Category>/<Name> [sources beyond <Name>.cpp]): one pass, one folder. This line
# builds it and registers its flag; <Name>.td holds `def <Name> : Pass<...>`.
function(pleat_pass path)
  get_filename_component(name ${path} NAME)
  pleat_tablegen(${path}/${name}.td ${path}/${name}.h.inc -gen-pass-decls -name ${name})
  set(sources ${path}/${name}.cpp)
  foreach(extra IN LISTS ARGN)
    list(APPEND sources ${path}/${extra})
  endforeach()
  set_property(GLOBAL APPEND PROPERTY PLEAT_PASS_SOURCES ${sources})
  set_property(GLOBAL APPEND PROPERTY PLEAT_PASSES ${path})
endfunction()

# pleat_pass_library(<library> ...): the library of all passes named so far, and
# passes/AllPasses.inc, which names each.
function(pleat_pass_library library)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  get_property(sources GLOBAL PROPERTY PLEAT_PASS_SOURCES)
  get_property(passes GLOBAL PROPERTY PLEAT_PASSES)
  set(declare "")
  set(register "")
  foreach(path IN LISTS passes)
    get_filename_component(name ${path} NAME)
    string(APPEND declare "#include \"passes/${path}/${name}.h\"\n")
    string(APPEND register "PLEAT_REGISTER(${name}) ")
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/AllPasses.inc CONTENT
"// One entry for each pleat_pass line.
@declare@
#define PLEAT_ALL_PASSES @register@
" @ONLY)
  pleat_library(${library} SOURCES AllPasses.cpp ${sources} LINK ${ARG_LINK})
endfunction()
