// SPDX-License-Identifier: Apache-2.0
// Reading: simdjson's on-demand parser walks the text once and every value goes straight into its
// field. Nothing is skipped unread, so nothing is left unvalidated.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <simdjson.h>

#include <charconv>
#include <cstring>
#include <optional>

#include "assent/v1/transactions.pb.h"
#include "server/json/base64.h"
#include "server/json/codec.h"
#include "server/json/number.h"
#include "server/json/text.h"

namespace assent::server {
namespace {

namespace pb = google::protobuf;
namespace od = simdjson::ondemand;

// Where we are; the nodes lie on the stack and are put together only when something is wrong.
struct Path {
  const Path* parent = nullptr;
  std::string_view name;
  int index = -1;
};

std::string ToText(const Path* path) {
  if (path == nullptr) return "";
  std::string text = ToText(path->parent);
  if (path->index >= 0) return text + "[" + std::to_string(path->index) + "]";
  if (!text.empty()) text += '.';
  return text.append(path->name);
}

std::string_view TrimEnd(std::string_view token) {
  while (!token.empty() && (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' ||
                            token.back() == '\t')) {
    token.remove_suffix(1);
  }
  return token;
}

const char* NameOf(od::json_type type) {
  switch (type) {
    case od::json_type::array: return "an array";
    case od::json_type::object: return "an object";
    case od::json_type::number: return "a number";
    case od::json_type::string: return "a string";
    case od::json_type::boolean: return "a boolean";
    case od::json_type::null: return "null";
  }
  return "something else";
}

template <typename T>
bool FromDigits(std::string_view digits, T* value) {
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), *value);
  return error == std::errc() && end == digits.data() + digits.size();
}

class Reader {
 public:
  // `locate`: stop at nothing, but remember the path of the last value that begins at or before
  // this byte.
  explicit Reader(const char* begin, std::optional<size_t> locate = std::nullopt)
      : begin_(begin), locate_(locate) {}

  bool ReadDocument(od::document& document, pb::Message* message);
  const Error& error() const { return error_; }
  const std::string& located() const { return located_; }

 private:
  bool Fail(const Path* path, std::string message) {
    error_ = {ErrorCode::kInvalid, std::move(message), ToText(path)};
    return false;
  }
  bool Malformed(const Path* path, simdjson::error_code code) {
    return Fail(path, std::string("malformed JSON: ") + simdjson::error_message(code));
  }
  // The type by the first character; the rest of the value is checked when it is read.
  bool TypeOf(od::value& value, const Path* path, od::json_type* type);
  bool Expected(const char* what, od::json_type found, const Path* path) {
    return Fail(path, std::string("expected ") + what + ", found " + NameOf(found));
  }

  bool ReadObject(od::object& object, pb::Message* message, const Path* path);
  bool ReadMember(od::value value, const pb::FieldDescriptor* field, pb::Message* message,
                  const Path* path);
  bool ReadRepeated(od::value& value, const pb::FieldDescriptor* field, pb::Message* message,
                    const Path* path);
  bool ReadMessage(od::value& value, pb::Message* message, const Path* path);
  bool ReadScalar(od::value& value, const pb::FieldDescriptor* field, pb::Message* message,
                  const Path* path);
  bool ReadString(od::value& value, od::json_type type, const pb::FieldDescriptor* field,
                  pb::Message* message, const Path* path);
  bool ReadInteger(od::value& value, od::json_type type, const pb::FieldDescriptor* field,
                   pb::Message* message, const Path* path);
  bool ReadValue(od::value& value, v1::Value* to, const Path* path);
  bool ReadValueObject(od::value& value, v1::Value* to, const Path* path);
  bool ReadNumber(std::string_view token, v1::Value* to, const Path* path);
  bool ReadRow(od::value& value, v1::Row* row, const Path* path);
  bool ReadText(od::value& value, v1::JsonText* to, const Path* path);

  const char* begin_;
  std::optional<size_t> locate_;
  std::string located_;
  Error error_;
};

