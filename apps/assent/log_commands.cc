// SPDX-License-Identifier: Apache-2.0
// Prints the records of a log directory, and whether a coordinator would start with it.
#include "apps/assent/log_commands.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>
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

using TextFormat = pb::TextFormat;

class HexPrinter final : public TextFormat::FastFieldValuePrinter {
 public:
  void PrintBytes(const std::string& bytes,
                  TextFormat::BaseTextGenerator* generator) const override {
    generator->PrintString(ToHex(bytes));
  }
};

// Prints a field whose name ends with _ns (nanoseconds since 1970) as a date and time.
class TimePrinter final : public TextFormat::FastFieldValuePrinter {
 public:
  void PrintInt64(int64_t ns, TextFormat::BaseTextGenerator* generator) const override {
    generator->PrintString(FormatTime({ns}));
  }
  void PrintFieldName(const pb::Message&, int, int, const pb::Reflection*,
                      const pb::FieldDescriptor* field,
                      TextFormat::BaseTextGenerator* generator) const override {
    generator->PrintString(field->name().substr(0, field->name().size() - 3));
  }
};

// Protobuf's text format on one line, with bytes as hexadecimal digits and readable times. Never
// destroyed.
const TextFormat::Printer& RecordPrinter() {
  static const TextFormat::Printer& printer = *[] {
    auto* made = new TextFormat::Printer;
    made->SetSingleLineMode(true);
    made->SetUseUtf8StringEscaping(true);
    const pb::FileDescriptor* file = log::v1::Record::descriptor()->file();
    for (int i = 0; i < file->message_type_count(); ++i) {
      for (int j = 0; j < file->message_type(i)->field_count(); ++j) {
        const pb::FieldDescriptor* field = file->message_type(i)->field(j);
        if (field->type() == pb::FieldDescriptor::TYPE_BYTES) {
          made->RegisterFieldValuePrinter(field, new HexPrinter);
        } else if (field->name().ends_with("_ns")) {
          made->RegisterFieldValuePrinter(field, new TimePrinter);
        }
      }
    }
    return made;
  }();
  return printer;
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

// A string as JSON. Protobuf formats it, which is correct for any content.
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
  if (segment.torn) std::cout << ", with a torn tail (no request was answered from it)";
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
  std::cerr << "assent: a coordinator would not start with this log: " << report.refusal->message
            << '\n';
  return kError;
}

// A directory without segments is an error: it is most likely the wrong directory. A coordinator
// would start a new log there.
Result<void> RequireSegments(const log::DirectoryReport& report) {
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
    return "malformed record: " + ToHex(payload);
  }
  const auto* kind = record.GetReflection()->GetOneofFieldDescriptor(
      record, log::v1::Record::descriptor()->FindOneofByName("kind"));
  if (kind == nullptr) return "record of a kind unknown to this version";
  std::string text = kind->name();
  if (!record.gtrid().empty()) text += ' ' + ToHex(record.gtrid());
  std::string fields;
  RecordPrinter().PrintToString(record.GetReflection()->GetMessage(record, kind), &fields);
  if (fields.ends_with(' ')) fields.pop_back();
  return fields.empty() ? text : text + ' ' + fields;
}

int DumpLog(const std::string& directory, bool json) {
  const auto report =
      log::Dump(log::PosixFileSystem(), directory, json ? PrintRecordAsJson : PrintRecord);
  if (!report) return Unreadable(report.error());
  if (auto holds = RequireSegments(*report); !holds) return Unreadable(holds.error());
  return Conclude(*report);
}

int VerifyLog(const std::string& directory, bool json) {
  const auto report = log::Verify(log::PosixFileSystem(), directory);
  if (!report) return Unreadable(report.error());
  if (auto holds = RequireSegments(*report); !holds) return Unreadable(holds.error());
  if (json) {
    PrintReportAsJson(*report);
  } else {
    for (const log::SegmentReport& segment : report->segments) PrintSegment(segment);
    if (!report->refusal) std::cout << "a coordinator would start with this log\n";
  }
  return Conclude(*report);
}

}  // namespace assent::cli
