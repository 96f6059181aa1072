// SPDX-License-Identifier: Apache-2.0
// Scenario: the disk with the log fills up while transactions run. New transactions are refused
// with 503. Earlier outcomes hold, and once there is free space again, transactions continue. The
// disk is a small tmpfs, which only root can mount: otherwise the test is skipped.
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "tests/e2e/fixture.h"

namespace assent::test {
namespace {

class SmallDisk {
 public:
  explicit SmallDisk(const std::string& path) : path_(path) {
    mkdir(path.c_str(), 0755);
    mounted_ = mount("tmpfs", path.c_str(), "tmpfs", 0, "size=2m") == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount2(path_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  // Writes until the disk is full.
  void Fill() const {
    std::ofstream file(path_ + "/filler", std::ios::binary);
    const std::string block(4096, 'x');
    while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
  void Empty() const { unlink((path_ + "/filler").c_str()); }

 private:
  const std::string path_;
  bool mounted_ = false;
};

class DiskFull : public EndToEndTest {};

TEST_F(DiskFull, RefusesNewWorkAndLosesNothing) {
  TempDirectory directory;
  const SmallDisk disk(directory.File("disk"));
  if (!disk.mounted()) GTEST_SKIP() << "cannot mount a tmpfs: run it as root";
  const std::string log = directory.File("disk") + "/log";
  daemon_ = std::make_unique<Daemon>(Tables(""), log);
  // Small segments and no ballast, so that the disk fills soon.
  daemon_->SetLogOptions("segment_bytes = 131072\nballast_bytes = 0\n");
  ASSERT_TRUE(daemon_->Start());
  Api api = NewApi();
  const auto transfer = [](const std::string& gid) {
    return Atomic(gid, {Branch("pc", Grant(1, -1)), Branch("mobile", Grant(1, 1))});
  };
  const std::string open = api.Post("/v1/transactions", R"({"gid": "open", "deadline": "5m"})")
                               .transaction.transaction();
  for (const char* side : {"mobile", "pc"}) {
    const std::string path = "/v1/transactions/open/branches";
    ASSERT_EQ(api.Post(path,
                       std::string(R"({"name": ")") + side + R"(", "xa": {"resource": ")" + side +
                           "_game\"}}",
                       open)
                  .status,
              200);
    ASSERT_EQ(api.Post(path + "/" + side + ":run",
                       "{\"seq\": 1, \"statements\": [" + Grant(9, 1) + "]}", open)
                  .status,
              200);
  }
  disk.Fill();
  std::vector<std::string> committed;
  Reply refused;
  for (int i = 0; i < 5000 && refused.status == 0; ++i) {
    const std::string gid = "full-" + std::to_string(i);
    const Reply reply = api.Execute(transfer(gid));
    ASSERT_NE(reply.status, 0) << reply.body << daemon_->LogOutput();
    if (reply.outcome() == v1::COMMITTED) {
      committed.push_back(gid);
    } else {
      refused = reply;
    }
  }
  printf("%zu transactions until the disk was full\n", committed.size());
  EXPECT_EQ(refused.status, 503) << refused.body;
  EXPECT_EQ(refused.problem.type(), "urn:assent:busy");
  EXPECT_GT(refused.retry_after_s, 0u);
  EXPECT_NE(refused.problem.detail().find("No space left on device"), std::string::npos)
      << refused.body;
  // The log has reserved space for transactions that had begun.
  const Reply done = api.Post("/v1/transactions/open:commit", "", open);
  EXPECT_EQ(done.outcome(), v1::COMMITTED) << done.body;
  EXPECT_EQ(Gold(9), (std::pair<int64_t, int64_t>(1001, 1001)));
  const auto sum = static_cast<int64_t>(committed.size());
  EXPECT_EQ(Gold(1), (std::pair<int64_t, int64_t>(1000 + sum, 1000 - sum)));
  EXPECT_TRUE(Eventually(kSoon, [&] { return NothingPrepared(); }));

  disk.Empty();
  EXPECT_TRUE(Eventually(kSoon, [&] { return api.Execute(transfer("after")).status == 200; }));
  daemon_->Kill();
  ASSERT_TRUE(daemon_->Start());
  Api again = NewApi();
  for (const std::string& gid : committed) {
    ASSERT_EQ(again.Execute(transfer(gid)).outcome(), v1::COMMITTED) << gid;
  }
  EXPECT_EQ(again.Get("/v1/transactions/open").outcome(), v1::COMMITTED);
  EXPECT_EQ(Gold(1), (std::pair<int64_t, int64_t>(1001 + sum, 999 - sum)));
}

}  // namespace
}  // namespace assent::test
