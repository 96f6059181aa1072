// SPDX-License-Identifier: Apache-2.0
// Parsing: simdjson's on-demand parser walks the text once, and each value is stored directly in
// its field. No value is skipped, because on-demand parsing validates only what it reads.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <simdjson.h>

#include <optional>

#include "assent/v1/transactions.pb.h"
#include "base/base64.h"
#include "base/check.h"
#include "base/number.h"
#include "base/utf8.h"
#include "server/json/codec.h"
#include "server/json/fields.h"
#include "server/json/path.h"
#include "server/json/text.h"

namespace assent::server {
namespace {

namespace pb = google::protobuf;
namespace od = simdjson::ondemand;

std::string_view TrimEnd(std::string_view token) {
  return token.substr(0, token.find_last_not_of(" \n\r\t") + 1);
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

// Moves past a scalar, which is validated but not used.
simdjson::error_code Skip(od::value& value, od::json_type type) {
  switch (type) {
    case od::json_type::string: return value.get_string().error();
    case od::json_type::number: return value.get_number().error();
    case od::json_type::boolean: return value.get_bool().error();
    default: return value.is_null().error();
  }
}

class Reader {
 public:
  // With `locate`, located() is the path of the last value that begins at or before this byte.
  explicit Reader(const char* begin, std::optional<size_t> locate = std::nullopt)
      : begin_(begin), locate_(locate) {}

  bool ReadDocument(od::document& document, pb::Message* message) {
    od::json_type type{};
    if (!Get(document.type(), &type, nullptr)) return false;
    if (type != od::json_type::object) return Expected("an object", type, nullptr);
    od::object object;
    if (!Get(document.get_object(), &object, nullptr)) return false;
    if (!ReadObject(object, message, nullptr)) return false;
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
      return Fail(nullptr, "unexpected data after the JSON document");
    }
    return true;
  }
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
  bool Expected(const char* what, od::json_type found, const Path* path) {
    return Fail(path, std::string("expected ") + what + ", found " + NameOf(found));
  }
  bool Stored(const Result<void>& stored, const Path* path) {
    return stored || Fail(path, stored.error().message);
  }
  template <typename T>
  bool Get(simdjson::simdjson_result<T> from, T* to, const Path* path) {
    const auto code = std::move(from).get(*to);
    return code == simdjson::SUCCESS || Malformed(path, code);
  }

  // Reads the type from the first character; the rest of the value is validated when it is read.
  bool TypeOf(od::value& value, const Path* path, od::json_type* type) {
    if (!Get(value.type(), type, path)) return false;
    if (locate_) {
      const std::string_view token = value.raw_json_token();
      if (static_cast<size_t>(token.data() - begin_) <= *locate_) located_ = ToText(path);
    }
    return true;
  }

  // Calls `read(key, value, its path)` for each member, until it returns false.
  template <typename Read>
  bool ReadMembers(od::object& object, const Path* path, Read read) {
    for (auto entry : object) {
      od::field member;
      std::string_view key;
      if (!Get(std::move(entry), &member, path)) return false;
      if (!Get(member.unescaped_key(), &key, path)) return false;
      const Path here{path, key};
      if (!read(key, member.value(), &here)) return false;
    }
    return true;
  }

  // Calls `read(element, its path)` for each element of an array, until it returns false.
  template <typename Read>
  bool ReadElements(od::value& value, const char* what, const Path* path, Read read) {
    od::json_type type{};
    if (!TypeOf(value, path, &type)) return false;
    if (type != od::json_type::array) return Expected(what, type, path);
    od::array array;
    if (!Get(value.get_array(), &array, path)) return false;
    Path here{path, {}, 0};
    for (auto entry : array) {
      od::value element;
      // get() takes an rvalue. NOLINTNEXTLINE(performance-move-const-arg)
      if (!Get(std::move(entry), &element, &here) || !read(element, &here)) return false;
      ++here.index;
    }
    return true;
  }

  bool ReadObject(od::object& object, pb::Message* message, const Path* path) {
    const pb::Descriptor* type = message->GetDescriptor();
    CHECK(type->field_count() <= 64)
        << type->full_name() << " has more fields than fit into `seen`";
    uint64_t seen = 0;
    return ReadMembers(object, path, [&](std::string_view key, od::value value, const Path* here) {
      const pb::FieldDescriptor* field = FindField(*type, key);
      if (field == nullptr) return Fail(here, "unknown field");
      const uint64_t bit = uint64_t{1} << field->index();
      if ((seen & bit) != 0) return Fail(here, "duplicate field");
      seen |= bit;
      if (const auto* oneof = field->real_containing_oneof()) {
        const auto* other = message->GetReflection()->GetOneofFieldDescriptor(*message, oneof);
        if (other != nullptr)
          return Fail(here, "only one of this and " + other->name() + " may be set");
      }
      return ReadMember(value, field, message, here);
    });
  }

  bool ReadMember(od::value value, const pb::FieldDescriptor* field, pb::Message* message,
                  const Path* path) {
    if (field->is_repeated()) return ReadRepeated(value, field, message, path);
    if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) {
      return ReadScalar(value, field, message, path);
    }
    return ReadMessage(value, message->GetReflection()->MutableMessage(message, field), path);
  }

  bool ReadRepeated(od::value& value, const pb::FieldDescriptor* field, pb::Message* message,
                    const Path* path) {
    CHECK(!field->is_map()) << field->full_name() << " is a map";
    return ReadElements(value, "an array", path, [&](od::value& element, const Path* here) {
      if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) {
        return ReadScalar(element, field, message, here);
      }
      return ReadMessage(element, message->GetReflection()->AddMessage(message, field), here);
    });
  }

