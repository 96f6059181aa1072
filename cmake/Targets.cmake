# SPDX-License-Identifier: Apache-2.0
# Functions that define the libraries and the tests. Each folder is one static library named after it.
#
#   assent_library(log SOURCES a.cc b.cc USES base LINKS vendor::lib)   library  assent_log, assent::log
#   assent_test(log/reader_test SOURCES reader_test.cc USES log)        test     log.reader_test
#
# USES names libraries of this project, LINKS all others. Labels assign tests to tiers: "unit" needs
# no server, "servers" starts real databases, "crash" kills them. A test with one of the latter two
# takes a slot of cmake/test_resources.json, so that with ctest --resource-spec-file two of them run
# at a time. ALONE is for a test whose load would make others time out. ON_MYSQL_TOO also adds a test
# NAME.mysql9, which runs the same program on MySQL 9 instead of MariaDB (scripts/lib/on_mysql).
function(assent_library name)
  cmake_parse_arguments(A "" "" "SOURCES;USES;LINKS" ${ARGN})
  add_library(assent_${name} STATIC ${A_SOURCES})
  add_library(assent::${name} ALIAS assent_${name})
  target_include_directories(assent_${name} PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}>)
  target_link_libraries(assent_${name} PRIVATE $<BUILD_INTERFACE:assent_options>)
  foreach(library IN LISTS A_USES)
    target_link_libraries(assent_${name} PUBLIC assent_${library})
  endforeach()
  target_link_libraries(assent_${name} PUBLIC ${A_LINKS})
endfunction()

function(assent_test path)
  if(NOT ASSENT_TESTS)
    return()
  endif()
  cmake_parse_arguments(A "ALONE;ON_MYSQL_TOO" "LABEL;TIMEOUT" "SOURCES;USES;LINKS" ${ARGN})
  if(NOT A_LABEL)
    set(A_LABEL unit)
  endif()
  if(NOT A_TIMEOUT)
    set(A_TIMEOUT 120)
  endif()
  string(REPLACE "/" "_" target ${path})
  string(REPLACE "/" "." title ${path})
  add_executable(${target} ${A_SOURCES})
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${target} PRIVATE assent_options GTest::gtest GTest::gmock GTest::gtest_main ${A_LINKS})
  foreach(library IN LISTS A_USES)
    target_link_libraries(${target} PRIVATE assent_${library})
  endforeach()
  add_test(NAME ${title} COMMAND ${target})
  set_tests_properties(${title} PROPERTIES LABELS ${A_LABEL} TIMEOUT ${A_TIMEOUT} ENVIRONMENT
    "ASSENT_SOURCE_DIR=${CMAKE_SOURCE_DIR};ASSENT_BIN_DIR=${CMAKE_BINARY_DIR}/bin")
  if(A_LABEL MATCHES "servers|crash")  # the longest first, so that none runs alone at the end
    set_tests_properties(${title} PROPERTIES RESOURCE_GROUPS server_tests:1 COST ${A_TIMEOUT})
  endif()
  if(A_ALONE)
    set_tests_properties(${title} PROPERTIES RUN_SERIAL TRUE)
  endif()
  if(A_ON_MYSQL_TOO)
    set(mysql ${title}.mysql9)
    add_test(NAME ${mysql} COMMAND ${CMAKE_SOURCE_DIR}/scripts/lib/on_mysql $<TARGET_FILE:${target}>)
    foreach(property LABELS TIMEOUT ENVIRONMENT RESOURCE_GROUPS COST)
      get_test_property(${title} ${property} value)
      if(NOT value STREQUAL NOTFOUND)
        set_tests_properties(${mysql} PROPERTIES ${property} "${value}")
      endif()
    endforeach()
    set_tests_properties(${mysql} PROPERTIES SKIP_RETURN_CODE 77)
    if(A_ALONE)
      set_tests_properties(${mysql} PROPERTIES RUN_SERIAL TRUE)
    endif()
  endif()
endfunction()
