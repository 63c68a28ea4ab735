// The package finds its files by its own place, so a folder can be moved or copied.
#include "compiler/Artifact/CMakePackage.h"

#include "llvm/ADT/Twine.h"

using namespace llvm;

/// `@` stands for the model's name, `%` for the line about weights.
static constexpr StringLiteral kPackage =
    R"cmake(# The compiled model `@`: targets @::@ (shared) and @::@_static, made by pleat; do not edit.
# A program that uses it:
#   find_package(@ CONFIG REQUIRED PATHS <this folder>)
#   target_link_libraries(app PRIVATE @::@_static)
get_filename_component(_pleat_folder "${CMAKE_CURRENT_LIST_DIR}" ABSOLUTE)
%
if(NOT TARGET @::@)
  add_library(@::@ SHARED IMPORTED)
  set_target_properties(@::@ PROPERTIES
    IMPORTED_LOCATION "${_pleat_folder}/lib@.so"
    IMPORTED_SONAME "lib@.so"
    INTERFACE_INCLUDE_DIRECTORIES "${_pleat_folder}")
endif()
if(NOT TARGET @::@_static)
  add_library(@::@_static STATIC IMPORTED)
  set_target_properties(@::@_static PROPERTIES
    IMPORTED_LOCATION "${_pleat_folder}/lib@.a"
    INTERFACE_INCLUDE_DIRECTORIES "${_pleat_folder}"
    INTERFACE_LINK_LIBRARIES "m;pthread")
endif()
unset(_pleat_folder)
)cmake";

std::string pleat::cmakePackageText(StringRef name, StringRef weightsFile) {
  std::string weights = "# The weights are part of the libraries, or there are none.";
  if (!weightsFile.empty())
    weights = ("set(" + Twine(name) + "_WEIGHTS \"${_pleat_folder}/" + weightsFile + "\")").str();
  std::string text;
  for (char c : kPackage)
    if (c == '@')
      text += name;
    else if (c == '%')
      text += weights;
    else
      text += c;
  return text;
}
