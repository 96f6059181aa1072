// SPDX-License-Identifier: Apache-2.0
// A resource manager, or a partner, as the model has it: what each call does there, and what
// befalls it.
//
// Contract: each function is one instant and changes `part` only; a kind keeps all it knows there,
// and has no state of its own. A new kind is one file that implements this and a line in
// participant.cc.
#pragma once

#include "tests/model/world.h"

namespace assent::model {

struct Request {
  core::Operation operation{};
  bool through_own = false;  // over the branch's own connection
  bool settle = false;       // kFind: may insert the mark that forbids a commit
  bool read_only = false;    // declared; the server enforces it
  bool has_witness = false;  // the witness table is installed there
};
struct Answer {
  xa::Code code = xa::Code::kOk;
  xa::Found found = xa::Found::kUnknown;
  bool witnessed = false;
  tcc::Answer of_partner = tcc::Answer::kDone;  // a partner's; nothing of the above is
};

class Participant {
 public:
  virtual ~Participant() = default;
  virtual Answer Carry(Part& part, const Request& request) const = 0;
  // In how many ways it can refuse this, and to have it refuse in one of them.
  virtual int RefuseWays(const Part& part, core::Operation operation) const = 0;
  virtual Answer Refuse(Part& part, core::Operation operation, int way) const = 0;
  // Its client's SQL has ended the branch: what it wrote is committed, or rolled back.
  virtual Answer Leave(Part& part, bool commits) const = 0;
  // A commit that takes long: begun now, ended by Finish, as a slow partner's try is. False: it
  // cannot be begun.
  virtual bool BeginCommit(Part& part, bool through_own) const = 0;
  virtual void Finish(Part& part) const = 0;
  virtual bool Listed(const Part& part) const = 0;  // does a scan show it?
  virtual void Disconnect(Part& part) const = 0;    // the branch's own connection is gone
  // In how many ways it may come back from a restart, and to have it restarted in one of them.
  virtual int RestartWays(const Part& part) const = 0;
  virtual void Restart(Part& part, int way) const = 0;
  // The same for a person who decides.
  virtual int HeuristicWays(const Part& part) const = 0;
  virtual void Decide(Part& part, int way) const = 0;
};

const Participant& Of(PartKind kind);

}  // namespace assent::model
