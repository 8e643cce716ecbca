// Parents by their upsert key, through the real client into the simulator's org: collections, single rows, Bulk jobs.
#include <gtest/gtest.h>

#include <set>

#include "salesforce/bulk_choice.h"
#include "salesforce/rest_org.h"
#include "sfsim_wire.h"
#include "simulator/bulk/bulk.h"

namespace seeded {
namespace {

using namespace std::chrono_literals;
using base::ErrorKind;

class Jobs final : public salesforce::JobJournal {
 public:
  base::Result<std::vector<std::string>> jobs() override { return std::vector(open.begin(), open.end()); }
  base::Result<void> add(const std::string& job) override {
    open.insert(job);
    ++begun;
    return {};
  }
  base::Result<void> remove(const std::string& job) override {
    open.erase(job);
    return {};
  }
  std::set<std::string> open;
  int begun = 0;
};

model::FieldMapping field(std::string org_field) {
  model::FieldMapping out;
  out.column = out.org_field = std::move(org_field);
  return out;
}

model::Mapping mapping_of(std::string object, std::vector<model::FieldMapping> fields) {
  model::Mapping out;
  out.object = std::move(object);
  out.upsert_field = "Lockstep_Id__c";
  out.fields = std::move(fields);
  return out;
}

struct ParentsByKey : testing::Test {
  ParentsByKey() {
    api.mount("jobs/**", bulk);
    api.before_each([this] { bulk.work_off(); });
    account = mapping_of("Account", {field("Name")});
    contact = mapping_of("Contact", {field("LastName"), field("AccountId")});
    model::FieldMapping& reference = contact.fields[1];
    reference.role = model::FieldRole::reference;
    reference.parent_object = reference.relationship = "Account";
    task = mapping_of("Task", {field("Subject"), field("WhatId")});
    task.fields[1] = reference;
    task.fields[1].column = task.fields[1].org_field = "WhatId";
    task.fields[1].relationship = "What";
    task.fields[1].parent_prefix = "001";
    fields.set(0).set(1);
  }

  static simulator::OrgOptions without_sample() {
    simulator::OrgOptions options;
    options.sample.contacts = 0;
    options.schema.upsert_field = true;
    return options;
  }

  model::RecordId make_account(std::string_view key) {
    const std::vector<model::Cell> name{model::Cell{key}};
    const core::OrgWrite write{.id = {}, .upsert_key = key, .fields = model::FieldSet{1}, .values = name};
    const auto made = org.write(account, {&write, 1});
    EXPECT_TRUE(made && made->front()) << "the account " << key;
    return *made->front();
  }

  core::OrgWrite child(std::string_view key, std::span<const model::Cell> values) const {
    core::OrgWrite write{.id = {}, .upsert_key = key, .fields = fields, .values = values};
    write.by_key.set(1);
    return write;
  }

  /// What the org holds of these records.
  std::vector<std::string> parents_of(const model::Mapping& mapping, const std::vector<model::RecordId>& ids) {
    const auto seen = org.retrieve(mapping, ids);
    EXPECT_TRUE(seen.has_value());
    std::vector<std::string> out;
    for (std::size_t i = 0; i < ids.size(); ++i) out.emplace_back(seen->cells[i][1].text());
    return out;
  }

