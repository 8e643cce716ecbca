// The first contact of two filled sides, which dies before its n-th port call, for every n: who is whose is found by
// the match rules, and what may be any of several is left to people, however the records fall into pages.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "storm.h"

namespace seeded {
namespace {

using namespace std::chrono_literals;

enum : std::size_t { account, contact };

struct Case {
  Backend backend;
  OrgKind org;
  std::size_t page_size;
  bool bulk = false;
  core::Safeguards safeguards{};
};

void PrintTo(const Case& one, std::ostream* out) {
  *out << (one.backend == Backend::memory ? "memory" : "sqlite") << (one.org == OrgKind::fake ? "" : ", sfsim")
       << ", pages of " << one.page_size << (one.bulk ? ", bulk" : "");
}

Setting setting_for_case(const Case& one) {
  Setting setting{.safeguards = one.safeguards, .backend = one.backend, .org = one.org, .match = true};
  setting.page_size = one.page_size;
  setting.weather = Weather{.without_key = 0, .swarm = false, .sparse_objects = false};
  if (one.bulk) setting.weather.bulk = 1;
  return setting;
}

/// Both sides filled, by what each holds in the field of the match rule. In the org in the order of `turn`.
class Contact {
 public:
  Contact(const Case& one, std::size_t turn) : choices_(choices(one.bulk)), world_(choices_, setting_for_case(one)) {
    world_.calm();
    std::vector<std::string> in_org{"double", "known", "either", "double", "theirs", "double", "met"};
    std::ranges::rotate(in_org, in_org.begin() + static_cast<std::ptrdiff_t>(turn % in_org.size()));
    for (const std::string& value : in_org)
      CHECK(world_.org().create(contact, fields(value), 0ms)), world_.pass_time(1s);
    for (const char* value : {"double", "known", "either", "either", "ours", "met", "either"})
      world_.store().insert(contact, fields(value));
    world_.pass_time(3s);
  }

  World& world() { return world_; }
  bool dies_before(std::size_t nth) {
    world_.crash_before(nth);
    world_.run();
    world_.crash_no_more();
    return world_.crashes > 0;
  }
  void rest(std::chrono::milliseconds pause = 5s) {
    for (int i = 0; i < 3; ++i) {
      world_.pass_time(pause);
      ASSERT_TRUE(world_.run());
    }
  }

  /// What the sides hold: "value: records, rows, of those with a record of their own".
  std::string sides() {
    std::map<std::string, std::array<std::size_t, 2>> held;
    std::map<std::string, std::set<std::string>> own;
    for (const RecordView& record : world_.org().records(contact))
      if (!record.deleted) ++held[value_of(record.fields)][0];
    for (const RowView& row : world_.store().rows(contact)) {
      ++held[value_of(row.fields)][1];
      if (row.record) own[value_of(row.fields)].insert(*row.record);
    }
    std::string text;
    for (const auto& [value, counts] : held)
      text += value + " " + std::to_string(counts[0]) + "/" + std::to_string(counts[1]) + "/" +
              std::to_string(own[value].size()) + "; ";
    return text;
  }
  std::size_t parked() {
    std::size_t parked = 0;
    for (const model::Mapping& mapping : world_.mappings()) parked += world_.store().parked(mapping);
    return parked;
  }
  model::RecordId record(const std::string& value) {
    for (const RecordView& record : world_.org().records(contact))
      if (!record.deleted && value_of(record.fields) == value) return record.id;
    return {};
  }

 private:
  /// There is a field for our key; whether the org reads in bulk is asked of chance, which says yes.
  static std::vector<std::uint32_t> choices(bool bulk) {
    std::vector<std::uint32_t> list(bulk ? 10'000 : 2, 1);
    list[0] = list[1] = 0;
    return list;
  }
  Fields fields(const std::string& value) {
    Fields fields(objects()[contact].fields.size());
    fields[0] = world_.oracle().name(contact);
    fields[1] = value;
    return fields;
  }
  static std::string value_of(const Fields& fields) { return fields[1].value_or(""); }

  Choices choices_;
  World world_;
};

constexpr const char* settled = "double 3/1/0; either 1/3/0; known 1/1/1; met 1/1/1; ours 1/1/1; theirs 1/1/1; ";

class FirstContact : public testing::TestWithParam<Case> {};

TEST_P(FirstContact, LeavesWhatIsUnclearToPeopleInWhateverOrderItComes) {
  for (std::size_t turn = 0; turn < 7; ++turn) {
    Contact contact{GetParam(), turn};
    contact.rest();
    EXPECT_EQ(contact.world().bulk_records() > 0, GetParam().bulk);
    EXPECT_EQ(contact.sides(), settled) << "turn " << turn;
    EXPECT_EQ(contact.parked(), 8u) << "three records and a row, a record and three rows; turn " << turn;
    contact.rest(25h);  // They are looked at again and again.
    EXPECT_EQ(contact.sides(), settled) << "turn " << turn;
    EXPECT_EQ(contact.parked(), 8u) << "turn " << turn;
  }
}

TEST_P(FirstContact, TakesTheOneThatIsLeftOnceSomebodyHasSettledIt) {
  Contact contact{GetParam(), 0};
  contact.rest();
  for (int i = 0; i < 2; ++i) contact.world().org().remove(seeded::contact, contact.record("double"));
  contact.rest();
  contact.rest(25h);
  EXPECT_EQ(contact.sides(), "double 1/1/1; either 1/3/0; known 1/1/1; met 1/1/1; ours 1/1/1; theirs 1/1/1; ");
  EXPECT_EQ(contact.parked(), 4u);
}

TEST_P(FirstContact, EndsTheSameWhereverAProcessDies) {
  std::size_t deaths = 0;
  for (std::size_t nth = 1;; ++nth) {
    Contact contact{GetParam(), nth};
    const bool died = contact.dies_before(nth);
    contact.rest();
    contact.rest(20min);
    ASSERT_EQ(contact.sides(), settled) << "dead before port call " << nth;
    ASSERT_EQ(contact.parked(), 8u) << "dead before port call " << nth;
    if (!died) break;
    ++deaths;
  }
  EXPECT_GT(deaths, 10u) << "the run made too few calls to show anything";
}

INSTANTIATE_TEST_SUITE_P(OverMemory, FirstContact,
                         testing::Values(Case{Backend::memory, OrgKind::fake, 1},
                                         Case{Backend::memory, OrgKind::fake, 2},
                                         Case{Backend::memory, OrgKind::fake, 50},
                                         Case{Backend::memory, OrgKind::fake, 2, true}));
INSTANTIATE_TEST_SUITE_P(OverSqlite, FirstContact,
                         testing::Values(Case{Backend::sqlite, OrgKind::fake, 1},
                                         Case{Backend::sqlite, OrgKind::fake, 3},
                                         Case{Backend::sqlite, OrgKind::sfsim, 2}));

TEST(FirstContactSharpness, TheFirstThatComesIsTakenWithoutWaitingForAll) {
  Case one{Backend::memory, OrgKind::fake, 1};
  one.safeguards.match_when_all_came = false;
  Contact contact{one, 0};
  contact.rest();
  EXPECT_NE(contact.sides(), settled);
}

}  // namespace
}  // namespace seeded
