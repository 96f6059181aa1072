// SPDX-License-Identifier: Apache-2.0
#include "bench/transfer_client.h"

#include "bench/report.h"
#include "bench/subject_daemon.h"

namespace assent::bench {
namespace {

void AddBranch(const char* name, const char* resource, const char* sql, v1::Atomic* atomic) {
  v1::Branch* branch = atomic->add_branches();
  branch->set_name(name);
  branch->mutable_xa()->set_resource(resource);
  v1::Statement* statement = branch->mutable_xa()->add_statements();
  statement->set_sql(sql);
  statement->add_parameters()->set_integer(1);
  statement->add_parameters()->set_integer(0);
  statement->set_expect_rows(1);
}

}  // namespace

std::string BankTables(const Places& places, int pool) {
  const std::string pools = "\npool = " + std::to_string(pool);
  return "[[resource]]\nname = \"mariadb\"\ndriver = \"mysql\"" + pools +
         "\nurl = \"tcp://127.0.0.1:" + std::to_string(places.mariadb_port) +
         "/bench\"\nuser = \"assent\"\npassword = \"assent\"\n"
         "[[resource]]\nname = \"postgresql\"\ndriver = \"odbc\"\ndialect = \"postgresql\"" +
         pools + "\ndsn = \"Driver=PostgreSQL Unicode;Server=127.0.0.1;Port=" +
         std::to_string(places.postgresql_port) + ";Database=bench\"\nuser = \"postgres\"\n";
}

TransferClient::TransferClient(const std::string& url, std::string gid_prefix)
    : gid_prefix_(std::move(gid_prefix)), client_(ClientOf(url)) {
  AddBranch("from", "mariadb", kTakeSql, request_.mutable_atomic());
  AddBranch("to", "postgresql", kGiveSql, request_.mutable_atomic());
}

void TransferClient::Transfer(int32_t from, int32_t to) {
  request_.set_gid(gid_prefix_ + "-" + std::to_string(++count_));
  const auto set = [&](int branch, int32_t account) {
    request_.mutable_atomic()
        ->mutable_branches(branch)
        ->mutable_xa()
        ->mutable_statements(0)
        ->mutable_parameters(1)
        ->set_integer(account);
  };
  set(0, from);
  set(1, to);
  const auto answer = client_.Execute(request_);
  if (!answer) GiveUp("assentd: " + answer.error().message);
  if (client::OutcomeOf(*answer) != v1::COMMITTED) {
    GiveUp(Text("assentd answered with %d", answer->status) +
           (answer->problem ? ": " + answer->problem->detail() : ""));
  }
}

}  // namespace assent::bench
