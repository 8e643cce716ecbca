#include "salesforce/patient_write.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>

namespace salesforce {
namespace {

using base::ErrorKind;
using core::OrgWrite;
using RowResult = base::Result<model::RecordId>;

constexpr std::array<std::size_t, 4> locked_groups = {50, 10, 1, 1};
constexpr std::array<std::string_view, 5> failures_of_groups = {"JSON_PARSER_ERROR", "UNKNOWN_EXCEPTION",
                                                                "INTERNAL_ERROR", "REQUEST_RUNNING_TOO_LONG",
                                                                "EXCEEDED_MAX_SIZE_REQUEST"};

bool is_locked(const base::Error& error) {
  return error.service_code == "UNABLE_TO_LOCK_ROW";
}

bool may_be_a_groups(const base::Error& error) {
  return std::ranges::find(failures_of_groups, error.service_code) != failures_of_groups.end();
}

/// A create without a key makes another record each time; whoever announced it looks for the first one.
bool may_be_repeated(const OrgWrite& write, const base::Error& error) {
  const bool has_name = write.id || !write.upsert_key.empty();
  return has_name || (error.kind != ErrorKind::unknown_fate && !error.may_be_done);
}

/// The record whose lock a write needs beside its own: the first parent that it names.
std::string_view parent_of(const model::Mapping& mapping, const OrgWrite& write) {
  for (std::size_t f = 0; f < mapping.fields.size(); ++f)
    if (write.fields[f] && mapping.fields[f].type.kind == model::FieldKind::reference && write.values[f].has_text())
      return write.values[f].text();
  return write.id ? write.id.view() : write.upsert_key;
}

class Patience {
 public:
  Patience(const model::Mapping& mapping, std::span<const OrgWrite> writes, const WriteOnce& once, const Wait& wait)
      : mapping_(mapping), writes_(writes), once_(once), wait_(wait) {}

  base::Result<std::vector<RowResult>> run() {
    std::vector<std::size_t> all(writes_.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    auto first = once_(writes_, all, largest_group);
    if (first) {
      results_ = *std::move(first);
      CHECK(results_.size() == writes_.size());
    } else {
      if (!may_be_a_groups(first.error()) || writes_.size() < 2) return std::unexpected(std::move(first).error());
      results_.assign(writes_.size(), std::unexpected(first.error()));
    }
    find_who_is_to_blame();
    wait_for_locks();
    return std::move(results_);
  }

 private:
  template <class Is>
  std::vector<std::size_t> those(Is is) const {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < results_.size(); ++i)
      if (!results_[i] && is(results_[i].error()) && may_be_repeated(writes_[i], results_[i].error())) out.push_back(i);
    return out;
  }

  /// False if the call as a whole failed in a way that more calls will not mend.
  bool again(const std::vector<std::size_t>& which, std::size_t most_in_group) {
    std::vector<OrgWrite> some;
    some.reserve(which.size());
    for (const std::size_t i : which) some.push_back(writes_[i]);
    auto answers = once_(some, which, most_in_group);
    if (!answers) {
      for (const std::size_t i : which) take(i, std::unexpected(answers.error()));
      return may_be_a_groups(answers.error());
    }
    CHECK(answers->size() == which.size());
    for (std::size_t k = 0; k < which.size(); ++k) take(which[k], std::move((*answers)[k]));
    return true;
  }

  /// A refusal does not say that an earlier attempt was in vain: it may be why this one is refused.
  void take(std::size_t at, RowResult result) {
    const bool may_be_done =
        !results_[at] && (results_[at].error().kind == ErrorKind::unknown_fate || results_[at].error().may_be_done);
    results_[at] = std::move(result);
    if (!results_[at]) results_[at].error().may_be_done = may_be_done;
  }

  void find_who_is_to_blame() {
    std::size_t size = std::min(largest_group, writes_.size());
    std::vector<std::size_t> blamed = those(may_be_a_groups);
    if (blamed.size() < 2) return;  // it failed alone, and may go through next time
    while (!blamed.empty() && size > 1) {
      size = (size + 1) / 2;
      if (!again(blamed, size)) return;
      blamed = those(may_be_a_groups);
    }
    const bool others_went_through = std::ranges::any_of(results_, [](const RowResult& r) { return r.has_value(); });
    if (!others_went_through) return;
    for (const std::size_t i : blamed) {
      base::Error& error = results_[i].error();
      error.may_be_done = error.may_be_done || error.kind == ErrorKind::unknown_fate;
      error.kind = ErrorKind::rejected;
      error.message = "Salesforce fails whenever this " + mapping_.object +
                      " record is written, and takes the others [" + error.service_code +
                      "]. Look at its values, and in the org's debug log for a trigger or flow that breaks on it.";
    }
  }

  void wait_for_locks() {
    if (!wait_) return;
    std::chrono::milliseconds pause{1'000};
    for (const std::size_t size : locked_groups) {
      std::vector<std::size_t> locked = those(is_locked);
      if (locked.empty()) return;
      std::ranges::stable_sort(locked, {}, [&](std::size_t i) { return parent_of(mapping_, writes_[i]); });
      if (!wait_(pause)) return;
      pause *= 2;
      if (!again(locked, size)) return;
    }
  }

  const model::Mapping& mapping_;
  const std::span<const OrgWrite> writes_;
  const WriteOnce& once_;
  const Wait& wait_;
  std::vector<RowResult> results_;
};

}  // namespace

base::Result<std::vector<RowResult>> write_patiently(const model::Mapping& mapping, std::span<const OrgWrite> writes,
                                                     const WriteOnce& once, const Wait& wait) {
  return Patience{mapping, writes, once, wait}.run();
}

}  // namespace salesforce