bool Reader::TypeOf(od::value& value, const Path* path, od::json_type* type) {
  if (const auto code = value.type().get(*type)) return Malformed(path, code);
  if (locate_) {
    const std::string_view token = value.raw_json_token();
    if (static_cast<size_t>(token.data() - begin_) <= *locate_) located_ = ToText(path);
  }
  return true;
}

bool Reader::ReadDocument(od::document& document, pb::Message* message) {
  od::json_type type;
  if (const auto code = document.type().get(type)) return Malformed(nullptr, code);
  if (type != od::json_type::object) return Expected("an object", type, nullptr);
  od::object object;
  if (const auto code = document.get_object().get(object)) return Malformed(nullptr, code);
  if (!ReadObject(object, message, nullptr)) return false;
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
    return Fail(nullptr, "there is something after the JSON document");
  }
  return true;
}

const pb::FieldDescriptor* FindField(const pb::Descriptor* type, std::string_view key) {
  for (int i = 0; i < type->field_count(); ++i) {
    const pb::FieldDescriptor* field = type->field(i);
    if (key == field->name() || key == field->json_name()) return field;
  }
  return nullptr;
}

bool Reader::ReadObject(od::object& object, pb::Message* message, const Path* path) {
  const pb::Descriptor* type = message->GetDescriptor();
  CHECK(type->field_count() <= 64) << type->full_name() << " has more fields than the set of seen";
  uint64_t seen = 0;
  for (auto entry : object) {
    od::field member;
    if (const auto code = std::move(entry).get(member)) return Malformed(path, code);
    std::string_view key;
    if (const auto code = member.unescaped_key().get(key)) return Malformed(path, code);
    const Path here{path, key};
    const pb::FieldDescriptor* field = FindField(type, key);
    if (field == nullptr) return Fail(&here, "unknown field");
    const uint64_t bit = uint64_t{1} << field->index();
    if ((seen & bit) != 0) return Fail(&here, "given twice");
    seen |= bit;
    if (const auto* oneof = field->real_containing_oneof()) {
      const auto* other = message->GetReflection()->GetOneofFieldDescriptor(*message, oneof);
      if (other != nullptr) return Fail(&here, "only one of it and " + other->name() + " may be");
    }
    if (!ReadMember(member.value(), field, message, &here)) return false;
  }
  return true;
}

bool Reader::ReadMember(od::value value, const pb::FieldDescriptor* field, pb::Message* message,
                        const Path* path) {
  if (field->is_repeated()) return ReadRepeated(value, field, message, path);
  if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) {
    return ReadScalar(value, field, message, path);
  }
  return ReadMessage(value, message->GetReflection()->MutableMessage(message, field), path);
}

bool Reader::ReadRepeated(od::value& value, const pb::FieldDescriptor* field, pb::Message* message,
                          const Path* path) {
  CHECK(!field->is_map()) << field->full_name() << " is a map";
  od::json_type type;
  if (!TypeOf(value, path, &type)) return false;
  if (type != od::json_type::array) return Expected("an array", type, path);
  od::array array;
  if (const auto code = value.get_array().get(array)) return Malformed(path, code);
  Path here{path, {}, 0};
  for (auto entry : array) {
    od::value element;
    if (const auto code = std::move(entry).get(element)) return Malformed(&here, code);
    const bool is_message = field->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE;
    if (is_message) {
      pb::Message* to = message->GetReflection()->AddMessage(message, field);
      if (!ReadMessage(element, to, &here)) return false;
    } else if (!ReadScalar(element, field, message, &here)) {
      return false;
    }
    ++here.index;
  }
  return true;
}

bool Reader::ReadMessage(od::value& value, pb::Message* message, const Path* path) {
  const pb::Descriptor* type = message->GetDescriptor();
  static const pb::Descriptor* const kValue = v1::Value::descriptor();
  static const pb::Descriptor* const kRow = v1::Row::descriptor();
  if (type == kValue) {
    return ReadValue(value, static_cast<v1::Value*>(message), path);
  }
  if (type == kRow) return ReadRow(value, static_cast<v1::Row*>(message), path);
  if (type == v1::JsonText::descriptor()) {
    return ReadText(value, static_cast<v1::JsonText*>(message), path);
  }
  od::json_type found;
  if (!TypeOf(value, path, &found)) return false;
  if (found != od::json_type::object) return Expected("an object", found, path);
  od::object object;
  if (const auto code = value.get_object().get(object)) return Malformed(path, code);
  return ReadObject(object, message, path);
}

