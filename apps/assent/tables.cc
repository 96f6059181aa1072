// SPDX-License-Identifier: Apache-2.0
#include "apps/assent/tables.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/utf8.h"

namespace assent::cli {
namespace {

std::string Printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return text;
}

// Appends "name         value", unless the value is empty.
void AppendPair(const char* name, const std::string& value, std::string* to) {
  if (value.empty()) return;
  std::string label(name);
  label.resize(std::max<size_t>(label.size() + 1, 13), ' ');
  *to += label + Printable(value) + "\n";
}

std::string Describe(const v1::Cause& cause) {
  std::string text = cause.reason();
  if (!cause.branch().empty()) text += ", branch " + cause.branch();
  if (cause.has_statement()) text += ", statement " + std::to_string(cause.statement());
  if (!cause.sqlstate().empty()) text += ", SQLSTATE " + cause.sqlstate();
  if (cause.vendor_code() != 0) text += ", code " + std::to_string(cause.vendor_code());
  if (!cause.decided_by().empty()) text += ", decided by " + cause.decided_by();
  if (!cause.at().empty()) text += " at " + cause.at();
  if (cause.may_retry()) text += "; may be retried";
  return text;
}

std::string FormatBranches(const google::protobuf::RepeatedPtrField<v1::BranchView>& branches) {
  if (branches.empty()) return "";
  std::vector<std::vector<std::string>> rows;
  for (const v1::BranchView& branch : branches) {
    const std::string& where = branch.url().empty() ? branch.resource() : branch.url();
    rows.push_back({branch.name(), where, v1::BranchView::State_Name(branch.state()), branch.xid(),
                    branch.detail()});
  }
  std::string text = "\n" + FormatTable({"BRANCH", "WHERE", "STATE", "XID", "DETAIL"}, rows);
  for (const v1::BranchView& branch : branches) {
    if (branch.results().empty()) continue;
    text += "\n" + Printable(branch.name()) + ":\n" + FormatResults(branch.results());
  }
  return text;
}

}  // namespace

std::string FormatTable(const std::vector<std::string>& header,
                        const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<std::string>> lines = {header};
  lines.insert(lines.end(), rows.begin(), rows.end());
  std::vector<size_t> widths(header.size(), 0);
  for (auto& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) {
      line[i] = Printable(std::move(line[i]));
      widths[i] = std::max(widths[i], CountCharacters(line[i]));
    }
  }
  std::string text;
  for (const auto& line : lines) {
    std::string row;
    for (size_t i = 0; i < line.size(); ++i) {
      row += line[i] + std::string(widths[i] - CountCharacters(line[i]) + 2, ' ');
    }
    row.erase(row.find_last_not_of(' ') + 1);
    text += row + "\n";
  }
  return text;
}

std::string FormatValue(const v1::Value& value) {
  switch (value.kind_case()) {
    case v1::Value::kBoolean: return value.boolean() ? "true" : "false";
    case v1::Value::kInteger: return std::to_string(value.integer());
    case v1::Value::kUnsignedInteger: return std::to_string(value.unsigned_integer());
    case v1::Value::kDecimal: return value.decimal();
    case v1::Value::kText: return value.text();
    case v1::Value::kBytes: return "0x" + ToHex(value.bytes());
    default: return "null";
  }
}

std::string FormatResults(const google::protobuf::RepeatedPtrField<v1::StatementResult>& results) {
  std::string text;
  for (int i = 0; i < results.size(); ++i) {
    const v1::StatementResult& result = results[i];
    text += "statement " + std::to_string(i) + ": ";
    if (result.columns().empty()) {
      text += std::to_string(result.affected()) + (result.affected() == 1 ? " row\n" : " rows\n");
      continue;
    }
    text += std::to_string(result.rows_size()) + " returned\n";
    std::vector<std::vector<std::string>> rows;
    for (const v1::Row& row : result.rows()) {
      auto& cells = rows.emplace_back();
      for (const v1::Value& value : row.values()) cells.push_back(FormatValue(value));
      cells.resize(static_cast<size_t>(result.columns_size()));
    }
    text += FormatTable({result.columns().begin(), result.columns().end()}, rows);
  }
  return text;
}

