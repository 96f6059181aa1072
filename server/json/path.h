// SPDX-License-Identifier: Apache-2.0
// The path of a value within a JSON document.
#pragma once

#include <string>
#include <string_view>

namespace assent::server {

// One step on the way from the document to the value. The steps are on the reader's stack, and are
// formatted only for an error.
struct Path {
  const Path* parent = nullptr;
  std::string_view name;  // the name of a member
  int index = -1;         // the index of an array element; -1: a member
};

// Formats the path as `atomic.branches[1].name`; empty for the document itself (null).
inline std::string ToText(const Path* path) {
  if (path == nullptr) return "";
  std::string text = ToText(path->parent);
  if (path->index >= 0) return text + "[" + std::to_string(path->index) + "]";
  if (!text.empty()) text += '.';
  return text.append(path->name);
}

}  // namespace assent::server
