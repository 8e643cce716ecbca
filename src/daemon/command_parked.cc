#include <algorithm>
#include <cstdio>

#include "base/time_text.h"
#include "core/compile_mapping.h"
#include "daemon/command.h"
#include "daemon/journal_json.h"

namespace daemon_process {
namespace {

namespace json = boost::json;

struct Options {
  std::string integration;
  core::EntryFilter filter;
  bool all = false, as_json = false;
};

using Entry = std::pair<core::Integration, core::ParkedEntry>;

base::Result<std::vector<Entry>> find(App& app, const Options& options) {
  ASSIGN_OR_RETURN(const auto integrations, all_or_one(app, options.integration));
  core::EntryFilter filter = options.filter;
  if (!filter.object.empty()) filter.object = core::object_for(filter.object);
  std::vector<Entry> entries;
  for (const core::Integration& integration : integrations) {
    do {
      ASSIGN_OR_RETURN(auto parked, app.store->parked(integration.id, filter));
      if (parked.empty()) break;
      filter.after = parked.back().id;
      for (core::ParkedEntry& entry : parked) entries.emplace_back(integration, std::move(entry));
    } while (options.all);
    filter.after = options.filter.after;
  }
  return entries;
}

void print(const core::ParkedEntry& p) {
  std::printf("%lld  %s %s%s  %s\n", static_cast<long long>(p.id), p.object.c_str(),
              p.row.text.empty() ? "record " : "row ", p.row.text.empty() ? p.record.str().c_str() : p.row.text.c_str(),
              p.code.c_str());
  std::printf("    %s\n", p.message.c_str());
  if (!p.request.empty()) std::printf("    tried to send %s\n", p.request.c_str());
  if (p.waits_for) {
    std::printf("    since %s, until %s is there\n", base::to_iso_seconds(p.parked_at).c_str(),
                p.waits_for.str().c_str());
  } else if (p.retry_at == base::Utc::max()) {
    std::printf("    since %s, %d attempts; not by itself, at once when either side changes\n",
                base::to_iso_seconds(p.parked_at).c_str(), p.attempts);
  } else {
    std::printf("    since %s, %d attempts; next by itself %s, at once when either side changes\n",
                base::to_iso_seconds(p.parked_at).c_str(), p.attempts, base::to_iso_seconds(p.retry_at).c_str());
  }
}

int do_list(App& app, const Options& options) {
  const auto entries = find(app, options);
  if (!entries) return tell(entries.error());
  json::array all;
  for (const auto& [integration, entry] : *entries) {
    if (options.as_json) {
      all.push_back(parked_json(integration, entry));
    } else {
      print(entry);
    }
  }
  if (options.as_json) {
    std::printf("%s\n", json::serialize(all).c_str());
  } else if (entries->empty()) {
    std::printf("nothing is parked\n");
  }
  return done;
}

/// Runs `what` on the chosen entries.
int do_each(App& app, const Options& options, const char* said,
            base::Result<void> (*what)(core::Journal&, const std::vector<std::int64_t>&)) {
  if (options.filter.ids.empty() && !options.all)
    return tell(
        {base::ErrorKind::settings, "name the entries, or say --all, with --object and --code for some of them"});
  const auto entries = find(app, options);
  if (!entries) return tell(entries.error());
  std::vector<std::int64_t> ids;
  for (const auto& [integration, entry] : *entries) ids.push_back(entry.id);
  for (const std::int64_t id : options.filter.ids)
    if (std::ranges::find(ids, id) == ids.end())
      return tell({base::ErrorKind::settings,
                   "there is no parked entry " + std::to_string(id) + ": `lockstep parked list` shows what there is"});
  if (!ids.empty())
    if (const auto made = what(*app.store, ids); !made) return tell(made.error());
  if (options.as_json) {
    std::printf("%s\n", json::serialize(json::object{{"entries", ids.size()}}).c_str());
  } else {
    std::printf("%zu %s\n", ids.size(), said);
  }
  return done;
}

int do_retry(App& app, const Options& options) {
  return do_each(app, options, "will be tried again with the next sync",
                 [](core::Journal& journal, const std::vector<std::int64_t>& ids) { return journal.retry(ids); });
}

int do_discard(App& app, const Options& options) {
  return do_each(app, options, "forgotten; the next edit of either side is a new attempt",
                 [](core::Journal& journal, const std::vector<std::int64_t>& ids) { return journal.discard(ids); });
}

}  // namespace

void add_parked(CLI::App& cli, Commands& commands) {
  const auto options = std::make_shared<Options>();
  auto* parked = cli.add_subcommand("parked", "Rows and records that were set aside with an error");
  parked->require_subcommand(1);
  parked->footer(
      "Examples:\n"
      "  lockstep parked list --object Contact --json\n"
      "  lockstep parked retry 12 13\n"
      "  lockstep parked retry --all --code FIELD_CUSTOM_VALIDATION_EXCEPTION");
  const auto add = [&](const char* name, const char* what, int (*run)(App&, const Options&)) {
    auto* command = add_below(*parked, commands, options, name, what, run);
    command->add_option("--object", options->filter.object, "Only of this object");
    command->add_option("--code", options->filter.code, "Only with this error code");
    return command;
  };
  auto* list = add("list", "What is parked, oldest first", do_list);
  list->add_option("--after", options->filter.after, "Only numbers above this one");
  list->add_option("--limit", options->filter.limit, "At most so many");
  for (auto* command : {add("retry", "Try again with the next sync", do_retry),
                        add("discard", "Forget the entry and leave both sides as they are", do_discard)}) {
    command->add_option("id", options->filter.ids);
    command->add_flag("--all", options->all, "All, or all that --object and --code name");
  }
}

}  // namespace daemon_process
