# SPDX-License-Identifier: Apache-2.0
# Finds the packages of the distribution; scripts/setup installs them.
find_package(Threads REQUIRED)
set(ASSENT_BOOST_VERSION 1.74)
find_package(Boost ${ASSENT_BOOST_VERSION} REQUIRED)
find_package(Protobuf REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(simdjson REQUIRED)
find_package(ODBC REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(MARIADB REQUIRED IMPORTED_TARGET libmariadb)
list(PREPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})
find_package(MySQLCppConn REQUIRED)
find_path(TOMLPLUSPLUS_INCLUDE_DIR toml++/toml.h REQUIRED)
find_path(CLI11_INCLUDE_DIR CLI/CLI.hpp REQUIRED)
if(ASSENT_TESTS)
  find_package(GTest REQUIRED)
endif()

# A transaction allocates on one thread and frees on another, which is cheaper with tcmalloc than
# with the C library. The runtime library without its development package is sufficient, under its
# full name. Sanitizers have their own allocator.
add_library(assent_allocator INTERFACE)
find_library(TCMALLOC_LIBRARY NAMES tcmalloc_minimal libtcmalloc_minimal.so.4)
if(ASSENT_SANITIZE)
elseif(TCMALLOC_LIBRARY)
  target_link_libraries(assent_allocator INTERFACE ${TCMALLOC_LIBRARY})
else()
  message(STATUS "libtcmalloc-minimal4 not found: assentd uses the C library's allocator")
endif()
