// SPDX-License-Identifier: Apache-2.0
// A modelled resource manager or partner: the effects of each call, and of faults.
//
// Contract: each function takes effect at one instant and changes only `part`, which holds the
// whole state of the participant. A new kind is one file that implements this interface and a line
// in participant.cc.
#pragma once

#include "tests/model/state.h"

namespace assent::model {

struct Request {
  core::Operation operation{};
  bool through_own = false;  // over the branch's own connection
  bool settle = false;       // kFind: may insert the mark that forbids a commit
  bool read_only = false;    // declared; the server enforces it
  bool has_witness = false;  // the witness table is installed
  bool sessions_hidden = false;
};
struct Answer {
  xa::Code code = xa::Code::kOk;
  xa::Found found = xa::Found::kUnknown;
  bool witnessed = false;
  tcc::Answer of_partner = tcc::Answer::kDone;  // of a partner, which uses no field above
};

class Participant {
 public:
  virtual ~Participant() = default;
  virtual Answer Carry(Part& part, const Request& request) const = 0;
  // In how many ways the participant can refuse the operation; Refuse refuses in one of them.
  virtual int RefuseWays(const Part& part, core::Operation operation) const = 0;
  virtual Answer Refuse(Part& part, core::Operation operation, int way) const = 0;
  // The client's SQL ends the branch: its work is committed or rolled back.
  virtual Answer Leave(Part& part, bool commits) const = 0;
  // Begins a slow commit, which Finish completes, as it completes a slow partner's try. Returns
  // false if the commit cannot begin.
  virtual bool BeginCommit(Part& part, bool through_own) const = 0;
  virtual void Finish(Part& part) const = 0;
  virtual bool Listed(const Part& part) const = 0;  // whether a scan lists the branch
  virtual void Disconnect(Part& part) const = 0;    // the branch's own connection is lost
  // In how many ways a restart can end; Restart restarts in one of them.
  virtual int RestartWays(const Part& part) const = 0;
  virtual void Restart(Part& part, int way) const = 0;
  // In how many ways a person can end the branch; Decide ends it in one of them.
  virtual int HeuristicWays(const Part& part) const = 0;
  virtual void Decide(Part& part, int way) const = 0;
};

const Participant& Of(PartKind kind);

}  // namespace assent::model
