// SPDX-License-Identifier: Apache-2.0
// The members of a JSON object, found in its text: the document goes to the server as it is, and
// the server says what is wrong with it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace assent::cli {

// The text of the value of `name` in the outermost object, quotes included; nullopt: not found, or
// the text is not an object. What comes after the member may be malformed.
std::optional<std::string_view> FindMember(std::string_view json, std::string_view name);

// `json` with the member `name` set to the string `value` (of plain letters) in the outermost
// object; text that is not an object comes back unchanged.
std::string WithMember(std::string_view json, std::string_view name, std::string_view value);

}  // namespace assent::cli
