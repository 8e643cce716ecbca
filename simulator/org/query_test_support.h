#pragma once

#include <gmock/gmock.h>

#include <string>
#include <string_view>
#include <vector>

#include "simulator/org/org_test_support.h"
#include "simulator/org/text.h"

namespace simulator {

/// An org that is asked in SOQL, and short ways to look at its answers.
class QueryTest : public OrgTest {
 protected:
  static constexpr std::string_view root = "/services/data/v66.0";

  explicit QueryTest(const OrgOptions& options = {}) : OrgTest(options) {}

  /// The answer to a statement that must be accepted.
  boost::json::object ask(std::string_view statement, bool with_deleted = false, std::size_t page_size = 2000) {
    return accepted(org.query(statement, with_deleted, page_size, root), statement);
  }
  boost::json::object next(const boost::json::object& page) {
    const std::string url{page.at("nextRecordsUrl").as_string()};
    return accepted(org.next_page(url.substr(url.rfind('/') + 1), root), url);
  }
  /// A member of each record: "Name", or a path into it, "Account.Name". Texts without quotes, "null" for null.
  std::vector<std::string> texts(const boost::json::object& answer, std::string_view path) {
    std::vector<std::string> out;
    for (const boost::json::value& record : answer.at("records").as_array()) out.push_back(text_at(record, path));
    return out;
  }
  std::vector<std::string> texts(std::string_view statement, std::string_view path) {
    return texts(ask(statement), path);
  }

  static std::string text_at(const boost::json::value& value, std::string_view path) {
    if (value.is_null()) return "null";
    if (value.is_double()) {
      std::string out;
      append_double(out, value.as_double(), false);
      return out;
    }
    if (path.empty()) return value.is_string() ? std::string{value.as_string()} : boost::json::serialize(value);
    const auto dot = std::min(path.find('.'), path.size());
    const boost::json::value* const member = value.as_object().if_contains(path.substr(0, dot));
    if (member == nullptr) return "missing";
    return text_at(*member, path.substr(std::min(dot + 1, path.size())));
  }

  /// "CODE: the last line of the message", or "" if the statement is accepted.
  std::string refused(std::string_view statement, bool with_deleted = false) {
    const auto answer = org.query(statement, with_deleted, 2000, root);
    if (answer) return "";
    const std::string& message = answer.error().message;
    return answer.error().code + ": " + message.substr(message.rfind('\n') + 1);
  }
  std::string whole_refusal(std::string_view statement) {
    const auto answer = org.query(statement, false, 2000, root);
    return answer ? "" : answer.error().message;
  }

 private:
  static boost::json::object accepted(const Outcome<std::string>& answer, std::string_view asked) {
    EXPECT_TRUE(answer.has_value()) << asked << "\n" << (answer ? "" : answer.error().code + answer.error().message);
    return answer ? boost::json::parse(*answer).as_object() : fields(R"({"totalSize":-1,"records":[]})");
  }
};

}  // namespace simulator
