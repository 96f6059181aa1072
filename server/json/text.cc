// SPDX-License-Identifier: Apache-2.0
#include "server/json/text.h"

#include <simdjson.h>

#include <algorithm>

#include "base/number.h"

namespace assent::server {
namespace {

namespace od = simdjson::ondemand;

std::string_view Trimmed(std::string_view token) {
  constexpr std::string_view kWhite = " \n\r\t";
  token.remove_prefix(std::min(token.find_first_not_of(kWhite), token.size()));
  return token.substr(0, token.find_last_not_of(kWhite) + 1);
}

// Returns the error for the first number out of range, with its path.
std::optional<Error> FindOutOfRange(od::value value, const std::string& path) {
  od::json_type type;
  if (value.type().get(type)) return std::nullopt;
  if (type == od::json_type::object) {
    od::object object;
    if (value.get_object().get(object)) return std::nullopt;
    for (auto entry : object) {
      od::field member;
      std::string_view key;
      if (std::move(entry).get(member) || member.unescaped_key().get(key)) return std::nullopt;
      std::string below = path + "." + std::string(key);
      if (auto found = FindOutOfRange(member.value(), below)) return found;
    }
  } else if (type == od::json_type::array) {
    od::array array;
    if (value.get_array().get(array)) return std::nullopt;
    size_t index = 0;
    for (auto entry : array) {
      od::value element;
      // get() takes an rvalue. NOLINTNEXTLINE(performance-move-const-arg)
      if (std::move(entry).get(element)) return std::nullopt;
      const std::string below = path + "[" + std::to_string(index++) + "]";
      if (auto found = FindOutOfRange(element, below)) return found;
    }
  } else if (type == od::json_type::number) {
    if (auto why = OutOfRange(Trimmed(value.raw_json_token()))) {
      return Error{ErrorCode::kInvalid, *why, path};
    }
  }
  return std::nullopt;
}

// The same for a whole document: the parser reports a bad number without its position.
std::optional<Error> FindOutOfRange(std::string_view json) {
  if (auto why = OutOfRange(Trimmed(json))) return Error{ErrorCode::kInvalid, *why, ""};
  const simdjson::padded_string padded(json);
  od::parser parser;
  od::document document;
  od::value value;
  if (parser.iterate(padded).get(document) || document.get_value().get(value)) return std::nullopt;
  return FindOutOfRange(value, "");
}

}  // namespace

Result<std::string> CompactJson(std::string_view json) {
  constexpr size_t kMaxLevels = 1'000;
  const auto malformed = [](simdjson::error_code code) {
    return Error{ErrorCode::kInvalid,
                 std::string("malformed JSON: ") + simdjson::error_message(code)};
  };
  simdjson::dom::parser parser;
  if (const auto code = parser.allocate(json.size(), kMaxLevels)) return malformed(code);
  simdjson::dom::element element;
  if (const auto code = parser.parse(json.data(), json.size()).get(element)) {
    const bool is_number = code == simdjson::NUMBER_ERROR;
    if (auto found = is_number ? FindOutOfRange(json) : std::nullopt) return std::move(*found);
    return malformed(code);
  }
  std::string compact(json.size() + simdjson::SIMDJSON_PADDING, '\0');
  size_t size = 0;
  if (const auto code = simdjson::minify(json.data(), json.size(), compact.data(), size)) {
    return malformed(code);
  }
  compact.resize(size);
  return compact;
}

}  // namespace assent::server
