// SPDX-License-Identifier: Apache-2.0
// Writing: fields are written in the order of their declaration, so that equal messages have equal
// text.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "assent/v1/transactions.pb.h"
#include "base/base64.h"
#include "base/number.h"
#include "base/utf8.h"
#include "server/json/codec.h"

namespace assent::server {
namespace {

namespace pb = google::protobuf;

// These fields are written even if they have their default value, because clients rely on them.
bool PrintsAllFields(const pb::Descriptor* type) {
  static const std::array<const pb::Descriptor*, 6> kTypes = {
      v1::StatementResult::descriptor(), v1::ResourceView::descriptor(),
      v1::PartnerView::descriptor(),     v1::ResourcesResponse::descriptor(),
      v1::CheckResponse::descriptor(),   v1::Finding::descriptor()};
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end();
}

bool PrintsAlways(const pb::FieldDescriptor* field) {
  static const std::array<const pb::FieldDescriptor*, 4> kFields = {
      v1::Transaction::descriptor()->FindFieldByNumber(v1::Transaction::kOutcomeFieldNumber),
      v1::RunResponse::descriptor()->FindFieldByNumber(v1::RunResponse::kResultsFieldNumber),
      v1::ListResponse::descriptor()->FindFieldByNumber(v1::ListResponse::kTransactionsFieldNumber),
      v1::Cause::descriptor()->FindFieldByNumber(v1::Cause::kMayRetryFieldNumber)};
  return std::find(kFields.begin(), kFields.end(), field) != kFields.end();
}

void AppendString(std::string_view text, std::string* to) {
  constexpr char kHex[] = "0123456789abcdef";
  to->push_back('"');
  size_t plain = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    to->append(text, plain, i - plain);
    plain = i + 1;
    switch (c) {
      case '"': *to += "\\\""; break;
      case '\\': *to += "\\\\"; break;
      case '\n': *to += "\\n"; break;
      case '\r': *to += "\\r"; break;
      case '\t': *to += "\\t"; break;
      default: (*to += "\\u00") += {kHex[c >> 4], kHex[c & 15]};
    }
  }
  to->append(text, plain);
  to->push_back('"');
}

template <typename T>
void AppendInteger(T value, std::string* to) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  to->append(digits, end);
}

void AppendValue(const v1::Value& value, std::string* to) {
  switch (value.kind_case()) {
    case v1::Value::kNull:
    case v1::Value::KIND_NOT_SET: *to += "null"; break;
    case v1::Value::kBoolean: *to += value.boolean() ? "true" : "false"; break;
    case v1::Value::kInteger: AppendInteger(value.integer(), to); break;
    case v1::Value::kUnsignedInteger: AppendInteger(value.unsigned_integer(), to); break;
    case v1::Value::kDecimal:
      // A decimal of a database may not be a valid JSON number: NaN, .5
      if (ShapeOfNumber(value.decimal()) == NumberShape::kNone) {
        AppendString(value.decimal(), to);
      } else {
        *to += value.decimal();
      }
      break;
    case v1::Value::kText: AppendString(value.text(), to); break;
    case v1::Value::kBytes:
      *to += "{\"bytes\":\"";
      AppendBase64(value.bytes(), to);
      *to += "\"}";
      break;
  }
}

void AppendRow(const v1::Row& row, std::string* to) {
  to->push_back('[');
  bool first = true;
  for (const v1::Value& value : row.values()) {
    if (!first) to->push_back(',');
    first = false;
    AppendValue(value, to);
  }
  to->push_back(']');
}

class Writer {
 public:
  Writer(std::string* to, bool is_canonical) : to_(to), is_canonical_(is_canonical) {}

  // `is_top`: this is the outermost message; its canonical form omits gid and issued_at.
  void Write(const pb::Message& message, bool is_top);

 private:
  void WriteScalar(const pb::Message& message, const pb::FieldDescriptor* field);
  void WriteRepeated(const pb::Message& message, const pb::FieldDescriptor* field);
  void WriteBytes(const pb::FieldDescriptor* field, const std::string& content);
  void WriteEnum(const pb::FieldDescriptor* field, int number);

  std::string* to_;
  bool is_canonical_;
};

