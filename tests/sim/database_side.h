// SPDX-License-Identifier: Apache-2.0
// The databases of a run and their adapters.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/auditor.h"
#include "tests/sim/database.h"
#include "tests/sim/resource.h"
#include "tests/sim/side.h"

namespace assent::sim {

class DatabaseSide final : public Side {
 public:
  // The seed selects the number and the kinds. `wide`: with long names.
  DatabaseSide(Simulator& sim, Auditor& auditor, const NetFaults& faults, bool wide);

  void Bind(ProcessPort& process, coordinator::ShardContext& context) override;
  void Reset() override;
  std::vector<Left> Unfinished() override;
  void ForEachRow(const std::function<void(uint32_t, int64_t)>& row) const override;
  std::vector<std::string> Harmed() const override;

  // Valid for the lifetime of this object.
  const std::vector<Database*>& databases() const { return database_pointers_; }
  const std::vector<SimResource*>& resources() const { return resource_pointers_; }
  std::vector<std::string> names() const;
  size_t with_xa() const { return with_xa_; }  // so many databases, the first ones, can be prepared
  // The databases with the table for decision rows.
  const std::vector<size_t>& last_resources() const { return last_resources_; }

 private:
  void Report();

  Auditor& auditor_;
  // Contiguous: the shard orders resources by address.
  std::vector<Database> databases_;
  std::vector<SimResource> resources_;
  std::vector<Database*> database_pointers_;
  std::vector<SimResource*> resource_pointers_;
  size_t with_xa_ = 0;
  std::vector<size_t> last_resources_;
};

}  // namespace assent::sim
