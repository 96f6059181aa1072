// SPDX-License-Identifier: Apache-2.0
// Base64 as RFC 4648 section 4 writes it: standard alphabet, padded, no line breaks.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace assent::server {

void AppendBase64(std::string_view bytes, std::string* to);
// Anything but the one canonical form is nullopt: other letters, missing padding, stray bits.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace assent::server
