// SPDX-License-Identifier: Apache-2.0
#include "tcc/operation.h"

#include <algorithm>

namespace assent::tcc {

const char* Name(Operation operation) {
  switch (operation) {
    case Operation::kTry: return "try";
    case Operation::kConfirm: return "confirm";
    case Operation::kCancel: return "cancel";
  }
  return "?";
}

std::string Key::Idempotency(Operation operation) const {
  return gtrid.ToHex() + "/" + branch + "/" + Name(operation);
}

const std::string& Urls::Of(Operation operation) const {
  switch (operation) {
    case Operation::kConfirm: return confirm_url;
    case Operation::kCancel: return cancel_url;
    case Operation::kTry: break;
  }
  return try_url;
}

Urls Urls::FromBase(std::string_view url) {
  const std::string_view query = url.substr(std::min(url.find('?'), url.size()));
  url.remove_suffix(query.size());
  if (url.ends_with('/')) url.remove_suffix(1);
  const auto with = [&](const char* operation) {
    return std::string(url) + "/" + operation + std::string(query);
  };
  return {with("try"), with("confirm"), with("cancel")};
}

}  // namespace assent::tcc
