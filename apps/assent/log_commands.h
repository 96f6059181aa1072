// SPDX-License-Identifier: Apache-2.0
// `assent log dump` and `assent log verify`: what stands in a log directory, for people and
// programs. They change nothing and need no daemon.
#pragma once

#include <string>
#include <string_view>

namespace assent::cli {

// A line a record: segment, lsn, kind, gtrid, and the record's fields. With `json` an object a
// line. Exit codes: kOk, or kError when the log is damaged or cannot be read.
int DumpLog(const std::string& directory, bool json);
int VerifyLog(const std::string& directory, bool json);

// An encoded assent.log.v1.Record as text: its kind, its gtrid, and its fields in protobuf's text
// format on one line, with bytes in hexadecimal digits: commit 61…ff gid: "g" branches { number: 1
// }
std::string DescribeRecord(std::string_view payload);

}  // namespace assent::cli
