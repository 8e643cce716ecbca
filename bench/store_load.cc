// How fast does a first load go into SQLite, and what does our bookkeeping cost on top of the bare rows?
//
//   store_load [RECORDS] [FOLDER]
//
// Contacts of seven fields, one of them a reference to one of 20,000 companies, in pages of 2,000 a transaction; then
// the same rows by a bare sqlite3 loop with the same page size and settings; then a second look at every page in
// which nothing changed, through settle().
#include <sqlite3.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "store/sqlite/sqlite_store.h"

namespace {

constexpr std::size_t page_size = 2000;
constexpr std::size_t companies = 20'000;

struct Spent {
  double wall, cpu;
};

Spent now() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return {std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(),
          seconds(usage.ru_utime) + seconds(usage.ru_stime)};
}

long peak_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

/// Returns the records per second.
double report(const char* what, std::size_t records, Spent from) {
  const Spent to = now();
  std::printf("%-28s %9zu records  %7.2f s  %9.0f records/s  CPU %6.2f s  peak RSS %4ld MiB\n", what, records,
              to.wall - from.wall, static_cast<double>(records) / (to.wall - from.wall), to.cpu - from.cpu,
              peak_kib() / 1024);
  std::fflush(stdout);
  return static_cast<double>(records) / (to.wall - from.wall);
}

model::RecordId id_of(const char* prefix, std::size_t number) {
  char text[16];
  std::snprintf(text, sizeof text, "%s%012zu", prefix, number);
  return *model::RecordId::parse(text);
}

model::FieldMapping field(const char* column, const char* org_field) {
  model::FieldMapping made;
  made.column = column;
  made.org_field = org_field;
  return made;
}

model::Mapping account_mapping() {
  model::Mapping mapping;
  mapping.id = model::MappingId{1};
  mapping.object = "Account";
  mapping.table = "companies";
  mapping.workspace = "default";
  mapping.fields = {field("name", "Name"), field("phone", "Phone")};
  return mapping;
}

model::Mapping contact_mapping() {
  model::Mapping mapping;
  mapping.id = model::MappingId{2};
  mapping.object = "Contact";
  mapping.table = "contacts";
  mapping.workspace = "default";
  mapping.fields = {field("first_name", "FirstName"), field("last_name", "LastName"), field("email", "Email"),
                    field("phone", "Phone"),          field("title", "Title"),        field("company", "Account.Name"),
                    field("company_id", "AccountId")};
  mapping.fields[5].role = model::FieldRole::parent_name;
  mapping.fields[5].via = 6;
  mapping.fields[5].parent_object = mapping.fields[6].parent_object = "Account";
  mapping.fields[6].role = model::FieldRole::reference;
  mapping.fields[6].type.kind = model::FieldKind::reference;
  return mapping;
}

