#include "simulator/http/api.h"

#include <algorithm>
#include <boost/json.hpp>
#include <limits>
#include <set>
#include <thread>
#include <tuple>

#include "base/time_text.h"
#include "simulator/org/describe.h"

namespace simulator {
namespace {

namespace json = boost::json;

constexpr std::string_view org_id = "00D000000000SIMEA0";
constexpr std::size_t most_records = 200, most_retrieved = 2'000;
constexpr std::size_t records_per_chunk = 500;
constexpr std::string_view dump_path = "/__sim/dump/";
constexpr std::size_t largest_page = 2'000, smallest_page = 200;

json::array errors_of(const ApiError& error) {
  json::object entry{{"message", error.message}, {"errorCode", error.code}};
  if (!error.fields.empty()) entry["fields"] = json::value_from(error.fields);
  return {std::move(entry)};
}
std::string error_body(const ApiError& error) { return json::serialize(errors_of(error)); }

const ApiError not_found{404, "NOT_FOUND", "The requested resource does not exist"};
const ApiError locked_row{400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records"};
const ApiError rolled_back{400, "ALL_OR_NONE_OPERATION_ROLLED_BACK",
                           "Record rolled back because not all records were valid and the request was using AllOrNone "
                           "header"};
const ApiError bad_json{400, "JSON_PARSER_ERROR", "The request body is no JSON object of the expected form"};

std::vector<std::string> segments(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const auto end = path.find('/');
    if (const auto part = path.substr(0, end); !part.empty()) parts.push_back(http::percent_decode(part, false));
    path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
  }
  return parts;
}

std::string parameter(std::string_view query, std::string_view name) {
  for (const auto& [key, value] : http::parse_form(query))
    if (key == name) return value;
  return {};
}

std::optional<json::object> object_in(const std::string& body) {
  boost::system::error_code error;
  json::value value = json::parse(body, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.as_object());
}

/// A record's fields as the body gives them, without what only says which record is meant.
json::object fields_of(const json::object& record) {
  json::object fields;
  for (const auto& [key, value] : record)
    if (key != "attributes" && key != "id" && key != "Id") fields[key] = value;
  return fields;
}

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_string() ? std::string{value->as_string()} : std::string{};
}

/// The pair in "Basic base64(id:secret)".
std::optional<std::pair<std::string, std::string>> basic_credentials(std::string_view header) {
  if (!header.starts_with("Basic ")) return std::nullopt;
  static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string decoded;
  unsigned bits = 0, pending = 0;
  for (const char c : header.substr(6)) {
    const auto digit = digits.find(c);
    if (digit == std::string_view::npos) break;
    bits = (bits << 6 | static_cast<unsigned>(digit)) & 0xFFFFFF;
    pending += 6;
    if (pending < 8) continue;
    pending -= 8;
    decoded += static_cast<char>(bits >> pending & 0xFF);
  }
  const auto colon = decoded.find(':');
  if (colon == std::string::npos) return std::nullopt;
  return std::pair{http::percent_decode(decoded.substr(0, colon), true), http::percent_decode(decoded.substr(colon + 1), true)};
}

json::object row_result(const ApiError& error) {
  json::array errors{{{"statusCode", error.code}, {"message", error.message}, {"fields", json::value_from(error.fields)}}};
  return {{"success", false}, {"errors", std::move(errors)}};
}
json::object row_result(const std::string& id, std::optional<bool> created) {
  json::object result{{"id", id}, {"success", true}, {"errors", json::array{}}};
  if (created) result["created"] = *created;
  return result;
}

}  // namespace

http::Response Api::handle(const http::Request& request) {
  http::Response response;
  std::chrono::milliseconds latency{0};
  {
    const std::lock_guard lock{mutex_};
    response = answer(request);
    latency = misfortune_.latency;
  }
  if (latency.count() > 0) std::this_thread::sleep_for(latency);
  return response;
}

