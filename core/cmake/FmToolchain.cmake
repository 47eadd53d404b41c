# Compiler cache, linker and warnings for our own targets.

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # The sloppiness is what lets ccache store a compile that uses a precompiled header; with DEPEND it reads the
  # compiler's list of headers instead of preprocessing every file twice.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime CCACHE_DEPEND=1 ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  # mold 1.10 lets a .tbss at the end of a page begin the segment that is made read-only, and the loader then refuses
  # the program (1 link in 1000); segments that begin with a page of their own cannot have it.
  add_link_options(-fuse-ld=mold -Wl,-z,separate-code)
endif()

# fm_target(<target>): warnings, sanitizers and the include root that every target of ours shares.
function(fm_target target)
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wno-missing-field-initializers>)
  # What __FILE__ says in an assert is the file's place in the project.
  target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-fmacro-prefix-map=${CMAKE_SOURCE_DIR}/=>)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # GCC 12 sees overlapping copies in "literal" + std::string (its bug 105651).
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
  endif()
  if(FM_WERROR)
    # GCC 12 sees string concatenation leave its buffer where it does not (its bugs 105329, 105651): shown, not fatal.
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-Werror;-Wno-error=array-bounds;-Wno-error=stringop-overflow>)
  endif()
  if(FM_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${FM_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(${target} PUBLIC -fsanitize=${FM_SANITIZE})
  endif()
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR})
endfunction()
