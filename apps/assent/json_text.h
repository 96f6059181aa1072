// SPDX-License-Identifier: Apache-2.0
// Finds and sets members of a JSON object in its text. The document goes to the server otherwise
// unchanged, and the server validates it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace assent::cli {

// Returns the text of the value of `name` in the outermost object, quotes included; nullopt if the
// member is missing or the text is not an object. The text after the member may be malformed.
std::optional<std::string_view> FindMember(std::string_view json, std::string_view name);

// Returns `json` with the member `name` of the outermost object set to the string `value`, which
// must need no escapes. Text that is not an object is returned unchanged.
std::string WithMember(std::string_view json, std::string_view name, std::string_view value);

}  // namespace assent::cli
