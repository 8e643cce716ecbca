#include "simulator/http/answers.h"

#include <algorithm>
#include <boost/json.hpp>

#include "simulator/org/text.h"

namespace simulator {

namespace json = boost::json;

const ApiError not_found_error{404, "NOT_FOUND", "The requested resource does not exist"};
const ApiError bad_json_error{400, "JSON_PARSER_ERROR", "The request body is no JSON object of the expected form"};
const ApiError rolled_back_error{
    400, "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header"};

ApiError method_not_allowed(std::string_view method) {
  return {405, "METHOD_NOT_ALLOWED", "HTTP Method '" + std::string{method} + "' not allowed."};
}

std::string readable(std::string text) {
  if (is_utf8(text)) return text;
  for (char& c : text)
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  return text;
}

std::string error_body(const ApiError& error) {
  json::object entry;
  // Misspelt on the wire, and so here.
  if (!error.duplicates.empty()) entry["duplicateResut"] = json::parse(error.duplicates);
  entry["message"] = readable(error.message);
  entry["errorCode"] = error.code;
  if (!error.fields.empty()) entry["fields"] = json::value_from(error.fields);
  return json::serialize(json::array{std::move(entry)});
}

Reply refuse(const ApiError& error) {
  return {error.status, error_body(error)};
}

Reply reply_with(Outcome<std::string> outcome) {
  return outcome ? Reply{200, *std::move(outcome)} : refuse(outcome.error());
}

json::object row_result(const std::string& id, std::optional<bool> created) {
  json::object result{{"id", id}, {"success", true}, {"errors", json::array{}}};
  if (created) result["created"] = *created;
  return result;
}

json::object row_result(const ApiError& error) {
  const std::string_view code =
      error.wrong_json_type ? "INVALID_TYPE_ON_FIELD_IN_RECORD" : std::string_view{error.code};
  json::array errors{
      {{"statusCode", code}, {"message", readable(error.message)}, {"fields", json::value_from(error.fields)}}};
  return {{"success", false}, {"errors", std::move(errors)}};
}

namespace {
template <class Asked>
std::string base_url_of(const Asked& asked) {
  const bool behind_tls = asked.header("x-forwarded-proto") == "https";
  const std::string_view host = asked.header("host");
  return (behind_tls ? "https://" : "http://") + std::string{host.empty() ? "localhost" : host};
}
}  // namespace

std::string base_url(const http::Request& request) {
  return base_url_of(request);
}

std::string base_url(const Call& call) {
  return base_url_of(call);
}

std::string parameter(std::string_view query, std::string_view name) {
  for (const auto& [key, value] : http::parse_form(query))
    if (key == name) return value;
  return {};
}

std::vector<std::string> list_in(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    if (end > 0) out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

Outcome<Projection> projection_of(const World& world, const Object& object, std::span<const std::string> names) {
  Projection out{object};
  for (const std::string& name : names) {
    soql::Path path;
    for (std::size_t from = 0; from <= name.size();) {
      const std::size_t end = std::min(name.find('.', from), name.size());
      path.parts.push_back(name.substr(from, end - from));
      from = end + 1;
    }
    const auto resolved = resolve(world, object, path, name);
    if (!resolved)
      return refusal(400, "INVALID_FIELD", "No such column '" + name + "' on sobject of type " + object.name);
    out.add(world, *resolved);
  }
  return out;
}

std::vector<std::string> visible_fields(const Object& object) {
  std::vector<std::string> out;
  for (const Field& field : object.fields)
    if (!field.hidden) out.push_back(field.name);
  return out;
}

std::optional<json::object> object_in(const std::string& body) {
  boost::system::error_code error;
  json::value value = json::parse(body, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.as_object());
}

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_string() ? std::string{value->as_string()} : std::string{};
}

bool is_set(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_bool() && value->as_bool();
}

}  // namespace simulator
