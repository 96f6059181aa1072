// SPDX-License-Identifier: Apache-2.0
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/unknown_field_set.h>

#include <charconv>
#include <cstdint>

#include "assent/v1/transactions.pb.h"
#include "base/number.h"
#include "server/json/codec.h"
#include "server/json/text.h"

namespace assent::server {
namespace {

namespace pb = google::protobuf;

Result<void> Check(pb::Message* message, const std::string& path);

Result<void> CheckValue(v1::Value& value, const std::string& path) {
  switch (value.kind_case()) {
    case v1::Value::kNull: return Check(value.mutable_null(), path);
    case v1::Value::KIND_NOT_SET:
      return Error{ErrorCode::kInvalid, "the value is empty: set `null` for a null", path};
    case v1::Value::kDecimal:
      if (ShapeOfNumber(value.decimal()) == NumberShape::kNone) {
        return Error{ErrorCode::kInvalid, "expected a decimal number in JSON syntax", path};
      }
      return {};
    case v1::Value::kUnsignedInteger:
      if (value.unsigned_integer() <= INT64_MAX) {
        return Error{ErrorCode::kInvalid, "the value fits `integer`: use that field", path};
      }
      return {};
    default: return {};
  }
}

// Replaces the text by the form in which it is sent to partners, without insignificant white space.
Result<void> Compact(v1::JsonText& text, const std::string& path) {
  auto compact = CompactJson(text.text());
  if (!compact)
    return Error{ErrorCode::kInvalid, compact.error().message,
                 path + ".text" + compact.error().field};
  text.set_text(std::move(*compact));
  return {};
}

Result<void> CheckField(pb::Message* message, const pb::FieldDescriptor* field, int index,
                        const std::string& path) {
  const pb::Reflection* reflection = message->GetReflection();
  if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE) {
    return Check(index < 0 ? reflection->MutableMessage(message, field)
                           : reflection->MutableRepeatedMessage(message, field, index),
                 path);
  }
  if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_ENUM) {
    const int number = index < 0 ? reflection->GetEnumValue(*message, field)
                                 : reflection->GetRepeatedEnumValue(*message, field, index);
    if (field->enum_type()->FindValueByNumber(number) == nullptr) {
      return Error{ErrorCode::kInvalid, "unknown value " + std::to_string(number), path};
    }
  }
  return {};
}

Result<void> Check(pb::Message* message, const std::string& path) {
  const pb::Reflection* reflection = message->GetReflection();
  const pb::UnknownFieldSet& unknown = reflection->GetUnknownFields(*message);
  if (!unknown.empty()) {
    return Error{ErrorCode::kInvalid,
                 "unknown field number " + std::to_string(unknown.field(0).number()), path};
  }
  const pb::Descriptor* type = message->GetDescriptor();
  if (type == v1::Value::descriptor()) {
    return CheckValue(static_cast<v1::Value&>(*message), path);
  }
  if (type == v1::JsonText::descriptor()) {
    return Compact(static_cast<v1::JsonText&>(*message), path);
  }
  for (int i = 0; i < type->field_count(); ++i) {
    const pb::FieldDescriptor* field = type->field(i);
    const std::string here = path.empty() ? field->name() : path + "." + field->name();
    if (!field->is_repeated()) {
      if (!reflection->HasField(*message, field)) continue;
      if (auto checked = CheckField(message, field, -1, here); !checked) return checked;
      continue;
    }
    for (int k = 0; k < reflection->FieldSize(*message, field); ++k) {
      auto checked = CheckField(message, field, k, here + "[" + std::to_string(k) + "]");
      if (!checked) return checked;
    }
  }
  return {};
}

}  // namespace

Result<void> CheckMessage(pb::Message* message) { return Check(message, ""); }

}  // namespace assent::server
