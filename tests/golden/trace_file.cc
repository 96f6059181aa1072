// SPDX-License-Identifier: Apache-2.0
#include "tests/golden/trace_file.h"

#include <algorithm>
#include <cctype>
#include <deque>
#include <map>
#include <sstream>
#include <vector>

#include "base/check.h"
#include "core/atomic.h"
#include "core/trace.h"

namespace assent::golden {
namespace {

using namespace core;

using Words = std::deque<std::string>;

Words Split(const std::string& line) {
  Words words;
  std::istringstream in(line);
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::string Take(Words& words) {
  if (words.empty()) return "";
  const std::string word = words.front();
  words.pop_front();
  return word;
}

std::string Upper(std::string word) {
  for (char& c : word) c = c == '-' ? '_' : static_cast<char>(std::toupper(c));
  return word;
}

// The enumerator that core/types.h names so.
template <typename Enum>
Enum Named(const std::string& word, Enum last) {
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    if (Upper(word) == Name(static_cast<Enum>(i))) return static_cast<Enum>(i);
  }
  CHECK(false) << "there is no '" << word << "'";
  return last;
}

// "tcc:hotel" is a partner, "mobile" a database.
BranchSpec SpecOf(const std::string& place) {
  const bool tcc = place.starts_with("tcc:");
  return {"on-" + place, place, false, tcc ? BranchKind::kTcc : BranchKind::kXa};
}

bool Has(const Words& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

Cause CauseOf(const std::string& word) {
  Cause cause;
  cause.reason = Named(word, Reason::kOperator);
  return cause;
}

class Player {
 public:
  explicit Player(Reached* reached) : reached_(reached) {}

  std::string Run(const std::string& line) {
    Words words = Split(line);
    const std::string command = Take(words);
    if (command == "transaction") {
      New(words);
      return "";
    }
    if (command == "given") {
      Given(Take(words));
      return Standing();
    }
    if (command == "later") {  // by so many milliseconds
      now_ = now_ + std::chrono::milliseconds(std::stoll(Take(words)));
      return "";
    }
    if (command == "replayed") Fill(words);
    std::string text;
    for (const Effect& effect : Do(EventOf(command, words))) text += "  " + ToText(effect) + "\n";
    return text + Standing();
  }

 private:
  void New(Words words) {
    t_ = Atomic();
    t_.gtrid = Gtrid::Make("12345678", 1, "abc", 1);
    t_.settings.deadline = Monotonic{5'000'000'000};
    t_.settings.idle_limit = std::chrono::seconds(30);
    const std::string naming = Take(words);
    CHECK(naming == "named" || naming == "unnamed");
    t_.settings.client_named = naming == "named";
    const std::string mode = Take(words);
    CHECK(mode == "one-call" || mode == "interactive");
    t_.settings.one_call = mode == "one-call";
    for (const std::string& resource : words) {
      t_.branches.emplace_back();
      t_.branches.back().spec = SpecOf(resource);
    }
    shown_.clear();
  }

  Effects Do(const Event& event) {
    Effects effects;
    Step(t_, event, now_, effects);
    return effects;
  }

  // The state, what may be told, what a person should look at: once, where it has changed.
  std::string Standing() {
    std::string text = Name(t_.state);
    text += std::string(", told ") + Name(t_.Reportable());
    if (t_.needs_operator) text += ", needs operator";
    if (text == shown_) return "";
    shown_ = text;
    return "  = " + text + "\n";
  }

  uint32_t BranchOf(const std::string& word) {
    CHECK(word.size() >= 2 && word[0] == 'b') << word;
    return static_cast<uint32_t>(std::stoul(word.substr(1))) - 1;
  }

  Event EventOf(const std::string& command, Words& words) {
    const std::string state = Name(t_.state);
    if (command == "acked" || command == "voted" || command == "ran" || command == "opened") {
      return Answered(command, words, state);
    }
    if (command == "timer") {
      const std::string timer = Take(words);
      const uint32_t branch = words.empty() ? 0 : BranchOf(Take(words));
      const bool again = timer == "retry" && t_.branches.at(branch).IsTcc();
      reached_->insert("timer " + timer + (again ? " partner " : " ") + state);
      static const std::map<std::string, Timer> kTimers = {{"deadline", Timer::kDeadline},
                                                           {"idle", Timer::kIdle},
                                                           {"retry", Timer::kRetry},
                                                           {"operator", Timer::kOperator}};
      return TimerFired{kTimers.at(timer), branch};
    }
    if (command == "durable") return Written(std::stoull(Take(words)), state);
    if (command == "enlist") return Joins(words, state);
    reached_->insert(command + " " + state);
    if (command == "begin") return Begin{};
    if (command == "touched") return Touched{};
    if (command == "commit") return CommitRequested{};
    if (command == "roll-back") return RollBackRequested{CauseOf("client")};
    if (command == "run") return RunRequested{BranchOf(Take(words))};
    if (command == "up") return ResourceUp{Take(words)};
    CHECK(command == "replayed") << "there is no command '" << command << "'";
    return Replayed{};
  }

  Event Written(uint64_t ticket, const std::string& state) {
    std::string what;
    if (ticket == t_.open_ticket) what = "open ";
    for (const AtomicBranch& branch : t_.branches) {
      if (ticket == branch.enlist_ticket) what = "enlist ";
    }
    reached_->insert("durable " + what + state);
    return Durable{ticket};
  }

  Event Joins(Words& words, const std::string& state) {
    Enlist enlist{SpecOf(Take(words))};
    enlist.spec.called_by_client = Has(words, "by-client");
    const std::string how = t_.settings.one_call ? "one-call " : "";
    const std::string what = enlist.spec.kind == BranchKind::kTcc ? "partner " : "";
    reached_->insert("enlist " + what + how + state);
    return enlist;
  }

  std::string VoteOf(uint32_t branch, const std::string& how, bool gone) const {
    std::string name = "voted ";
    if (t_.branches.at(branch).IsTcc()) name = "tried ";
    if (t_.branches.at(branch).spec.called_by_client) name = "client voted ";
    return name + how + (gone ? " gone" : "");
  }

  Event Answered(const std::string& command, Words& words, const std::string& state) {
    const uint32_t branch = BranchOf(Take(words));
    const std::string how = Take(words);
    if (command == "acked") {
      Acked acked{branch, Named(how, Ack::kUnknown), {}};
      acked.needs_operator = Has(words, "needs-operator");
      reached_->insert("acked " + (acked.needs_operator ? "needs-operator" : how) + " " + state);
      return acked;
    }
    if (command == "voted") {
      const bool plain = how == "prepared" || how == "read-only" || how == "unknown";
      const bool gone = Has(words, "gone");
      const std::string as = plain || how == "hazard" ? how : "refused";
      reached_->insert(VoteOf(branch, as, gone) + " " + state);
      Voted voted{branch, Vote::kRefused, false, {}, {}, {}};
      if (plain) {
        voted.vote = Named(how, Vote::kUnknown);
        voted.identity = "id";
        voted.started_at = "start";
      } else {
        voted.hazard = how == "hazard";
        voted.cause = CauseOf(voted.hazard ? "left-branch" : how);
      }
      voted.gone = gone;
      if (Has(words, "expires")) voted.expires = now_ + std::chrono::seconds(2);
      return voted;
    }
    const bool ok = how.empty() || how == "witnessed";
    reached_->insert(command + (ok ? " " : " refused ") + state);
    if (command == "ran") return Ran{branch, ok, how == "witnessed", ok ? Cause() : CauseOf(how)};
    return Opened{branch, ok, ok ? Cause() : CauseOf(how)};
  }

  // As recovery/replay.cc fills it.
  void Fill(Words words) {
    const std::string decision = Take(words);
    if (decision == "commit") t_.decision = Decision::kCommit;
    if (decision == "roll-back") t_.decision = Decision::kRollBack;
    reached_->insert("replayed " + decision);
    t_.next_ticket = 2;
    for (AtomicBranch& branch : t_.branches) {
      t_.open_logged |= branch.spec.kind == BranchKind::kTcc;
      branch.state = BranchState::kPrepared;
      const std::string how = Take(words);
      branch.Restore(how == "ended" ? Phase::kEnded : Phase::kVoted);
      if (how.starts_with("heuristic")) {
        branch.Restore(Phase::kRecording);
        branch.heuristic = Named(how, Ack::kUnknown);
        branch.heuristic_ticket = 1;
        branch.state = BranchState::kHeuristic;
      }
    }
  }

  // Everything is answered well until the transaction is there.
  void Given(const std::string& where) {
    std::deque<Effect> open;
    const auto feed = [&](const Event& event) {
      for (Effect& effect : Do(event)) open.push_back(effect);
    };
    CHECK(t_.settings.one_call) << "given is for one call";
    feed(Begin{});
    const bool commits = where == "committing";
    while (!open.empty()) {
      const Effect effect = open.front();
      open.pop_front();
      if (const auto* call = std::get_if<Call>(&effect)) {
        Answer(*call, commits, feed);
      } else if (const auto* append = std::get_if<Append>(&effect)) {
        if (commits && append->record == RecordKind::kCommit) feed(Durable{append->ticket});
      }
    }
    if (where == "rolling-back") feed(RollBackRequested{CauseOf("client")});
    CHECK(Upper(where) == Name(t_.state)) << where << " is not " << Name(t_.state);
  }

  template <typename Feed>
  void Answer(const Call& call, bool commits, const Feed& feed) {
    if (call.operation == Operation::kOpen) feed(Opened{call.branch, true, {}});
    if (call.operation == Operation::kRun) feed(Ran{call.branch, true, false, {}});
    if (call.operation == Operation::kPrepare && commits) {
      feed(Voted{call.branch, Vote::kPrepared, false, {}, "id", "start"});
    }
  }

  Reached* reached_;
  Atomic t_;
  Monotonic now_{1'000'000'000};
  std::string shown_;
};

}  // namespace

std::string Play(const std::string& text, Reached* reached) {
  Player player(reached);
  std::istringstream in(text);
  std::string played;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(" ")) continue;  // an answer
    played += line + "\n";
    if (!line.empty() && line[0] != '#') played += player.Run(line);
  }
  return played;
}

}  // namespace assent::golden
