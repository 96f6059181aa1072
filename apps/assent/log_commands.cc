// SPDX-License-Identifier: Apache-2.0
#include "apps/assent/log_commands.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <iostream>

#include "apps/assent/commands.h"
#include "assent/log/v1/records.pb.h"
#include "base/bytes.h"
#include "base/time.h"
#include "log/verify.h"

namespace assent::cli {
namespace {

namespace pb = google::protobuf;

std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  }
  return quoted + "\"";
}

std::string DescribeMessage(const pb::Message& message);

std::string DescribeField(const pb::Message& message, const pb::FieldDescriptor* field, int index) {
  const pb::Reflection* r = message.GetReflection();
  const bool one = index < 0;
  switch (field->cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      return "{" +
             DescribeMessage(one ? r->GetMessage(message, field)
                                 : r->GetRepeatedMessage(message, field, index)) +
             "}";
    case pb::FieldDescriptor::CPPTYPE_STRING: {
      const std::string text =
          one ? r->GetString(message, field) : r->GetRepeatedString(message, field, index);
      if (field->type() == pb::FieldDescriptor::TYPE_BYTES) return ToHex(text);
      return text.find_first_of(" \"\\[]{}=\n\t\r") == text.npos ? text : Quoted(text);
    }
    case pb::FieldDescriptor::CPPTYPE_BOOL: return r->GetBool(message, field) ? "yes" : "no";
    case pb::FieldDescriptor::CPPTYPE_ENUM: {
      const int number = r->GetEnumValue(message, field);
      const auto* name = field->enum_type()->FindValueByNumber(number);
      return name == nullptr ? std::to_string(number) : name->name();
    }
    case pb::FieldDescriptor::CPPTYPE_INT32: return std::to_string(r->GetInt32(message, field));
    case pb::FieldDescriptor::CPPTYPE_UINT32: return std::to_string(r->GetUInt32(message, field));
    case pb::FieldDescriptor::CPPTYPE_UINT64: return std::to_string(r->GetUInt64(message, field));
    case pb::FieldDescriptor::CPPTYPE_INT64: {
      const int64_t number = r->GetInt64(message, field);
      return field->name().ends_with("_ns") ? FormatTime({number}) : std::to_string(number);
    }
    default: return "?";
  }
}

std::string DescribeMessage(const pb::Message& message) {
  std::vector<const pb::FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  std::string text;
  for (const pb::FieldDescriptor* field : fields) {
    if (!text.empty()) text += ' ';
    std::string name = field->name();
    if (name.ends_with("_ns")) name.resize(name.size() - 3);
    text += name + '=';
    if (!field->is_repeated()) {
      text += DescribeField(message, field, -1);
      continue;
    }
    text += '[';
    for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
      if (i > 0) text += ' ';
      text += DescribeField(message, field, i);
    }
    text += ']';
  }
  return text;
}

void PrintRecord(const log::DumpedRecord& record) {
  std::cout << "segment " << record.segment << " lsn " << record.lsn << ' ';
  if (record.type == log::RecordType::kPayload) {
    std::cout << DescribeRecord(record.payload);
  } else {
    std::cout << log::ToString(record.type);
    if (record.type == log::RecordType::kReclaimed && record.payload.size() == 8) {
      std::cout << " below segment " << LoadLittle<uint64_t>(record.payload.data());
    }
  }
  std::cout << '\n';
}

// JSON text of a string: protobuf's own, so that it is right for any content.
std::string JsonString(const std::string& text) {
  if (text.empty()) return "\"\"";
  log::v1::Outcome holder;
  holder.set_gid(text);
  std::string json;
  (void)pb::util::MessageToJsonString(holder, &json);
  return json.substr(7, json.size() - 8);  // {"gid":…}
}

void PrintRecordAsJson(const log::DumpedRecord& record) {
  std::cout << "{\"segment\":" << record.segment << ",\"batch_offset\":" << record.batch_offset
            << ",\"lsn\":" << record.lsn << ",\"type\":\"" << log::ToString(record.type) << '"';
  log::v1::Record decoded;
  if (record.type == log::RecordType::kPayload) {
    if (decoded.ParseFromArray(record.payload.data(), static_cast<int>(record.payload.size()))) {
      const std::string gtrid = ToHex(decoded.gtrid());
      decoded.clear_gtrid();
      pb::util::JsonPrintOptions options;
      options.preserve_proto_field_names = true;
      std::string json;
      (void)pb::util::MessageToJsonString(decoded, &json, options);
      std::cout << ",\"transaction\":\"" << gtrid << "\",\"record\":" << json;
    } else {
      std::cout << ",\"payload\":\"" << ToHex(record.payload) << '"';
    }
  } else if (record.type == log::RecordType::kReclaimed && record.payload.size() == 8) {
    std::cout << ",\"below_segment\":" << LoadLittle<uint64_t>(record.payload.data());
  }
  std::cout << "}\n";
}

