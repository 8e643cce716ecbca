#include <sys/wait.h>

#include <thread>

#include "store/sqlite/test_support.h"

namespace store {
namespace {

using std::chrono::seconds;

constexpr seconds ttl{60};
const base::Utc start{seconds{1'700'000'000}};
const model::IntegrationId org{"org-1"};

class RegistryTest : public testing::Test {
 protected:
  TestFolder folder_;
  std::unique_ptr<SqliteStore> store_ = need(SqliteStore::open(folder_.file()));
  Client client_{folder_.file()};
};

TEST_F(RegistryTest, AnIntegrationIsReadBackAsItWasSaved) {
  core::Integration i;
  i.id = org;
  i.workspace = "sales";
  i.flow = "refresh-token";
  i.login_url = "https://login.example.com";
  i.instance_url = "https://na1.example.com";
  i.org_id = "00D000000000001EAA";
  i.username = "sync@example.com";
  i.access_token = "sealed-a";
  i.refresh_token = "sealed-r";
  i.secret = "sealed-s";
  i.is_active = false;
  i.direction = model::SyncDirection::to_org;
  i.sync_frequency_minutes = 5;
  i.sync_objects = {{"Contact", false}, {"Task", true}, {"Invoice__c", true}};
  i.on_conflict = model::ConflictPolicy::manual;
  i.filters = {{"Contact", "Status__c = 'Active'"}, {"Invoice__c", "Paid__c = true"}};
  i.last_sync_at = start;
  i.stats = {{"totalSynced", 12}};
  need(store_->save(i));
  EXPECT_EQ(client_.one("SELECT filters ->> 'contactFilter' FROM lockstep_integrations"), "Status__c = 'Active'");
  EXPECT_EQ(client_.one("SELECT sync_tasks FROM lockstep_integrations"), "1");
  const auto all = need(store_->integrations());
  ASSERT_EQ(all.size(), 1u);
  const core::Integration& back = all[0];
  EXPECT_EQ(back.workspace, "sales");
  EXPECT_EQ(back.refresh_token, "sealed-r");
  EXPECT_EQ(back.secret, "sealed-s");
  EXPECT_FALSE(back.is_active);
  EXPECT_EQ(back.direction, model::SyncDirection::to_org);
  EXPECT_EQ(back.sync_frequency_minutes, 5);
  EXPECT_EQ(back.sync_objects, (std::map<std::string, bool>{{"Contact", false},
                                                            {"Account", true},
                                                            {"Opportunity", true},
                                                            {"Task", true},
                                                            {"Event", false},
                                                            {"Invoice__c", true}}));
  EXPECT_EQ(back.on_conflict, model::ConflictPolicy::manual);
  EXPECT_EQ(back.filters, i.filters);
  EXPECT_EQ(back.last_sync_at, start);
  EXPECT_FALSE(back.next_sync_at);
  EXPECT_EQ(back.stats, i.stats);
}

TEST_F(RegistryTest, TokensAndStateAreSavedWithoutTheSettings) {
  core::Integration i;
  i.id = org;
  i.refresh_token = "r1";
  need(store_->save(i));
  client_.run("UPDATE lockstep_integrations SET sync_frequency = 30");
  need(store_->save_tokens(org, "a2", "", "https://na2.example.com"));
  i.sync_status = "error";
  i.last_error = "no answer";
  need(store_->save_state(i));
  const auto back = need(store_->integrations()).at(0);
  EXPECT_EQ(back.access_token, "a2");
  EXPECT_EQ(back.refresh_token, "r1");
  EXPECT_EQ(back.sync_frequency_minutes, 30);
  EXPECT_EQ(back.sync_status, "error");
  EXPECT_FALSE(store_->save_tokens({"nobody"}, "a", "r", ""));
  EXPECT_NE(client_.one("UPDATE lockstep_integrations SET conflict_resolution = 'newst_wins'").find("CHECK"),
            std::string::npos);
}

TEST_F(RegistryTest, MappingsMayBeWrittenBySql) {
  core::MappingSetting setting;
  setting.integration = org;
  setting.workspace = "default";
  setting.object_type = "contact";
  setting.fields = {{"firstName", "FirstName", "", ""}, {"phone", "Phone", "salesforce_to_crm", "crm_wins"}};
  need(store_->save(setting));
  EXPECT_NE(setting.id, model::MappingId{});
  client_.run(
      "UPDATE lockstep_field_mappings SET mappings = json_insert(mappings, '$[#]', json('{\"crm_field\": "
      "\"title\", \"salesforce_field\": \"Title\"}'))");
  const auto back = need(store_->mappings(org));
  ASSERT_EQ(back.size(), 1u);
  ASSERT_EQ(back[0].fields.size(), 3u);
  EXPECT_EQ(back[0].fields[1].direction, "salesforce_to_crm");
  EXPECT_EQ(back[0].fields[1].winner, "crm_wins");
  EXPECT_EQ(back[0].fields[2].crm_field, "title");
  EXPECT_NE(client_.one("UPDATE lockstep_field_mappings SET mappings = 'no json'").find("error"), std::string::npos);
}

TEST_F(RegistryTest, RunsComeNewestFirst) {
  for (int n = 1; n <= 3; ++n) {
    core::RunRecord run;
    run.id.text = "run-" + std::to_string(n);
    run.integration = org;
    run.started_at = start + seconds{n};
    need(store_->save(run));
    run.status = "completed";
    run.completed_at = run.started_at + seconds{5};
    run.duration = std::chrono::milliseconds{5000};
    run.successful = n;
    run.errors = 1;
    core::ObjectCounts counts;
    counts.pulled_created = n;
    run.objects = {{"Contact", counts}};
    run.sync_errors = {{"no", "003", "INVALID", start}};
    need(store_->save(run));
  }
  const auto runs = need(store_->runs(2));
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].id.text, "run-3");
  EXPECT_EQ(runs[0].status, "completed");
  EXPECT_EQ(runs[0].successful, 3);
  EXPECT_EQ(runs[0].objects.at(0).second.pulled_created, 3);
  EXPECT_EQ(runs[0].sync_errors.at(0).record, "003");
  EXPECT_EQ(runs[0].sync_errors.at(0).timestamp, start);
  EXPECT_TRUE(need(store_->run({"run-1"})));
  EXPECT_FALSE(need(store_->run({"run-9"})));
}

TEST_F(RegistryTest, DescribesAreKept) {
  EXPECT_FALSE(need(store_->describe(org, "Contact")));
  need(store_->save_describe(org, "Contact", {"{}", start}));
  EXPECT_EQ(need(store_->describe(org, "Contact"))->fetched_at, start);
}

TEST_F(RegistryTest, TheBacklogCountsWhatWaits) {
  core::Integration i;
  i.id = org;
  need(store_->save(i));
  need(store_->prepare(test_mapping()));
  client_.run("INSERT INTO contacts(last_name) VALUES ('a'), ('b')");
  const auto page = test_page(1, {"c"});
  need(store_->settle(test_mapping(), page, [&](const core::Known& known) {
    auto writes = take_page(page, known);
    writes.unreadable.push_back({test_record(9), {base::ErrorKind::malformed, "x"}});
    return writes;
  }));
  const auto backlog = need(store_->backlog(org));
  ASSERT_EQ(backlog.size(), 1u);
  EXPECT_EQ(backlog[0].object, "Contact");
  EXPECT_EQ(backlog[0].outbox, 2);
  EXPECT_EQ(backlog[0].links, 1);
  EXPECT_EQ(backlog[0].parked, 1);
  EXPECT_FALSE(backlog[0].watermark);
}

// --- leases

TEST_F(RegistryTest, ALeaseIsHeldOnceUntilItIsGivenBackOrRunsOut) {
  const auto first = need(store_->take_lease(org, start, ttl));
  const auto refused = store_->take_lease(org, start + seconds{59}, ttl);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, base::ErrorKind::cancelled);
  EXPECT_NE(refused.error().message.find(std::to_string(getpid())), std::string::npos);
  need(store_->renew_lease(first, start + seconds{30}, ttl));
  EXPECT_FALSE(store_->take_lease(org, start + seconds{60}, ttl));
  const auto second = need(store_->take_lease(org, start + seconds{90}, ttl));
  EXPECT_GT(second.epoch, first.epoch);
  EXPECT_FALSE(store_->renew_lease(first, start + seconds{91}, ttl));
  need(store_->release_lease(first));
  EXPECT_FALSE(store_->take_lease(org, start + seconds{92}, ttl)) << "an old lease gives nothing back";
  need(store_->release_lease(second));
  EXPECT_GT(need(store_->take_lease(org, start + seconds{93}, ttl)).epoch, second.epoch);
}

TEST_F(RegistryTest, ALeaseOfADeadProcessIsFreeAtOnce) {
  const pid_t child = fork();
  if (child == 0) {
    auto own = SqliteStore::open(folder_.file());
    _exit(own && (*own)->take_lease(org, start, ttl) ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(need(store_->take_lease(org, start + seconds{1}, ttl)).epoch, 2);
}

TEST_F(RegistryTest, ALeaseOfAnotherMachineRunsOutOnly) {
  need(store_->take_lease(org, start, ttl));
  client_.run("UPDATE lockstep_leases SET host = 'elsewhere', pid = 1");
  EXPECT_FALSE(store_->take_lease(org, start + seconds{1}, ttl));
  EXPECT_TRUE(store_->take_lease(org, start + ttl, ttl));
}

TEST_F(RegistryTest, ARunThatLostItsLeaseStoresNothing) {
  const auto mapping = test_mapping();
  need(store_->prepare(mapping));
  const auto lease = need(store_->take_lease(org, start, ttl));
  store_->bind(lease);
  EXPECT_TRUE(need(store_->load(mapping, test_page(1, {"a"}), model::Watermark{})));
  auto other = need(SqliteStore::open(folder_.file()));
  need(other->take_lease(org, start + ttl, ttl));
  const auto page = test_page(2, {"b"});
  const auto take = [&](const core::Known& known) { return take_page(page, known); };
  const auto settled = store_->settle(mapping, page, take);
  ASSERT_FALSE(settled);
  EXPECT_EQ(settled.error().kind, base::ErrorKind::cancelled);
  const auto loaded = store_->load(mapping, page, model::Watermark{});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind, base::ErrorKind::cancelled);
  EXPECT_EQ(client_.one("SELECT count(*) FROM contacts"), "1");
  store_->bind(std::nullopt);
  EXPECT_TRUE(store_->settle(mapping, page, take));
}

TEST_F(RegistryTest, ConflictsAreKeptOnce) {
  const auto mapping = test_mapping();
  need(store_->prepare(mapping));
  client_.run("INSERT INTO contacts(last_name) VALUES ('Kent')");
  core::Settlement s;
  s.conflicts.push_back({0, {}, model::Cell{"Lane"}, model::Cell{"Kent"}, core::Conflict::Decision::org_won});
  const std::vector<model::RowKey> rows = {{"1"}};
  for (int twice = 0; twice < 2; ++twice)
    need(store_->update(mapping, rows, [&](const core::Known&) {
      core::WriteSet writes;
      writes.settlements.push_back(s);
      return writes;
    }));
  EXPECT_EQ(client_
                .run("SELECT field || base_value IS NULL || org_value || store_value || decision FROM "
                     "lockstep_conflicts")
                .size(),
            1u);
  EXPECT_EQ(client_.one("SELECT store_value FROM lockstep_conflicts"), "Kent");
}

TEST_F(RegistryTest, APullThatSetsARecordAsideLeavesTheRowsOwnEdit) {
  const auto mapping = test_mapping();
  need(store_->prepare(mapping));
  const auto page = test_page(1, {"Lane"});
  need(store_->settle(mapping, page, [&](const core::Known& known) { return take_page(page, known); }));
  client_.run("UPDATE contacts SET last_name = 'Kent'");
  need(store_->settle(mapping, page, [&](const core::Known&) {
    core::WriteSet writes;
    core::Settlement s;
    s.parked = core::Parked{{base::ErrorKind::precondition, "waits"}, start, {}};
    writes.settlements.push_back(std::move(s));
    return writes;
  }));
  EXPECT_EQ(client_.one("SELECT count(*) FROM lockstep_outbox"), "1");
  EXPECT_EQ(client_.one("SELECT salesforce_sync_status FROM contacts"), "pending");
}

TEST_F(RegistryTest, SettingsAreSavedWithoutTouchingTokensAndState) {
  core::Integration i;
  i.id = org;
  i.access_token = "sealed-a";
  need(store_->save(i));
  core::Integration mine = need(store_->integrations()).at(0);
  client_.run("UPDATE lockstep_integrations SET access_token = 'renewed', sync_status = 'syncing'");
  mine.is_active = false;
  mine.sync_frequency_minutes = 30;
  mine.sync_objects = {{"Contact", false}, {"Task", true}, {"Invoice__c", true}};
  mine.filters = {{"Contact", "Title = 'CEO'"}};
  need(store_->save_settings(mine));
  const core::Integration back = need(store_->integrations()).at(0);
  EXPECT_EQ(back.access_token, "renewed");
  EXPECT_EQ(back.sync_status, "syncing");
  EXPECT_FALSE(back.is_active);
  EXPECT_EQ(back.sync_frequency_minutes, 30);
  EXPECT_FALSE(back.sync_objects.at("Contact"));
  EXPECT_TRUE(back.sync_objects.at("Task") && back.sync_objects.at("Invoice__c"));
  EXPECT_EQ(back.filters, mine.filters);
}

TEST_F(RegistryTest, TokensAreForgottenAndTheRestStays) {
  core::Integration i;
  i.id = org;
  i.access_token = "a";
  i.refresh_token = "r";
  i.secret = "s";
  i.username = "ann@example.com";
  need(store_->save(i));
  need(store_->forget_tokens(org));
  const core::Integration back = need(store_->integrations()).at(0);
  EXPECT_EQ(back.access_token + back.refresh_token + back.secret, "");
  EXPECT_EQ(back.username, "ann@example.com");
}

TEST_F(RegistryTest, ANoteIsReadWhileSomebodyWrites) {
  need(store_->change_note("org", "counter", [](const std::string&) { return std::string{"7"}; }));
  const auto impatient = need(SqliteStore::open(folder_.file(), {.busy_timeout_ms = 0}));
  client_.run("BEGIN IMMEDIATE");
  EXPECT_EQ(need(impatient->note("org", "counter")), "7");
  EXPECT_FALSE(impatient->change_note("org", "counter", [](const std::string&) { return std::string{"8"}; }));
  client_.run("ROLLBACK");
}

TEST_F(RegistryTest, ANoteIsChangedByOneAtATime) {
  constexpr int rounds = 50;
  const auto count = [&](store::SqliteStore& at) {
    for (int n = 0; n < rounds; ++n)
      need(at.change_note("org", "counter", [](const std::string& before) {
        return std::to_string((before.empty() ? 0 : std::stoi(before)) + 1);
      }));
  };
  {
    const auto second = need(SqliteStore::open(folder_.file()));
    const std::jthread other{[&] { count(*second); }};
    count(*store_);
  }
  const auto read = [&](const char* subject) { return need(store_->note(subject, "counter")); };
  EXPECT_EQ(read("org"), std::to_string(2 * rounds));
  EXPECT_EQ(read("another"), "");
  need(store_->change_note("org", "counter", [](const std::string&) { return std::string{}; }));
  EXPECT_EQ(client_.one("SELECT count(*) FROM lockstep_notes"), "0");
}

}  // namespace
}  // namespace store
