# How tests are added: unit tests by GoogleTest, scripts by Python; ctest runs both, lit runs
# everything that is a RUN line, check-pleat runs all.

find_package(GTest REQUIRED)

# pleat_unit_test(<name> SOURCES ... [LINK ...] [IR]): one test program, build/<preset>/test/bin/<name>.
# IR: the sources include MLIR headers (they get the precompiled one and the MLIR libraries).
function(pleat_unit_test name)
  cmake_parse_arguments(ARG "IR" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} GTest::gtest GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test/bin)
  if(ARG_IR)
    target_link_libraries(${name} PRIVATE pleat_llvm)
    # The precompiled header is built with -fPIC; -fPIE would reject it.
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${name} PRIVATE -fPIC)
    pleat_use_pch(${name})
    get_property(generated GLOBAL PROPERTY PLEAT_GENERATED_TARGETS)
    add_dependencies(${name} ${generated})
  endif()
  add_test(NAME unit/${name} COMMAND ${name})
  set_tests_properties(unit/${name} PROPERTIES TIMEOUT 300)
  set_property(GLOBAL APPEND PROPERTY PLEAT_TEST_PROGRAMS ${name})
endfunction()

# pleat_script_test(<name> <script.py> [arguments ...]): a check of the tree in Python.
function(pleat_script_test name script)
  add_test(NAME ${name} COMMAND ${PLEAT_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/${script} ${ARGN}
           WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300)
endfunction()
