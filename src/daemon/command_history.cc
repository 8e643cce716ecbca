#include <cstdio>

#include "base/time_text.h"
#include "daemon/command.h"
#include "daemon/journal_json.h"

namespace daemon_process {
namespace {

namespace json = boost::json;

std::string shown(const json::object& object, const char* key) {
  const auto* value = object.if_contains(key);
  return !value || value->is_null() ? "empty" : json::serialize(*value);
}

std::string text_at(const json::object& object, const char* key) {
  const auto* value = object.if_contains(key);
  return value && value->is_string() ? std::string{value->get_string().c_str()} : std::string{};
}

std::string spaced(std::string text) {
  for (char& c : text)
    if (c == '_') c = ' ';
  return text;
}

void print(const core::HistoryEntry& entry) {
  std::printf("%s  %s  %s%s%s%s%s\n", base::to_iso_seconds(entry.at).c_str(), spaced(entry.action).c_str(),
              entry.object.c_str(), entry.row.text.empty() ? "" : " row ", entry.row.text.c_str(),
              entry.record ? " record " : "", entry.record.str().c_str());
  boost::system::error_code failed;
  const json::value read = json::parse(entry.details, failed);
  const json::object details = !failed && read.is_object() ? read.get_object() : json::object{};
  if (details.contains("first_load")) std::printf("    by the first load\n");
  if (const auto* changes = details.if_contains("changes"); changes && changes->is_array())
    for (const json::value& value : changes->get_array()) {
      if (!value.is_object()) continue;
      const json::object& change = value.get_object();
      const std::string field = text_at(change, "field");
      if (text_at(change, "side") == "both") {
        std::printf("    %s: Salesforce %s, CRM %s, agreed on %s: waits for a decision\n", field.c_str(),
                    shown(change, "salesforce").c_str(), shown(change, "crm").c_str(), shown(change, "before").c_str());
      } else {
        std::printf("    %s in %s: %s, before %s (%s)\n", field.c_str(),
                    text_at(change, "side") == "crm" ? "the CRM" : "Salesforce", shown(change, "after").c_str(),
                    shown(change, "before").c_str(), spaced(text_at(change, "decision")).c_str());
      }
    }
  if (const auto error = text_at(details, "error"); !error.empty()) std::printf("    %s\n", error.c_str());
  if (const auto by = text_at(details, "by"); !by.empty()) std::printf("    %s\n", by.c_str());
  if (!entry.run.empty())
    std::printf("    run %s%s%s\n", entry.run.c_str(), entry.request.empty() ? "" : ", request ",
                entry.request.c_str());
}

base::Error nothing_known(const App& app, const std::string& key) {
  return {
      base::ErrorKind::settings,
      "nothing is known of " + key +
          ": name a record by its id, of 15 or 18 characters, or a row by its key or as table/key, as in contacts/42; "
          "entries are kept for " +
          std::to_string(app.settings.sync.history_days) + " days (sync.history_days)"};
}

}  // namespace

void add_history(CLI::App& cli, Commands& commands) {
  struct Options {
    std::string key;
    std::size_t limit = 100;
    bool as_json = false;
  };
  const auto options = std::make_shared<Options>();
  auto* command = cli.add_subcommand("history", "What happened to a record or row, in both directions, newest first");
  command->add_option("key", options->key, "A record id, a row's key, or table/key")->required();
  command->add_option("--limit", options->limit, "At most so many entries");
  command->add_flag("--json", options->as_json, "One JSON document on standard output");
  command->footer("Examples:\n  lockstep history 003000000000001AAA\n  lockstep history contacts/42 --json");
  commands.push_back({command, [options](App& app) -> int {
                        const auto entries = app.store->history(options->key, options->limit);
                        if (!entries) return tell(entries.error());
                        json::array all;
                        for (const core::HistoryEntry& entry : *entries) {
                          if (options->as_json) {
                            all.push_back(history_json(entry));
                          } else {
                            print(entry);
                          }
                        }
                        if (options->as_json) std::printf("%s\n", json::serialize(all).c_str());
                        return entries->empty() ? tell(nothing_known(app, options->key)) : done;
                      }});
}

}  // namespace daemon_process
