// The clients: each sends its transaction, sends it again under the same gid after every crash and
// every silence, and remembers every answer.
//
// A transaction whose gid the coordinator makes is sent once: nobody can ask for it again. Threads:
// one.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/auditor.h"
#include "tests/sim/plan.h"
#include "tests/sim/process.h"
#include "tests/sim/world.h"

namespace assent::sim {

struct ClientFaults {
  uint32_t answer_lost = 0, twice = 0;  // per mille
};

class Clients {
 public:
  Clients(World& world, Process& process, Auditor& auditor, const std::vector<Plan>& plans,
          const std::vector<std::string>& resources, const ClientFaults& faults);

  void Start();  // each at its time
  bool AllAnswered() const;
  // Everybody asks once more, of those who can; true through AllAsked when done.
  void AskAgain();
  bool AllAsked() const { return asking_ == 0; }
  std::string Unanswered() const;

 private:
  struct Client {
    const Plan* plan = nullptr;
    bool done = false;  // it has its answer, or nothing to ask for
    bool sent = false;
    bool asks = false;  // once more, at the end
    uint64_t attempt = 0;
    // Interactive.
    std::string transaction;
    size_t step = 0;
  };

  void Send(Client& client);
  void SendExecute(Client& client, uint64_t attempt);
  void SendStep(Client& client, uint64_t attempt);
  void Answered(Client& client, uint64_t attempt, const coordinator::Answer& answer);
  void AnsweredStep(Client& client, uint64_t attempt, const coordinator::Answer& answer);
  void Conclude(Client& client, const coordinator::Answer& answer);
  void AgainIn(Client& client, Duration delay);
  coordinator::Request Execute(const Plan& plan) const;
  void FillBranch(const Plan& plan, size_t index, v1::Branch* branch, bool statements) const;
  void FillStatements(const Plan& plan, size_t index,
                      google::protobuf::RepeatedPtrField<v1::Statement>* to) const;

  World& world_;
  Process& process_;
  Auditor& auditor_;
  const std::vector<std::string>& resources_;
  const ClientFaults& faults_;
  std::vector<Client> clients_;
  size_t asking_ = 0;
  bool last_round_ = false;
};

}  // namespace assent::sim