std::string Format(const v1::Transaction& transaction) {
  std::string text;
  AppendPair("gid", transaction.gid(), &text);
  AppendPair("transaction", transaction.transaction(), &text);
  AppendPair("outcome", v1::Outcome_Name(transaction.outcome()), &text);
  if (transaction.state() != v1::Transaction::STATE_UNSPECIFIED) {
    AppendPair("state", v1::Transaction::State_Name(transaction.state()), &text);
  }
  AppendPair("detail", transaction.detail(), &text);
  if (transaction.has_cause()) AppendPair("cause", Describe(transaction.cause()), &text);
  AppendPair("begun at", transaction.begun_at(), &text);
  AppendPair("deadline", transaction.deadline(), &text);
  AppendPair("decided at", transaction.decided_at(), &text);
  return text + FormatBranches(transaction.branches());
}

std::string Format(const v1::ListResponse& list) {
  if (list.transactions().empty()) return "no transactions\n";
  std::vector<std::vector<std::string>> rows;
  for (const v1::Transaction& transaction : list.transactions()) {
    rows.push_back({transaction.gid(), transaction.transaction(),
                    v1::Transaction::State_Name(transaction.state()),
                    v1::Outcome_Name(transaction.outcome()), transaction.begun_at()});
  }
  std::string text = FormatTable({"GID", "TRANSACTION", "STATE", "OUTCOME", "BEGUN AT"}, rows);
  if (!list.next().empty()) text += "next page: --before " + list.next() + "\n";
  return text;
}

std::string FormatPartners(const v1::ResourcesResponse& resources) {
  if (resources.partners().empty()) return "";
  std::vector<std::vector<std::string>> rows;
  for (const v1::PartnerView& view : resources.partners()) {
    rows.push_back({view.name(), view.state(), std::to_string(view.in_flight()),
                    std::to_string(view.waiting()), std::to_string(view.failures()),
                    view.back_off(), view.detail()});
  }
  return "\n" +
         FormatTable({"PARTNER", "STATE", "IN FLIGHT", "WAITING", "FAILURES", "BACK-OFF", "DETAIL"},
                     rows);
}

std::string Format(const v1::ResourcesResponse& resources) {
  if (resources.resources().empty()) {
    return "no resources: add [[resource]] to the daemon's configuration\n" +
           FormatPartners(resources);
  }
  std::vector<std::vector<std::string>> rows;
  std::string warnings;
  for (const v1::ResourceView& view : resources.resources()) {
    rows.push_back({view.name(), view.driver(), view.dialect(), view.state(),
                    std::to_string(view.in_use()) + "/" + std::to_string(view.pool()),
                    std::to_string(view.waiting()), std::to_string(view.in_doubt()),
                    std::to_string(view.foreign()), view.witness() ? "yes" : "no", view.detail()});
    for (const std::string& warning : view.warnings()) {
      warnings += Printable(view.name() + ": " + warning) + "\n";
    }
  }
  return FormatTable({"NAME", "DRIVER", "DIALECT", "STATE", "IN USE", "WAITING", "IN DOUBT",
                      "FOREIGN", "WITNESS", "DETAIL"},
                     rows) +
         warnings + FormatPartners(resources);
}

std::string Format(const v1::ResourceView& resource) {
  // An installation reports only its own result, not the state of the resource.
  const std::string& detail = resource.detail();
  if (detail.ends_with('\n')) return detail;  // statements, for a file or a pipe
  return "resource " + Printable(resource.name()) + ": " +
         (detail.empty() ? "the witness table is installed" : Printable(detail)) + "\n";
}

std::string Format(const v1::CheckResponse& check) {
  std::vector<std::vector<std::string>> rows;
  for (const v1::Finding& finding : check.findings()) {
    rows.push_back({finding.ok() ? "ok" : "NOT OK", finding.subject(), finding.detail()});
  }
  return FormatTable({"", "CHECK", "DETAIL"}, rows) + "resource " + Printable(check.name()) +
         (check.ok() ? ": ready\n" : ": see the lines NOT OK above\n");
}

std::string Format(const v1::RunResponse& response) { return FormatResults(response.results()); }

std::string Format(const v1::Problem& problem) {
  std::string text = problem.detail().empty() ? problem.title() : problem.detail();
  if (!problem.field().empty()) text = problem.field() + ": " + text;
  text = Printable(text);
  if (!problem.type().empty()) {
    text += " (" + Printable(problem.type()) + ", " + std::to_string(problem.status()) + ")";
  }
  text += "\n";
  AppendPair("gid", problem.gid(), &text);
  AppendPair("transaction", problem.transaction(), &text);
  if (problem.outcome() != v1::UNDECIDED) {
    AppendPair("outcome", v1::Outcome_Name(problem.outcome()), &text);
  }
  if (problem.has_cause()) AppendPair("cause", Describe(problem.cause()), &text);
  return text + FormatBranches(problem.branches());
}

}  // namespace assent::cli
