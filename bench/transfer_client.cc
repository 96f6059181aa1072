// SPDX-License-Identifier: Apache-2.0
#include "bench/transfer_client.h"

namespace assent::bench {
namespace {

void Fill(const char* sql, v1::Statement* statement) {
  statement->set_sql(sql);
  statement->add_parameters()->set_integer(1);
  statement->add_parameters()->set_integer(0);
  statement->set_expect_rows(1);
}

}  // namespace

std::string BankTables(const Places& places, int pool, const std::string& database) {
  const std::string pools = "\npool = " + std::to_string(pool);
  return "[[resource]]\nname = \"mariadb\"\ndriver = \"mysql\"" + pools +
         "\nurl = \"tcp://127.0.0.1:" + std::to_string(places.mariadb_port) + "/" + database +
         "\"\nuser = \"assent\"\npassword = \"assent\"\n"
         "[[resource]]\nname = \"postgresql\"\ndriver = \"odbc\"\ndialect = \"postgresql\"" +
         pools + "\ndsn = \"Driver=PostgreSQL Unicode;Server=127.0.0.1;Port=" +
         std::to_string(places.postgresql_port) + ";Database=" + database +
         "\"\nuser = \"postgres\"\n";
}

TransferClient::TransferClient(const std::string& url, std::string gid_prefix, bool last)
    : gid_prefix_(std::move(gid_prefix)), client_(ClientOf(url)) {
  v1::Branch* from = request_.mutable_atomic()->add_branches();
  from->set_name("from");
  from->mutable_xa()->set_resource("mariadb");
  Fill(kTakeSql, from->mutable_xa()->add_statements());
  v1::Branch* to = request_.mutable_atomic()->add_branches();
  to->set_name("to");
  if (last) {
    to->mutable_last_resource()->set_resource("postgresql");
    Fill(kGiveSql, to->mutable_last_resource()->add_statements());
  } else {
    to->mutable_xa()->set_resource("postgresql");
    Fill(kGiveSql, to->mutable_xa()->add_statements());
  }
}

v1::Statement* TransferClient::StatementOf(int branch) {
  v1::Branch* to = request_.mutable_atomic()->mutable_branches(branch);
  return to->has_xa() ? to->mutable_xa()->mutable_statements(0)
                      : to->mutable_last_resource()->mutable_statements(0);
}

void TransferClient::Transfer(int32_t from, int32_t to) {
  request_.set_gid(gid_prefix_ + "-" + std::to_string(++count_));
  StatementOf(0)->mutable_parameters(1)->set_integer(from);
  StatementOf(1)->mutable_parameters(1)->set_integer(to);
  const auto answer = client_.Execute(request_);
  if (!answer) GiveUp("assentd: " + answer.error().message);
  if (client::OutcomeOf(*answer) != v1::COMMITTED) {
    GiveUp(Text("assentd answered with %d", answer->status) +
           (answer->problem ? ": " + answer->problem->detail() : ""));
  }
}

void RunDaemon(const SubjectDaemon& daemon, int round, const Pace& pace,
               std::atomic<int64_t>& moved, Series& series, bool last) {
  std::vector<std::unique_ptr<TransferClient>> all;
  for (int i = 0; i < kMostTransferClients; ++i) {
    all.push_back(
        std::make_unique<TransferClient>(daemon.url(), Text("bench-%d-%d", round, i), last));
  }
  for (const int clients : kTransferClients) RunTransfers(clients, pace, all, moved, series);
}

void Print(Report& report, const std::string& side, const Series& series) {
  for (const int clients : kTransferClients) {
    report.Note(side + Text(", %d clients", clients), series.Text(clients));
  }
}

void Install(const SubjectDaemon& daemon, const std::string& resource) {
  const auto installed = ClientOf(daemon.url()).Install(resource);
  if (!installed) GiveUp(installed.error().message);
  if (installed->problem) GiveUp(installed->problem->detail());
}

}  // namespace assent::bench