void Writer::Write(const pb::Message& message, bool is_top) {
  const pb::Descriptor* type = message.GetDescriptor();
  static const pb::Descriptor* const kValue = v1::Value::descriptor();
  static const pb::Descriptor* const kRow = v1::Row::descriptor();
  if (type == kValue) {
    return AppendValue(static_cast<const v1::Value&>(message), to_);
  }
  if (type == kRow) return AppendRow(static_cast<const v1::Row&>(message), to_);
  if (type == v1::JsonText::descriptor()) {
    const std::string& text = static_cast<const v1::JsonText&>(message).text();
    *to_ += text.empty() ? "null" : text;
    return;
  }
  const pb::Reflection* reflection = message.GetReflection();
  const bool all = PrintsAllFields(type);
  to_->push_back('{');
  bool first = true;
  for (int i = 0; i < type->field_count(); ++i) {
    const pb::FieldDescriptor* field = type->field(i);
    const bool is_set = field->is_repeated() ? reflection->FieldSize(message, field) > 0
                                             : reflection->HasField(message, field);
    if (!is_set && !all && !PrintsAlways(field)) continue;
    if (is_canonical_ && is_top && (field->name() == "gid" || field->name() == "issued_at")) {
      continue;
    }
    *to_ += first ? "\"" : ",\"";
    first = false;
    *to_ += field->name();
    *to_ += "\":";
    if (field->is_repeated()) {
      WriteRepeated(message, field);
    } else {
      WriteScalar(message, field);
    }
  }
  to_->push_back('}');
}

void Writer::WriteScalar(const pb::Message& message, const pb::FieldDescriptor* field) {
  const pb::Reflection* reflection = message.GetReflection();
  switch (field->cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_STRING: {
      std::string scratch;
      return WriteBytes(field, reflection->GetStringReference(message, field, &scratch));
    }
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      return Write(reflection->GetMessage(message, field), false);
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      *to_ += reflection->GetBool(message, field) ? "true" : "false";
      return;
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return WriteEnum(field, reflection->GetEnumValue(message, field));
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return AppendInteger(reflection->GetInt32(message, field), to_);
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return AppendInteger(reflection->GetUInt32(message, field), to_);
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return AppendInteger(reflection->GetInt64(message, field), to_);
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return AppendInteger(reflection->GetUInt64(message, field), to_);
    default: CHECK(false) << field->full_name() << " is of a type without a JSON form here";
  }
}

void Writer::WriteRepeated(const pb::Message& message, const pb::FieldDescriptor* field) {
  CHECK(!field->is_map()) << field->full_name() << " is a map";
  const pb::Reflection* reflection = message.GetReflection();
  const int size = reflection->FieldSize(message, field);
  to_->push_back('[');
  for (int i = 0; i < size; ++i) {
    if (i > 0) to_->push_back(',');
    switch (field->cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_STRING: {
        std::string scratch;
        WriteBytes(field, reflection->GetRepeatedStringReference(message, field, i, &scratch));
        break;
      }
      case pb::FieldDescriptor::CPPTYPE_MESSAGE:
        Write(reflection->GetRepeatedMessage(message, field, i), false);
        break;
      case pb::FieldDescriptor::CPPTYPE_BOOL:
        *to_ += reflection->GetRepeatedBool(message, field, i) ? "true" : "false";
        break;
      case pb::FieldDescriptor::CPPTYPE_ENUM:
        WriteEnum(field, reflection->GetRepeatedEnumValue(message, field, i));
        break;
      case pb::FieldDescriptor::CPPTYPE_INT32:
        AppendInteger(reflection->GetRepeatedInt32(message, field, i), to_);
        break;
      case pb::FieldDescriptor::CPPTYPE_UINT32:
        AppendInteger(reflection->GetRepeatedUInt32(message, field, i), to_);
        break;
      case pb::FieldDescriptor::CPPTYPE_INT64:
        AppendInteger(reflection->GetRepeatedInt64(message, field, i), to_);
        break;
      case pb::FieldDescriptor::CPPTYPE_UINT64:
        AppendInteger(reflection->GetRepeatedUInt64(message, field, i), to_);
        break;
      default: CHECK(false) << field->full_name() << " is of a type without a JSON form here";
    }
  }
  to_->push_back(']');
}

void Writer::WriteBytes(const pb::FieldDescriptor* field, const std::string& content) {
  if (field->type() != pb::FieldDescriptor::TYPE_BYTES) return AppendString(content, to_);
  to_->push_back('"');
  AppendBase64(content, to_);
  to_->push_back('"');
}

void Writer::WriteEnum(const pb::FieldDescriptor* field, int number) {
  const auto* name = field->enum_type()->FindValueByNumber(number);
  if (name == nullptr) return AppendInteger(number, to_);
  AppendString(name->name(), to_);
}

}  // namespace

void AppendJson(const pb::Message& message, std::string* to) {
  const size_t from = to->size();
  Writer(to, false).Write(message, true);
  if (simdjson::validate_utf8(to->data() + from, to->size() - from)) return;
  to->replace(from, std::string::npos, ValidUtf8(std::string_view(*to).substr(from)));
}

std::string WriteCanonicalJson(const pb::Message& message) {
  std::string json;
  json.reserve(512);
  Writer(&json, true).Write(message, true);
  return json;
}

std::string WriteJson(const pb::Message& message) {
  std::string json;
  json.reserve(512);
  AppendJson(message, &json);
  return json;
}

}  // namespace assent::server
