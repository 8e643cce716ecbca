// A process that dies before its n-th port call, for every n, in the middle of each kind of work.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "storm.h"

namespace seeded {
namespace {

using namespace std::chrono_literals;

enum : std::size_t { account, contact, task };

/// People as a scenario needs them.
class Scene {
 public:
  explicit Scene(World& world) : world_(world) {}

  std::string row(std::size_t object, const std::vector<std::pair<std::size_t, Text>>& references = {}) {
    return world_.store().insert(object, fields(object, references));
  }
  model::RecordId record(std::size_t object, const std::vector<std::pair<std::size_t, Text>>& references = {}) {
    CHECK(world_.org().create(object, fields(object, references), 0ms));
    return world_.org().records(object).back().id;
  }
  void edit_row(std::size_t object, std::size_t nth = 0) {
    const RowView row = world_.store().rows(object)[nth];
    world_.oracle().touched(*row.fields[0]);
    world_.store().edit(object, row.key, 1, world_.oracle().edit(row.fields[1]));
  }
  void edit_record(std::size_t object, std::size_t nth = 0) {
    const RecordView record = world_.org().records(object)[nth];
    world_.oracle().touched(*record.fields[0]);
    CHECK(world_.org().edit(object, record.id, 1, world_.oracle().edit(record.fields[1]), 0ms));
  }
  void delete_row(std::size_t object, std::size_t nth = 0) {
    world_.delete_row(object, world_.store().rows(object)[nth]);
  }
  void delete_record(std::size_t object, std::size_t nth = 0) {
    const model::RecordId id = world_.org().records(object)[nth].id;
    world_.with_names([&] { world_.org().remove(object, id); });
  }
  World& world() { return world_; }