void fill_contacts(core::Observation& page, std::size_t from, std::size_t count) {
  page.restart(7);
  char text[64];
  const auto cell = [&](const char* format, std::size_t number) {
    const int size = std::snprintf(text, sizeof text, format, number);
    return model::Cell{page.cells.text().copy({text, static_cast<std::size_t>(size)})};
  };
  for (std::size_t n = from; n < from + count; ++n) {
    const auto row = page.cells.add();
    const std::size_t company = n * 7919 % companies;
    row[0] = cell("First%zu", n % 997);
    row[1] = cell("Lastname%zu", n);
    row[2] = cell("person.%zu@example.com", n);
    row[3] = cell("+1 555 %07zu", n);
    row[4] = cell("Title %zu", n % 50);
    row[5] = cell("Company %zu", company);
    row[6] = model::Cell{page.cells.text().copy(id_of("001", company).view())};
    page.heads.push_back({id_of("003", n), {}, base::Utc{std::chrono::seconds{1'700'000'000 + n / 10}}});
  }
}

template <class T>
T need(base::Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

void exec(sqlite3* db, const char* sql) {
  if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    std::fprintf(stderr, "%s\n", sqlite3_errmsg(db));
    std::exit(1);
  }
}

/// The same rows into the same table without any of our bookkeeping.
void load_bare(const std::string& path, std::size_t records) {
  sqlite3* db = nullptr;
  sqlite3_open(path.c_str(), &db);
  exec(db,
       "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16384; "
       "PRAGMA wal_autocheckpoint=2000;"
       "CREATE TABLE contacts(id INTEGER PRIMARY KEY AUTOINCREMENT, workspace_id TEXT NOT NULL, first_name TEXT, "
       "last_name TEXT, email TEXT, phone TEXT, title TEXT, company TEXT, company_id INTEGER, created_at TEXT NOT "
       "NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')), updated_at TEXT NOT NULL DEFAULT "
       "(strftime('%Y-%m-%dT%H:%M:%fZ', 'now')), salesforce_id TEXT);"
       "CREATE INDEX contacts_company_id ON contacts(company_id)");
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(db,
                     "INSERT INTO contacts(first_name, last_name, email, phone, title, company, company_id, "
                     "workspace_id, salesforce_id) VALUES (?,?,?,?,?,?,?,'default',?)",
                     -1, &insert, nullptr);
  core::Observation page;
  for (std::size_t from = 0; from < records; from += page_size) {
    fill_contacts(page, from, std::min(page_size, records - from));
    exec(db, "BEGIN IMMEDIATE");
    for (std::size_t at = 0; at < page.size(); ++at) {
      const auto cells = page.cells[at];
      const auto bind = [&](int place, std::string_view text) {
        sqlite3_bind_text64(insert, place, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
      };
      for (int i = 0; i < 6; ++i) bind(i + 1, cells[static_cast<std::size_t>(i)].text());
      sqlite3_bind_int64(insert, 7, static_cast<sqlite3_int64>((from + at) * 7919 % companies));
      bind(8, page.heads[at].id.view());
      sqlite3_step(insert);
      sqlite3_reset(insert);
    }
    exec(db, "COMMIT");
  }
  sqlite3_finalize(insert);
  sqlite3_close(db);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t records = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 200'000;
  const std::filesystem::path folder =
      (argc > 2 ? std::filesystem::path{argv[2]} : std::filesystem::temp_directory_path()) / "lockstep_store_load";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);

  core::Observation page;
  double bare = 0;
  {
    const Spent from = now();
    load_bare(folder / "bare.db", records);
    bare = report("bare sqlite3 insert", records, from);
  }
  auto store = need(store::SqliteStore::open(folder / "store.db"));
  const model::Mapping accounts = account_mapping(), contacts = contact_mapping();
  need(store->prepare(accounts));
  need(store->prepare(contacts));
  const model::Position position = model::Watermark{};
  for (std::size_t from = 0; from < companies; from += page_size) {
    page.restart(2);
    char text[32];
    for (std::size_t n = from; n < std::min(companies, from + page_size); ++n) {
      const int size = std::snprintf(text, sizeof text, "Company %zu", n);
      page.cells.add()[0] = model::Cell{page.cells.text().copy({text, static_cast<std::size_t>(size)})};
      page.heads.push_back({id_of("001", n), {}, base::Utc{std::chrono::seconds{1'700'000'000}}});
    }
    if (!need(store->load(accounts, page, position))) std::abort();
  }
  {
    const Spent from = now();
    for (std::size_t at = 0; at < records; at += page_size) {
      fill_contacts(page, at, std::min(page_size, records - at));
      if (!need(store->load(contacts, page, position))) std::abort();
    }
    std::printf("load() / bare: %.2f\n", report("load()", records, from) / bare);
  }
  {
    const Spent from = now();
    std::size_t equal = 0;
    for (std::size_t at = 0; at < records; at += page_size) {
      fill_contacts(page, at, std::min(page_size, records - at));
      need(store->settle(contacts, page, [&](const core::Known& known) {
        for (std::size_t i = 0; i < page.size(); ++i)
          equal += known.heads[i].link == core::LinkState::linked && std::ranges::equal(known.rows[i], page.cells[i]) &&
                   std::ranges::equal(known.bases[i], page.cells[i]);
        return core::WriteSet{};
      }));
    }
    if (equal != records) std::abort();
    report("settle(), nothing changed", records, from);
  }
  store.reset();
  std::filesystem::remove_all(folder);
}
