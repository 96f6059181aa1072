# SPDX-License-Identifier: Apache-2.0
# Writes C++ that holds text files, each as one raw string; run by the build:
#
#   cmake -D FOLDER=server/page -D "FILES=index.html;main.js" -D OUTPUT=page_files.cc -P Embed.cmake
#
# The interface is server/page_files.h.
set(rows)
foreach(file IN LISTS FILES)
  file(READ ${FOLDER}/${file} text)
  string(LENGTH "${text}" length)
  if(length GREATER 60000)
    message(FATAL_ERROR "${file} is longer than a string literal may be")
  endif()
  string(APPEND rows "    {\"${file}\", R\"~~~~(${text})~~~~\"},\n")
endforeach()
file(WRITE ${OUTPUT} "// Made by cmake/Embed.cmake.
#include \"server/page_files.h\"

namespace assent::server {
namespace {

constexpr PageFile kFiles[] = {
${rows}};

}  // namespace

std::span<const PageFile> PageFiles() { return kFiles; }

}  // namespace assent::server
")
