#include "queue/memory/memory_queue.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "queue/local/local_queue.h"

namespace queue {
namespace {

template <class Map>
auto value_at(const Map& map, std::string_view key) -> std::optional<typename Map::mapped_type> {
  const auto found = map.find(key);
  return found == map.end() ? std::nullopt : std::optional{found->second};
}

/// Nothing to undo: a LocalQueue looks before it writes, and writing here cannot fail.
class MemoryShelf final : public Shelf {
 public:
  base::Result<void> begin() override { return {}; }
  base::Result<void> commit() override { return {}; }
  void rollback() override {}

  base::Result<Head> head() override { return head_; }
  base::Result<void> put(const Head& head) override {
    head_ = head;
    return {};
  }

  base::Result<std::optional<Entry>> find(std::string_view id) override { return value_at(entries_, id); }
  base::Result<void> put(const Entry& entry) override {
    const auto [at, made] = entries_.try_emplace(entry.job.id, entry);
    if (!made) {
      order_[at->second.state].erase(key(at->second));
      at->second = entry;
    }
    order_[entry.state].insert(key(entry));
    return {};
  }
  base::Result<void> erase(std::string_view id) override {
    const auto found = entries_.find(id);
    if (found == entries_.end()) return {};
    order_[found->second.state].erase(key(found->second));
    if (const auto log = logs_.find(id); log != logs_.end()) logs_.erase(log);
    entries_.erase(found);
    return {};
  }
  base::Result<std::int64_t> count(State state) override { return static_cast<std::int64_t>(order_[state].size()); }
  base::Result<std::vector<Entry>> list(State state, std::int64_t skip, std::int64_t limit,
                                        JobQueue::Order order) override {
    std::vector<Entry> found;
    const auto take = [&](auto at, auto end) {
      for (; skip > 0 && at != end; --skip) ++at;
      for (; at != end && (limit < 0 || static_cast<std::int64_t>(found.size()) < limit); ++at)
        found.push_back(entries_.find(std::get<2>(*at))->second);
    };
    const auto& keys = order_[state];
    if (order == JobQueue::Order::oldest_first) take(keys.begin(), keys.end());
    else take(keys.rbegin(), keys.rend());
    return found;
  }

  base::Result<void> log(std::string_view id, std::string_view row, std::optional<int> keep) override {
    auto& rows = logs_[std::string{id}];
    rows.emplace_back(row);
    if (keep && rows.size() > static_cast<std::size_t>(*keep)) rows.erase(rows.begin(), rows.end() - *keep);
    return {};
  }
  base::Result<LogPage> logs(std::string_view id, std::int64_t first, std::int64_t last) override {
    const auto rows = value_at(logs_, id).value_or(std::vector<std::string>{});
    const Range range = range_of(first, last, static_cast<std::int64_t>(rows.size()));
    LogPage page{{}, static_cast<std::int64_t>(rows.size())};
    if (range.limit > 0) page.rows.assign(rows.begin() + range.skip, rows.begin() + range.skip + range.limit);
    return page;
  }

  base::Result<std::optional<Owner>> owner(std::string_view id) override { return value_at(owners_, id); }
  base::Result<void> put_owner(std::string_view id, const std::optional<Owner>& owner) override {
    if (owner) owners_.insert_or_assign(std::string{id}, *owner);
    else owners_.erase(std::string{id});
    return {};
  }

  base::Result<std::vector<Scheduler>> schedulers() override {
    std::vector<Scheduler> all;
    for (const auto& [id, scheduler] : schedulers_) all.push_back(scheduler);
    std::ranges::stable_sort(all, {}, &Scheduler::next);
    return all;
  }
  base::Result<std::optional<Scheduler>> scheduler(std::string_view id) override { return value_at(schedulers_, id); }
  base::Result<void> put(const Scheduler& scheduler) override {
    schedulers_.insert_or_assign(scheduler.id, scheduler);
    return {};
  }
  base::Result<void> erase_scheduler(std::string_view id) override {
    schedulers_.erase(std::string{id});
    return {};
  }

  base::Result<void> clear() override {
    *this = MemoryShelf{};
    return {};
  }

 private:
  using Key = std::tuple<std::int64_t, std::int64_t, std::string>;
  static Key key(const Entry& entry) { return {entry.score, entry.seq, entry.job.id}; }

  Head head_;
  std::map<std::string, Entry, std::less<>> entries_;
  std::map<State, std::set<Key>> order_;
  std::map<std::string, std::vector<std::string>, std::less<>> logs_;
  std::map<std::string, Owner, std::less<>> owners_;
  std::map<std::string, Scheduler, std::less<>> schedulers_;
};

}  // namespace

std::unique_ptr<JobQueue> make_memory_queue() {
  return std::make_unique<LocalQueue>(std::make_unique<MemoryShelf>());
}

}  // namespace queue
