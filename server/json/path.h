// SPDX-License-Identifier: Apache-2.0
// Where a value is within a JSON document.
#pragma once

#include <string>
#include <string_view>

namespace assent::server {

// One step from the document down to the value. The steps live on the reader's stack, and become
// text only when something is wrong.
struct Path {
  const Path* parent = nullptr;
  std::string_view name;  // of a member
  int index = -1;         // of an element; -1: it is a member
};

// `atomic.branches[1].name`; empty for the document itself, which is null.
inline std::string ToText(const Path* path) {
  if (path == nullptr) return "";
  std::string text = ToText(path->parent);
  if (path->index >= 0) return text + "[" + std::to_string(path->index) + "]";
  if (!text.empty()) text += '.';
  return text.append(path->name);
}

}  // namespace assent::server