bool Reader::ReadScalar(od::value& value, const pb::FieldDescriptor* field, pb::Message* message,
                        const Path* path) {
  od::json_type type;
  if (!TypeOf(value, path, &type)) return false;
  switch (field->cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_STRING:
    case pb::FieldDescriptor::CPPTYPE_ENUM: return ReadString(value, type, field, message, path);
    case pb::FieldDescriptor::CPPTYPE_BOOL: {
      if (type != od::json_type::boolean) return Expected("true or false", type, path);
      bool truth = false;
      if (const auto code = value.get_bool().get(truth)) return Malformed(path, code);
      const pb::Reflection* reflection = message->GetReflection();
      if (field->is_repeated()) {
        reflection->AddBool(message, field, truth);
      } else {
        reflection->SetBool(message, field, truth);
      }
      return true;
    }
    default: return ReadInteger(value, type, field, message, path);
  }
}

// "..._UNSPECIFIED" stands for a field that was left out: nobody needs to write it.
std::string NamesToOffer(const pb::EnumDescriptor& type) {
  std::string names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->name().ends_with("_UNSPECIFIED")) continue;
    names += (names.empty() ? "" : ", ") + type.value(i)->name();
  }
  return names;
}

bool Reader::ReadString(od::value& value, od::json_type type, const pb::FieldDescriptor* field,
                        pb::Message* message, const Path* path) {
  if (type != od::json_type::string) return Expected("a string", type, path);
  std::string_view text;
  if (const auto code = value.get_string().get(text)) return Malformed(path, code);
  const pb::Reflection* reflection = message->GetReflection();
  if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_ENUM) {
    const auto* name = field->enum_type()->FindValueByName(std::string(text));
    if (name == nullptr) {
      return Fail(path, "expected one of " + NamesToOffer(*field->enum_type()));
    }
    if (field->is_repeated()) {
      reflection->AddEnum(message, field, name);
    } else {
      reflection->SetEnum(message, field, name);
    }
    return true;
  }
  std::string content(text);
  if (field->type() == pb::FieldDescriptor::TYPE_BYTES) {
    auto bytes = DecodeBase64(text);
    if (!bytes) return Fail(path, "expected base64");
    content = std::move(*bytes);
  }
  if (field->is_repeated()) {
    reflection->AddString(message, field, std::move(content));
  } else {
    reflection->SetString(message, field, std::move(content));
  }
  return true;
}

bool Reader::ReadInteger(od::value& value, od::json_type type, const pb::FieldDescriptor* field,
                         pb::Message* message, const Path* path) {
  const auto kind = field->cpp_type();
  const bool is_wide =
      kind == pb::FieldDescriptor::CPPTYPE_INT64 || kind == pb::FieldDescriptor::CPPTYPE_UINT64;
  std::string_view digits;
  if (type == od::json_type::string && is_wide) {
    if (const auto code = value.get_string().get(digits)) return Malformed(path, code);
  } else if (type == od::json_type::number) {
    digits = TrimEnd(value.raw_json_token());
  } else {
    return Expected("an integer", type, path);
  }
  switch (ShapeOfNumber(digits)) {
    case NumberShape::kInteger: break;
    case NumberShape::kDecimal:
      if (IsBeyondIntegers(digits)) break;
      return Fail(path, "expected an integer, found a fraction");
    case NumberShape::kNone: return Fail(path, "expected an integer");
  }
  if (digits == "-0") digits.remove_prefix(1);
  const pb::Reflection* reflection = message->GetReflection();
  const auto store = [&](auto integer, auto set, auto add, const char* range) {
    if (!FromDigits(digits, &integer)) {
      return Fail(path, std::string("out of range: expected ") + range);
    }
    (reflection->*(field->is_repeated() ? add : set))(message, field, integer);
    return true;
  };
  using R = pb::Reflection;
  switch (kind) {
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return store(int32_t{}, &R::SetInt32, &R::AddInt32, "-2147483648 to 2147483647");
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return store(uint32_t{}, &R::SetUInt32, &R::AddUInt32, "0 to 4294967295");
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return store(int64_t{}, &R::SetInt64, &R::AddInt64,
                   "-9223372036854775808 to 9223372036854775807");
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return store(uint64_t{}, &R::SetUInt64, &R::AddUInt64, "0 to 18446744073709551615");
    default: CHECK(false) << field->full_name() << " is of a type without a JSON form here";
  }
  return false;
}

