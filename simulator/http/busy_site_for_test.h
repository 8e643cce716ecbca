#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>

#include "simulator/http/site_for_test.h"

namespace simulator {

/// A site whose records the tests make and read in few words.
struct BusySite : Site {
  std::string make(const std::string& object, const std::string& fields) {
    const auto made = call("POST", "sobjects/" + object, fields);
    EXPECT_EQ(made.status, 201) << made.body;
    return text(made, "id");
  }
  boost::json::value read(const std::string& row) { return json(call("GET", "sobjects/" + row)); }
  boost::json::array query(const std::string& soql, const char* resource = "query") {
    const auto answer = call("GET", std::string{resource} + "?q=" + http::percent_encode(soql));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json(answer).at("records").as_array();
  }
  http::Response happens(const std::string& what, const std::string& body = "{}") {
    return ask("POST", "/__sim/" + what, body);
  }
};

inline std::string quoted(const std::string& text) {
  return "\"" + text + "\"";
}

}  // namespace simulator
