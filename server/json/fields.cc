// SPDX-License-Identifier: Apache-2.0
#include "server/json/fields.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cstdint>

#include "base/base64.h"
#include "base/check.h"
#include "base/number.h"

namespace assent::server {
namespace {

namespace pb = google::protobuf;

Error Wrong(std::string message) { return {ErrorCode::kInvalid, std::move(message)}; }

// The names of the enumerators for an error message. "..._UNSPECIFIED" means an omitted field, so
// it is not offered.
std::string NamesToOffer(const pb::EnumDescriptor& type) {
  std::string names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->name().ends_with("_UNSPECIFIED")) continue;
    names += (names.empty() ? "" : ", ") + type.value(i)->name();
  }
  return names;
}

Result<void> StoreEnum(pb::Message* message, const pb::FieldDescriptor* field,
                       std::string_view text) {
  const auto* name = field->enum_type()->FindValueByName(std::string(text));
  if (name == nullptr) return Wrong("expected one of " + NamesToOffer(*field->enum_type()));
  if (field->is_repeated()) {
    message->GetReflection()->AddEnum(message, field, name);
  } else {
    message->GetReflection()->SetEnum(message, field, name);
  }
  return {};
}

}  // namespace

const pb::FieldDescriptor* FindField(const pb::Descriptor& type, std::string_view key) {
  for (int i = 0; i < type.field_count(); ++i) {
    const pb::FieldDescriptor* field = type.field(i);
    if (key == field->name() || key == field->json_name()) return field;
  }
  return nullptr;
}

void StoreBool(pb::Message* message, const pb::FieldDescriptor* field, bool truth) {
  if (field->is_repeated()) {
    message->GetReflection()->AddBool(message, field, truth);
  } else {
    message->GetReflection()->SetBool(message, field, truth);
  }
}

Result<void> StoreText(pb::Message* message, const pb::FieldDescriptor* field,
                       std::string_view text) {
  if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_ENUM) {
    return StoreEnum(message, field, text);
  }
  std::string content(text);
  if (field->type() == pb::FieldDescriptor::TYPE_BYTES) {
    auto bytes = DecodeBase64(text);
    if (!bytes) return Wrong("expected base64");
    content = std::move(*bytes);
  }
  if (field->is_repeated()) {
    message->GetReflection()->AddString(message, field, std::move(content));
  } else {
    message->GetReflection()->SetString(message, field, std::move(content));
  }
  return {};
}

bool IsWideInteger(const pb::FieldDescriptor* field) {
  return field->cpp_type() == pb::FieldDescriptor::CPPTYPE_INT64 ||
         field->cpp_type() == pb::FieldDescriptor::CPPTYPE_UINT64;
}

Result<void> StoreInteger(pb::Message* message, const pb::FieldDescriptor* field,
                          std::string_view number) {
  switch (ShapeOfNumber(number)) {
    case NumberShape::kInteger: break;
    case NumberShape::kDecimal:
      if (IsBeyondIntegers(number)) break;
      return Wrong("expected an integer, found a fraction");
    case NumberShape::kNone: return Wrong("expected an integer");
  }
  if (number == "-0") number.remove_prefix(1);
  const auto store = [&]<typename T>(T, auto set, auto add, const char* range) -> Result<void> {
    const auto integer = ParseNumber<T>(number);
    if (!integer) return Wrong(std::string("out of range: expected ") + range);
    (message->GetReflection()->*(field->is_repeated() ? add : set))(message, field, *integer);
    return {};
  };
  using R = pb::Reflection;
  switch (field->cpp_type()) {
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
  return {};
}

}  // namespace assent::server