bool Reader::ReadValue(od::value& value, v1::Value* to, const Path* path) {
  od::json_type type;
  if (!TypeOf(value, path, &type)) return false;
  switch (type) {
    case od::json_type::string: {
      std::string_view text;
      if (const auto code = value.get_string().get(text)) return Malformed(path, code);
      to->set_text(text.data(), text.size());
      return true;
    }
    case od::json_type::number: return ReadNumber(TrimEnd(value.raw_json_token()), to, path);
    case od::json_type::boolean: {
      bool truth = false;
      if (const auto code = value.get_bool().get(truth)) return Malformed(path, code);
      to->set_boolean(truth);
      return true;
    }
    case od::json_type::null:
      if (TrimEnd(value.raw_json_token()) != "null") return Fail(path, "malformed JSON: not null");
      to->mutable_null();
      return true;
    case od::json_type::object: return ReadValueObject(value, to, path);
    case od::json_type::array: break;
  }
  return Expected("a string, a number, true, false, null or {\"bytes\": \"<base64>\"}", type, path);
}

bool Reader::ReadValueObject(od::value& value, v1::Value* to, const Path* path) {
  od::object object;
  if (const auto code = value.get_object().get(object)) return Malformed(path, code);
  int members = 0;
  for (auto entry : object) {
    od::field member;
    if (const auto code = std::move(entry).get(member)) return Malformed(path, code);
    std::string_view key;
    if (const auto code = member.unescaped_key().get(key)) return Malformed(path, code);
    const Path here{path, key};
    if (key != "bytes") return Fail(&here, "unknown field: expected bytes");
    if (++members > 1) return Fail(&here, "given twice");
    od::value inner = member.value();
    od::json_type type;
    if (!TypeOf(inner, &here, &type)) return false;
    if (type != od::json_type::string) return Expected("a string of base64", type, &here);
    std::string_view text;
    if (const auto code = inner.get_string().get(text)) return Malformed(&here, code);
    auto bytes = DecodeBase64(text);
    if (!bytes) return Fail(&here, "expected base64");
    to->set_bytes(std::move(*bytes));
  }
  if (members == 0) return Fail(path, "expected {\"bytes\": \"<base64>\"}");
  return true;
}

// Past a scalar; it is not looked at.
simdjson::error_code Skip(od::value& value, od::json_type type) {
  switch (type) {
    case od::json_type::string: return value.get_string().error();
    case od::json_type::number: return value.get_number().error();
    case od::json_type::boolean: return value.get_bool().error();
    default: return value.is_null().error();
  }
}

bool Reader::ReadText(od::value& value, v1::JsonText* to, const Path* path) {
  od::json_type type;
  if (!TypeOf(value, path, &type)) return false;
  std::string_view text;
  auto code = simdjson::SUCCESS;
  if (type == od::json_type::object) {
    od::object object;
    code = value.get_object().get(object);
    if (!code) code = object.raw_json().get(text);
  } else if (type == od::json_type::array) {
    od::array array;
    code = value.get_array().get(array);
    if (!code) code = array.raw_json().get(text);
  } else {
    text = TrimEnd(value.raw_json_token());
    code = OutOfRange(text) ? simdjson::SUCCESS : Skip(value, type);  // CompactJson refuses it
  }
  if (code) return Malformed(path, code);
  auto compact = CompactJson(TrimEnd(text));
  if (!compact) {
    Fail(path, compact.error().message);
    error_.field += compact.error().field;
    return false;
  }
  to->set_text(std::move(*compact));
  return true;
}

