#include <boost/json.hpp>
#include <cstdio>
#include <string_view>

#include "base/time_text.h"
#include "daemon/command.h"
#include "daemon/connect.h"
#include "daemon/connection.h"
#include "daemon/mapping_check.h"
#include "daemon/open_queue.h"

namespace daemon_process {
namespace {

namespace json = boost::json;

/// Goes through everything that a sync needs, and says what to mend.
class Doctor {
 public:
  void examine(base::Result<settings::Settings> settings) {
    if (!settings) {
      broken("settings", settings.error());
      return note(Grade::odd, "all else", "not looked at: the settings say where it is");
    }
    app_.settings = *std::move(settings);
    note(Grade::fine, "settings",
         app_.settings.file.empty() ? "no settings file; defaults and environment" : "read from " + app_.settings.file);
    open_parts();
    queue();
    if (!app_.store) return note(Grade::odd, "sign-in", "not looked at: what is connected stands in the store");
    const auto integrations = app_.store->integrations();
    if (!integrations) return broken("store", integrations.error());
    note(Grade::fine, "store",
         app_.settings.store.url + " answers; " + std::to_string(integrations->size()) +
             (integrations->size() == 1 ? " integration" : " integrations"));
    if (integrations->empty()) broken("sign-in", no_org_connected());
    for (const core::Integration& integration : *integrations)
      if (!stop_requested) examine(integration);
    if (stop_requested) note(Grade::odd, "interrupted", "the rest was not looked at");
  }

  void print(bool as_json) const {
    json::array findings;
    for (const Finding& finding : findings_) {
      const char* const grade = finding.grade == Grade::fine ? "ok" : finding.grade == Grade::odd ? "look" : "broken";
      if (as_json)
        findings.push_back({{"grade", grade}, {"area", finding.area}, {"finding", finding.text}});
      else
        std::printf("%-7s %-22s %s\n", grade, finding.area.c_str(), finding.text.c_str());
    }
    if (as_json) std::printf("%s\n", json::serialize(json::object{{"findings", std::move(findings)}}).c_str());
  }

  int status() const { return status_; }

 private:
  enum class Grade { fine, odd, broken };
  struct Finding {
    Grade grade;
    std::string area, text;
  };

  void note(Grade grade, std::string area, std::string text) {
    if (grade == Grade::odd && status_ == done) status_ = some_left;
    findings_.push_back({grade, std::move(area), std::move(text)});
  }
  /// The first thing that is broken gives the exit status: what comes after it may follow from it.
  void broken(std::string area, const base::Error& error) {
    if (stop_requested && error.kind == base::ErrorKind::cancelled) return;  // Broken off by us.
    if (status_ == done || status_ == some_left) status_ = exit_status_for(error);
    findings_.push_back({Grade::broken, std::move(area), error.message});
  }

  /// One that cannot be opened does not keep the others from being looked at.
  void open_parts() {
    if (auto store = store::SqliteStore::open(app_.settings.store.sqlite_path)) {
      app_.store = *std::move(store);
    } else {
      broken("store", store.error());
    }
    if (auto keys = open_keys(app_.settings)) {
      note(Grade::fine, "keys",
           std::to_string(keys->size()) + (keys->size() == 1 ? " key" : " keys") + ", the newest is " +
               keys->newest_id());
      app_.keys = *std::move(keys);
    } else {
      broken("keys", keys.error());
    }
  }

  void queue() {
    const auto warnings = check_queue(app_.settings);
    if (!warnings) return broken("queue", warnings.error());
    for (const std::string& warning : *warnings) note(Grade::odd, "queue", warning);
    if (warnings->empty())
      note(Grade::fine, "queue",
           app_.settings.queue.name +
               (app_.settings.queue.url == "embedded" ? " in the store's file answers" : " on Redis answers"));
  }

