// SPDX-License-Identifier: Apache-2.0
// Try, confirm and cancel: what a partner is asked, under which key, and where.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/gtrid.h"

namespace assent::tcc {

enum class Operation : uint8_t { kTry, kConfirm, kCancel };

const char* Name(Operation operation);  // "try", "confirm", "cancel"

// What a partner keys its barrier on. The gid is not part of it: it can come again.
struct Key {
  core::Gtrid gtrid;
  std::string branch;  // its name
  bool operator==(const Key&) const = default;

  // <gtrid>/<branch>/<operation>: the same for every attempt at one operation.
  std::string Idempotency(Operation operation) const;
};

// Where a partner is asked: a URL for each operation.
struct Urls {
  std::string try_url, confirm_url, cancel_url;
  bool operator==(const Urls&) const = default;

  const std::string& Of(Operation operation) const;
  // {url}/try, {url}/confirm, {url}/cancel; a slash at the end of `url` counts once, and a query
  // stays behind the path.
  static Urls FromBase(std::string_view url);
};

}  // namespace assent::tcc