bool Reader::ReadNumber(std::string_view token, v1::Value* to, const Path* path) {
  switch (ShapeOfNumber(token)) {
    case NumberShape::kNone: return Fail(path, "malformed JSON: not a number");
    case NumberShape::kDecimal: break;
    case NumberShape::kInteger: {
      int64_t integer = 0;
      uint64_t above = 0;
      if (FromDigits(token, &integer)) {
        to->set_integer(integer);
        return true;
      }
      if (FromDigits(token, &above)) {
        to->set_unsigned_integer(above);
        return true;
      }
    }
  }
  to->set_decimal(token.data(), token.size());
  return true;
}

bool Reader::ReadRow(od::value& value, v1::Row* row, const Path* path) {
  od::json_type type;
  if (!TypeOf(value, path, &type)) return false;
  if (type != od::json_type::array) return Expected("an array of values", type, path);
  od::array array;
  if (const auto code = value.get_array().get(array)) return Malformed(path, code);
  Path here{path, {}, 0};
  for (auto entry : array) {
    od::value element;
    if (const auto code = std::move(entry).get(element)) return Malformed(&here, code);
    if (!ReadValue(element, row->add_values(), &here)) return false;
    ++here.index;
  }
  return true;
}

// The length of the longest beginning that is valid UTF-8.
size_t ValidUtf8(std::string_view text) {
  size_t low = 0;  // a cut through a character makes the beginning invalid: try the three before it
  size_t high = text.size();
  const auto valid = [&](size_t size) {
    for (size_t back = 0; back < 4 && back <= size; ++back) {
      if (simdjson::validate_utf8(text.data(), size - back)) return true;
    }
    return false;
  };
  while (low < high) {
    const size_t middle = low + (high - low + 1) / 2;
    if (valid(middle)) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  while (low > 0 && !simdjson::validate_utf8(text.data(), low)) --low;
  return low;
}

// Which value holds the first byte that is no UTF-8: read again with the bad bytes replaced.
Error NotUtf8(std::string_view json, pb::Message* message) {
  const size_t at = ValidUtf8(json);
  std::string readable(json);
  for (char& c : readable) {
    if ((c & 0x80) != 0) c = '?';
  }
  simdjson::padded_string padded(readable);
  od::parser parser;
  od::document document;
  Error error{ErrorCode::kInvalid, "byte " + std::to_string(at) + " of the body is not UTF-8"};
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return error;
  Reader reader(padded.data(), at);
  (void)reader.ReadDocument(document, message);
  error.field = reader.located();
  return error;
}

struct Buffers {
  od::parser parser;
  std::string text;
};

}  // namespace

Result<void> ParseJson(std::string_view json, pb::Message* message) {
  constexpr size_t kKeptBytes = 1 << 16;
  thread_local Buffers kept;
  Buffers once;
  Buffers& buffers = json.size() <= kKeptBytes ? kept : once;
  message->Clear();
  buffers.text.reserve(json.size() + simdjson::SIMDJSON_PADDING);
  buffers.text.assign(json);
  od::document document;
  const auto code =
      buffers.parser
          .iterate(buffers.text.data(), json.size(), json.size() + simdjson::SIMDJSON_PADDING)
          .get(document);
  if (code == simdjson::UTF8_ERROR) return NotUtf8(json, message);
  if (code == simdjson::EMPTY) {
    return Error{ErrorCode::kInvalid, "the body is empty: expected a JSON object"};
  }
  if (code != simdjson::SUCCESS) {
    return Error{ErrorCode::kInvalid,
                 std::string("malformed JSON: ") + simdjson::error_message(code)};
  }
  Reader reader(buffers.text.data());
  if (!reader.ReadDocument(document, message)) return reader.error();
  return {};
}

}  // namespace assent::server
