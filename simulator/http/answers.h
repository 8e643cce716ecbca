#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "simulator/http/resource.h"

namespace simulator {

// What the resource families have in common in reading requests and writing answers.

extern const ApiError not_found_error;    ///< 404 NOT_FOUND
extern const ApiError bad_json_error;     ///< 400 JSON_PARSER_ERROR
extern const ApiError rolled_back_error;  ///< 400 ALL_OR_NONE_OPERATION_ROLLED_BACK
ApiError method_not_allowed(std::string_view method);

/// What a caller sent may stand in a message; an answer is UTF-8 whatever that was.
std::string readable(std::string text);

/// `[{"message":…,"errorCode":…,"fields":[…]}]`
std::string error_body(const ApiError& error);
Reply refuse(const ApiError& error);
/// 200 with the text, or the refusal.
Reply reply_with(Outcome<std::string> outcome);

/// `{"id":…,"success":true,"errors":[]}`, with `created` for an upsert.
boost::json::object row_result(const std::string& id, std::optional<bool> created);
/// `{"success":false,"errors":[{"statusCode":…,"message":…,"fields":[…]}]}`
boost::json::object row_result(const ApiError& error);

/// Where the client found us: "http://127.0.0.1:5001".
std::string base_url(const http::Request& request);
std::string base_url(const Call& call);
/// The value of a query string's parameter; empty when it has none.
std::string parameter(std::string_view query, std::string_view name);
/// "Id,Name" → {"Id", "Name"}.
std::vector<std::string> list_in(std::string_view text);
/// Records of an object as JSON with these fields, parents' fields among them. INVALID_FIELD.
Outcome<Projection> projection_of(const World& world, const Object& object, std::span<const std::string> names);
/// The names of all fields that the API's users see.
std::vector<std::string> visible_fields(const Object& object);
/// The body as a JSON object.
std::optional<boost::json::object> object_in(const std::string& body);
/// A string member; empty when there is none.
std::string text_at(const boost::json::object& object, std::string_view key);
/// A member that is true.
bool is_set(const boost::json::object& object, std::string_view key);

}  // namespace simulator
