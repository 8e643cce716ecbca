#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

#include "core/mapping_document.h"
#include "daemon/command.h"
#include "daemon/connection.h"
#include "daemon/mapping_check.h"

namespace daemon_process {
namespace {

namespace json = boost::json;

struct Options {
  std::string integration, object, table, key, direction, winner, on_filter_leave, on_salesforce_delete, on_crm_delete,
      file;
  std::optional<std::string> filter;
  std::vector<std::string> fields, removed;
  bool as_json = false, force = false, replace = false;
};

/// An integration and its mappings.
struct Open {
  core::Integration integration;
  std::vector<core::MappingSetting> settings;
};

base::Result<Open> open(App& app, const std::string& id) {
  ASSIGN_OR_RETURN(auto integrations, chosen(app, id));
  if (integrations.size() > 1)
    return base::failure(base::ErrorKind::settings, "there are several integrations: name one with --integration ID");
  Open opened{std::move(integrations.front()), {}};
  ASSIGN_OR_RETURN(auto documents, app.store->mappings(opened.integration.id));
  opened.settings = core::one_a_table(std::move(documents));
  return opened;
}

core::MappingSetting* find(Open& opened, const std::string& object) {
  const auto found =
      std::ranges::find(opened.settings, core::object_for(object),
                        [](const core::MappingSetting& setting) { return core::object_for(setting.object_type); });
  return found == opened.settings.end() ? nullptr : &*found;
}

base::Error no_mapping(const Open& opened, const std::string& object) {
  std::string known;
  for (const core::MappingSetting& setting : opened.settings)
    (known += known.empty() ? "" : ", ") += core::object_for(setting.object_type);
  return {base::ErrorKind::settings, "there is no mapping of " + object + "; there are " +
                                         (known.empty() ? "none" : known) +
                                         ": `lockstep mapping attach` makes one for a table of yours"};
}

std::string table_of(const core::MappingSetting& setting) {
  return setting.table.empty() ? core::table_for(core::object_for(setting.object_type)) : setting.table;
}

std::string key_of(const core::MappingSetting& setting) {
  return setting.key_column.empty() ? "id" : setting.key_column;
}

bool has_links(App& app, const Open& opened, const std::string& object) {
  const auto backlog = app.store->backlog(opened.integration.id);
  return !backlog || std::ranges::any_of(*backlog, [&](const core::Backlog& entry) {
    return entry.object == object && entry.links > 0;
  });
}

json::object setting_json(const core::Integration& integration, const core::MappingSetting& setting) {
  // The document's own form, so that what is shown can be imported.
  json::value document = json::parse(core::document_json(std::span{&setting, 1}, integration.filters));
  json::object object = document.as_object()["mappings"].as_array()[0].as_object();
  object["object"] = core::object_for(setting.object_type);
  object["table"] = table_of(setting);
  object["keyColumn"] = key_of(setting);
  return object;
}

void print(const core::Integration& integration, const core::MappingSetting& setting, bool fields) {
  const std::string object = core::object_for(setting.object_type);
  const auto on = integration.sync_objects.find(object);
  std::printf("%-16s %s.%s, %zu fields%s\n", object.c_str(), table_of(setting).c_str(), key_of(setting).c_str(),
              setting.fields.size(), on != integration.sync_objects.end() && !on->second ? ", switched off" : "");
  if (const auto filter = integration.filters.find(object); filter != integration.filters.end())
    std::printf("  filter: %s (a record that leaves it: %s)\n", filter->second.c_str(),
                setting.on_filter_leave.empty() ? "keep" : setting.on_filter_leave.c_str());
  if (!setting.direction.empty()) std::printf("  direction: %s\n", setting.direction.c_str());
  if (!setting.conflict_resolution.empty()) std::printf("  conflicts: %s\n", setting.conflict_resolution.c_str());
  for (const auto& [what, policy] : {std::pair{"its record is deleted", &setting.on_salesforce_delete},
                                     {"its row is deleted", &setting.on_crm_delete}})
    if (!policy->empty()) std::printf("  when %s: %s\n", what, policy->c_str());
  if (!fields) return;
  for (const core::FieldSetting& field : setting.fields) {
    std::string more;
    for (const std::string& choice : {field.direction, field.winner, field.write_mode, field.transform})
      if (!choice.empty()) (more += more.empty() ? "  (" : ", ") += choice;
    std::printf("  %-24s = %s%s%s\n", field.crm_field.c_str(), field.salesforce_field.c_str(), more.c_str(),
                more.empty() ? "" : ")");
  }
}

json::object checked_json(const CheckedMapping& checked) {
  json::array set_aside, blind_spots;
  for (const core::RunError& warning : checked.set_aside) set_aside.push_back(json::value(warning.message));
  for (const std::string& spot : checked.blind_spots) blind_spots.push_back(json::value(spot));
  return {{"object", checked.object},
          {"table", checked.table},
          {"fields", checked.fields},
          {"error", checked.error ? json::value(checked.error->message) : json::value(nullptr)},
          {"set_aside", std::move(set_aside)},
          {"blind_spots", std::move(blind_spots)}};
}

void print(const CheckedMapping& checked) {
  std::printf("%-16s %s: %zu fields%s\n", checked.object.c_str(), checked.table.c_str(), checked.fields,
              checked.is_clean() ? ", nothing to complain about" : "");
  if (checked.error) std::printf("  ! %s\n", checked.error->message.c_str());
  for (const core::RunError& warning : checked.set_aside) std::printf("  ! %s\n", warning.message.c_str());
  for (const std::string& spot : checked.blind_spots) std::printf("  ? %s\n", spot.c_str());
}

int do_list(App& app, const Options& options) {
  auto opened = open(app, options.integration);
  if (!opened) return tell(opened.error());
  if (options.as_json) {
    json::array all;
    for (const core::MappingSetting& setting : opened->settings)
      all.push_back(setting_json(opened->integration, setting));
    std::printf("%s\n", json::serialize(all).c_str());
  } else {
    for (const core::MappingSetting& setting : opened->settings) print(opened->integration, setting, false);
  }
  return done;
}

int do_show(App& app, const Options& options) {
  auto opened = open(app, options.integration);
  if (!opened) return tell(opened.error());
  const core::MappingSetting* setting = find(*opened, options.object);
  if (!setting) return tell(no_mapping(*opened, options.object));
  if (options.as_json) {
    std::printf("%s\n", json::serialize(setting_json(opened->integration, *setting)).c_str());
  } else {
    print(opened->integration, *setting, true);
  }
  return done;
}

int do_check(App& app, const Options& options) {
  auto opened = open(app, options.integration);
  if (!opened) return tell(opened.error());
  if (!options.object.empty() && !find(*opened, options.object)) return tell(no_mapping(*opened, options.object));
  const auto connection = Connection::open(app, opened->integration);
  if (!connection) return tell(connection.error());
  json::array all;
  int status = done;
  for (const core::MappingSetting& setting : opened->settings) {
    if (!options.object.empty() && core::object_for(setting.object_type) != core::object_for(options.object)) continue;
    const auto checked = check_mapping(app, opened->integration, (*connection)->org, setting);
    if (!checked) return tell(checked.error());
    if (!checked->is_clean()) status = some_left;
    if (options.as_json) {
      all.push_back(checked_json(*checked));
    } else {
      print(*checked);
    }
  }
  if (options.as_json) std::printf("%s\n", json::serialize(all).c_str());
  return status;
}

/// Checks and stores; says what stands in the way.
int save(App& app, const Open& opened, std::vector<core::MappingSetting> settings, const Options& options,
         std::vector<model::MappingId> replaced = {}) {
  for (const core::MappingSetting& setting : settings)
    replaced.insert(replaced.end(), setting.also.begin(), setting.also.end());
  const auto connection = Connection::open(app, opened.integration);
  if (!connection) return tell(connection.error());
  const auto saved =
      save_mappings(app, opened.integration, (*connection)->org, std::move(settings), replaced, options.force);
  if (!saved) return tell(saved.error());
  if (options.as_json) {
    json::array checked;
    for (const CheckedMapping& each : saved->checked) checked.push_back(checked_json(each));
    std::printf("%s\n",
                json::serialize(json::object{{"stored", saved->stored}, {"mappings", std::move(checked)}}).c_str());
  } else {
    for (const CheckedMapping& each : saved->checked) print(each);
    std::printf(saved->stored ? "stored\n" : "nothing was stored\n");
  }
  if (!saved->stored && !options.as_json)
    std::fprintf(stderr,
                 "lockstep: the mapping does not fit both sides; --force stores one whose fields are set aside\n");
  return saved->stored ? done : wrong_usage;
}

void take_rules(const Options& options, core::MappingSetting& setting) {
  if (!options.direction.empty()) setting.direction = options.direction;
  if (!options.winner.empty()) setting.conflict_resolution = options.winner;
  if (!options.on_filter_leave.empty()) setting.on_filter_leave = options.on_filter_leave;
  if (!options.on_salesforce_delete.empty()) setting.on_salesforce_delete = options.on_salesforce_delete;
  if (!options.on_crm_delete.empty()) setting.on_crm_delete = options.on_crm_delete;
}

base::Result<void> take_fields(const Options& options, core::MappingSetting& setting) {
  for (const std::string& removed : options.removed) {
    const auto gone = std::erase_if(setting.fields, [&](const core::FieldSetting& field) {
      return field.crm_field == removed || field.salesforce_field == removed ||
             field.crm_field + "=" + field.salesforce_field == removed;
    });
    if (gone == 0)
      return base::failure(base::ErrorKind::settings, "--remove " + removed + ": the mapping has no such field");
  }
  for (const std::string& text : options.fields) {
    ASSIGN_OR_RETURN(auto field, core::field_from_argument(text));
    const auto same = std::ranges::find_if(setting.fields, [&](const core::FieldSetting& f) {
      return f.crm_field == field.crm_field && f.salesforce_field == field.salesforce_field;
    });
    if (same == setting.fields.end()) {
      setting.fields.push_back(std::move(field));
    } else {
      *same = std::move(field);
    }
  }
  return {};
}

void take_filter(const Options& options, core::Integration& integration) {
  if (!options.filter) return;
  const std::string object = core::object_for(options.object);
  if (options.filter->empty()) {
    integration.filters.erase(object);
  } else {
    integration.filters[object] = *options.filter;
  }
}

int do_set(App& app, const Options& options) {
  auto opened = open(app, options.integration);
  if (!opened) return tell(opened.error());
  core::MappingSetting setting;
  if (const core::MappingSetting* found = find(*opened, options.object)) {
    setting = *found;
  } else {
    setting = core::default_mapping(opened->integration, core::object_for(options.object));
    if (setting.fields.empty() && options.fields.empty()) return tell(no_mapping(*opened, options.object));
  }
  take_rules(options, setting);
  take_filter(options, opened->integration);
  if (const auto taken = take_fields(options, setting); !taken) return tell(taken.error());
  return save(app, *opened, {setting}, options);
}

int do_attach(App& app, const Options& options) {
  auto opened = open(app, options.integration);
  if (!opened) return tell(opened.error());
  const auto key = app.store->primary_key(options.table);
  if (!key) return tell(key.error());
  const std::string object = core::object_for(options.object);
  core::MappingSetting setting;
  const core::MappingSetting* found = find(*opened, object);
  if (found) setting = *found;
  setting.integration = opened->integration.id;
  setting.workspace = opened->integration.workspace;
  if (!found) setting.object_type = object;
  setting.table = options.table;
  setting.key_column = options.key.empty() ? *key : options.key;
  if (setting.key_column.empty())
    return tell({base::ErrorKind::settings,
                 "table " + options.table + " has no primary key: name a column that identifies its rows with --key"});
  take_rules(options, setting);
  take_filter(options, opened->integration);
  std::vector<model::MappingId> replaced;
  const bool moves = found && (table_of(*found) != options.table || key_of(*found) != setting.key_column);
  if (moves && !options.replace && has_links(app, *opened, object))
    return tell({base::ErrorKind::settings, object + " is synced with table " + table_of(*found) + ", key " +
                                                key_of(*found) +
                                                ", and its links know rows by that key: --replace "
                                                "forgets them and starts afresh; rows and records stay"});
  if (moves) {
    replaced.push_back(found->id);
    setting.id = {};
  }
  if (!found || table_of(*found) != options.table) {
    // Another table has other columns; those of equal names are a start.
    const auto connection = Connection::open(app, opened->integration);
    if (!connection) return tell(connection.error());
    const auto schema =
        schema_of(app, opened->integration, (*connection)->org, object, options.table, std::chrono::milliseconds{0});
    if (!schema) return tell(schema.error());
    setting.fields =
        options.fields.empty() ? fields_by_name(*schema, setting.key_column) : std::vector<core::FieldSetting>{};
  }
  if (const auto taken = take_fields(options, setting); !taken) return tell(taken.error());
  opened->integration.sync_objects.try_emplace(object, true);
  return save(app, *opened, {setting}, options, replaced);
}

int do_export(App& app, const Options& options) {
  const auto opened = open(app, options.integration);
  if (!opened) return tell(opened.error());
  const std::string document = core::document_json(opened->settings, opened->integration.filters);
  if (options.file == "-") {
    std::fputs(document.c_str(), stdout);
    return done;
  }
  std::ofstream file{options.file};
  if (!(file << document).flush())
    return tell({base::ErrorKind::settings, "the file " + options.file + " could not be written"});
  return done;
}

int do_import(App& app, const Options& options) {
  auto opened = open(app, options.integration);
  if (!opened) return tell(opened.error());
  std::stringstream text;
  if (options.file == "-") {
    text << std::cin.rdbuf();
  } else {
    const std::ifstream file{options.file};
    if (!file) return tell({base::ErrorKind::settings, "the file " + options.file + " could not be read"});
    text << file.rdbuf();
  }
  auto document = core::document_from(text.str());
  if (!document) return tell({base::ErrorKind::settings, options.file + ": " + document.error().message});
  std::vector<core::MappingSetting> settings;
  for (core::DocumentMapping& mapping : *document) {
    const std::string object = core::object_for(mapping.setting.object_type);
    if (const core::MappingSetting* found = find(*opened, object)) {
      mapping.setting.id = found->id;
      mapping.setting.also = found->also;
    }
    mapping.setting.integration = opened->integration.id;
    mapping.setting.workspace = opened->integration.workspace;
    if (mapping.filter) {
      Options filter;
      filter.object = object;
      filter.filter = mapping.filter;
      take_filter(filter, opened->integration);
    }
    settings.push_back(std::move(mapping.setting));
  }
  return save(app, *opened, std::move(settings), options);
}

}  // namespace

void add_mapping(CLI::App& cli, Commands& commands) {
  const auto options = std::make_shared<Options>();
  auto* mapping = cli.add_subcommand("mapping", "Which tables, fields and rules");
  mapping->require_subcommand(1);
  mapping->footer(
      "Examples:\n"
      "  lockstep mapping set Contact --field mobile=MobilePhone --field 'status=Status__c;winner=manual'\n"
      "  lockstep mapping set Contact --filter \"Title != null\"\n"
      "  lockstep mapping attach Invoice__c --table invoices --key number\n"
      "  lockstep mapping export mappings.json");
  const auto add = [&](const char* name, const char* what, int (*run)(App&, const Options&)) {
    return add_below(*mapping, commands, options, name, what, run);
  };
  const auto changes = [&](CLI::App* command) {
    command->add_option("object", options->object, "sObject name, or contact, account, deal, …")->required();
    command->add_option("--field", options->fields,
                        "column=Field, with ;direction=…;winner=…;writeMode=…;transform=… behind it");
    command->add_option("--remove", options->removed, "A field that is to be left out");
    command->add_option("--direction", options->direction)
        ->check(CLI::IsMember({"bidirectional", "salesforce_to_crm", "crm_to_salesforce"}));
    command->add_option("--conflicts", options->winner, "Who wins where both sides changed")
        ->check(CLI::IsMember({"newest_wins", "salesforce_wins", "crm_wins", "manual"}));
    command->add_option("--filter", options->filter, "SOQL condition; empty for all records");
    command
        ->add_option("--on-filter-leave", options->on_filter_leave,
                     "What becomes of a row whose record leaves it: it stays, stays and says so, or goes")
        ->check(CLI::IsMember({"keep", "flag", "remove"}));
    command
        ->add_option("--on-salesforce-delete", options->on_salesforce_delete,
                     "What becomes of a row whose record was deleted; default: as the integration says")
        ->check(CLI::IsMember({"delete", "archive", "ignore", "recreate"}));
    command
        ->add_option("--on-crm-delete", options->on_crm_delete,
                     "What becomes of a record whose row was deleted; default: as the integration says")
        ->check(CLI::IsMember({"delete", "archive", "ignore", "recreate"}));
    command->add_flag("--force", options->force, "Store it though fields of it are set aside");
  };
  add("list", "All mappings", do_list);
  add("show", "One mapping with its fields", do_show)->add_option("object", options->object)->required();
  add("check", "Compare with both sides' schemas, and tell what the sync user cannot see", do_check)
      ->add_option("object", options->object);
  changes(add("set", "Change fields and rules", do_set));
  auto* attach = add("attach", "Adopt a table of your own", do_attach);
  changes(attach);
  attach->add_option("--table", options->table)->required();
  attach->add_option("--key", options->key, "The column that identifies a row; default: the primary key");
  attach->add_flag("--replace", options->replace, "Forget the links of the table that is attached now");
  add("export", "Write all mappings to a file, - for standard output", do_export)
      ->add_option("file", options->file)
      ->required();
  auto* import = add("import", "Read mappings from a file, - for standard input", do_import);
  import->add_option("file", options->file)->required();
  import->add_flag("--force", options->force, "Store them though fields are set aside");
}

}  // namespace daemon_process
