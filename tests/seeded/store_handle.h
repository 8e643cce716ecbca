#pragma once

#include "core/ports/store.h"

namespace seeded {

/// A store behind something that happens before and after every call that may wait, fail or be the last.
class StoreHandle : public core::Store {
 public:
  explicit StoreHandle(core::Store& inner) : inner_(inner) {}

  base::Result<std::vector<std::string>> columns(std::string_view table) override { return inner_.columns(table); }
  base::Result<void> prepare(const model::Mapping& m) override { return inner_.prepare(m); }
  base::Result<model::Position> position(const model::Mapping& m) override {
    return around([&] { return inner_.position(m); });
  }
  base::Result<std::optional<core::Sweep>> sweep(const model::Mapping& m) override {
    return around([&] { return inner_.sweep(m); });
  }
  base::Result<std::vector<core::Refused>> settle(const model::Mapping& m, const core::Observation& observed,
                                                  const Decide& decide) override {
    return around([&] { return inner_.settle(m, observed, decide); });
  }
  base::Result<std::vector<core::Refused>> update(const model::Mapping& m, std::span<const model::RowKey> rows,
                                                  const Decide& decide) override {
    return around([&] { return inner_.update(m, rows, decide); });
  }
  base::Result<bool> load(const model::Mapping& m, const core::Observation& observed,
                          const model::Position& position) override {
    return around([&] { return inner_.load(m, observed, position); });
  }
  base::Result<std::vector<core::OutboxEntry>> outbox(const model::Mapping& m, model::OutboxSeq after,
                                                      std::size_t limit) override {
    return around([&] { return inner_.outbox(m, after, limit); });
  }
  base::Result<LinkPage> links(const model::Mapping& m, core::LinkState state, std::int64_t after,
                               std::size_t limit) override {
    return around([&] { return inner_.links(m, state, after, limit); });
  }
  base::Result<LinkPage> leaving(const model::Mapping& m, std::int64_t after, std::size_t limit) override {
    return around([&] { return inner_.leaving(m, after, limit); });
  }
  base::Result<core::Extent> extent(const model::Mapping& m) override {
    return around([&] { return inner_.extent(m); });
  }
  base::Result<bool> follow_merge(const model::Mapping& m, const model::RecordId& loser,
                                  const model::RecordId& winner) override {
    return around([&] { return inner_.follow_merge(m, loser, winner); });
  }
  base::Result<std::int64_t> release_children(const model::Mapping& m) override {
    return around([&] { return inner_.release_children(m); });
  }
  base::Result<core::CreateIntents> create_intents(const model::Mapping& m) override {
    return around([&] { return inner_.create_intents(m); });
  }
  base::Result<void> forget(const model::Mapping& m, base::Utc before) override {
    return around([&] { return inner_.forget(m, before); });
  }
  base::Result<void> requeue_parked(const model::Mapping& m, base::Utc now) override {
    return around([&] { return inner_.requeue_parked(m, now); });
  }
  base::Result<std::vector<model::RecordId>> parked_records(const model::Mapping& m, base::Utc now,
                                                            std::size_t limit) override {
    return around([&] { return inner_.parked_records(m, now, limit); });
  }

 protected:
  virtual std::optional<base::Error> before() { return std::nullopt; }
  virtual std::optional<base::Error> after() { return std::nullopt; }

 private:
  template <class Call>
  auto around(Call call) -> decltype(call()) {
    if (auto error = before()) return std::unexpected(*error);
    auto result = call();
    if (auto error = after()) return std::unexpected(*error);
    return result;
  }
  core::Store& inner_;
};

}  // namespace seeded
