# SPDX-License-Identifier: Apache-2.0
# Compiler, linker and cache settings of all targets.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # With a base directory and no hash of the working directory, a clone elsewhere shares the cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=time_macros ${CCACHE_PROGRAM})
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

add_library(assent_options INTERFACE)
target_compile_options(assent_options INTERFACE -Wall -Wextra -Wpedantic -Wnon-virtual-dtor -Wshadow)
if(ASSENT_WERROR)
  target_compile_options(assent_options INTERFACE -Werror)
endif()
if(ASSENT_CRASH_HOOK)
  target_compile_definitions(assent_options INTERFACE ASSENT_CRASH_HOOK=1)
endif()
if(ASSENT_SANITIZE)
  add_compile_options(-fsanitize=${ASSENT_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${ASSENT_SANITIZE})
  # What the sanitizers insert makes GCC take parts of <regex> for uninitialized.
  target_compile_options(assent_options INTERFACE
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  if(ASSENT_SANITIZE MATCHES "thread")
    target_compile_options(assent_options INTERFACE -Wno-tsan)
  endif()
  if(ASSENT_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()