 private:
  Fields fields(std::size_t object, const std::vector<std::pair<std::size_t, Text>>& references) {
    Fields fields(objects()[object].fields.size());
    fields[0] = world_.oracle().name(object);
    fields[1] = world_.oracle().edit({});
    for (const auto& [field, value] : references) fields[field] = value;
    return fields;
  }
  World& world_;
};

struct Scenario {
  std::string name;
  std::function<void(Scene&)> before;  ///< Is synced.
  std::function<void(Scene&)> change;  ///< The run after it is the one that dies.
  int records = -1, rows = -1;         ///< How many there are of all objects at rest; -1: any number.
  model::DeletePolicy on_row_deleted = model::DeletePolicy::follow;
  model::ConflictPolicy on_conflict = model::ConflictPolicy::newest_wins;
  int open_conflicts = 0;   ///< That stand at rest, each once.
  bool over_files = false;  ///< Only where the store keeps sweeps and an inbox.
  bool bulk = false;        ///< What is read from the beginning is read in bulk.
};

const auto nothing = [](Scene&) {};

std::vector<Scenario> scenarios() {
  constexpr auto follow = model::DeletePolicy::follow;
  constexpr auto manual = model::ConflictPolicy::manual, newest_wins = model::ConflictPolicy::newest_wins;
  const auto pair = [](Scene& scene) { scene.row(contact); };
  const auto family = [](Scene& scene) {
    const std::string parent = scene.row(account);
    scene.row(contact, {{3, parent}});
    scene.row(contact, {{3, parent}});
  };
  return {
      {"a row is made", nothing, [](Scene& s) { s.row(contact); }, 1, 1},
      {"three rows are made", nothing, [](Scene& s) { s.row(contact), s.row(contact), s.row(contact); }, 3, 3},
      {"a record is made", nothing, [](Scene& s) { s.record(contact); }, 1, 1},
      {"a row is edited", pair, [](Scene& s) { s.edit_row(contact); }, 1, 1},
      {"a record is edited", pair, [](Scene& s) { s.edit_record(contact); }, 1, 1},
      {"both are edited", pair, [](Scene& s) { s.edit_row(contact), s.world().pass_time(3s), s.edit_record(contact); },
       1, 1},
      {"both are edited, the row later", pair,
       [](Scene& s) { s.edit_record(contact), s.world().pass_time(3s), s.edit_row(contact); }, 1, 1},
      {"a row is deleted", pair, [](Scene& s) { s.delete_row(contact); }, 0, 0},
      {"a record is deleted", pair, [](Scene& s) { s.delete_record(contact); }, 0, 0},
      {"both are deleted", pair, [](Scene& s) { s.delete_record(contact), s.delete_row(contact); }, 0, 0},
      {"a row is deleted, then its record edited", pair,
       [](Scene& s) { s.delete_row(contact), s.world().pass_time(3s), s.edit_record(contact); }, 1, 1},
      {"a record is edited, then its row deleted", pair,
       [](Scene& s) { s.edit_record(contact), s.world().pass_time(3s), s.delete_row(contact); }, 0, 0},
      {"a record is deleted, then its row edited", pair,
       [](Scene& s) { s.delete_record(contact), s.world().pass_time(3s), s.edit_row(contact); }, 1, 1},
      {"a row is edited, then its record deleted", pair,
       [](Scene& s) { s.edit_row(contact), s.world().pass_time(3s), s.delete_record(contact); }, 0, 0},
      {"a row is made and deleted again", nothing, [](Scene& s) { s.row(contact), s.delete_row(contact); }, 0, 0},
      {"a parent and its children are made", nothing, family, 3, 3},
      {"children are made before their parents", nothing,
       [](Scene& s) {
         const std::string child = s.row(contact);
         s.world().store().edit(contact, child, 3, s.row(account));
         s.world().store().edit(contact, child, 4, s.row(contact));
       },
       3, 3},
      {"two rows refer to each other", nothing,
       [](Scene& s) {
         const std::string one = s.row(contact), other = s.row(contact, {{4, one}});
         s.world().store().edit(contact, one, 4, other);
       },
       2, 2},
      {"two records refer to each other", nothing,
       [](Scene& s) {
         const auto one = s.record(contact), other = s.record(contact, {{4, one.str()}});
         s.world().org().edit(contact, one, 4, other.str(), 0ms);
       },
       2, 2},
      {"a parent row is deleted and its children stay", family, [](Scene& s) { s.delete_row(account); }, 2, 2},
      {"a parent record is deleted and takes its children along", family, [](Scene& s) { s.delete_record(account); }, 0,
       0},
      {"a deleted family is taken back", family,
       [](Scene& s) {
         const auto id = s.world().org().records(account)[0].id;
         s.delete_record(account);
         s.world().pass_time(3s);
         s.world().run();
         s.world().pass_time(3s);
         s.world().with_names([&] { s.world().org().undelete(account, id); });
       },
       3, 3},
      {"a deleted row is put back", pair,
       [](Scene& s) {
         const RowView row = s.world().store().rows(contact)[0];
         s.delete_row(contact);
         s.world().pass_time(3s);
         s.world().run();
         s.world().oracle().may_be_twice(*row.fields[0]);
         s.world().store().insert(contact, row.fields, row.key);
       },
       1, 1},
      {"two records are merged",
       [](Scene& s) {
         const std::string parent = s.row(account);
         s.row(account);
         s.row(contact, {{3, parent}});
       },
       [](Scene& s) {
         const auto all = s.world().org().records(account);
         s.world().with_names([&] { s.world().org().merge(account, all[1].id, all[0].id); }, *all[0].fields[0],
                              *all[1].fields[0]);
       },
       2, 2},
      {"a record is merged into one that is not known yet", family,
       [](Scene& s) {
         const auto lost = s.world().org().records(account)[0];
         s.record(account);
         const auto winner = s.world().org().records(account).back();
         s.world().with_names([&] { s.world().org().merge(account, winner.id, lost.id); }, *lost.fields[0],
                              *winner.fields[0]);
       },
       3, 3},
      {"a record is merged into that of a row whose create was cut off", [](Scene& s) { s.row(account); },
       [](Scene& s) {
         const auto lost = s.world().org().records(account)[0];
         s.row(account);
         for (std::size_t nth = 1; s.world().org().records(account).size() < 2; ++nth) {
           s.world().crash_before(nth);
           s.world().run();
           s.world().crash_no_more();
           s.world().pass_time(3s);
         }
         const auto winner = s.world().org().records(account).back();
         s.world().with_names([&] { s.world().org().merge(account, winner.id, lost.id); }, *lost.fields[0],
                              *winner.fields[0]);
       },
       1, 1},
      {"a record that another refers to is deleted and taken back before anybody looks",
       [](Scene& s) {
         const std::string manager = s.row(contact);
         s.row(contact, {{4, manager}});
       },
       [](Scene& s) {
         const auto id = s.world().org().records(contact)[0].id;
         s.delete_record(contact);
         s.world().pass_time(3s);
         s.world().with_names([&] { s.world().org().undelete(contact, id); });
       },
       2, 2},
      {"the record of a deleted row is edited and archived, and the row put back", pair,
       [](Scene& s) {
         const RowView row = s.world().store().rows(contact)[0];
         s.edit_record(contact);
         s.world().pass_time(3s);
         s.delete_row(contact);
         s.world().run();
         s.world().pass_time(3s);
         s.world().oracle().may_be_twice(*row.fields[0]);
         s.world().store().insert(contact, row.fields, row.key);
       },
       1, 1, model::DeletePolicy::archive},
      {"a record is purged", pair,
       [](Scene& s) {
         const auto id = s.world().org().records(contact)[0].id;
         s.world().with_names([&] { s.world().org().purge(contact, id); });
         s.world().pass_time(8 * 24h);
       },
       0, 0},
      {"both are edited, and a person is to choose", pair,
       [](Scene& s) { s.edit_row(contact), s.world().pass_time(3s), s.edit_record(contact); }, 1, 1, follow, manual, 1},
      {"both are edited again while a person is to choose", pair,
       [](Scene& s) {
         s.edit_row(contact), s.world().pass_time(3s), s.edit_record(contact);
         s.world().run();
         s.world().pass_time(3s);
         s.edit_row(contact), s.world().pass_time(3s), s.edit_record(contact);
       },
       1, 1, follow, manual, 1},
      {"a person has chosen the row", pair,
       [](Scene& s) {
         s.edit_row(contact), s.world().pass_time(3s), s.edit_record(contact);
         s.world().run();
         s.world().pass_time(3s);
         s.world().settle_inbox(true);
       },
       1, 1, follow, manual, 0, true},
      {"a person has chosen the record", pair,
       [](Scene& s) {
         s.edit_row(contact), s.world().pass_time(3s), s.edit_record(contact);
         s.world().run();
         s.world().pass_time(3s);
         s.world().settle_inbox(false);
       },
       1, 1, follow, manual, 0, true},
      {"a person has chosen, and the record was edited since", pair,
       [](Scene& s) {
         s.edit_row(contact), s.world().pass_time(3s), s.edit_record(contact);
         s.world().run();
         s.world().pass_time(3s);
         s.world().settle_inbox(true);
         s.edit_record(contact);
       },
       1, 1, follow, manual, 1, true},
      {"a record is deleted, and its row edited, and a person is to choose", pair,
       [](Scene& s) { s.delete_record(contact), s.world().pass_time(3s), s.edit_row(contact); }, -1, -1, follow, manual,
       -1},
      {"a field is mapped that both sides hold",
       [](Scene& s) {
         s.world().change_mapping(contact, [](model::Mapping& m) { m.fields.erase(m.fields.begin() + 1); });
         for (int i = 0; i < 4; ++i) s.row(contact);
         s.record(contact);
       },
       [](Scene& s) {
         s.edit_record(contact, 1);  // Where the row holds a value too.
         s.world().pass_time(3s);
         s.world().change_mapping(contact, [](model::Mapping& m) {
           m.fields.insert(m.fields.begin() + 1, mapping_of(contact, true).fields[1]);
         });
         s.edit_row(contact, 2);
       },
       5, 5, follow, newest_wins, 0, true},
      {"a field is no longer mapped, and mapped again",
       [](Scene& s) { s.row(contact), s.row(contact), s.record(contact); },
       [](Scene& s) {
         s.world().change_mapping(contact, [](model::Mapping& m) { m.fields.erase(m.fields.begin() + 1); });
         s.world().run();
         s.edit_row(contact, 0), s.edit_record(contact, 1);
         s.world().pass_time(3s);
         s.world().run();
         s.world().change_mapping(contact, [](model::Mapping& m) {
           m.fields.insert(m.fields.begin() + 1, mapping_of(contact, true).fields[1]);
         });
       },
       3, 3, follow, newest_wins, 0, true},
      {"records are merged, and the row of the one that goes is edited",
       [](Scene& s) { s.row(account), s.row(account); },
       [](Scene& s) {
         s.edit_row(account, 0);
         s.world().pass_time(3s);
         const auto all = s.world().org().records(account);
         s.world().with_names([&] { s.world().org().merge(account, all[1].id, all[0].id); }, *all[0].fields[0],
                              *all[1].fields[0]);
       }},
      {"records are merged, and the row of the one that stays was deleted",
       [](Scene& s) { s.row(account), s.row(account); },
       [](Scene& s) {
         const auto all = s.world().org().records(account);
         s.delete_row(account, 1);
         s.world().pass_time(3s);
         s.world().with_names([&] { s.world().org().merge(account, all[1].id, all[0].id); }, *all[0].fields[0],
                              *all[1].fields[0]);
       }},
      {"records are merged, and the row of the one that goes was deleted",
       [](Scene& s) { s.row(account), s.row(account); },
       [](Scene& s) {
         const auto all = s.world().org().records(account);
         s.delete_row(account, 0);
         s.world().pass_time(3s);
         s.world().with_names([&] { s.world().org().merge(account, all[1].id, all[0].id); }, *all[0].fields[0],
                              *all[1].fields[0]);
       }},
      {"everything is read again in bulk",
       [](Scene& s) {
         for (int i = 0; i < 4; ++i) s.row(contact);
       },
       [](Scene& s) {
         s.record(contact), s.record(contact);
         s.edit_record(contact, 0), s.edit_row(contact, 1);
         s.world().read_again(contact);
       },
       6, 6, follow, newest_wins, 0, false, true},
  };
}

void sweep(const Scenario& scenario, Setting setting) {
  setting.weather = Weather{.without_key = setting.weather.without_key, .swarm = false, .sparse_objects = false};
  setting.weather.bulk = scenario.bulk ? 1 : 0;
  setting.on_conflict = scenario.on_conflict;
  setting.on_row_deleted = scenario.on_row_deleted;
  setting.trace = std::getenv("SWEEP_TRACE") != nullptr && scenario.name == std::getenv("SWEEP_TRACE");
  std::size_t deaths = 0;
  for (std::size_t nth = 1;; ++nth) {
    // A list that is empty decides for the least of everything, but for the field that carries our key and for bulk.
    std::vector<std::uint32_t> list(scenario.bulk ? 10'000 : 2, 1);
    list[0] = 0;
    list[1] = setting.weather.without_key > 0 ? 1 : 0;
    Choices choices{list};
    World world{choices, setting};
    world.calm();
    Scene scene{world};
    scenario.before(scene);
    for (int i = 0; i < 3; ++i) {
      world.pass_time(5s);
      ASSERT_TRUE(world.run()) << scenario.name;
    }
    scenario.change(scene);
    world.pass_time(3s);
    const std::size_t crashes = world.crashes;
    world.crash_before(nth);
    world.run();
    const bool died = world.crashes > crashes;
    world.crash_no_more();
    std::vector<std::string> broken;
    come_to_rest(world, broken);
    std::string text;
    for (const std::string& one : broken) text += "\n  " + one;
    ASSERT_TRUE(broken.empty()) << scenario.name << ", dead before port call " << nth << text;
    int records = 0, rows = 0;
    for (std::size_t object = 0; object < objects().size(); ++object) {
      for (const RecordView& record : world.org().records(object)) records += !record.deleted;
      rows += static_cast<int>(world.store().rows(object).size());
    }
    if (scenario.records >= 0) {
      ASSERT_EQ(records, scenario.records) << scenario.name << ", dead before port call " << nth;
    }
    if (scenario.rows >= 0) {
      ASSERT_EQ(rows, scenario.rows) << scenario.name << ", dead before port call " << nth;
    }
    if (scenario.open_conflicts >= 0) {
      const auto conflicts = world.store().conflicts();
      ASSERT_EQ(std::ranges::count_if(conflicts, &ConflictView::open), scenario.open_conflicts)
          << scenario.name << ", dead before port call " << nth;
    }
    ASSERT_EQ(world.bulk_records() > 0, scenario.bulk) << scenario.name;
    if (!died) break;
    ++deaths;
  }
  EXPECT_GT(deaths, 10u) << scenario.name << ": the run made too few calls to show anything";
}

class CrashSweep : public testing::TestWithParam<Setting> {};

TEST_P(CrashSweep, NothingIsLostNorDoubledWhereverAProcessDies) {
  const Setting& setting = GetParam();
  for (const Scenario& scenario : scenarios()) {
    if (scenario.over_files && setting.backend != Backend::sqlite) continue;
    if (scenario.bulk && setting.org != OrgKind::fake) continue;
    // Without a key it is the making that differs.
    if (setting.backend == Backend::sqlite && setting.weather.without_key > 0 &&
        scenario.name.find("made") == std::string::npos)
      continue;
    sweep(scenario, GetParam());
    if (HasFatalFailure()) return;
  }
}

const Weather keyed{.without_key = 0}, keyless{.without_key = 1};
INSTANTIATE_TEST_SUITE_P(Memory, CrashSweep, testing::Values(Setting{.weather = keyed}, Setting{.weather = keyless}));
INSTANTIATE_TEST_SUITE_P(Sqlite, CrashSweep,
                         testing::Values(Setting{.weather = keyed, .backend = Backend::sqlite},
                                         Setting{.weather = keyless, .backend = Backend::sqlite}));
INSTANTIATE_TEST_SUITE_P(Sfsim, CrashSweep, testing::Values(Setting{.weather = keyed, .org = OrgKind::sfsim}));

}  // namespace
}  // namespace seeded
