// SPDX-License-Identifier: Apache-2.0
// UTF-8 and UTF-16: ODBC's wide calls are the only ones that every driver takes without a locale.
//
// Errors: text that is not UTF-8, or that holds a NUL character (drivers stop there without a
// word), has no UTF-16 form. Lone surrogates from a driver become U+FFFD.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace assent {

std::optional<std::u16string> ToUtf16(std::string_view utf8);
std::string ToUtf8(std::u16string_view utf16);

}  // namespace assent
