#include "participants/odbc/postgresql_judge.h"

#include <string_view>

namespace assent::odbc {
namespace {

using core::Reason;
using xa::Code;

struct Row {
  std::string_view state;  // all five characters, or the class: the first two
  Code code;
  Reason reason;
  bool may_retry;
};

// While the branch is still this session's own. The server has rolled the transaction back, or will
// do nothing but that.
constexpr Row kInBranch[] = {
    {"40001", Code::kRbTransient, Reason::kSerialization, true},
    {"40P01", Code::kRbDeadlock, Reason::kDeadlock, true},
    {"55P03", Code::kRbTimeout, Reason::kLockTimeout, true},
    {"57014", Code::kRbOther, Reason::kSqlError, false},  // cancelled, or statement_timeout
    {"57P01", Code::kRbCommFail, Reason::kConnectionLost, true},
    {"57P02", Code::kRbCommFail, Reason::kConnectionLost, true},
    {"57P03", Code::kRbCommFail, Reason::kConnectionLost, true},
    {"57P05", Code::kRbCommFail, Reason::kConnectionLost, true},
    {"25P03", Code::kRbCommFail, Reason::kConnectionLost, true},  // idle in transaction too long
    {"08", Code::kRbCommFail, Reason::kConnectionLost, true},
    {"53", Code::kRbTransient, Reason::kUnavailable, true},  // no memory, disk, slot or connection
    {"23", Code::kRbIntegrity, Reason::kSqlError, false},
    {"", Code::kRbOther, Reason::kSqlError, false},
};

// Only where PREPARE TRANSACTION or COMMIT answers; before kInBranch.
constexpr Row kInPrepare[] = {
    {"42710", Code::kErDupid, Reason::kProtocol, false},
    {"25P02", Code::kRbOther, Reason::kSqlError, false},
    {"0A000", Code::kRbOther, Reason::kPrepareRefused, false},  // temporary objects, LISTEN, …
    {"55000", Code::kRbOther, Reason::kPrepareRefused, false},  // prepared transactions are off
    {"53", Code::kRbTransient, Reason::kPrepareRefused, true},  // no free slot
};

constexpr Row kInPhaseTwo[] = {
    {"42704", Code::kErNota, Reason::kNone, false},
    {"55000", Code::kErRmFail, Reason::kUnavailable, true},  // busy: somebody else is at it
    {"55P03", Code::kErRmFail, Reason::kUnavailable, true},
    {"57014", Code::kErRmFail, Reason::kUnavailable, true},
    {"25006", Code::kErRmFail, Reason::kUnavailable, true},  // a standby, or read-only
    {"42501", Code::kErRmErr, Reason::kSqlError, false},     // another user prepared it
    {"25001", Code::kErProto, Reason::kProtocol, false},
    {"42601", Code::kErInval, Reason::kProtocol, false},
    {"40", Code::kErRmFail, Reason::kUnavailable, true},
    {"57", Code::kErRmFail, Reason::kConnectionLost, true},
    {"08", Code::kErRmFail, Reason::kConnectionLost, true},
    {"53", Code::kErRmFail, Reason::kUnavailable, true},
    {"58", Code::kErRmFail, Reason::kUnavailable, true},  // the server's own I/O
    {"", Code::kErRmErr, Reason::kSqlError, false},
};

template <size_t n>
const Row* Find(const Row (&table)[n], std::string_view state) {
  for (const Row& row : table) {
    if (state.substr(0, row.state.size()) == row.state) return &row;
  }
  return nullptr;
}

}  // namespace

sql::Answer JudgePostgreSql(Verb verb, const Diagnosis& diagnosis) {
  sql::Answer answer;
  answer.failure.detail = diagnosis.message;
  answer.failure.sqlstate = diagnosis.sqlstate;
  answer.failure.vendor_code = diagnosis.native;
  // The marker comes as "invalid input syntax for type integer": its quoted value is what tells.
  if (verb == Verb::kPrepare && diagnosis.message.find(kLeftBranchMarker) != std::string::npos) {
    answer.code = Code::kHeuristicHazard;
    answer.failure.reason = Reason::kLeftBranch;
    answer.failure.detail = "the client's SQL has ended the branch's transaction";
    return answer;
  }
  const Row* row = nullptr;
  if (verb == Verb::kPhaseTwo) row = Find(kInPhaseTwo, diagnosis.sqlstate);
  if (verb == Verb::kPrepare) row = Find(kInPrepare, diagnosis.sqlstate);
  if (row == nullptr) row = Find(kInBranch, diagnosis.sqlstate);
  answer.code = row->code;
  answer.failure.reason = row->reason;
  answer.failure.may_retry = row->may_retry;
  return answer;
}

}  // namespace assent::odbc
