// SPDX-License-Identifier: Apache-2.0
// The page at `/` as a user sees it: a real browser runs its scripts against a real coordinator.
//
// Skipped if Chromium is not installed.
#include <gmock/gmock.h>

#include <sstream>

#include "tests/e2e/fixture.h"
#include "tests/support/partner.h"

namespace assent::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

using Texts = std::vector<std::string>;

constexpr auto kBrowserDeadline = std::chrono::milliseconds(120'000);
constexpr char kOutcomes[] = "#outcomes-list tbody tr";
constexpr char kConcerns[] = "#attention-list details";
constexpr char kRunning[] = "#running-list tbody tr";
constexpr char kHostile[] = "<img src=x onerror=document.title='taken'>";

// Its path; empty if it is not installed.
std::string Chromium() {
  const auto found = RunCommand({"sh", "-c", "command -v chromium"});
  if (!found || !found->status.ok()) return "";
  return found->output.substr(0, found->output.find('\n'));
}

// The output of the browser (tests/e2e/browser.py).
struct Shown {
  bool ok = false;
  std::string complaints;
  std::vector<std::pair<std::string, std::string>> lines;

  Texts Of(const std::string& what) const {
    Texts texts;
    for (const auto& [key, text] : lines) {
      if (key == what) texts.push_back(text);
    }
    return texts;
  }
};

// A run of tests/e2e/browser.py.
class Browser {
 public:
  Browser(const std::string& url, const std::vector<std::string>& steps) {
    std::vector<std::string> command = {"python3", SourceDirectory() + "/tests/e2e/browser.py",
                                        Chromium(), directory_.File("profile"), url + "/"};
    command.insert(command.end(), steps.begin(), steps.end());
    auto started = Process::Start(command, {.environment = {"HOME=" + directory_.path()},
                                            .output = directory_.File("output"),
                                            .error_output = directory_.File("complaints")});
    EXPECT_TRUE(started) << started.error().message;
    if (started) process_ = std::move(*started);
  }
  ~Browser() {
    if (process_ != nullptr) process_->KillGroup();
  }
  Browser(const Browser&) = delete;
  Browser& operator=(const Browser&) = delete;

  bool Running() { return process_->Running(); }
  std::string Output() const { return ReadFile(directory_.File("output")); }
  Shown End() {
    Shown shown;
    const auto ended = process_->Wait(kBrowserDeadline);
    shown.ok = ended && ended->ok();
    shown.complaints = ended ? ReadFile(directory_.File("complaints")) : ended.error().message;
    std::istringstream output(Output());
    for (std::string line; std::getline(output, line);) {
      const size_t tab = line.find('\t');
      shown.lines.emplace_back(line.substr(0, tab), line.substr(tab + 1));
    }
    return shown;
  }

 private:
  TempDirectory directory_;
  std::unique_ptr<Process> process_;
};

Shown Browse(const std::string& url, const std::vector<std::string>& steps) {
  return Browser(url, steps).End();
}

class Page : public EndToEndTest {
 protected:
  void SetUp() override {
    if (Chromium().empty()) GTEST_SKIP() << "no Chromium is installed (Debian: chromium)";
    EndToEndTest::SetUp();
  }
  Shown Open(const std::vector<std::string>& steps) {
    Shown shown = Browse(daemon_->url(), steps);
    EXPECT_TRUE(shown.ok) << shown.complaints << daemon_->LogOutput();
    return shown;
  }
  std::string Host() const { return "127.0.0.1:" + std::to_string(daemon_->port()); }
};

TEST_F(Page, ShowsWhatRunsWhatHasEndedAndWhy) {
  StartDaemon("[limits]\ndeadline = \"10m\"\nidle = \"10m\"\n");
  Api api = NewApi();
  ASSERT_EQ(
      api.Execute(Atomic("is-done", {Branch("pc", Grant(1, -1)), Branch("mobile", Grant(1, 1))}))
          .status,
      200);
  ASSERT_EQ(api.Execute(Atomic("is-refused",
                               {Branch("pc", Grant(1, -1)), Branch("mobile", Grant(77, 1))}))
                .status,
            409);
  const Reply begun = api.Post("/v1/transactions", R"({"gid": "is-open"})");
  ASSERT_EQ(
      api.Post("/v1/transactions/is-open/branches",
               R"({"name": "pc", "xa": {"resource": "pc_game"}})", begun.transaction.transaction())
          .status,
      200);
  const Shown shown = Open(
      {"see=is-done", "see=Scanned", "until=!document.body.innerText.includes('not yet')",
       "text=#verdict", "text=#link", "text=#host", "text=title", "text=.tiles li",
       std::string("text=") + kOutcomes, std::string("text=") + kRunning,
       "text=#attention:not([hidden])", "text=#resources-list article", "text=#partners-list"});
  EXPECT_THAT(shown.Of("#link"), ElementsAre("LIVE"));
  EXPECT_THAT(shown.Of("#host"), ElementsAre(Host()));
  EXPECT_THAT(shown.Of("title"), ElementsAre("Assent · " + Host()));
  EXPECT_THAT(shown.Of(".tiles li"),
              ElementsAre("Needs attention 0", "Running 1", "Resources up 2 / 2", "Partners up –"));
  EXPECT_THAT(shown.Of("#attention:not([hidden])"), IsEmpty()) << "nothing needs attention";
  const Texts outcomes = shown.Of(kOutcomes);
  ASSERT_EQ(outcomes.size(), 2u);
  EXPECT_THAT(outcomes[0],
              AllOf(StartsWith("is-refused ROLLED BACK"), HasSubstr("EXPECT ROWS"),
                    HasSubstr("mobile at mobile_game"), HasSubstr("0 rows where 1 was expected")));
  EXPECT_THAT(outcomes[1], StartsWith("is-done COMMITTED"));
  EXPECT_THAT(shown.Of(kRunning),
              ElementsAre(AllOf(StartsWith("is-open ACTIVE"), HasSubstr("pc"))));
  const Texts resources = shown.Of("#resources-list article");
  ASSERT_EQ(resources.size(), 2u);
  EXPECT_THAT(resources, Contains(AllOf(StartsWith("mobile_game UP mysql"),
                                        HasSubstr("of 16 in use"), HasSubstr("In doubt 0"))));
  EXPECT_THAT(resources, Contains(StartsWith("pc_game UP odbc, postgresql")));
  EXPECT_THAT(shown.Of("#partners-list"),
              ElementsAre(HasSubstr("No partner over HTTP has been called")));
}

TEST_F(Page, ShowsOutcomesOfOneKindWhenAskedTo) {
  StartDaemon();
  Api api = NewApi();
  ASSERT_EQ(api.Execute(Atomic("is-done", {Branch("pc", Grant(1, 1))})).status, 200);
  ASSERT_EQ(api.Execute(Atomic("is-refused", {Branch("pc", Grant(77, 1))})).status, 409);
  const auto choose = [](const char* which) {
    return std::string("eval=document.querySelector('input[value=\"") + which + "\"]').click()";
  };
  const std::string text = std::string("text=") + kOutcomes;
  const Shown shown =
      Open({"see=is-done", "see=is-refused", choose("COMMITTED"),
            "until=!document.body.innerText.includes('is-refused')", text, choose("ROLLED_BACK"),
            "see=is-refused", "until=!document.body.innerText.includes('is-done')", text});
  EXPECT_THAT(shown.Of(kOutcomes),
              ElementsAre(StartsWith("is-done COMMITTED"), StartsWith("is-refused ROLLED BACK")));
}

TEST_F(Page, ShowsWhatIsInDoubtAtAPartnerAndHowThePartnerIs) {
  HttpPartner hotel;
  ASSERT_TRUE(hotel.Start());
  ASSERT_TRUE(hotel.Behave(R"({"operation": "confirm", "status": 503})"));
  StartDaemon();
  const Reply done = NewApi().Execute(
      Atomic("in-doubt", {Branch("pc", Grant(1, -1)), hotel.Branch("hotel", 7, 5)}));
  ASSERT_EQ(done.status, 200) << done.body;
  ASSERT_EQ(done.transaction.state(), v1::Transaction::COMMITTING);
  const std::string origin = hotel.url().substr(0, hotel.url().rfind('/'));
  const Shown shown = Open(
      {"see=IN DOUBT", "see=BACKING OFF", "text=#verdict", "text=title", "text=.tiles li",
       std::string("text=") + kConcerns, "text=#attention-list h3", "text=#partners-list article",
       std::string("eval=document.querySelector('") + kConcerns + " summary').click()",
       "text=#attention-list tbody tr", "text=#attention-list .facts"});
  EXPECT_THAT(shown.Of("#verdict"),
              ElementsAre(AllOf(HasSubstr("1 in doubt"), HasSubstr(origin + " is backing off"))));
  EXPECT_THAT(shown.Of("title"), ElementsAre("(1) Assent · " + Host()));
  EXPECT_THAT(shown.Of(".tiles li"), Contains("Needs attention 1"));
  EXPECT_THAT(shown.Of(".tiles li"), Contains("Partners up 0 / 1"));
  EXPECT_THAT(shown.Of("#attention-list h3"), ElementsAre("IN DOUBT 1 transaction"));
  EXPECT_THAT(
      shown.Of(kConcerns),
      ElementsAre(AllOf(StartsWith("in-doubt "),
                        HasSubstr("branch hotel at " + hotel.url() + ": confirm: answered 503"))));
  EXPECT_THAT(shown.Of("#attention-list .facts"), ElementsAre(HasSubstr("Decision to commit")));
  EXPECT_THAT(shown.Of("#attention-list tbody tr"),
              ElementsAre(StartsWith("pc pc_game COMMITTED"),
                          AllOf(StartsWith("hotel " + hotel.url()), HasSubstr("answered 503"))));
  EXPECT_THAT(shown.Of("#partners-list article"),
              ElementsAre(AllOf(StartsWith(origin + " BACKING OFF"), HasSubstr("in a row"),
                                HasSubstr("Last failure answered 503"))));
}

// Reasons from clients, and the messages of a database that quotes its input. Gids are not
// affected: they consist of letters, digits and three other characters.
TEST_F(Page, ShowsTextOfOthersAsTextOnly) {
  StartDaemon();
  Api api = NewApi();
  EXPECT_EQ(api.Post("/v1/transactions", R"({"gid": ")" + std::string(kHostile) + R"("})").status,
            400);
  const Reply begun = api.Post("/v1/transactions", R"({"gid": "by-reason"})");
  const std::string reason = R"({"reason": ")" + std::string(kHostile) + R"("})";
  ASSERT_EQ(api.Post("/v1/transactions/by-reason:rollback", reason, begun.transaction.transaction())
                .status,
            200);
  const std::string sql = "{\"sql\": \"UPDATE `" + std::string(kHostile) + "` SET a = 1\"}";
  ASSERT_EQ(api.Execute(Atomic("by-database", {Branch("mobile", sql)})).status, 409);
  const Shown shown = Open({"see=by-reason", "see=by-database", std::string("text=") + kOutcomes,
                            "text=title", "eval=document.images.length",
                            "eval=document.querySelectorAll('main script, main [onerror]').length",
                            "eval=document.documentElement.outerHTML"});
  const Texts outcomes = shown.Of(kOutcomes);
  ASSERT_EQ(outcomes.size(), 2u);
  for (const std::string& outcome : outcomes) EXPECT_THAT(outcome, HasSubstr(kHostile));
  EXPECT_THAT(shown.Of("title"), ElementsAre("Assent · " + Host()));
  EXPECT_THAT(shown.Of("document.images.length"), ElementsAre("0"));
  EXPECT_THAT(shown.Of("document.querySelectorAll('main script, main [onerror]').length"),
              ElementsAre("0"));
  EXPECT_THAT(shown.Of("document.documentElement.outerHTML"),
              ElementsAre(AllOf(HasSubstr("&lt;img src=x onerror="), Not(HasSubstr("<img")))));
}

TEST_F(Page, ShowsThatTheCoordinatorIsUnreachableAndThenBack) {
  StartDaemon();
  ASSERT_EQ(NewApi().Execute(Atomic("is-done", {Branch("pc", Grant(1, 1))})).status, 200);
  const std::string pid = std::to_string(daemon_->pid());
  Browser browser(
      daemon_->url(),
      {"see=LIVE", "see=is-done", "text=#alert", "kill=" + pid, "see=NO CONNECTION", "text=#alert",
       std::string("text=") + kOutcomes, "text=title", "see=LIVE", "text=#alert"});
  ASSERT_TRUE(
      Eventually(kBrowserDeadline, [&] { return !daemon_->Running() || !browser.Running(); }));
  ASSERT_FALSE(daemon_->Running()) << browser.End().complaints;
  ASSERT_TRUE(Eventually(kSoon, [&] {
    return browser.Output().find("title\t") != std::string::npos;
  })) << browser.Output();
  ASSERT_TRUE(daemon_->Start());
  const Shown shown = browser.End();
  EXPECT_TRUE(shown.ok) << shown.complaints;
  const Texts alerts = shown.Of("#alert");
  ASSERT_EQ(alerts.size(), 3u) << shown.complaints;
  EXPECT_EQ(alerts[0], "");
  EXPECT_THAT(alerts[1], AllOf(HasSubstr("The coordinator has been unreachable since"),
                               HasSubstr("The data below is as of")));
  EXPECT_EQ(alerts[2], "");
  EXPECT_THAT(shown.Of(kOutcomes), ElementsAre(StartsWith("is-done COMMITTED")))
      << "the last data stays visible";
  EXPECT_THAT(shown.Of("title"), ElementsAre("(!) Assent · " + Host()));
}

TEST_F(Page, SaysWhatToDoWhereNothingIsConfigured) {
  Daemon empty("");
  ASSERT_TRUE(empty.Start());
  const Shown shown = Browse(empty.url(), {"see=LIVE", "text=#verdict", "text=#resources-list",
                                           "text=#running-list", "text=#outcomes-list"});
  EXPECT_TRUE(shown.ok) << shown.complaints;
  EXPECT_THAT(shown.Of("#verdict"), ElementsAre(HasSubstr("No resource is configured yet")));
  EXPECT_THAT(shown.Of("#resources-list"), ElementsAre(HasSubstr("[[resource]]")));
  EXPECT_THAT(shown.Of("#running-list"), ElementsAre("Nothing is running at this moment."));
  EXPECT_THAT(shown.Of("#outcomes-list"), ElementsAre(HasSubstr("Nothing has ended yet.")));
}

// Long gids, reasons and identities are the widest content.
TEST_F(Page, FitsAPhone) {
  StartDaemon();
  Api api = NewApi();
  const std::string gid = "g" + std::string(63, 'w');
  ASSERT_EQ(api.Execute(Atomic(gid, {Branch("pc", Grant(77, 1))})).status, 409);
  ASSERT_EQ(api.Post("/v1/transactions", R"({"gid": "o)" + gid.substr(1) + R"("})").status, 200);
  const std::string spills =
      "document.documentElement.scrollWidth > document.documentElement.clientWidth";
  const Shown shown = Open({"width=420", "see=" + gid, "see=Identity", "eval=" + spills,
                            "width=320", "eval=" + spills, "width=1280", "eval=" + spills});
  EXPECT_THAT(shown.Of(spills), ElementsAre("false", "false", "false"));
}

}  // namespace
}  // namespace assent::test
