// SPDX-License-Identifier: Apache-2.0
// The operations try, confirm and cancel, their idempotency keys and their URLs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/gtrid.h"

namespace assent::tcc {

enum class Operation : uint8_t { kTry, kConfirm, kCancel };

const char* Name(Operation operation);  // "try", "confirm", "cancel"

// The key of a partner's barrier. The gid is not part of it, because it can be reused.
struct Key {
  core::Gtrid gtrid;
  std::string branch;  // its name
  bool operator==(const Key&) const = default;

  // <gtrid>/<branch>/<operation>, the same for every attempt at one operation.
  std::string Idempotency(Operation operation) const;
};

// The URLs of a partner, one for each operation.
struct Urls {
  std::string try_url, confirm_url, cancel_url;
  bool operator==(const Urls&) const = default;

  const std::string& Of(Operation operation) const;
  // {url}/try, {url}/confirm, {url}/cancel. A trailing slash of `url` is not doubled, and a query
  // stays after the path.
  static Urls FromBase(std::string_view url);
};

}  // namespace assent::tcc
