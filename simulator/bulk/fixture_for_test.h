#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "csv/reader.h"
#include "simulator/bulk/bulk.h"
#include "simulator/http/api.h"

namespace simulator::bulk {

/// An org in process, with a clock that moves when told, and one caller who is signed in.
class BulkTest : public testing::Test {
 protected:
  using Headers = std::map<std::string, std::string, std::less<>>;
  using Table = std::vector<std::vector<std::string>>;

  explicit BulkTest(const Options& options = {}, std::uint64_t contacts = 50)
      : org{clock, {.sample = {.contacts = contacts}, .schema = {}}},
        api{org, month_long_sessions()},
        bulk{api.access(), api.limits(), api.faults(), options} {
    api.mount("jobs/**", bulk);
    api.before_each([this] { bulk.work_off(); });
    http::Request request{"POST", "/services/oauth2/token", "", {}, ""};
    request.body = "grant_type=client_credentials&client_id=sfsim-client&client_secret=sfsim-secret";
    token = text(json_of(api.handle(request)), "access_token");
  }

  static ApiOptions month_long_sessions() {
    ApiOptions options;
    options.auth.settings.token_lifetime = std::chrono::hours{24 * 30};
    return options;
  }

  http::Response call(const std::string& method, const std::string& path, std::string body = "", Headers headers = {}) {
    const auto question = path.find('?');
    http::Request request{method, version + path.substr(0, question), "", std::move(headers), std::move(body)};
    if (question != std::string::npos) request.query = path.substr(question + 1);
    request.headers["authorization"] = "Bearer " + token;
    http::Response response = api.handle(request);
    if (response.stream) {
      std::string chunk;
      for (bool more = true; more; response.body += chunk, chunk.clear()) more = response.stream(chunk);
      response.stream = nullptr;
    }
    return response;
  }

  static boost::json::object json_of(const http::Response& response) {
    boost::system::error_code error;
    boost::json::value value = boost::json::parse(response.body, error);
    EXPECT_FALSE(error) << response.status << " " << response.body;
    if (value.is_array() && !value.get_array().empty()) value = boost::json::value(value.get_array().at(0));
    return value.is_object() ? value.get_object() : boost::json::object{};
  }
  static std::string text(const boost::json::object& object, std::string_view key) {
    const boost::json::value* value = object.if_contains(key);
    return value && value->is_string() ? std::string{value->get_string()} : "";
  }
  static std::string header(const http::Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
      if (key == name) return value;
    return "";
  }
  static Table rows_of(const std::string& csv, const csv::Dialect& dialect = {}) {
    Table out;
    csv::Reader reader{dialect};
    reader.feed(csv);
    reader.finish();
    csv::Row row;
    for (auto next = reader.next(row); next && *next == csv::Reader::Next::row; next = reader.next(row)) {
      auto& values = out.emplace_back();
      for (std::size_t i = 0; i < row.size(); ++i) values.emplace_back(row[i]);
    }
    return out;
  }

  /// Makes a job and answers its id.
  std::string create(const std::string& members, std::string_view kind = "ingest") {
    const http::Response response = call("POST", "/jobs/" + std::string{kind}, "{" + members + "}");
    EXPECT_EQ(response.status, 200) << response.body;
    return text(json_of(response), "id");
  }
  http::Response put(const std::string& id, const std::string& csv, Headers headers = {{"content-type", "text/csv"}}) {
    return call("PUT", "/jobs/ingest/" + id + "/batches", csv, std::move(headers));
  }
  http::Response set_state(const std::string& id, const std::string& state, std::string_view kind = "ingest") {
    return call("PATCH", "/jobs/" + std::string{kind} + "/" + id, "{\"state\":\"" + state + "\"}");
  }
  boost::json::object job(const std::string& id, std::string_view kind = "ingest") {
    return json_of(call("GET", "/jobs/" + std::string{kind} + "/" + id));
  }
  /// A job from its creation to its end.
  std::string run(const std::string& members, const std::string& csv) {
    const std::string id = create(members);
    EXPECT_EQ(put(id, csv).status, 201);
    EXPECT_EQ(set_state(id, "UploadComplete").status, 200);
    clock.advance(std::chrono::seconds{1});
    return id;
  }
  Table successful(const std::string& id) {
    return rows_of(call("GET", "/jobs/ingest/" + id + "/successfulResults").body);
  }
  Table failed(const std::string& id) { return rows_of(call("GET", "/jobs/ingest/" + id + "/failedResults").body); }
  std::string unprocessed(const std::string& id) {
    return call("GET", "/jobs/ingest/" + id + "/unprocessedrecords").body;
  }

  /// A value of the first record a query finds.
  std::string value(const std::string& query, std::string_view field) {
    const auto answer = json_of(call("GET", "/query?q=" + http::percent_encode(query)));
    const auto* records = answer.if_contains("records");
    if (!records || records->as_array().empty()) return "(no record)";
    const boost::json::value& found = records->as_array().at(0).as_object().at(field);
    return found.is_string() ? std::string{found.as_string()} : boost::json::serialize(found);
  }

  base::ManualClock clock{base::Utc{std::chrono::seconds{1'770'000'000}}};
  Org org;
  Api api;
  Bulk bulk;
  std::string token;
  std::string version = "/services/data/v66.0";
};

}  // namespace simulator::bulk