  base::ManualClock clock{base::Utc{std::chrono::seconds{1'770'000'000}}};
  simulator::Org simulated{clock, without_sample()};
  simulator::Api api{simulated, {}};
  simulator::bulk::Bulk bulk{api.access(), api.limits(), api.faults()};
  SfsimWire wire{api};
  MemoryVault vault;
  salesforce::Session session{
      {.login_url = "http://localhost:1", .client_id = "sfsim-client", .client_secret = base::Secret{"sfsim-secret"}},
      vault,
      wire,
      clock,
      [](std::chrono::milliseconds) {}};
  Jobs jobs;
  salesforce::RestOrg org{
      session, wire, "62.0",
      salesforce::BulkAccess{.journal = &jobs, .new_transport = {}, .wait = [this](std::chrono::milliseconds by) {
                               clock.advance(by);
                               return true;
                             }}};
  model::Mapping account, contact, task;
  model::FieldSet fields;
};

TEST_F(ParentsByKey, AreFoundByCollectionsAndRefuseOnlyTheirOwnChildren) {
  const std::string parent = make_account("A1").str();
  const std::vector<model::Cell> known{model::Cell{"Lee"}, model::Cell{"A1"}};
  const std::vector<model::Cell> unknown{model::Cell{"Poe"}, model::Cell{"nobody"}};
  const std::vector writes{child("k1", known), child("k2", unknown), child("k3", known)};
  const auto results = org.write(contact, writes);
  ASSERT_TRUE(results.has_value());
  ASSERT_TRUE((*results)[0] && (*results)[2]);
  ASSERT_FALSE((*results)[1]);
  EXPECT_EQ((*results)[1].error().kind, ErrorKind::precondition) << (*results)[1].error().message;
  EXPECT_EQ(parents_of(contact, {*(*results)[0], *(*results)[2]}), (std::vector<std::string>{parent, parent}));

  // Once the parent is there, the same write is done.
  const std::string late = make_account("nobody").str();
  const auto again = org.write(contact, std::vector{writes[1]});
  ASSERT_TRUE(again && again->front());
  EXPECT_EQ(parents_of(contact, {*again->front()}), std::vector<std::string>{late});
}

TEST_F(ParentsByKey, AreFoundWhereTheReferenceMayLeadToSeveralObjects) {
  const std::string parent = make_account("A1").str();
  const std::vector<model::Cell> values{model::Cell{"Call"}, model::Cell{"A1"}};
  const auto results = org.write(task, std::vector{child("t1", values)});
  ASSERT_TRUE(results && results->front()) << (results ? results->front().error().message : results.error().message);
  EXPECT_EQ(parents_of(task, {*results->front()}), std::vector<std::string>{parent});
}

TEST_F(ParentsByKey, AreFoundByConditionalUpdates) {
  const std::string parent = make_account("A1").str();
  const std::vector<model::Cell> values{model::Cell{"Lee"}, model::Cell{"A1"}}, nothing{model::Cell{"Lee"}, {}};
  core::OrgWrite plain = child("k1", nothing);
  const auto made = org.write(contact, {&plain, 1});
  ASSERT_TRUE(made && made->front());
  core::OrgWrite update = child({}, values);
  update.id = *made->front();
  update.unless_changed_since = clock.now() + 1h;
  const auto done = org.write(contact, {&update, 1});
  ASSERT_TRUE(done && done->front()) << (done ? done->front().error().message : done.error().message);
  EXPECT_EQ(parents_of(contact, {update.id}), std::vector<std::string>{parent});
}

TEST_F(ParentsByKey, AreAColumnOfTheirOwnInBulkJobs) {
  const std::string parent = make_account("A1").str();
  std::vector<std::string> keys;
  std::vector<std::vector<model::Cell>> values;
  const std::size_t count = salesforce::bulk_write_from, all = count + count * 5 / 4;
  for (std::size_t i = 0; i < all; ++i) {
    keys.push_back("k" + std::to_string(i));
    // The first ones by the parent's id, the others by its key; some have none, and one names nobody.
    const std::string_view by = i < count ? std::string_view{parent} : i == count ? "nobody" : "A1";
    values.push_back({model::Cell{"Lee"}, i % 10 == 5 ? model::Cell{} : model::Cell{by}});
  }
  std::vector<core::OrgWrite> writes;
  for (const bool tasks : {false, true}) {
    writes.clear();
    jobs.begun = 0;
    for (std::size_t i = 0; i < all; ++i) {
      writes.push_back(child(keys[i], values[i]));
      if (i < count) writes[i].by_key.reset();
    }
    const auto results = org.write(tasks ? task : contact, writes);
    ASSERT_TRUE(results.has_value()) << results.error().message;
    std::vector<model::RecordId> some;
    std::vector<std::string> expected;
    for (std::size_t i = 0; i < results->size(); ++i) {
      if (i == count) continue;
      ASSERT_TRUE((*results)[i]) << i << ": " << (*results)[i].error().message;
      if (i % 400 > 7) continue;
      some.push_back(*(*results)[i]);
      expected.push_back(i % 10 == 5 ? "" : parent);
    }
    EXPECT_EQ((*results)[count].error().kind, ErrorKind::precondition) << (*results)[count].error().message;
    EXPECT_EQ(jobs.begun, 2) << "those without a parent go with either";
    EXPECT_TRUE(jobs.open.empty());
    EXPECT_EQ(parents_of(tasks ? task : contact, some), expected);
  }
}

}  // namespace
}  // namespace seeded
