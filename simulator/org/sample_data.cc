#include "simulator/org/sample_data.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string>

namespace simulator {

enum class SampleData::What : std::uint8_t {
  nothing, first_name, last_name, salutation, email, phone, mobile, title, department, street, city, postal_code,
  country, lead_source, birthdate, parent_account, owner, account_name, website, industry, employees, revenue, account_type,
  opportunity_name, stage, amount, close_date, probability
};

namespace {

using namespace std::string_view_literals;

struct PersonName {
  std::string_view text, ascii;
};
constexpr auto first_names = std::to_array<PersonName>(
    {{"Anna", "anna"},       {"Ben", "ben"},         {"Chloé", "chloe"},     {"Dmitri", "dmitri"},
     {"Elif", "elif"},       {"François", "francois"}, {"Grace", "grace"},   {"Håkon", "hakon"},
     {"Ines", "ines"},       {"Jürgen", "juergen"},  {"Kofi", "kofi"},       {"Lucía", "lucia"},
     {"Marek", "marek"},     {"Noor", "noor"},       {"Oskar", "oskar"},     {"Priya", "priya"},
     {"Quentin", "quentin"}, {"Renée", "renee"},     {"Søren", "soren"},     {"Tomás", "tomas"},
     {"Ursula", "ursula"},   {"Viktória", "viktoria"}, {"Wei", "wei"},       {"Ximena", "ximena"},
     {"Yuki", "yuki"},       {"Zoë", "zoe"},         {"Amélie", "amelie"},   {"Bogdan", "bogdan"},
     {"Ciarán", "ciaran"},   {"Dana", "dana"},       {"Emre", "emre"},       {"Fatima", "fatima"}});
constexpr auto last_names = std::to_array<PersonName>(
    {{"Müller", "mueller"},     {"Smith", "smith"},       {"García", "garcia"},     {"O'Brien", "obrien"},
     {"Nowak", "nowak"},        {"Dubois", "dubois"},     {"Øverland", "overland"}, {"Rossi", "rossi"},
     {"Kowalski", "kowalski"},  {"Jansen", "jansen"},     {"Çelik", "celik"},       {"Novák", "novak"},
     {"Silva", "silva"},        {"Ivanov", "ivanov"},     {"Tanaka", "tanaka"},     {"Nguyễn", "nguyen"},
     {"Patel", "patel"},        {"Andersson", "andersson"}, {"Weiß", "weiss"},      {"Łukasik", "lukasik"},
     {"Horváth", "horvath"},    {"Peña", "pena"},         {"de la Cruz", "delacruz"}, {"Haddad", "haddad"},
     {"Kim", "kim"},            {"Lefèvre", "lefevre"},   {"Popescu", "popescu"},   {"Schäfer", "schaefer"},
     {"van Dijk", "vandijk"},   {"Young, Jr.", "young"},  {"Żak", "zak"},           {"李", "li"}});
constexpr auto titles = std::to_array<std::string_view>(
    {"Head of Sales", "Buyer, Spare Parts", "Chief \"Everything\" Officer", "Engineer", "Geschäftsführer", "CTO",
     "Office Manager", "VP, Operations", "Consultant", "Directrice générale", "Analyst", "Purchasing"});
constexpr auto departments = std::to_array<std::string_view>({"Sales", "Purchasing", "R&D", "Finance", "IT", "Support"});
constexpr auto salutations = std::to_array<std::string_view>({"Mr.", "Ms.", "Mrs.", "Dr.", "Prof."});
constexpr auto streets = std::to_array<std::string_view>(
    {"Hauptstraße", "High Street", "Rue de la Paix", "Calle Mayor", "Via Roma", "Storgata", "Main Street", "Lindenallee"});
struct City {
  std::string_view name, country;
};
constexpr auto cities = std::to_array<City>({{"Berlin", "Germany"},    {"München", "Germany"},  {"Lyon", "France"},
                                             {"Málaga", "Spain"},      {"Torino", "Italy"},     {"Kraków", "Poland"},
                                             {"Göteborg", "Sweden"},   {"Leeds", "United Kingdom"},
                                             {"Austin", "United States"}, {"Osaka", "Japan"},   {"İzmir", "Türkiye"},
                                             {"São Paulo", "Brazil"}});
constexpr auto company_stems = std::to_array<std::string_view>(
    {"Nordwind", "Acme", "Blue River", "Søndergaard", "Alpenglück", "Kestrel", "Ferrovia", "Zenith", "Papier & Co",
     "Lumière", "Oak Hill", "Quantum", "Tatra", "Baltic", "Solaris", "Meridian"});
constexpr auto company_kinds = std::to_array<std::string_view>(
    {" GmbH", " Ltd", ", Inc.", " S.A.", " \"Express\" Logistics", " AG", " & Söhne", " Group", " Foods", " Energy"});
constexpr auto industries = std::to_array<std::string_view>(
    {"Manufacturing", "Technology", "Retail", "Energy", "Food & Beverage", "Finance", "Healthcare", "Transportation"});
constexpr auto account_types = std::to_array<std::string_view>({"Prospect", "Customer - Direct", "Customer - Channel", "Other"});
constexpr auto sources = std::to_array<std::string_view>({"Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"});
constexpr auto deals = std::to_array<std::string_view>(
    {"renewal", "first order", "spare parts", "framework agreement", "pilot", "extension"});
struct Stage {
  std::string_view name;
  double probability;
};
constexpr auto stages = std::to_array<Stage>({{"Prospecting", 10}, {"Qualification", 10}, {"Needs Analysis", 20},
                                              {"Value Proposition", 50}, {"Negotiation/Review", 90},
                                              {"Closed Won", 100}, {"Closed Lost", 0}});

constexpr std::size_t sampled_objects = std::max({account, contact, opportunity}) + 1;
constexpr std::int64_t year = 365 * 86'400;

template <class List>
const auto& pick(const List& list, std::uint64_t random) {
  return list[random % list.size()];
}

std::string_view number_text(char* buffer, std::size_t size, std::uint64_t number) {
  const auto end = std::to_chars(buffer, buffer + size, number).ptr;
  return {buffer, static_cast<std::size_t>(end - buffer)};
}

template <class... Parts>
std::string_view joined(base::Arena& arena, Parts... parts) {
  const std::size_t size = (parts.size() + ...);
  char* const place = arena.reserve(size);
  char* at = place;
  ((std::memcpy(at, parts.data(), parts.size()), at += parts.size()), ...);
  return {place, size};
}

std::string_view as_digits(base::Arena& arena, std::string_view before, std::uint64_t number) {
  char buffer[24];
  return joined(arena, before, number_text(buffer, sizeof buffer, number));
}

}  // namespace

SampleData::SampleData(const Schema& schema, const SampleOptions& options, std::int64_t start_second)
    : sizes_(sampled_objects), what_(sampled_objects), fields_(sampled_objects), seed_(options.seed), first_second_(start_second - year - 1) {
  if (options.contacts > 0) {
    sizes_[account] = std::max<std::uint64_t>(1, options.contacts / 10);
    sizes_[contact] = options.contacts;
    sizes_[opportunity] = std::max<std::uint64_t>(1, options.contacts / 20);
  }
  struct Named {
    std::uint16_t object;
    std::string_view field;
    What what;
  };
  const auto named = std::to_array<Named>({
      {contact, "FirstName", What::first_name},         {contact, "LastName", What::last_name},
      {contact, "Salutation", What::salutation},        {contact, "Email", What::email},
      {contact, "Phone", What::phone},                  {contact, "MobilePhone", What::mobile},
      {contact, "Title", What::title},                  {contact, "Department", What::department},
      {contact, "MailingStreet", What::street},         {contact, "MailingCity", What::city},
      {contact, "MailingPostalCode", What::postal_code}, {contact, "MailingCountry", What::country},
      {contact, "LeadSource", What::lead_source},       {contact, "Birthdate", What::birthdate},
      {contact, "AccountId", What::parent_account},            {contact, "OwnerId", What::owner},
      {account, "Name", What::account_name},            {account, "Website", What::website},
      {account, "Industry", What::industry},            {account, "Phone", What::phone},
      {account, "Type", What::account_type},            {account, "BillingStreet", What::street},
      {account, "BillingCity", What::city},             {account, "BillingPostalCode", What::postal_code},
      {account, "BillingCountry", What::country},       {account, "NumberOfEmployees", What::employees},
      {account, "AnnualRevenue", What::revenue},        {account, "OwnerId", What::owner},
      {opportunity, "Name", What::opportunity_name},    {opportunity, "StageName", What::stage},
      {opportunity, "Amount", What::amount},            {opportunity, "CloseDate", What::close_date},
      {opportunity, "Probability", What::probability},  {opportunity, "AccountId", What::parent_account},
      {opportunity, "OwnerId", What::owner},            {opportunity, "LeadSource", What::lead_source},
  });
  for (std::size_t object = 0; object < sampled_objects; ++object) what_[object].resize(schema[object].fields.size());
  for (const Named& each : named)
    if (const auto field = schema[each.object].find_any(each.field)) what_[each.object][*field] = each.what;
  for (std::size_t object = 0; object < sampled_objects; ++object)
    for (std::size_t field = 0; field < what_[object].size(); ++field)
      if (what_[object][field] != What::nothing) fields_[object].push_back(field);
}

std::uint64_t SampleData::mix(std::size_t object, std::uint64_t number, std::uint64_t salt) const {
  std::uint64_t z = seed_ * 0x9E3779B97F4A7C15ull + number * 0xD1B54A32D192ED03ull + (salt * 8 + object) * 0x8CB92BA72F3D8DD7ull;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

std::uint32_t SampleData::stamp(std::size_t object, std::uint64_t number) const {
  // Blocks of 64 records; within a block, groups of one size share a second as a bulk load would leave them.
  const std::uint64_t index = number - 1, block = index / 64;
  const std::uint64_t group = 2 + mix(object, block, 1) % 15;
  const std::uint64_t leader = block * 64 + (index % 64) / group * group;
  const std::uint64_t second = leader * static_cast<std::uint64_t>(year) / sizes_[object];
  return static_cast<std::uint32_t>(first_second_ + static_cast<std::int64_t>(second));
}

std::uint32_t SampleData::created(std::size_t object, std::uint64_t number) const {
  return stamp(object, number) - static_cast<std::uint32_t>(mix(object, number, 2) % (90 * 86'400));
}

std::uint64_t SampleData::first_from(std::size_t object, std::uint32_t second) const {
  std::uint64_t low = 1, high = sizes_[object] + 1;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (stamp(object, middle) < second) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

RecordKey SampleData::account_of(std::size_t object, std::uint64_t number) const {
  if (object == contact && mix(object, number, 3) % 32 == 0) return {};
  return {account, 1 + (number - 1) * sizes_[account] / sizes_[object]};
}

std::pair<std::uint64_t, std::uint64_t> SampleData::children_of(std::size_t object, std::size_t field,
                                                                std::uint64_t number) const {
  const std::uint64_t accounts = sizes_[account], children = size(object);
  const bool refers = children > 0 && field < what_[object].size() && what_[object][field] == What::parent_account;
  if (!refers || number == 0 || number > accounts) return {1, 1};
  const auto from = [&](std::uint64_t place) { return 1 + (place * children + accounts - 1) / accounts; };
  return {from(number - 1), from(number)};
}

std::string_view SampleData::account_name(std::uint64_t number, base::Arena& arena) const {
  const std::uint64_t random = mix(account, number, 4);
  char buffer[24];
  return joined(arena, pick(company_stems, random), pick(company_kinds, random >> 16), " "sv,
                number_text(buffer, sizeof buffer, number));
}

Cell SampleData::cell(std::size_t object, std::uint64_t number, std::size_t field, base::Arena& arena) const {
  if (object >= sampled_objects || field >= what_[object].size()) return {};
  const What what = what_[object][field];
  if (what == What::nothing) return {};
  const auto random = [&](std::uint64_t salt) { return mix(object, number, 16 + salt); };
  const auto person = [&] { return random(0); };
  char buffer[24];
  switch (what) {
    case What::nothing:
      break;
    case What::first_name:
      return Cell::of(pick(first_names, person()).text);
    case What::last_name:
      return Cell::of(pick(last_names, person() >> 16).text);
    case What::email:
      return Cell::of(joined(arena, pick(first_names, person()).ascii, "."sv, pick(last_names, person() >> 16).ascii,
                             "."sv, number_text(buffer, sizeof buffer, number), "@example.com"sv));
    case What::salutation:
      if (random(1) % 3 != 0) return {};
      return Cell::of(pick(salutations, random(1) >> 16));
    case What::phone:
      return Cell::of(as_digits(arena, "+49 30 ", 1'000'000 + random(2) % 9'000'000));
    case What::mobile:
      if (random(3) % 2 == 0) return {};
      return Cell::of(as_digits(arena, "+49 171 ", 1'000'000 + (random(3) >> 8) % 9'000'000));
    case What::title:
      return Cell::of(pick(titles, random(4)));
    case What::department:
      if (random(5) % 4 == 0) return {};
      return Cell::of(pick(departments, random(5) >> 8));
    case What::street:
      return Cell::of(joined(arena, pick(streets, random(6)), " "sv,
                             number_text(buffer, sizeof buffer, 1 + (random(6) >> 16) % 240)));
    case What::city:
      return Cell::of(pick(cities, random(7)).name);
    case What::country:
      return Cell::of(pick(cities, random(7)).country);
    case What::postal_code:
      return Cell::of(as_digits(arena, "", 10'000 + random(8) % 90'000));
    case What::lead_source:
      if (random(9) % 5 == 0) return {};
      return Cell::of(pick(sources, random(9) >> 8));
    case What::birthdate:
      if (random(10) % 8 != 0) return {};
      return Cell::day(-3650 + static_cast<std::int64_t>((random(10) >> 8) % 14'000));
    case What::parent_account:
      if (const RecordKey parent = account_of(object, number); parent.number != 0) return Cell::of(parent);
      return {};
    case What::owner:
      return Cell::of(RecordKey{user, 1 + random(11) % 3});
    case What::account_name:
      return Cell::of(account_name(number, arena));
    case What::website:
      return Cell::of(as_digits(arena, "https://www.example.com/", number));
    case What::industry:
      return Cell::of(pick(industries, random(12)));
    case What::employees:
      return Cell::of(static_cast<double>(1 + random(13) % 20'000));
    case What::revenue:
      return Cell::of(static_cast<double>(100'000 * (1 + random(14) % 5'000)));
    case What::account_type:
      return Cell::of(pick(account_types, random(15)));
    case What::opportunity_name:
      return Cell::of(joined(arena, account_name(account_of(object, number).number, arena), " - "sv,
                             pick(deals, random(16))));
    case What::stage:
      return Cell::of(pick(stages, random(17)).name);
    case What::probability:
      return Cell::of(pick(stages, random(17)).probability);
    case What::amount:
      return Cell::of(static_cast<double>(100 + random(18) % 50'000'000) / 100.0);
    case What::close_date:
      return Cell::day((first_second_ + year) / 86'400 - 180 + static_cast<std::int64_t>(random(19) % 360));
  }
  return {};
}

std::uint64_t SampleData::contact_with_email(std::string_view folded_email, base::Arena& arena) const {
  constexpr std::string_view host = "@example.com";
  if (!folded_email.ends_with(host)) return 0;
  const std::string_view local = folded_email.substr(0, folded_email.size() - host.size());
  const std::string_view digits = local.substr(local.rfind('.') + 1);
  std::uint64_t number = 0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), number).ec != std::errc{}) return 0;
  if (number == 0 || number > sizes_[contact]) return 0;
  const auto place = std::ranges::find(what_[contact], What::email) - what_[contact].begin();
  if (place == std::ssize(what_[contact])) return 0;
  return cell(contact, number, static_cast<std::size_t>(place), arena).text == folded_email ? number : 0;
}

}  // namespace simulator
