// SPDX-License-Identifier: Apache-2.0
// The files of server/page, which the build embeds in the program (cmake/Embed.cmake).
//
// Threads: any.
#pragma once

#include <span>
#include <string_view>

namespace assent::server {

struct PageFile {
  std::string_view name;  // "index.html"
  std::string_view text;
};

std::span<const PageFile> PageFiles();

}  // namespace assent::server
