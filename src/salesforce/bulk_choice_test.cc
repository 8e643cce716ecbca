#include "salesforce/bulk_choice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "base/random.h"
#include "salesforce/fakes_for_test.h"

namespace salesforce {
namespace {

const std::vector<model::Cell> values(3, model::Cell{"x"});

core::OrgWrite write(std::size_t n, bool creates, std::initializer_list<std::size_t> fields, bool conditional = true) {
  core::OrgWrite out{.id = creates ? model::RecordId{} : contact_id(n),
                     .upsert_key = creates ? "key" : "",
                     .fields = {},
                     .values = values};
  for (const std::size_t field : fields) out.fields.set(field);
  if (conditional) out.unless_changed_since = base::Utc{std::chrono::seconds{1}};
  return out;
}

TEST(BulkChoice, ReadsInBulkWhatWouldTakeManyPages) {
  EXPECT_EQ(choose_read(0), ReadBy::pages);
  EXPECT_EQ(choose_read(bulk_read_from - 1), ReadBy::pages);
  EXPECT_EQ(choose_read(bulk_read_from), ReadBy::bulk);
}

TEST(BulkChoice, WritesAFewOnConditionSomeInCollectionsAndManyInBulk) {
  std::vector<core::OrgWrite> writes(25, write(1, false, {0}));
  EXPECT_EQ(choose_write(writes, true).conditional.size(), 25u);
  writes.push_back(write(26, false, {0}));
  EXPECT_EQ(choose_write(writes, true).collections.size(), 26u);
  writes.resize(bulk_write_from, write(1, false, {0}));
  EXPECT_EQ(choose_write(writes, true).uploads.size(), 1u);
  EXPECT_EQ(choose_write(writes, false).collections.size(), bulk_write_from);
  writes.pop_back();
  EXPECT_TRUE(choose_write(writes, true).uploads.empty());
}

TEST(BulkChoice, PutsUpdatesOfDifferentFieldsAndCreatesIntoJobsOfTheirOwn) {
  std::vector<core::OrgWrite> writes;
  for (std::size_t i = 0; i < bulk_write_from; ++i) {
    writes.push_back(write(i, false, {0}));
    writes.push_back(write(i, false, {0, 1}));
    writes.push_back(write(i, true, {i % 3}));
  }
  writes.push_back(write(7, false, {2}));
  const WritePlan plan = choose_write(writes, true);
  ASSERT_EQ(plan.uploads.size(), 3u);
  EXPECT_EQ(plan.collections, std::vector<std::size_t>{writes.size() - 1});
  for (const auto& places : plan.uploads)
    for (const std::size_t place : places) {
      const core::OrgWrite &one = writes[place], &first = writes[places.front()];
      EXPECT_EQ(static_cast<bool>(one.id), static_cast<bool>(first.id));
      if (one.id) {
        EXPECT_EQ(one.fields, first.fields);
      }
    }
}

TEST(BulkChoice, KeepsParentsByKeyAndParentsByIdInColumnsOfTheirOwn) {
  std::vector<core::OrgWrite> writes;
  for (std::size_t i = 0; i < bulk_write_from; ++i)
    for (const bool creates : {true, false}) {
      writes.push_back(write(i, creates, {0, 1}));
      writes.back().by_key.set(1);
      writes.push_back(write(i, creates, {0, 1}));
    }
  const WritePlan plan = choose_write(writes, true);
  ASSERT_EQ(plan.uploads.size(), 4u);
  for (std::size_t u = 0; u < 4; ++u)
    for (const std::size_t place : plan.uploads[u])
      EXPECT_EQ(writes[place].by_key.any(), u >= 2) << "parents that one call makes come before their children";
}

TEST(BulkChoice, NeedsNoColumnOfKeysWhereThereIsNoParent) {
  const std::vector<model::Cell> nothing(3);
  std::vector<core::OrgWrite> writes(2 * bulk_write_from, write(1, false, {1}));
  for (std::size_t i = 0; i < writes.size(); i += 2) {
    writes[i].values = nothing;
    writes[i].by_key.set(1);
  }
  EXPECT_EQ(choose_write(writes, true).uploads.size(), 1u) << "null is null";
}

TEST(BulkChoice, NeverUploadsCreatesWithoutAKey) {
  std::vector<core::OrgWrite> writes(bulk_write_from, write(1, true, {0}));
  EXPECT_EQ(choose_write(writes, true).uploads.size(), 1u);
  for (core::OrgWrite& one : writes) one.upsert_key = {};
  EXPECT_EQ(choose_write(writes, true).collections.size(), bulk_write_from);
}

TEST(BulkChoice, KeepsOutOfUploadsWhatWouldMeanSomethingElseThere) {
  core::OrgWrite one = write(1, false, {1});
  EXPECT_TRUE(fits_upload(one));
  const std::string long_text(131'073, 'x');
  for (const std::string_view text : {std::string_view{"#N/A"}, std::string_view{long_text}}) {
    const std::vector<model::Cell> cells{model::Cell{}, model::Cell{text}, model::Cell{}};
    one.values = cells;
    EXPECT_FALSE(fits_upload(one));
    one.fields.reset(1).set(0);
    EXPECT_TRUE(fits_upload(one)) << "a field that is not sent does not count";
    one.fields.reset(0).set(1);
  }
}

TEST(BulkChoiceProperty, GivesEveryWriteExactlyOneWay) {
  base::Random random{3};
  for (int round = 0; round < 30; ++round) {
    std::vector<core::OrgWrite> writes;
    for (auto left = random.below(round < 10 ? 40 : 15'000); left > 0; --left)
      writes.push_back(write(left, random.chance(0.3), {random.below(random.chance(0.5) ? 1 : 3)}, random.chance(0.5)));
    const WritePlan plan = choose_write(writes, random.chance(0.8));
    std::vector<std::size_t> places = plan.conditional, expected(writes.size());
    places.insert(places.end(), plan.collections.begin(), plan.collections.end());
    for (const auto& upload : plan.uploads) places.insert(places.end(), upload.begin(), upload.end());
    std::ranges::sort(places);
    std::iota(expected.begin(), expected.end(), std::size_t{0});
    ASSERT_EQ(places, expected);
  }
}

}  // namespace
}  // namespace salesforce
