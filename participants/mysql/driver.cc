// SPDX-License-Identifier: Apache-2.0
#include "participants/mysql/driver.h"

#include <utility>

#include "participants/mysql/facts.h"
#include "participants/mysql/session.h"
#include "participants/sql/scanner.h"

namespace assent::mysql {
namespace {

class MySqlDriver : public sql::Driver {
 public:
  explicit MySqlDriver(sql::ResourceOptions options) : options_(std::move(options)) {}

  Result<std::unique_ptr<sql::Session>> Connect() override {
    return MySqlSession::Connect(options_, facts_, MySqlSession::Library::kConnector);
  }
  Result<std::unique_ptr<sql::Session>> ConnectForBranches() override {
    return MySqlSession::Connect(options_, facts_, MySqlSession::Library::kMariaDb);
  }
  const char* driver_name() const override { return "mysql"; }
  std::string InstallText() const override {
    std::string text;
    for (const std::string& sql : InstallStatements()) text += sql + ";\n";
    return text + "GRANT SELECT, INSERT, DELETE ON assent_witness TO '" + options_.user +
           "'@'%';\n";
  }
  Result<std::shared_ptr<const xa::CheckedSql>> Check(const std::string& sql) const override {
    return sql::Check(sql, sql::Grammar::kMySql, facts_->scan());
  }

 private:
  const sql::ResourceOptions options_;
  const std::shared_ptr<SharedFacts> facts_ = std::make_shared<SharedFacts>();
};

}  // namespace

std::unique_ptr<sql::Driver> MakeMySqlDriver(sql::ResourceOptions options) {
  return std::make_unique<MySqlDriver>(std::move(options));
}

}  // namespace assent::mysql
