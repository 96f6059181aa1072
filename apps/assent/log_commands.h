// SPDX-License-Identifier: Apache-2.0
// `assent log dump` and `assent log verify` print and check a log directory. They change nothing
// and need no daemon.
#pragma once

#include <string>
#include <string_view>

namespace assent::cli {

// DumpLog prints one line per record: segment, LSN, kind, gtrid, and the record's fields. With
// `json` each line is an object. VerifyLog prints the state of each segment.
// Exit codes: kOk, or kError if the log is damaged, missing or cannot be read.
int DumpLog(const std::string& directory, bool json);
int VerifyLog(const std::string& directory, bool json);

// Formats an encoded assent.log.v1.Record on one line: its kind, its gtrid, and its fields in
// protobuf's text format, with bytes as hexadecimal digits:
//   commit 61…ff gid: "g" branches { number: 1 }
std::string DescribeRecord(std::string_view payload);

}  // namespace assent::cli
