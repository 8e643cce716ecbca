#include <pwd.h>
#include <unistd.h>
#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <set>

#include "base/time_text.h"
#include "core/compile_mapping.h"
#include "core/resolve.h"
#include "daemon/command.h"
#include "daemon/journal_json.h"
#include "daemon/mappings.h"

namespace daemon_process {
namespace {

namespace json = boost::json;

struct Options {
  std::string integration;
  core::EntryFilter filter;
  std::optional<std::string> take, value;
  bool all = false, as_json = false;
};

/// An integration's conflicts.
struct Found {
  core::Integration integration;
  std::vector<core::ConflictEntry> conflicts;
};

base::Result<std::vector<Found>> find(App& app, const Options& options) {
  ASSIGN_OR_RETURN(const auto integrations, all_or_one(app, options.integration));
  core::EntryFilter filter = options.filter;
  if (!filter.object.empty()) filter.object = core::object_for(filter.object);
  std::vector<Found> found;
  for (const core::Integration& integration : integrations) {
    ASSIGN_OR_RETURN(auto conflicts, app.store->conflicts(integration.id, filter));
    if (!conflicts.empty()) found.push_back({integration, std::move(conflicts)});
  }
  return found;
}

std::string shown(const core::Text& text) {
  return text ? "\"" + *text + "\"" : "empty";
}

/// What a deletion against an edit is about, and what the choice does.
std::string said_of_deletion(const core::ConflictEntry& c) {
  const bool open = c.decision == "open" && !c.resolved_at;
  if (c.against == "record_deleted")
    return "row " + c.row.text + " was edited; its record was deleted in Salesforce" +
           (open ? ": --take org deletes the row, --take store makes the record again" : "");
  return "record " + c.record.str() + " was edited; its row " + c.row.text + " was deleted in the CRM" +
         (open ? ": --take store deletes the record; to keep it, insert the row again under its key" : "");
}

void print(const core::ConflictEntry& c) {
  const std::string who = c.org_changed_by ? " by " + c.org_changed_by.str() : "";
  std::printf("%lld  %s.%s of row %s, record %s\n", static_cast<long long>(c.id), c.object.c_str(), c.field.c_str(),
              c.row.text.c_str(), c.record.str().c_str());
  if (c.against != "edit") std::printf("    %s\n", said_of_deletion(c).c_str());
  std::printf("    agreed on %s\n", shown(c.base).c_str());
  std::printf("    Salesforce %s%s%s\n", c.against == "record_deleted" ? "gone" : shown(c.org).c_str(),
              c.org_changed_at ? (", " + base::to_iso_seconds(*c.org_changed_at)).c_str() : "", who.c_str());
  std::printf("    CRM        %s%s\n", c.against == "row_deleted" ? "gone" : shown(c.store).c_str(),
              c.store_changed_at ? (", " + base::to_iso_seconds(*c.store_changed_at)).c_str() : "");
  if (c.decision != "open") std::printf("    %s\n", c.decision == "org_won" ? "Salesforce won" : "the CRM won");
  if (c.resolved_at)
    std::printf("    settled %s%s%s\n", base::to_iso_seconds(*c.resolved_at).c_str(), c.resolution.empty() ? "" : ": ",
                c.resolution.c_str());
}

int do_list(App& app, const Options& options) {
  const auto found = find(app, options);
  if (!found) return tell(found.error());
  json::array all;
  for (const Found& each : *found)
    for (const core::ConflictEntry& conflict : each.conflicts) {
      if (options.as_json) {
        all.push_back(conflict_json(each.integration, conflict));
      } else {
        print(conflict);
      }
    }
  if (options.as_json) {
    std::printf("%s\n", json::serialize(all).c_str());
  } else if (found->empty()) {
    std::printf("no conflicts\n");
  }
  return done;
}

base::Error none_found(const Options& options) {
  std::string ids;
  for (const std::int64_t id : options.filter.ids) (ids += ids.empty() ? "" : ", ") += std::to_string(id);
  return {base::ErrorKind::settings, "there is no " + std::string{options.filter.settled_too ? "" : "open "} +
                                         "conflict " + ids + ": `lockstep conflicts list` shows what there is"};
}

int do_show(App& app, Options options) {
  options.filter.settled_too = true;
  const auto found = find(app, options);
  if (!found) return tell(found.error());
  if (found->empty()) return tell(none_found(options));
  const core::ConflictEntry& conflict = found->front().conflicts.front();
  if (options.as_json) {
    std::printf("%s\n", json::serialize(conflict_json(found->front().integration, conflict)).c_str());
  } else {
    print(conflict);
  }
  return done;
}

std::string user() {
  const passwd* entry = getpwuid(getuid());
  return entry ? entry->pw_name : "uid " + std::to_string(getuid());
}

core::Choice choice(const Options& options, const core::ConflictEntry& conflict) {
  using Take = core::Choice::Take;
  const std::string by = ", by " + user();
  const bool row_lives = conflict.against == "record_deleted", record_lives = conflict.against == "row_deleted";
  if (!options.value && options.take == "org")
    return {Take::org, {}, (row_lives ? "followed the deletion in Salesforce" : "took Salesforce's value") + by};
  if (!options.value && options.take == "store")
    return {Take::store,
            {},
            (row_lives      ? "kept the row, for a new record"
             : record_lives ? "followed the deletion in the CRM"
                            : "took the CRM's value") +
                by};
  const std::string& value = options.value ? *options.value : *options.take;
  return {Take::value, value, (value.empty() ? "emptied the field" : "took \"" + value + "\"") + by};
}

/// The other open conflicts of the row, if its deletion or its record's is what is to be decided.
base::Result<std::vector<core::ConflictEntry>> of_same_deletion(App& app, const core::Integration& integration,
                                                                const core::ConflictEntry& conflict) {
  if (conflict.against == "edit") return std::vector<core::ConflictEntry>{};
  core::EntryFilter filter;
  filter.object = conflict.object;
  filter.row = conflict.row.text;
  ASSIGN_OR_RETURN(auto entries, app.store->conflicts(integration.id, filter));
  std::erase_if(entries, [&](const core::ConflictEntry& entry) {
    return entry.id == conflict.id || entry.mapping != conflict.mapping || entry.row != conflict.row;
  });
  return entries;
}

/// Gives the entries that were settled.
base::Result<std::vector<std::int64_t>> resolve(App& app, const core::Integration& integration,
                                                std::span<const model::Mapping> mappings,
                                                const core::ConflictEntry& conflict, const core::Choice& chosen_value) {
  const auto mapping = std::ranges::find(mappings, conflict.mapping, &model::Mapping::id);
  if (mapping == mappings.end())
    return base::failure(base::ErrorKind::settings, "conflict " + std::to_string(conflict.id) + ": the mapping of " +
                                                        conflict.object +
                                                        " does not fit: see `lockstep mapping check`");
  ASSIGN_OR_RETURN(const auto beside, of_same_deletion(app, integration, conflict));
  RETURN_IF_ERROR(core::resolve_conflict(*app.store, *mapping, conflict, chosen_value, {}, beside));
  std::vector settled{conflict.id};
  for (const core::ConflictEntry& entry : beside) settled.push_back(entry.id);
  return settled;
}

int do_resolve(App& app, const Options& options) {
  const auto refuse = [](const char* why) { return tell({base::ErrorKind::settings, why}); };
  if (options.take.has_value() == options.value.has_value())
    return refuse("say --take org, --take store or --take VALUE");
  if (options.filter.ids.empty() && !options.all)
    return refuse("name the conflicts, or say --all, with --object and --field for some of them");
  const auto integrations = all_or_one(app, options.integration);
  if (!integrations) return tell(integrations.error());
  std::set<std::int64_t> resolved;
  std::vector<std::pair<std::int64_t, base::Error>> failed;
  for (const core::Integration& integration : *integrations) {
    const auto mappings = known_mappings(app, integration);
    if (!mappings) return tell(mappings.error());
    core::EntryFilter filter = options.filter;
    filter.object = filter.object.empty() ? "" : core::object_for(filter.object);
    while (true) {
      const auto page = app.store->conflicts(integration.id, filter);
      if (!page) return tell(page.error());
      if (page->empty()) break;
      filter.after = page->back().id;
      for (const core::ConflictEntry& conflict : *page) {
        if (resolved.contains(conflict.id)) {
          if (choice(options, conflict).take == core::Choice::Take::value)
            failed.emplace_back(conflict.id,
                                base::Error{base::ErrorKind::precondition,
                                            "conflict " + std::to_string(conflict.id) +
                                                ": the row stays with what it holds, since the deletion was decided "
                                                "with another field; change the value in the row"});
          continue;
        }
        if (const auto settled = resolve(app, integration, *mappings, conflict, choice(options, conflict))) {
          resolved.insert(settled->begin(), settled->end());
        } else {
          failed.emplace_back(conflict.id, settled.error());
        }
      }
    }
  }
  if (resolved.empty() && failed.empty() && !options.filter.ids.empty()) return tell(none_found(options));
  if (options.as_json) {
    json::array errors;
    for (const auto& [id, error] : failed) errors.push_back({{"id", id}, {"message", error.message}});
    std::printf("%s\n",
                json::serialize(json::object{{"resolved", resolved.size()}, {"errors", std::move(errors)}}).c_str());
  } else {
    for (const auto& [id, error] : failed) std::fprintf(stderr, "lockstep: %s\n", error.message.c_str());
    std::printf("%zu settled; the next sync brings both sides together\n", resolved.size());
  }
  return failed.empty() ? done : some_left;
}

}  // namespace

void add_conflicts(CLI::App& cli, Commands& commands) {
  const auto options = std::make_shared<Options>();
  auto* conflicts =
      cli.add_subcommand("conflicts", "Where both sides changed one field, or one deleted what the other changed");
  conflicts->require_subcommand(1);
  conflicts->footer(
      "Examples:\n"
      "  lockstep conflicts list --object Contact\n"
      "  lockstep conflicts resolve 17 --take org\n"
      "  lockstep conflicts resolve 18 --take \"Ann Lee\"\n"
      "  lockstep conflicts resolve --object Contact --field Email --all --take store");
  const auto add = [&](const char* name, const char* what, int (*run)(App&, const Options&)) {
    return add_below(*conflicts, commands, options, name, what, run);
  };
  const auto chooses = [&](CLI::App* command) {
    command->add_option("--object", options->filter.object, "Only of this object");
    command->add_option("--field", options->filter.field, "Only in this field or column");
  };
  auto* list = add("list", "Those that wait for a person, oldest first", do_list);
  chooses(list);
  list->add_flag("--settled", options->filter.settled_too, "Also those that a rule or a person has settled");
  list->add_option("--after", options->filter.after, "Only numbers above this one");
  list->add_option("--limit", options->filter.limit, "At most so many");
  add("show", "One conflict", [](App& app, const Options& o) { return do_show(app, o); })
      ->add_option("id", options->filter.ids)
      ->required();
  auto* resolve = add("resolve", "Decide; both sides get the value with the next sync", do_resolve);
  resolve->add_option("id", options->filter.ids);
  chooses(resolve);
  resolve->add_flag("--all", options->all, "All open ones, or all that --object and --field name");
  resolve->add_option(
      "--take", options->take,
      "org, store, or a value for both sides, \"\" for none; of a deletion: org or store follows or undoes it");
  resolve->add_option("--value", options->value, "A value for both sides that --take would misunderstand");
}

}  // namespace daemon_process
