// SPDX-License-Identifier: Apache-2.0
// Requests for lists: of the transactions in the table and those that ended recently, and of the
// resources.
#include <algorithm>

#include "coordinator/request_handlers.h"
#include "coordinator/view.h"

namespace assent::coordinator {
namespace {

constexpr size_t kListed = 10'000;

// A transaction in flight or kept since its end, or else its outcome.
struct Listed {
  core::Gtrid gtrid;
  const Entry* entry = nullptr;
  const Ended* outcome = nullptr;

  // The youngest is the greatest; for the same transaction, the one with more details.
  bool operator<(const Listed& other) const {
    if (gtrid != other.gtrid) return gtrid < other.gtrid;
    return entry == nullptr && other.entry != nullptr;
  }
};

bool HasBranchAt(const Entry& entry, const std::string& resource) {
  const auto& branches = entry.atomic.branches;
  return std::any_of(branches.begin(), branches.end(), [&](const core::AtomicBranch& branch) {
    return !branch.IsTcc() && branch.spec.resource == resource;
  });
}

// Checked before a view is made: of the thousands that are kept, few may match.
bool Matches(const Listed& listed, const ListQuery& query) {
  if (!query.state.empty()) {
    const auto state = listed.entry != nullptr ? StateOf(*listed.entry) : StateOf(*listed.outcome);
    if (v1::Transaction::State_Name(state) != query.state) return false;
  }
  if (query.resource.empty()) return true;
  if (listed.entry == nullptr) return false;  // its branches are no longer known
  return HasBranchAt(*listed.entry, query.resource);
}

const char* HealthName(xa::Health health) {
  switch (health) {
    case xa::Health::kUp: return "UP";
    case xa::Health::kDown: return "DOWN";
    case xa::Health::kUnknown: return "UNKNOWN";
  }
  return "UNKNOWN";
}

const char* HealthName(tcc::Health health) {
  switch (health) {
    case tcc::Health::kUp: return "UP";
    case tcc::Health::kBackingOff: return "BACKING_OFF";
    case tcc::Health::kProbing: return "PROBING";
  }
  return "UP";
}

void Fill(const tcc::EndpointStatus& status, v1::PartnerView* view) {
  view->set_name(status.name);
  view->set_state(HealthName(status.health));
  view->set_in_flight(status.in_flight);
  view->set_waiting(status.waiting);
  view->set_idle(status.idle);
  view->set_requests(status.requests);
  view->set_connects(status.connects);
  view->set_failures(status.failures);
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(status.back_off).count();
  if (ms > 0) view->set_back_off(std::to_string(ms) + "ms");
  view->set_detail(status.detail);
}

}  // namespace

// Whether the resource is configured, or was when a known transaction began.
bool RequestHandlers::KnowsResource(const std::string& name) const {
  if (parts_.context.resources.contains(name)) return true;
  bool known = false;
  const auto look = [&](const Entry& entry) { known = known || HasBranchAt(entry, name); };
  parts_.table.ForEach(look);
  parts_.table.ForEachRecent(look);
  return known;
}

// Youngest first. An ended transaction is listed while it is kept. A page pops only what it shows
// from a heap, so a request never sorts everything that is kept.
void RequestHandlers::List(const Request& request, const Reply& reply) {
  const auto& query = std::get<ListQuery>(request.body);
  if (!query.resource.empty() && !KnowsResource(query.resource)) {
    return reply(AnswerProblem(404, "invalid", "Unknown resource",
                               "no resource with this name is configured", "resource"));
  }
  const auto before = core::Gtrid::FromHex(query.before);
  std::vector<Listed> heap;
  const auto add = [&](const core::Gtrid& gtrid, const Entry* entry, const Ended* outcome) {
    if (!before || gtrid < *before) heap.push_back({gtrid, entry, outcome});
  };
  const auto add_entry = [&](const Entry& entry) { add(entry.atomic.gtrid, &entry, nullptr); };
  parts_.table.ForEach(add_entry);
  if (!query.live) {
    parts_.table.ForEachRecent(add_entry);
    parts_.table.outcomes().ForEachRecent(
        kListed, [&](const Ended& outcome) { add(outcome.gtrid, nullptr, &outcome); });
  }
  std::make_heap(heap.begin(), heap.end());
  v1::ListResponse response;
  core::Gtrid seen;
  std::string last;
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end());
    const Listed next = heap.back();
    heap.pop_back();
    if (next.gtrid == seen) continue;
    seen = next.gtrid;
    if (static_cast<uint32_t>(response.transactions_size()) == query.limit) {
      response.set_next(last);
      break;
    }
    if (!Matches(next, query)) continue;
    last = next.gtrid.ToHex();
    *response.add_transactions() =
        next.entry != nullptr ? View(*next.entry, Results::kLeftOut) : View(*next.outcome);
  }
  reply(Answer{200, 0, std::move(response)});
}

void RequestHandlers::GetResources(const Reply& reply) {
  v1::ResourcesResponse response;
  for (const auto& [name, manager] : parts_.context.resources) {
    const xa::ResourceStatus status = manager->Status();
    v1::ResourceView* view = response.add_resources();
    view->set_name(status.name);
    view->set_driver(status.driver);
    view->set_dialect(status.dialect);
    view->set_state(HealthName(status.health));
    const std::string why = parts_.first_scan.Why(name);
    view->set_detail(status.detail.empty() ? why : status.detail);
    view->set_identity(status.stamp.identity);
    view->set_server_version(status.server_version);
    view->set_pool(status.pool);
    view->set_in_use(status.in_use);
    view->set_waiting(status.waiting);
    view->set_witness(status.witness);
    for (const auto& warning : status.warnings) view->add_warnings(warning);
    const auto scanned = parts_.scans.find(name);
    if (scanned == parts_.scans.end()) continue;
    view->set_in_doubt(scanned->second.in_doubt);
    view->set_foreign(scanned->second.foreign);
    view->set_scanned_at(FormatTime(scanned->second.at));
  }
  if (const tcc::Partners* partners = parts_.context.partners) {
    for (const auto& status : partners->Status()) Fill(status, response.add_partners());
  }
  reply(Answer{200, 0, std::move(response)});
}

}  // namespace assent::coordinator
