#pragma once

// The one place that brings in simdjson; included by the .cc files of this folder only.

#include <simdjson.h>

#include <string>
#include <string_view>

#include "salesforce/errors.h"
#include "salesforce/transport.h"

namespace salesforce {

using Json = simdjson::ondemand::value;
using JsonObject = simdjson::ondemand::object;
using JsonArray = simdjson::ondemand::array;
static_assert(body_padding >= simdjson::SIMDJSON_PADDING);

/// A document being read front to back. Texts it gives out end with the next document of the same reader.
class JsonReader {
 public:
  /// Gives `body` the padding it needs. Nothing if it does not begin like an object or array.
  bool open(std::string& body) {
    body.reserve(body.size() + body_padding);
    const simdjson::padded_string_view padded{body.data(), body.size(), body.capacity()};
    return !parser_.iterate(padded).get(document_) && !document_.get_value().get(root_);
  }
  /// The same for an answer of little size: nothing unless it is JSON to its end, so that no member proves broken
  /// later.
  bool open_whole(std::string& body) {
    body.reserve(body.size() + body_padding);
    simdjson::dom::parser whole;
    return !whole.parse(simdjson::padded_string_view{body.data(), body.size(), body.capacity()}).error() && open(body);
  }
  Json& root() { return root_; }

 private:
  simdjson::ondemand::parser parser_;
  simdjson::ondemand::document document_;
  Json root_;
};

/// The text under `key`; empty when it is missing, null or no text. Keys may stand in any order.
inline std::string_view text_at(JsonObject& object, std::string_view key) {
  std::string_view text;
  if (object.find_field_unordered(key).get_string().get(text)) return {};
  return text;
}

inline bool bool_at(JsonObject& object, std::string_view key) {
  bool value = false;
  return !object.find_field_unordered(key).get_bool().get(value) && value;
}

/// Fills `error` from one error object of the org, of a call or of a row.
inline void read_service_error(JsonObject& object, ServiceError& error) {
  // An object that proved broken must not be asked for more.
  const auto read = [&](std::string_view key, std::string& out) {
    std::string_view text;
    const auto failed = object.find_field_unordered(key).get_string().get(text);
    if (!failed) out = text;
    return failed != simdjson::TAPE_ERROR && failed != simdjson::INCOMPLETE_ARRAY_OR_OBJECT;
  };
  if (!read("errorCode", error.code)) return;
  if (error.code.empty() && !read("statusCode", error.code)) return;
  if (!read("message", error.message)) return;
  JsonArray fields;
  if (object.find_field_unordered("fields").get_array().get(fields)) return;
  for (auto element : fields) {
    std::string_view name;
    if (element.get_string().get(name)) return;
    error.fields.emplace_back(name);
  }
}

/// The first error of `[{…}]`, `{…}`, or a list that holds no errors.
inline ServiceError first_service_error(Json& value) {
  ServiceError error;
  simdjson::ondemand::json_type type;
  if (value.type().get(type)) return error;
  JsonObject object;
  if (type == simdjson::ondemand::json_type::object) {
    if (!value.get_object().get(object)) read_service_error(object, error);
  } else if (JsonArray array; type == simdjson::ondemand::json_type::array && !value.get_array().get(array)) {
    for (auto element : array) {
      if (!element.get_object().get(object)) read_service_error(object, error);
      break;
    }
  }
  return error;
}

/// Appends `text` as a JSON string with its quotes.
inline void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && c != '"' && c != '\\') {
      out += c;
    } else if (byte >= 0x20) {
      (out += '\\') += c;
    } else {
      ((out += "\\u00") += hex[byte >> 4]) += hex[byte & 15];
    }
  }
  out += '"';
}

/// Everything but letters, digits and "-._~" as %XX: for one part of a URL.
inline std::string url_encoded(std::string_view text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size() * 2);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      ((out += '%') += hex[byte >> 4]) += hex[byte & 15];
    }
  }
  return out;
}

}  // namespace salesforce
