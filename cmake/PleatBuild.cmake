# How everything of ours is compiled: ccache, lld, warnings, sanitizers.

find_program(PLEAT_CCACHE ccache)
if(PLEAT_CCACHE)
  # Relative paths in the hash, so that two checkouts share one cache.
  foreach(lang C CXX)
    set(CMAKE_${lang}_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
        CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_PCH_EXTSUM=1
        CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
        ${PLEAT_CCACHE})
  endforeach()
endif()

find_program(PLEAT_LLD NAMES ld.lld-22 ld.lld)
if(PLEAT_LLD)
  add_link_options(-fuse-ld=lld)
endif()

add_compile_options(-Wall -Wextra -Wno-unused-parameter)
if(PLEAT_ASSERTS)
  add_compile_definitions(PLEAT_ASSERTS=1)
endif()
foreach(sanitizer IN LISTS PLEAT_SANITIZE)
  add_compile_options(-fsanitize=${sanitizer} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${sanitizer})
endforeach()
if(PLEAT_TIDY)
  set(CMAKE_CXX_CLANG_TIDY clang-tidy-22)
endif()