http::Response Api::answer(const http::Request& request) {
  misfortune_ = {};
  if (!request.path.starts_with("/__sim/"))
    misfortune_ = faults_.decide(request.method, request.path, request.path + "?" + request.query + "\n" + request.body);
  if (misfortune_.kind == Misfortune::Kind::cut_before) {
    http::Response cut;
    cut.close_without_answer = true;
    return cut;
  }
  if (misfortune_.kind == Misfortune::Kind::expire_token) tokens_.clear();
  if (request.path.starts_with(dump_path))
    if (const auto object = org_.object(std::string_view{request.path}.substr(dump_path.size()))) return dump(**object);
  base_url_ = "http://" + std::string{request.header("host")};
  Reply reply;
  bool counted = false;
  if (request.path == "/services/oauth2/token") {
    reply = sign_in(request);
  } else if (request.path.starts_with("/__sim/")) {
    reply = control(request);
  } else if (request.path == "/services/data") {
    reply.body = R"([{"label":"Summer '24","url":"/services/data/v61.0","version":"61.0"},)"
                 R"({"label":"Winter '25","url":"/services/data/v62.0","version":"62.0"},)"
                 R"({"label":"Spring '26","url":"/services/data/v66.0","version":"66.0"}])";
  } else if (misfortune_.kind == Misfortune::Kind::unavailable) {
    reply = {503, error_body({503, "SERVER_UNAVAILABLE", "server too busy"})};
  } else if (misfortune_.kind == Misfortune::Kind::html_error) {
    reply = {500, "<html><body><h1>An internal server error has occurred</h1></body></html>"};
  } else if (misfortune_.kind == Misfortune::Kind::request_limit) {
    reply = {403, error_body({403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."})};
  } else if (!is_signed_in(request)) {
    reply = {401, error_body({401, "INVALID_SESSION_ID", "Session expired or invalid"})};
  } else if (request.path.starts_with("/id/") || request.path == "/services/oauth2/userinfo") {
    reply = identity();
  } else {
    counted = true;
    if (used_ >= options_.daily_calls) {
      reply = {403, error_body({403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."})};
    } else {
      ++used_;
      reply = data(request.method, request.path, request.query, request.body, request.headers, false);
    }
  }
  http::Response response{reply.status, std::move(reply.headers), std::move(reply.body), {}, false};
  response.headers.emplace_back("Date", base::to_http_date(org_.clock().now()));
  const bool html = misfortune_.kind == Misfortune::Kind::html_error;
  response.headers.emplace_back("Content-Type", html ? "text/html;charset=UTF-8" : "application/json;charset=UTF-8");
  response.close_without_answer = misfortune_.kind == Misfortune::Kind::cut_after;
  if (counted)
    response.headers.emplace_back("Sforce-Limit-Info", "api-usage=" + std::to_string(used_) + "/" +
                                                           std::to_string(options_.daily_calls));
  return response;
}

http::Response Api::dump(const Object& object) {
  auto projection = std::make_shared<Projection>(object);
  for (std::size_t field = 0; field < object.fields.size(); ++field)
    projection->add(org_.world(), {{}, field, &object.fields[field]});
  http::Response response;
  response.headers = {{"Content-Type", "application/x-ndjson"}, {"Date", base::to_http_date(org_.clock().now())}};
  response.stream = [this, projection, &rows = org_.world().tables[object.index], after = Place{}](std::string& chunk) mutable {
    const std::lock_guard lock{mutex_};
    base::Arena arena;
    std::size_t left = records_per_chunk;
    rows.walk(after, std::numeric_limits<std::uint32_t>::max(), [&](std::uint64_t number) {
      if (left == 0) return false;
      --left;
      after = {rows.stamp(number), number};
      if (rows.is_deleted(number)) return true;
      projection->append(org_.world(), number, "/services/data/v62.0", chunk, arena);
      chunk += '\n';
      arena.clear();
      return true;
    });
    return left == 0;
  };
  return response;
}

bool Api::is_signed_in(const http::Request& request) const {
  const std::string_view header = request.header("authorization");
  if (!header.starts_with("Bearer ")) return false;
  const auto token = tokens_.find(std::string{header.substr(7)});
  return token != tokens_.end() && token->second > org_.clock().now();
}

Api::Reply Api::sign_in(const http::Request& request) {
  const auto refuse = [](const char* code, const char* text) {
    return Reply{400, json::serialize(json::object{{"error", code}, {"error_description", text}}),
                 {{"Cache-Control", "no-store"}}};
  };
  std::map<std::string, std::string> form;
  for (auto& [key, value] : http::parse_form(request.body)) form[key] = value;
  if (const auto basic = basic_credentials(request.header("authorization")))
    std::tie(form["client_id"], form["client_secret"]) = *basic;
  if (form["client_id"] != options_.client_id) return refuse("invalid_client_id", "client identifier invalid");
  const std::string& grant = form["grant_type"];
  const bool confidential = grant == "client_credentials" || form.contains("client_secret");
  if (confidential && form["client_secret"] != options_.client_secret)
    return refuse("invalid_client", "invalid client credentials");
  if (grant == "refresh_token") {
    if (form["refresh_token"] != options_.refresh_token)
      return refuse("invalid_grant", "expired access/refresh token");
  } else if (grant != "client_credentials") {
    return refuse("unsupported_grant_type", "grant type not supported");
  }
  const std::string token = std::string{org_id.substr(0, 15)} + "!sfsim." + std::to_string(++issued_);
  tokens_[token] = org_.clock().now() + options_.token_lifetime;
  json::object answer{{"access_token", token},
                      {"instance_url", base_url_},
                      {"id", base_url_ + "/id/" + std::string{org_id} + "/" + org_.id_of({user, 1})},
                      {"token_type", "Bearer"},
                      {"scope", "api refresh_token"},
                      {"issued_at", std::to_string(org_.clock().now().time_since_epoch().count())}};
  return {200, json::serialize(answer), {{"Cache-Control", "no-store"}}};
}

Api::Reply Api::identity() const {
  const std::string id = org_.id_of({user, 1});
  return {200, json::serialize(json::object{{"id", base_url_ + "/id/" + std::string{org_id} + "/" + id},
                                            {"user_id", id},
                                            {"organization_id", org_id},
                                            {"username", "sync.user@sfsim.example"},
                                            {"preferred_username", "sync.user@sfsim.example"},
                                            {"active", true}})};
}

Api::Reply Api::control(const http::Request& request) {
  if (request.path == "/__sim/health") return {200, R"({"status":"ok"})"};
  if (request.path == "/__sim/stats") {
    if (request.method == "DELETE") used_ = 0;
    return {200, json::serialize(json::object{{"calls", used_}})};
  }
  if (request.path == "/__sim/faults") {
    if (request.method == "DELETE") faults_.clear();
    if (request.method == "PUT")
      if (const auto wrong = faults_.set(request.body)) return {400, error_body({400, "INVALID_FAULTS", *wrong})};
    return {200, faults_.text()};
  }
  return {404, error_body(not_found)};
}

Api::Reply Api::data(const std::string& method, std::string_view path, std::string_view query,
                     const std::string& body, const std::map<std::string, std::string, std::less<>>& headers,
                     bool nested) {
  const auto parts = segments(path);
  if (parts.size() < 3 || parts[0] != "services" || parts[1] != "data" || !parts[2].starts_with('v'))
    return {404, error_body(not_found)};
  root_ = "/services/data/" + parts[2];
  const std::vector<std::string> rest(parts.begin() + 3, parts.end());
  const auto answer = [](Outcome<std::string> outcome) {
    return outcome ? Reply{200, *std::move(outcome)} : Reply{outcome.error().status, error_body(outcome.error())};
  };
  if (rest.empty())
    return {200, json::serialize(json::object{{"sobjects", root_ + "/sobjects"}, {"query", root_ + "/query"},
                                              {"queryAll", root_ + "/queryAll"}, {"composite", root_ + "/composite"},
                                              {"limits", root_ + "/limits"}})};
  if (rest[0] == "limits") {
    const json::object daily{{"Max", options_.daily_calls}, {"Remaining", options_.daily_calls - used_}};
    return {200, json::serialize(json::object{{"DailyApiRequests", daily}})};
  }
  if ((rest[0] == "query" || rest[0] == "queryAll") && method == "GET") {
    if (rest.size() == 2) return answer(org_.next_page(rest[1], root_));
    std::size_t page = largest_page;
    if (const auto option = headers.find("sforce-query-options"); option != headers.end())
      if (const auto at = option->second.find("batchSize="); at != std::string::npos)
        page = std::clamp<std::size_t>(std::strtoul(option->second.c_str() + at + 10, nullptr, 10), smallest_page,
                                       largest_page);
    return answer(org_.query(parameter(query, "q"), rest[0] == "queryAll", page, root_));
  }
  if (rest[0] == "sobjects") {
    if (rest.size() == 1) return {200, describe_global(org_.schema(), root_)};
    if (rest.size() == 3 && rest[2] == "describe") {
      const auto object = org_.object(rest[1]);
      if (!object) return {object.error().status, error_body(object.error())};
      return {200, describe(org_.schema(), **object, root_)};
    }
    return row(method, {rest.begin() + 1, rest.end()}, query, body, headers);
  }
  if (rest[0] == "composite") {
    if (rest.size() == 1 && method == "POST" && !nested) return composite(body);
    if (rest.size() > 1 && rest[1] == "sobjects") {
      if (method == "DELETE" && rest.size() == 2) return delete_collection(query);
      return collection(method, {rest.begin() + 2, rest.end()}, body);
    }
  }
  return {404, error_body(not_found)};
}

Api::Reply Api::delete_collection(std::string_view query) {
  const std::string ids = parameter(query, "ids");
  const bool all_or_none = parameter(query, "allOrNone") == "true";
  const auto count = std::ranges::count(ids, ',') + 1;
  if (ids.empty() || count > std::int64_t{most_records}) {
    const ApiError error{400, "INVALID_BATCH_SIZE", "record limit reached. cannot submit more than 200 records"};
    return {error.status, error_body(error)};
  }
  json::array results;
  bool failed = false;
  Org::Transaction transaction{org_};
  for (std::size_t from = 0; from <= ids.size();) {
    const std::size_t end = std::min(ids.find(',', from), ids.size());
    const std::string id = ids.substr(from, end - from);
    from = end + 1;
    const auto one = [&]() -> Outcome<void> {
      for (std::size_t at = 0; at < object_count; ++at)
        if (const Object& object = org_.schema()[at]; id.starts_with(object.prefix)) {
          if (faults_.chance(misfortune_.locked_rows)) return std::unexpected(locked_row);
          const auto number = org_.by_id(object, id);
          if (!number) return std::unexpected(number.error());
          return org_.remove(object, *number);
        }
      return refusal(400, "MALFORMED_ID", "malformed id " + id);
    }();
    failed = failed || !one;
    results.emplace_back(one ? row_result(id, std::nullopt) : row_result(one.error()));
  }
  if (failed && all_or_none) {
    for (json::value& result : results)
      if (result.as_object().at("success").as_bool()) result = row_result(rolled_back);
  } else {
    transaction.commit();
  }
  return {200, json::serialize(results)};
}

Api::Reply Api::row(const std::string& method, const std::vector<std::string>& path, std::string_view query, const std::string& body,
                    const std::map<std::string, std::string, std::less<>>& headers) {
  const auto refuse = [](const ApiError& error) { return Reply{error.status, error_body(error)}; };
  const auto object = org_.object(path[0]);
  if (!object) return refuse(object.error());
  std::optional<json::object> values;
  if (method == "POST" || method == "PATCH") {
    values = object_in(body);
    if (!values) return refuse(bad_json);
  }
  if (method != "GET" && method != "HEAD" && faults_.chance(misfortune_.locked_rows)) return refuse(locked_row);
  const auto created = [&](std::uint64_t number, std::optional<bool> upserted) {
    const std::string id = org_.id_of({(*object)->index, number});
    return Reply{upserted == false ? 200 : 201, json::serialize(row_result(id, upserted)),
                 {{"Location", root_ + "/sobjects/" + (*object)->name + "/" + id}}};
  };
  if (path.size() == 1) {
    if (method != "POST") return refuse({405, "METHOD_NOT_ALLOWED", "HTTP Method '" + method + "' not allowed."});
    const auto number = org_.insert(**object, *values);
    return number ? created(*number, std::nullopt) : refuse(number.error());
  }
  std::uint64_t number = 0;
  if (path.size() == 3) {
    const auto field = org_.key_field(**object, path[1]);
    if (!field) return refuse(field.error());
    if (method == "PATCH") {
      if (parameter(query, "updateOnly") == "true" && org_.by_key(**object, *field, path[2]).empty()) return refuse(not_found);
      const auto written = org_.upsert(**object, *field, path[2], *values);
      return written ? created(written->number, written->created) : refuse(written.error());
    }
    const auto found = org_.by_key(**object, *field, path[2]);
    if (found.empty()) return refuse(not_found);
    if (found.size() > 1) {
      json::array urls;
      for (const auto one : found)
        urls.emplace_back(root_ + "/sobjects/" + (*object)->name + "/" + org_.id_of({(*object)->index, one}));
      return {300, json::serialize(urls)};
    }
    number = found.front();
  } else if (path.size() == 2) {
    const auto found = org_.by_id(**object, path[1]);
    if (!found) return refuse(found.error());
    number = *found;
  } else {
    return refuse(not_found);
  }
  if (const auto since = headers.find("if-unmodified-since"); since != headers.end() && method != "DELETE") {
    const auto moment = base::parse_http_date(since->second);
    if (!moment) return refuse({400, "INVALID_HEADER", "If-Unmodified-Since is no HTTP date"});
    const base::Utc stamp{std::chrono::seconds{org_.world().tables[(*object)->index].stamp(number)}};
    if (stamp > *moment)
      return refuse({412, "PRECONDITION_FAILED", "The record was changed since " + since->second});
  }
  if (method == "PATCH") {
    const auto done = org_.update(**object, number, *values);
    return done ? Reply{204} : refuse(done.error());
  }
  if (method == "DELETE") {
    const auto done = org_.remove(**object, number);
    return done ? Reply{204} : refuse(done.error());
  }
  Projection projection{**object};
  std::string wanted = parameter(query, "fields");
  if (wanted.empty())
    for (const Field& field : (*object)->fields) wanted += (wanted.empty() ? "" : ",") + std::string{field.name};
  for (std::size_t from = 0; from <= wanted.size();) {
    const std::size_t end = std::min(wanted.find(',', from), wanted.size());
    soql::Path steps;
    for (std::size_t step = from; step <= end;) {
      const std::size_t dot = std::min(wanted.find('.', step), end);
      steps.parts.emplace_back(wanted.substr(step, dot - step));
      step = dot + 1;
    }
    const auto resolved = resolve(org_.world(), **object, steps, wanted);
    if (!resolved) return refuse({400, "INVALID_FIELD", "No such column '" + wanted.substr(from, end - from) + "' on sobject of type " + (*object)->name});
    projection.add(org_.world(), *resolved);
    from = end + 1;
  }
  return {200, org_.record_json(projection, number, root_)};
}

Api::Reply Api::collection(const std::string& method, const std::vector<std::string>& path, const std::string& body) {
  const auto refuse = [](const ApiError& error) { return Reply{error.status, error_body(error)}; };
  const auto request = object_in(body);
  if (!request) return refuse(bad_json);
  if (method == "POST" && path.size() == 1) {  // retrieve
    const auto object = org_.object(path[0]);
    if (!object) return refuse(object.error());
    const json::value *ids = request->if_contains("ids"), *fields = request->if_contains("fields");
    if (!ids || !ids->is_array() || !fields || !fields->is_array()) return refuse(bad_json);
    if (ids->as_array().size() > most_retrieved)
      return refuse({400, "EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than 2000 records"});
    Projection projection{**object};
    for (const json::value& name : fields->as_array()) {
      if (!name.is_string()) return refuse(bad_json);
      const std::string statement = "SELECT " + std::string{name.as_string()} + " FROM " + (*object)->name;
      soql::Path steps;
      std::string_view text = name.as_string();
      for (auto dot = text.find('.'); ; dot = text.find('.')) {
        steps.parts.emplace_back(text.substr(0, dot));
        if (dot == std::string_view::npos) break;
        text.remove_prefix(dot + 1);
      }
      const auto resolved = resolve(org_.world(), **object, steps, statement);
      if (!resolved) return refuse(resolved.error());
      projection.add(org_.world(), *resolved);
    }
    std::string out = "[";
    for (const json::value& id : ids->as_array()) {
      if (out.size() > 1) out += ',';
      const auto number = id.is_string() ? org_.by_id(**object, id.as_string()) : Outcome<std::uint64_t>{refusal(404, "", "")};
      out += number ? org_.record_json(projection, *number, root_) : "null";
    }
    return {200, out + "]"};
  }
  const json::value* records = request->if_contains("records");
  if (!records || !records->is_array()) return refuse(bad_json);
  if (records->as_array().size() > most_records)
    return refuse({400, "INVALID_BATCH_SIZE", "record limit reached. cannot submit more than 200 records"});
  const json::value* wants_all = request->if_contains("allOrNone");
  const bool all_or_none = wants_all && wants_all->is_bool() && wants_all->as_bool();
  json::array results;
  std::set<RecordKey> updated;
  bool failed = false;
  Org::Transaction transaction{org_};
  for (const json::value& entry : records->as_array()) {
    if (!entry.is_object()) return refuse(bad_json);
    const json::object& record = entry.as_object();
    const json::value* attributes = record.if_contains("attributes");
    const std::string type = path.empty() ? attributes && attributes->is_object() ? text_at(attributes->as_object(), "type") : ""
                                          : path[0];
    const auto one = [&]() -> Outcome<json::object> {
      auto object = org_.object(type);
      if (!object) return std::unexpected(object.error());
      if (faults_.chance(misfortune_.locked_rows)) return std::unexpected(locked_row);
      if (method == "POST") {
        auto number = org_.insert(**object, fields_of(record));
        if (!number) return std::unexpected(number.error());
        return row_result(org_.id_of({(*object)->index, *number}), std::nullopt);
      }
      if (path.size() == 2) {
        auto field = org_.key_field(**object, path[1]);
        if (!field) return std::unexpected(field.error());
        json::object fields = fields_of(record);
        const std::string key = text_at(fields, (*object)->fields[*field].name);
        if (key.empty()) return refusal(400, "MISSING_ARGUMENT", path[1] + " not specified");
        fields.erase((*object)->fields[*field].name);
        auto written = org_.upsert(**object, *field, key, fields);
        if (!written) return std::unexpected(written.error());
        return row_result(org_.id_of({(*object)->index, written->number}), written->created);
      }
      const std::string id = text_at(record, "id").empty() ? text_at(record, "Id") : text_at(record, "id");
      auto number = org_.by_id(**object, id);
      if (!number) return std::unexpected(number.error());
      if (!updated.insert({(*object)->index, *number}).second)
        return refusal(400, "DUPLICATE_VALUE", "Duplicate id in list: " + id);
      if (auto done = org_.update(**object, *number, fields_of(record)); !done) return std::unexpected(done.error());
      return row_result(id, std::nullopt);
    }();
    failed = failed || !one;
    results.emplace_back(one ? *one : row_result(one.error()));
  }
  if (!(failed && all_or_none)) {
    transaction.commit();
  } else {
    for (json::value& result : results)
      if (result.as_object().at("success").as_bool())
        result = row_result(rolled_back);
  }
  return {200, json::serialize(results)};
}

}  // namespace simulator
