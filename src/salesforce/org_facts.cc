#include "salesforce/org_facts.h"

#include <algorithm>
#include <array>

#include "salesforce/rest_client.h"
#include "salesforce/soql.h"

namespace salesforce {
namespace {

constexpr std::array<std::string_view, 5> limits_of_a_sync = {
    "DailyApiRequests", "DailyBulkApiBatches", "DailyBulkV2QueryJobs", "DailyDeliveredPlatformEvents", "DataStorageMB"};

base::Result<void> read_versions(RestClient& client, const std::string& wanted, OrgFacts& facts) {
  ASSIGN_OR_RETURN(Answer answer, client.call("GET", "/services/data", {}, {.what = "list its API versions"}));
  JsonArray versions;
  if (!client.reader().open_whole(answer.body) || client.reader().root().get_array().get(versions))
    return base::failure(base::ErrorKind::malformed, "Salesforce's list of API versions is not JSON.");
  for (auto element : versions) {
    JsonObject version;
    if (element.get_object().get(version)) break;
    const std::string number{text_at(version, "version")};
    if (facts.oldest_version.empty()) facts.oldest_version = number;
    facts.newest_version = number;
    facts.has_version |= number == wanted;
  }
  return {};
}

void read_organization(RestClient& client, OrgFacts& facts) {
  auto answer = client.call(
      "GET",
      client.path("query?q=" + url_encoded("SELECT Name, OrganizationType, IsSandbox, InstanceName FROM Organization")),
      {}, {.what = "say which org it is"});
  JsonObject root, record;
  JsonArray records;
  if (!answer || !client.reader().open_whole(answer->body) || client.reader().root().get_object().get(root) ||
      root.find_field_unordered("records").get_array().get(records))
    return;
  for (auto element : records) {
    if (element.get_object().get(record)) return;
    facts.name = text_at(record, "Name");
    facts.edition = text_at(record, "OrganizationType");
    facts.instance = text_at(record, "InstanceName");
    facts.sandbox = bool_at(record, "IsSandbox");
    return;
  }
}

void read_limits(RestClient& client, OrgFacts& facts) {
  auto answer = client.call("GET", client.path("limits"), {}, {.what = "show its limits"});
  JsonObject root;
  if (!answer || !client.reader().open_whole(answer->body) || client.reader().root().get_object().get(root)) return;
  for (const std::string_view name : limits_of_a_sync) {
    JsonObject entry;
    OrgFacts::Limit limit{.name = std::string{name}};
    if (!root.find_field_unordered(name).get_object().get(entry) &&
        !entry.find_field_unordered("Max").get_int64().get(limit.most) &&
        !entry.find_field_unordered("Remaining").get_int64().get(limit.left))
      facts.limits.push_back(std::move(limit));
  }
}

/// The permission set that stands for the user's profile; empty if we may not see it.
std::string profile_of(RestClient& client, const std::string& user_id) {
  const std::string query =
      "SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = " + soql::quote(user_id) +
      " AND PermissionSet.IsOwnedByProfile = true";
  auto answer =
      client.call("GET", client.path("query?q=" + url_encoded(query)), {}, {.what = "find the user's profile"});
  JsonObject root, record;
  JsonArray records;
  if (!answer || !client.reader().open_whole(answer->body) || client.reader().root().get_object().get(root) ||
      root.find_field_unordered("records").get_array().get(records))
    return {};
  for (auto element : records) {
    if (element.get_object().get(record)) return {};
    return std::string{text_at(record, "PermissionSetId")};
  }
  return {};
}

std::string json_object(std::initializer_list<std::pair<std::string_view, std::string_view>> members) {
  std::string out = "{";
  for (const auto& [name, value] : members) {
    if (out.size() > 1) out += ',';
    append_json_string(out, name);
    out += ':';
    out += value;
  }
  return out += '}';
}

std::string json_text(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::unexpected<base::Error> with_remedy(base::Error error, const std::string& remedy) {
  error.message += (error.message.ends_with('.') ? " " : ". ") + remedy;
  return std::unexpected(std::move(error));
}

}  // namespace

base::Result<OrgFacts> org_facts(Session& session, Transport& transport, const std::string& api_version,
                                 CallBudget* budget) {
  OrgFacts facts;
  RestClient first{session, transport, api_version};
  RETURN_IF_ERROR(read_versions(first, api_version, facts));
  RestClient client{session, transport, facts.has_version ? api_version : facts.newest_version, budget};
  read_organization(client, facts);
  read_limits(client, facts);
  return facts;
}

base::Result<void> create_key_field(Session& session, Transport& transport, const std::string& api_version,
                                    const std::string& object, const std::string& field, const std::string& user_id,
                                    CallBudget* budget) {
  if (!soql::is_identifier(object) || !soql::is_identifier(field) || !field.ends_with("__c"))
    return base::failure(base::ErrorKind::settings, "\"" + object + "." + field + "\" is no name for a custom field.");
  RestClient client{session, transport, api_version, budget};
  const std::string owner = object == "Task" || object == "Event" ? "Activity" : object;
  std::string label = field.substr(0, field.size() - 3);
  std::ranges::replace(label, '_', ' ');
  const std::string metadata = json_object(
      {{"label", json_text(label)},
       {"type", json_text("Text")},
       {"length", "36"},
       {"externalId", "true"},
       {"unique", "true"},
       {"caseSensitive", "false"},
       {"description", json_text("Lockstep's key of the row that this record is kept in step with. Do not edit.")}});
  const std::string what = "create the field " + owner + "." + field;
  const auto created =
      client.call("POST", client.path("tooling/sobjects/CustomField"),
                  json_object({{"FullName", json_text(owner + "." + field)}, {"Metadata", metadata}}), {.what = what});
  if (!created && created.error().service_code != "DUPLICATE_DEVELOPER_NAME")
    return with_remedy(created.error(),
                       "Give the sync user the permission \"Customize Application\" while this command runs, or let an "
                       "admin make the field as docs/connect.md says.");

  const std::string grant = "let its user edit " + object + "." + field;
  const std::string remedy = "The field " + object + "." + field +
                             " is there, and the sync user may not see it yet: in Setup, Object Manager, " + object +
                             ", Fields, " + field + ", \"Set Field-Level Security\", make it visible to his profile.";
  const std::string profile = profile_of(client, user_id);
  if (profile.empty()) return base::failure(base::ErrorKind::settings, remedy);
  const auto granted = client.call("POST", client.path("sobjects/FieldPermissions"),
                                   json_object({{"ParentId", json_text(profile)},
                                                {"SobjectType", json_text(object)},
                                                {"Field", json_text(object + "." + field)},
                                                {"PermissionsRead", "true"},
                                                {"PermissionsEdit", "true"}}),
                                   {.what = grant});
  if (!granted && granted.error().service_code != "DUPLICATE_VALUE") return with_remedy(granted.error(), remedy);
  return {};
}

}  // namespace salesforce
