// SPDX-License-Identifier: Apache-2.0
// Conversion between UTF-8 and UTF-16, for ODBC's wide functions: only these are independent of the
// locale in every driver.
//
// Errors: ToUtf16 returns nullopt for text that is not UTF-8 or contains a NUL character, where
// drivers stop silently. ToUtf8 turns lone surrogates into U+FFFD.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace assent {

std::optional<std::u16string> ToUtf16(std::string_view utf8);
std::string ToUtf8(std::u16string_view utf16);

}  // namespace assent
