// Lists: transactions in the table and those that ended lately, and the resources.
#include <algorithm>

#include "coordinator/shard.h"
#include "coordinator/view.h"

namespace assent::coordinator {
namespace {

constexpr size_t kListed = 10'000;

bool Matches(const v1::Transaction& view, const ListQuery& query) {
  if (!query.state.empty() && v1::Transaction::State_Name(view.state()) != query.state) {
    return false;
  }
  if (query.resource.empty()) return true;
  return std::any_of(view.branches().begin(), view.branches().end(),
                     [&](const auto& branch) { return branch.resource() == query.resource; });
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

// Newest first. What ended is listed while it is kept.
void Shard::List(const Request& request, const Reply& reply) {
  const auto& query = std::get<ListQuery>(request.body);
  const auto before = core::Gtrid::FromHex(query.before);
  std::map<core::Gtrid, const Entry*, std::greater<>> live;
  for (const auto& [handle, entry] : table_) {
    if (!before || entry->atomic.gtrid < *before) live.emplace(entry->atomic.gtrid, entry.get());
  }
  // Of what ended there is the transaction while it is kept, else the outcome.
  struct Past {
    const Entry* entry = nullptr;
    const Ended* outcome = nullptr;
  };
  std::map<std::string, Past, std::greater<>> ended;
  const auto wanted = [&](const std::string& gtrid) {
    return query.before.empty() || gtrid < query.before;
  };
  outcomes_.ForEachRecent(kListed, [&](const Ended& outcome) {
    std::string gtrid = outcome.gtrid.ToHex();
    if (wanted(gtrid)) ended[std::move(gtrid)].outcome = &outcome;
  });
  for (const Recent& recent : recent_order_) {
    std::string gtrid = recent.entry->atomic.gtrid.ToHex();
    if (wanted(gtrid)) ended[std::move(gtrid)].entry = recent.entry.get();
  }
  v1::ListResponse response;
  auto next_live = live.begin();
  auto next_ended = ended.begin();
  std::string last;
  while (next_live != live.end() || next_ended != ended.end()) {
    if (static_cast<uint32_t>(response.transactions_size()) == query.limit) {
      response.set_next(last);
      break;
    }
    const bool take_live =
        next_ended == ended.end() ||
        (next_live != live.end() && next_live->first.ToHex() > next_ended->first);
    v1::Transaction view;
    if (take_live) {
      view = View(*next_live->second);
    } else {
      const Past& past = next_ended->second;
      view = past.entry != nullptr ? View(*past.entry) : View(*past.outcome);
    }
    take_live ? static_cast<void>(++next_live) : static_cast<void>(++next_ended);
    if (!Matches(view, query)) continue;
    for (auto& branch : *view.mutable_branches()) branch.clear_results();
    last = view.transaction();
    *response.add_transactions() = std::move(view);
  }
  reply(Answer{200, 0, std::move(response)});
}

void Shard::Resources(const Reply& reply) {
  v1::ResourcesResponse response;
  for (const auto& [name, manager] : context_.resources) {
    const xa::ResourceStatus status = manager->Status();
    v1::ResourceView* view = response.add_resources();
    view->set_name(status.name);
    view->set_driver(status.driver);
    view->set_dialect(status.dialect);
    view->set_state(HealthName(status.health));
    view->set_detail(status.detail);
    view->set_identity(status.stamp.identity);
    view->set_server_version(status.server_version);
    view->set_pool(status.pool);
    view->set_in_use(status.in_use);
    view->set_waiting(status.waiting);
    view->set_witness(status.witness);
    for (const auto& warning : status.warnings) view->add_warnings(warning);
    const auto scanned = scans_.find(name);
    if (scanned == scans_.end()) continue;
    view->set_in_doubt(scanned->second.in_doubt);
    view->set_foreign(scanned->second.foreign);
    view->set_scanned_at(FormatTime(scanned->second.at));
  }
  if (context_.partners != nullptr) {
    for (const auto& status : context_.partners->Status()) Fill(status, response.add_partners());
  }
  reply(Answer{200, 0, std::move(response)});
}

}  // namespace assent::coordinator
