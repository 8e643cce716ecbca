#include "simulator/http/identity.h"

#include <boost/json.hpp>

#include "base/time_text.h"
#include "simulator/org/text.h"

namespace simulator {
namespace {

namespace json = boost::json;

constexpr std::string_view organization_prefix = "00D", user_object = "User";

std::string text_of(const Org& org, RecordKey record, std::string_view field) {
  const Table& users = org.world().tables[record.object];
  const auto place = users.object().find(field);
  if (!place) return {};
  base::Arena arena;
  return std::string{users.cell(record.number, *place, arena).text};
}

/// Calls `visit` with each user's key until it returns false.
template <class Visit>
void each_user(const Org& org, Visit visit) {
  const Object& users = *org.schema().find(user_object);
  org.world().tables[users.index].walk({}, std::numeric_limits<std::uint32_t>::max(), [&](std::uint64_t number) {
    return visit(RecordKey{users.index, number});
  });
}

json::object urls_of(const Person& person, const std::string& base) {
  const std::string soap = base + "/services/Soap/", rest = base + "/services/data/v{version}/";
  return {{"enterprise", soap + "c/{version}/" + organization_id().substr(0, 15)},
          {"metadata", soap + "m/{version}/" + organization_id().substr(0, 15)},
          {"partner", soap + "u/{version}/" + organization_id().substr(0, 15)},
          {"rest", rest},
          {"sobjects", rest + "sobjects/"},
          {"search", rest + "search/"},
          {"query", rest + "query/"},
          {"recent", rest + "recent/"},
          {"tooling_soap", soap + "T/{version}/" + organization_id().substr(0, 15)},
          {"tooling_rest", rest + "tooling/"},
          {"profile", base + "/" + person.id},
          {"feeds", rest + "chatter/feeds"},
          {"custom_domain", base}};
}

json::object photos(const std::string& base) {
  return {{"picture", base + "/profilephoto/005/F"}, {"thumbnail", base + "/profilephoto/005/T"}};
}

}  // namespace

std::string organization_id() { return id_text(organization_prefix, 1); }

std::optional<Person> person(const Org& org, std::uint64_t number) {
  const Object& users = *org.schema().find(user_object);
  const Table& table = org.world().tables[users.index];
  if (number == 0 || !table.exists(number)) return std::nullopt;
  const RecordKey key{users.index, number};
  base::Arena arena;
  return Person{number,
                org.id_of(key),
                text_of(org, key, "Username"),
                text_of(org, key, "FirstName"),
                text_of(org, key, "LastName"),
                text_of(org, key, "CommunityNickname"),
                text_of(org, key, "Email"),
                text_of(org, key, "TimeZoneSidKey"),
                text_of(org, key, "LocaleSidKey"),
                text_of(org, key, "LanguageLocaleKey"),
                text_of(org, key, "UserType"),
                table.cell(number, users.at("IsActive"), arena).truth,
                base::Utc{std::chrono::seconds{table.stamp(number)}}};
}

std::optional<Person> person_named(const Org& org, std::string_view username) {
  const std::string wanted = folded(username);
  std::optional<Person> found;
  each_user(org, [&](RecordKey key) {
    if (folded(text_of(org, key, "Username")) == wanted) found = person(org, key.number);
    return !found;
  });
  return found;
}

std::vector<Person> people(const Org& org) {
  std::vector<Person> all;
  each_user(org, [&](RecordKey key) {
    all.push_back(*person(org, key.number));
    return true;
  });
  return all;
}

std::optional<Person> person_meant(const Org& org, std::string_view who) {
  if (const auto fifteen = parse_id(who)) {
    const Object& users = *org.schema().find(user_object);
    if (fifteen->starts_with(users.prefix)) return person(org, number_in(*fifteen, users.prefix));
  }
  return person_named(org, who);
}

std::string identity_url(const Person& person, const std::string& base_url) {
  return base_url + "/id/" + organization_id() + "/" + person.id;
}

std::string identity_json(const Person& person, const std::string& base) {
  const auto or_null = [](const std::string& text) { return text.empty() ? json::value{} : json::value(text); };
  return json::serialize(json::object{
      {"id", identity_url(person, base)},
      {"asserted_user", true},
      {"user_id", person.id},
      {"organization_id", organization_id()},
      {"username", person.username},
      {"nick_name", or_null(person.nickname)},
      {"display_name", person.name()},
      {"email", person.email},
      {"email_verified", true},
      {"first_name", or_null(person.first_name)},
      {"last_name", person.last_name},
      {"timezone", person.time_zone},
      {"photos", photos(base)},
      {"addr_street", nullptr},
      {"addr_city", nullptr},
      {"addr_state", nullptr},
      {"addr_country", nullptr},
      {"addr_zip", nullptr},
      {"mobile_phone", nullptr},
      {"mobile_phone_verified", false},
      {"is_lightning_login_user", false},
      {"status", {{"created_date", nullptr}, {"body", nullptr}}},
      {"urls", urls_of(person, base)},
      {"active", person.active},
      {"user_type", "STANDARD"},
      {"language", person.language},
      {"locale", person.locale},
      {"utcOffset", 0},
      {"last_modified_date", base::to_iso(person.modified)},
      {"is_app_installed", true}});
}

std::string userinfo_json(const Person& person, const std::string& base) {
  return json::serialize(json::object{{"sub", identity_url(person, base)},
                                      {"user_id", person.id},
                                      {"organization_id", organization_id()},
                                      {"preferred_username", person.username},
                                      {"nickname", person.nickname},
                                      {"name", person.name()},
                                      {"email", person.email},
                                      {"email_verified", true},
                                      {"given_name", person.first_name},
                                      {"family_name", person.last_name},
                                      {"zoneinfo", person.time_zone},
                                      {"photos", photos(base)},
                                      {"profile", base + "/" + person.id},
                                      {"picture", base + "/profilephoto/005/F"},
                                      {"urls", urls_of(person, base)},
                                      {"active", person.active},
                                      {"user_type", "STANDARD"},
                                      {"language", person.language},
                                      {"locale", person.locale},
                                      {"utcOffset", 0},
                                      {"updated_at", base::to_iso(person.modified)},
                                      {"is_app_installed", true}});
}

}  // namespace simulator