void PrintSegment(const log::SegmentReport& segment) {
  std::cout << segment.path << ": " << log::ToString(segment.state);
  if (segment.identity) {
    std::cout << ", coordinator " << ToHex(segment.identity->coordinator_id) << ", incarnation "
              << segment.identity->incarnation;
  }
  if (segment.records > 0) {
    std::cout << ", " << segment.records << " records, lsn " << segment.first_lsn << " to "
              << segment.last_lsn;
  }
  if (segment.end > 0) std::cout << ", ends at byte " << segment.end;
  if (segment.torn) std::cout << ", a batch is cut there (nobody was answered on it)";
  if (!segment.damage.empty()) std::cout << "\n  " << segment.damage;
  std::cout << '\n';
}

void PrintReportAsJson(const log::DirectoryReport& report) {
  std::cout << "{\"directory\":" << JsonString(report.directory) << ",\"segments\":[";
  bool first = true;
  for (const log::SegmentReport& segment : report.segments) {
    std::cout << (first ? "" : ",") << "{\"segment\":" << segment.segment
              << ",\"path\":" << JsonString(segment.path) << ",\"state\":\""
              << log::ToString(segment.state) << '"';
    if (segment.identity) {
      std::cout << ",\"coordinator\":\"" << ToHex(segment.identity->coordinator_id)
                << "\",\"incarnation\":" << segment.identity->incarnation;
    }
    std::cout << ",\"records\":" << segment.records << ",\"first_lsn\":" << segment.first_lsn
              << ",\"last_lsn\":" << segment.last_lsn << ",\"end\":" << segment.end
              << ",\"torn\":" << (segment.torn ? "true" : "false")
              << ",\"damage\":" << JsonString(segment.damage) << '}';
    first = false;
  }
  std::cout << "],\"ok\":" << (report.refusal ? "false" : "true");
  if (report.refusal) std::cout << ",\"refusal\":" << JsonString(report.refusal->message);
  std::cout << "}\n";
}

int Conclude(const log::DirectoryReport& report) {
  if (!report.refusal) return kOk;
  std::cerr << "assent: a coordinator would not start on this log: " << report.refusal->message
            << '\n';
  return kError;
}

// Most likely another directory was meant. A coordinator would begin a new log there.
Result<void> HoldsALog(const log::DirectoryReport& report) {
  if (!report.segments.empty()) return {};
  return Error{ErrorCode::kNotFound, report.directory + " contains no log: no file named *.seg"};
}

int Unreadable(const Error& error) {
  std::cerr << "assent: " << error.message << '\n';
  return kError;
}

}  // namespace

std::string DescribeRecord(std::string_view payload) {
  log::v1::Record record;
  if (!record.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return "a payload that is no record: " + ToHex(payload);
  }
  const auto* kind = record.GetReflection()->GetOneofFieldDescriptor(
      record, log::v1::Record::descriptor()->FindOneofByName("kind"));
  if (kind == nullptr) return "a record of a kind that this version does not know";
  std::string text = kind->name();
  if (!record.gtrid().empty()) text += ' ' + ToHex(record.gtrid());
  const std::string fields = DescribeMessage(record.GetReflection()->GetMessage(record, kind));
  return fields.empty() ? text : text + ' ' + fields;
}

int DumpLog(const std::string& directory, bool json) {
  const auto report =
      log::Dump(log::PosixFileSystem(), directory, json ? PrintRecordAsJson : PrintRecord);
  if (!report) return Unreadable(report.error());
  if (auto holds = HoldsALog(*report); !holds) return Unreadable(holds.error());
  return Conclude(*report);
}

int VerifyLog(const std::string& directory, bool json) {
  const auto report = log::Verify(log::PosixFileSystem(), directory);
  if (!report) return Unreadable(report.error());
  if (auto holds = HoldsALog(*report); !holds) return Unreadable(holds.error());
  if (json) {
    PrintReportAsJson(*report);
  } else {
    for (const log::SegmentReport& segment : report->segments) PrintSegment(segment);
    if (!report->refusal) std::cout << "a coordinator would start on this log\n";
  }
  return Conclude(*report);
}

}  // namespace assent::cli
