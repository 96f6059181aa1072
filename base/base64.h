// SPDX-License-Identifier: Apache-2.0
// Base64 as RFC 4648 section 4 writes it: standard alphabet, padded, no line breaks.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace assent {

// What to do with bits of the last digit that belong to no byte (RFC 4648 section 3.5).
enum class SpareBits : uint8_t { kMustBeZero, kIgnored };

void AppendBase64(std::string_view bytes, std::string* to);
// nullopt: other letters, missing padding, or spare bits that are not zero where they must be.
std::optional<std::string> DecodeBase64(std::string_view text,
                                        SpareBits spare = SpareBits::kMustBeZero);

}  // namespace assent
