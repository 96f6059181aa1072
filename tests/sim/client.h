// SPDX-License-Identifier: Apache-2.0
// The clients: each sends its transaction, retries it under the same gid after every crash and
// every timeout, and records every response.
//
// An interactive client proceeds step by step (steps.cc). A client that calls a partner itself uses
// the same network as the coordinator, and votes. A transaction whose gid the coordinator generates
// is sent once, because a client that does not know the gid cannot ask again. Threads: one.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/auditor.h"
#include "tests/sim/partner_net.h"
#include "tests/sim/plan.h"
#include "tests/sim/process.h"
#include "tests/sim/simulator.h"

namespace assent::sim {

struct ClientFaults {
  uint32_t answer_lost = 0, twice = 0;  // per mille
  uint32_t dies = 0;                    // between the client's try and its vote
};

class Clients {
 public:
  Clients(Simulator& sim, Process& process, Auditor& auditor, const std::vector<Plan>& plans,
          const std::vector<std::string>& resources, const std::vector<Partner*>& partners,
          PartnerNet& net, const ClientFaults& faults);

  void Start();  // each client at its planned time
  bool AllAnswered() const;
  // Every client whose transaction has a gid asks once more. AllAsked reports when all have their
  // response.
  void AskAgain();
  bool AllAsked() const { return asking_ == 0; }
  std::string Unanswered() const;

 private:
  struct Step {
    enum class Do : uint8_t { kBegin, kEnlist, kRun, kEnlistPartner, kTry, kVote, kEnd };
    Do what{};
    size_t index = 0;  // of the plan's branches, or partners
  };
  struct Client {
    const Plan* plan = nullptr;
    bool done = false;  // it has its response, or nothing to ask for
    bool sent = false;
    bool asks = false;  // in the last round, after the final restart
    uint64_t attempt = 0;
    // Interactive.
    std::string transaction;
    std::vector<Step> steps;
    size_t step = 0;
    // The try that the client sends itself.
    uint32_t tries = 0;
    bool may_vote_yes = false;
    std::optional<WallTime> expires_at;
  };

  void Send(Client& client);
  void SendExecute(Client& client, uint64_t attempt);
  void TakeBack(Client& client);
  static std::vector<Step> StepsOf(const Plan& plan);
  void SendStep(Client& client, uint64_t attempt);
  coordinator::Request RequestOf(const Client& client, const Step& step) const;
  void CallPartner(Client& client, const Step& step, uint64_t attempt);
  void Tried(Client& client, const PartnerNet::Result& result);
  void Answered(Client& client, uint64_t attempt, const coordinator::Answer& answer);
  void AnsweredStep(Client& client, uint64_t attempt, const coordinator::Answer& answer);
  void Conclude(Client& client, const coordinator::Answer& answer);
  void AgainIn(Client& client, Duration delay);
  coordinator::Request Execute(const Plan& plan) const;
  void FillBranch(const Plan& plan, size_t index, v1::Branch* branch, bool statements) const;
  static void FillPartner(const Plan& plan, size_t index, v1::Branch* branch);
  void Observe(const Plan& plan, const coordinator::Answer& answer, Reported reported);
  void FillStatements(const Plan& plan, size_t index,
                      google::protobuf::RepeatedPtrField<v1::Statement>* to) const;

  Simulator& sim_;
  Process& process_;
  Auditor& auditor_;
  const std::vector<std::string>& resources_;
  const std::vector<Partner*>& partners_;
  PartnerNet& net_;
  const ClientFaults& faults_;
  std::vector<Client> clients_;
  size_t asking_ = 0;
  bool last_round_ = false;
};

}  // namespace assent::sim