  void examine(const core::Integration& integration) {
    area_ = integration.workspace;
    if (integration.sync_status == "disconnected")
      return note(Grade::fine, area_, "disconnected; `lockstep connect` connects it again");
    if (!integration.is_active) note(Grade::odd, area_, "paused: `lockstep integration resume` lets it go on");
    backlog(integration);
    if (!app_.keys) return note(Grade::odd, area_ + " sign-in", "not looked at: its tokens are sealed with the keys");
    auto connection = Connection::open(app_, integration);
    if (!connection) return broken(area_ + " sign-in", connection.error());
    if (const auto stands = (*connection)->session.check_standing(); !stands)
      return broken(area_ + " sign-in", stands.error());
    const auto report = report_on(app_, integration, **connection);
    if (!report) return broken(area_ + " sign-in", report.error());
    note(Grade::fine, area_ + " sign-in",
         "org " + integration.org_id + " as " + integration.username + ", " +
             (report->org.edition.empty() ? "edition not told" : report->org.edition) +
             (report->org.sandbox ? ", sandbox" : ""));
    for (const auto& limit : report->org.limits)
      note(limit.left * 10 < limit.most ? Grade::odd : Grade::fine, area_ + " limits",
           limit.name + ": " + std::to_string(limit.left) + " of " + std::to_string(limit.most) + " left");
    clock((*connection)->budget);
    for (const std::string& sentence : report->missing) note(Grade::odd, area_ + " permissions", sentence);
    mappings(integration, (*connection)->org);
  }

  void backlog(const core::Integration& integration) {
    const auto entries = app_.store->backlog(integration.id);
    if (!entries) return broken("store", entries.error());
    for (const core::Backlog& entry : *entries) {
      if (entry.parked > 0)
        note(Grade::odd, area_ + " " + entry.object,
             std::to_string(entry.parked) + " rows are set aside; salesforce_sync_error on each says why");
      if (entry.open_conflicts > 0)
        note(Grade::odd, area_ + " " + entry.object, std::to_string(entry.open_conflicts) + " conflicts are open");
    }
    if (integration.last_sync_at)
      note(integration.last_error.empty() ? Grade::fine : Grade::odd, area_ + " last run",
           base::to_iso_seconds(*integration.last_sync_at) +
               (integration.last_error.empty() ? "" : ": " + integration.last_error));
  }

  void clock(connection::StoreBudget& budget) {
    const auto ahead = budget.ahead();
    if (!ahead) return broken("store", ahead.error());
    const auto apart = std::chrono::duration_cast<std::chrono::seconds>(*ahead).count();
    if (apart == 0) return;
    note(Grade::odd, area_ + " clock",
         "this machine's clock is " + std::to_string(std::abs(apart)) + " s " + (apart > 0 ? "behind" : "ahead of") +
             " Salesforce's: newest_wins reckons with that, but edits made before the clock is set right are dated by "
             "the wrong one; set it, and keep it so with NTP");
  }

  void mappings(const core::Integration& integration, salesforce::RestOrg& org) {
    auto documents = app_.store->mappings(integration.id);
    if (!documents) return broken("store", documents.error());
    for (const core::MappingSetting& setting : core::one_a_table(*std::move(documents))) {
      const std::string object = core::object_for(setting.object_type);
      if (const auto on = integration.sync_objects.find(object); on != integration.sync_objects.end() && !on->second)
        continue;
      const auto checked = check_mapping(app_, integration, org, setting);
      if (!checked) return broken(area_ + " mapping", checked.error());
      const std::string area = area_ + " " + object;
      if (checked->error) broken(area, *checked->error);
      for (const core::RunError& error : checked->set_aside) note(Grade::odd, area, error.message);
      for (const std::string& spot : checked->blind_spots) note(Grade::odd, area, spot);
      if (checked->is_clean())
        note(Grade::fine, area, std::to_string(checked->fields) + " fields with table " + checked->table);
    }
  }

  App app_{{}, {}, base::random_from_system(), nullptr, {}};
  std::string area_;
  std::vector<Finding> findings_;
  int status_ = done;
};

}  // namespace

void add_doctor(CLI::App& cli, Commands& commands) {
  const auto as_json = std::make_shared<bool>(false);
  auto* command = cli.add_subcommand("doctor", "Check everything a sync needs, and say what to fix");
  command->add_flag("--json", *as_json, "One JSON document on standard output");
  command->footer(
      "Exit statuses as of a sync: 0 all well, 1 something to look at, 2 settings, 3 sign-in, 5 out of reach.\n"
      "Example: lockstep doctor");
  commands.push_back({command, {}, [as_json](base::Result<settings::Settings> settings) {
                        Doctor doctor;
                        doctor.examine(std::move(settings));
                        doctor.print(*as_json);
                        return doctor.status();
                      }});
}

}  // namespace daemon_process
