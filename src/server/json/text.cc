#include "server/json/text.h"

#include <simdjson.h>

namespace assent::server {

Result<std::string> CompactJson(std::string_view json) {
  constexpr size_t kMostLevels = 1'000;
  const auto malformed = [](simdjson::error_code code) {
    return Error{ErrorCode::kInvalid,
                 std::string("malformed JSON: ") + simdjson::error_message(code)};
  };
  simdjson::dom::parser parser;
  if (const auto code = parser.allocate(json.size(), kMostLevels)) return malformed(code);
  simdjson::dom::element element;
  if (const auto code = parser.parse(json.data(), json.size()).get(element)) return malformed(code);
  std::string compact(json.size() + simdjson::SIMDJSON_PADDING, '\0');
  size_t size = 0;
  if (const auto code = simdjson::minify(json.data(), json.size(), compact.data(), size)) {
    return malformed(code);
  }
  compact.resize(size);
  return compact;
}

}  // namespace assent::server