  bool ReadMessage(od::value& value, pb::Message* message, const Path* path) {
    const pb::Descriptor* type = message->GetDescriptor();
    static const pb::Descriptor* const kValue = v1::Value::descriptor();
    static const pb::Descriptor* const kRow = v1::Row::descriptor();
    if (type == kValue) return ReadValue(value, static_cast<v1::Value*>(message), path);
    if (type == kRow) return ReadRow(value, static_cast<v1::Row*>(message), path);
    if (type == v1::JsonText::descriptor()) {
      return ReadText(value, static_cast<v1::JsonText*>(message), path);
    }
    od::json_type found{};
    if (!TypeOf(value, path, &found)) return false;
    if (found != od::json_type::object) return Expected("an object", found, path);
    od::object object;
    return Get(value.get_object(), &object, path) && ReadObject(object, message, path);
  }

  bool ReadScalar(od::value& value, const pb::FieldDescriptor* field, pb::Message* message,
                  const Path* path) {
    od::json_type type{};
    if (!TypeOf(value, path, &type)) return false;
    switch (field->cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_STRING:
      case pb::FieldDescriptor::CPPTYPE_ENUM: {
        if (type != od::json_type::string) return Expected("a string", type, path);
        std::string_view text;
        if (!Get(value.get_string(), &text, path)) return false;
        return Stored(StoreText(message, field, text), path);
      }
      case pb::FieldDescriptor::CPPTYPE_BOOL: {
        if (type != od::json_type::boolean) return Expected("true or false", type, path);
        bool truth = false;
        if (!Get(value.get_bool(), &truth, path)) return false;
        StoreBool(message, field, truth);
        return true;
      }
      default: return ReadInteger(value, type, field, message, path);
    }
  }

  bool ReadInteger(od::value& value, od::json_type type, const pb::FieldDescriptor* field,
                   pb::Message* message, const Path* path) {
    std::string_view digits;
    if (type == od::json_type::string && IsWideInteger(field)) {
      if (!Get(value.get_string(), &digits, path)) return false;
    } else if (type == od::json_type::number) {
      digits = TrimEnd(value.raw_json_token());
    } else {
      return Expected("an integer", type, path);
    }
    return Stored(StoreInteger(message, field, digits), path);
  }

  bool ReadValue(od::value& value, v1::Value* to, const Path* path) {
    od::json_type type{};
    if (!TypeOf(value, path, &type)) return false;
    switch (type) {
      case od::json_type::string: {
        std::string_view text;
        if (!Get(value.get_string(), &text, path)) return false;
        to->set_text(text.data(), text.size());
        return true;
      }
      case od::json_type::number: return ReadNumber(TrimEnd(value.raw_json_token()), to, path);
      case od::json_type::boolean: {
        bool truth = false;
        if (!Get(value.get_bool(), &truth, path)) return false;
        to->set_boolean(truth);
        return true;
      }
      case od::json_type::null:
        if (TrimEnd(value.raw_json_token()) != "null")
          return Fail(path, "malformed JSON: not null");
        to->mutable_null();
        return true;
      case od::json_type::object: return ReadValueObject(value, to, path);
      case od::json_type::array: break;
    }
    return Expected("a string, a number, true, false, null or {\"bytes\": \"<base64>\"}", type,
                    path);
  }

  bool ReadValueObject(od::value& value, v1::Value* to, const Path* path) {
    od::object object;
    if (!Get(value.get_object(), &object, path)) return false;
    int members = 0;
    const auto read = [&](std::string_view key, od::value inner, const Path* here) {
      if (key != "bytes") return Fail(here, "unknown field: expected bytes");
      if (++members > 1) return Fail(here, "duplicate field");
      od::json_type type{};
      if (!TypeOf(inner, here, &type)) return false;
      if (type != od::json_type::string) return Expected("a string of base64", type, here);
      std::string_view text;
      if (!Get(inner.get_string(), &text, here)) return false;
      auto bytes = DecodeBase64(text);
      if (!bytes) return Fail(here, "expected base64");
      to->set_bytes(std::move(*bytes));
      return true;
    };
    if (!ReadMembers(object, path, read)) return false;
    return members > 0 || Fail(path, "expected {\"bytes\": \"<base64>\"}");
  }

  bool ReadText(od::value& value, v1::JsonText* to, const Path* path) {
    od::json_type type{};
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

  bool ReadNumber(std::string_view token, v1::Value* to, const Path* path) {
    const NumberShape shape = ShapeOfNumber(token);
    if (shape == NumberShape::kNone) return Fail(path, "malformed JSON: not a number");
    if (shape == NumberShape::kInteger) {
      if (const auto integer = ParseNumber<int64_t>(token)) {
        to->set_integer(*integer);
        return true;
      }
      if (const auto above = ParseNumber<uint64_t>(token)) {
        to->set_unsigned_integer(*above);
        return true;
      }
    }
    to->set_decimal(token.data(), token.size());
    return true;
  }

  bool ReadRow(od::value& value, v1::Row* row, const Path* path) {
    return ReadElements(value, "an array of values", path, [&](od::value& each, const Path* here) {
      return ReadValue(each, row->add_values(), here);
    });
  }

  const char* begin_;
  std::optional<size_t> locate_;
  std::string located_;
  Error error_;
};

// Finds the value that contains the first byte that is not UTF-8, by parsing the text again with
// the bad bytes replaced.
Error NotUtf8(std::string_view json, pb::Message* message) {
  const size_t at = ValidPrefix(json);
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
