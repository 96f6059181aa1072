// SPDX-License-Identifier: Apache-2.0
// Checks the statements of a request and their parameters.
#include <utility>

#include "base/number.h"
#include "coordinator/validate.h"
#include "coordinator/view.h"

namespace assent::coordinator {
namespace {

xa::Value ToValue(const v1::Value& value) {
  switch (value.kind_case()) {
    case v1::Value::kBoolean: return value.boolean();
    case v1::Value::kInteger: return static_cast<int64_t>(value.integer());
    case v1::Value::kUnsignedInteger: return static_cast<uint64_t>(value.unsigned_integer());
    case v1::Value::kDecimal: return xa::Decimal{value.decimal()};
    case v1::Value::kText: return value.text();
    case v1::Value::kBytes: return xa::Bytes{value.bytes()};
    default: return std::monostate{};
  }
}

constexpr size_t kMaxDecimalCharacters = 128;

// Decimals reach the server as text inside a statement, so only numbers are let through.
bool IsDecimal(std::string_view text) {
  const auto number = SplitNumber(text);
  return number && number->sign != '+' && !number->whole.empty() &&
         number->has_point == !number->fraction.empty();
}

}  // namespace

Validator::Problem Validator::TakeStatements(
    const google::protobuf::RepeatedPtrField<v1::Statement>& statements,
    const xa::ResourceManager* resource, const std::string& path, Statements& to) const {
  if (static_cast<uint32_t>(statements.size()) > options_.statements) {
    return AnswerInvalid((path.empty() ? "" : path + ".") + "statements",
                         "has " + std::to_string(statements.size()) + " statements; at most " +
                             std::to_string(options_.statements) +
                             " are allowed (limits.statements)");
  }
  auto taken = std::make_shared<std::vector<xa::Statement>>();
  taken->reserve(static_cast<size_t>(statements.size()));
  for (int i = 0; i < statements.size(); ++i) {
    const v1::Statement& statement = statements[i];
    const std::string here = FieldAt(path, "statements", i);
    if (statement.sql().empty()) return AnswerInvalid(here + ".sql", "is empty");
    xa::Statement& one = taken->emplace_back();
    one.sql = statement.sql();
    if (resource != nullptr) {
      auto checked = resource->Check(one.sql);
      if (!checked) return AnswerInvalid(here + ".sql", checked.error().message);
      one.checked = std::move(*checked);
    }
    if (static_cast<uint32_t>(statement.parameters_size()) > options_.parameters) {
      return AnswerInvalid(here + ".parameters", "has too many parameters");
    }
    for (int p = 0; p < statement.parameters_size(); ++p) {
      const v1::Value& value = statement.parameters(p);
      if (value.kind_case() == v1::Value::KIND_NOT_SET ||
          (value.has_decimal() && !IsDecimal(value.decimal()))) {
        return AnswerInvalid(FieldAt(here, "parameters", p), "is not a valid value");
      }
      if (value.has_decimal() && value.decimal().size() > kMaxDecimalCharacters) {
        return AnswerInvalid(FieldAt(here, "parameters", p),
                             "out of range: a number has at most " +
                                 std::to_string(kMaxDecimalCharacters) +
                                 " characters; send a longer one as text");
      }
      one.parameters.push_back(ToValue(value));
    }
    if (statement.has_expect_rows()) one.expect_rows = statement.expect_rows();
  }
  to = std::move(taken);
  return std::nullopt;
}

Validator::Problem Validator::CheckRun(Request& request) const {
  const auto& body = std::get<v1::RunRequest>(request.body);
  if (body.seq() == 0) return AnswerInvalid("seq", "must be 1 or more");
  if (body.statements().empty()) return AnswerInvalid("statements", "needs at least one statement");
  if (auto problem = TakeStatements(body.statements(), nullptr, "", request.statements)) {
    return problem;
  }
  const auto gtrid = core::Gtrid::FromHex(request.transaction);
  if (gtrid && branches_ != nullptr) {
    const xa::ResourceManager* resource = branches_->Find(*gtrid, request.branch);
    if (resource != nullptr) CheckSql(*resource, request);
  }
  return std::nullopt;
}

void CheckSql(const xa::ResourceManager& resource, Request& request) {
  request.checked_for = &resource;
  request.sql_error.reset();
  std::vector<xa::Statement>& statements = *request.statements;
  for (size_t i = 0; i < statements.size(); ++i) {
    auto checked = resource.Check(statements[i].sql);
    if (!checked) {
      request.sql_error = checked.error();
      request.sql_error->field = "statements[" + std::to_string(i) + "].sql";
      return;
    }
    statements[i].checked = std::move(*checked);
  }
}

}  // namespace assent::coordinator
