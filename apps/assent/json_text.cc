// SPDX-License-Identifier: Apache-2.0
#include "apps/assent/json_text.h"

#include <simdjson.h>

#include <algorithm>

namespace assent::cli {
namespace {

namespace od = simdjson::ondemand;

constexpr std::string_view kWhite = " \t\r\n";

// The text of a value, possibly followed by white space.
simdjson::simdjson_result<std::string_view> TextOf(od::value value) {
  od::json_type type{};
  if (const auto code = value.type().get(type)) return code;
  switch (type) {
    case od::json_type::object: {
      od::object object;
      if (const auto code = value.get_object().get(object)) return code;
      return object.raw_json();
    }
    case od::json_type::array: {
      od::array array;
      if (const auto code = value.get_array().get(array)) return code;
      return array.raw_json();
    }
    default: return value.raw_json_token();
  }
}

}  // namespace

std::optional<std::string_view> FindMember(std::string_view json, std::string_view name) {
  const simdjson::padded_string padded(json);
  od::parser parser;
  od::document document;
  od::object object;
  if (parser.iterate(padded).get(document) || document.get_object().get(object)) return {};
  for (auto entry : object) {
    od::field member;
    std::string_view key, text;
    if (std::move(entry).get(member) || member.unescaped_key().get(key)) return {};
    if (key != name) continue;
    if (TextOf(member.value()).get(text)) return {};
    text = text.substr(0, text.find_last_not_of(kWhite) + 1);
    return json.substr(static_cast<size_t>(text.data() - padded.data()), text.size());
  }
  return {};
}

std::string WithMember(std::string_view json, std::string_view name, std::string_view value) {
  std::string quoted("\"");
  quoted.append(value).append("\"");
  std::string text(json);
  if (const auto found = FindMember(json, name)) {
    return text.replace(static_cast<size_t>(found->data() - json.data()), found->size(), quoted);
  }
  const size_t brace = std::min(json.find_first_not_of(kWhite), json.size());
  if (!json.substr(brace).starts_with('{')) return text;
  const size_t first = json.find_first_not_of(kWhite, brace + 1);
  const bool is_empty = first != json.npos && json[first] == '}';
  std::string member("\"");
  member.append(name).append("\": ").append(quoted).append(is_empty ? "" : ", ");
  return text.insert(brace + 1, member);
}

}  // namespace assent::cli
