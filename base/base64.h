// SPDX-License-Identifier: Apache-2.0
// Base64 of RFC 4648 section 4: standard alphabet, padded, no line breaks.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace assent {

// How to treat the unused bits of the last digit (RFC 4648 section 3.5).
enum class SpareBits : uint8_t { kMustBeZero, kIgnored };

void AppendBase64(std::string_view bytes, std::string* to);
// nullopt for characters outside the alphabet, missing padding, or nonzero spare bits with
// kMustBeZero.
std::optional<std::string> DecodeBase64(std::string_view text,
                                        SpareBits spare = SpareBits::kMustBeZero);

}  // namespace assent
