#pragma once

#include "store_handle.h"
#include "world.h"

namespace seeded {

/// Any store in the world's weather.
class TurbulentStore final : public StoreHandle {
 public:
  TurbulentStore(core::Store& inner, World& world) : StoreHandle(inner), world_(world) {}

  base::Result<std::vector<core::Refused>> update(const model::Mapping& m, std::span<const model::RowKey> rows,
                                                  const Decide& decide) override {
    return StoreHandle::update(m, rows, [&](const core::Known& known) {
      core::WriteSet writes = decide(known);
      world_.note_announced(m, writes);
      return writes;
    });
  }

 private:
  std::optional<base::Error> before() override {
    if (auto error = world_.before(World::Call::store)) return error;
    watch_.emplace(world_, false);
    return std::nullopt;
  }
  std::optional<base::Error> after() override {
    watch_.reset();
    return world_.after();
  }
  World& world_;
  std::optional<World::Watch> watch_;
};

/// Any org in the world's weather.
class TurbulentOrg final : public core::Org {
 public:
  TurbulentOrg(core::Org& inner, World& world) : inner_(inner), world_(world) {}

  std::vector<base::Result<core::Page>> fetch(std::span<const core::PageRequest> requests) override {
    const auto all_fail = [&](const base::Error& error) {
      std::vector<base::Result<core::Page>> pages;
      for (std::size_t i = 0; i < requests.size(); ++i) pages.emplace_back(std::unexpected(error));
      return pages;
    };
    if (auto error = world_.before(World::Call::org)) return all_fail(*error);
    auto pages = inner_.fetch(requests);
    for (const auto& page : pages)
      if (page) world_.expect_at_most(world_.page_size(), page->observed.size(), "records of a page");
    for (std::size_t i = 0; i < requests.size(); ++i)
      if (auto error = world_.hides(*requests[i].mapping)) {
        pages[i] = std::unexpected(*error);
      } else if (pages[i]) {
        world_.blur(pages[i]->observed, false);
      }
    if (auto error = world_.after()) return all_fail(*error);
    return pages;
  }
  base::Result<core::Observation> retrieve(const model::Mapping& m, std::span<const model::RecordId> ids) override {
    return observe(m, true, [&] { return inner_.retrieve(m, ids); });
  }
  base::Result<core::Observation> fates(const model::Mapping& m, std::span<const model::RecordId> ids) override {
    return observe(m, true, [&] { return inner_.fates(m, ids); });
  }
  base::Result<core::Observation> created(const model::Mapping& m, base::Utc since) override {
    return observe(m, false, [&] { return inner_.created(m, since); });
  }
  base::Result<std::vector<std::optional<core::FoundRecord>>> find(const model::Mapping& m,
                                                                   std::span<const std::string_view> keys) override {
    return read(m, [&] { return inner_.find(m, keys); });
  }
  base::Result<std::vector<bool>> fitting(const model::Mapping& m, std::span<const model::RecordId> ids) override {
    return read(m, [&] { return inner_.fitting(m, ids); });
  }
  base::Result<core::Observation> alike(const model::Mapping& m, std::span<const std::size_t> rule,
                                        std::span<const std::span<const model::Cell>> rows) override {
    return observe(m, false, [&] { return inner_.alike(m, rule, rows); });
  }
  base::Result<std::vector<base::Result<void>>> remove(const model::Mapping& m,
                                                       std::span<const core::OrgRemoval> removals) override {
    if (auto error = world_.before(World::Call::org_write)) return std::unexpected(*error);
    std::set<std::string> removed;
    for (const core::OrgRemoval& removal : removals) removed.insert(removal.id.str());
    auto results = [&] {
      World::Watch watch{world_, true, std::move(removed)};
      return inner_.remove(m, removals);
    }();
    if (auto error = world_.after()) return std::unexpected(*error);
    return results;
  }
  base::Result<std::vector<base::Result<model::RecordId>>> write(const model::Mapping& m,
                                                                 std::span<const core::OrgWrite> writes) override {
    if (auto error = world_.before(World::Call::org_write)) return std::unexpected(*error);
    world_.expect_at_most(world_.page_size(), writes.size(), "records of a write");
    if (world_.delays(m, writes))
      return base::failure(base::ErrorKind::unknown_fate, "the weather: on its way, and nobody hears of it");
    auto results = [&] {
      World::Watch watch{world_, true};
      return world_.write_some(inner_, m, writes);
    }();
    if (auto error = world_.after()) return std::unexpected(*error);
    return results;
  }

 private:
  template <class Call>
  base::Result<core::Observation> observe(const model::Mapping& m, bool in_places, Call call) {
    auto observed = read(m, call);
    if (observed) world_.blur(*observed, in_places);
    return observed;
  }
  template <class Call>
  auto read(const model::Mapping& m, Call call) -> decltype(call()) {
    if (auto error = world_.before(World::Call::org)) return std::unexpected(*error);
    if (auto error = world_.hides(m)) return std::unexpected(*error);
    auto result = call();
    if (auto error = world_.after()) return std::unexpected(*error);
    return result;
  }
  core::Org& inner_;
  World& world_;
};

}  // namespace seeded
