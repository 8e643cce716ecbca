#include "salesforce/composite.h"

#include <charconv>
#include <vector>

namespace salesforce {

void Composite::add(std::string_view method, std::string_view url, std::string_view body, const Header& header) {
  if (size_ > 0) requests_ += ',';
  ((requests_ += "{\"method\":\"") += method) += "\",\"url\":";
  append_json_string(requests_, url);
  requests_ += ",\"referenceId\":\"r" + std::to_string(size_) + '"';
  if (!header.name.empty()) {
    requests_ += ",\"httpHeaders\":{";
    append_json_string(requests_, header.name);
    requests_ += ':';
    append_json_string(requests_, header.value);
    requests_ += '}';
  }
  if (!body.empty()) (requests_ += ",\"body\":") += body;
  requests_ += '}';
  ++size_;
}

base::Result<void> read_composite(JsonReader& reader, std::string& body, std::size_t count,
                                  const std::function<base::Result<void>(std::size_t, int, Json&)>& each) {
  const auto broken = [] {
    return base::failure(base::ErrorKind::malformed,
                         "Salesforce's answer to a composite call could not be read: it is cut short or has another "
                         "form.");
  };
  JsonObject root;
  JsonArray answers;
  if (!reader.open(body) || reader.root().get_object().get(root) ||
      root.find_field_unordered("compositeResponse").get_array().get(answers))
    return broken();
  std::vector<bool> answered(count);
  for (auto element : answers) {
    JsonObject answer;
    std::int64_t status = 0;
    std::string_view reference;
    if (element.get_object().get(answer) || answer.find_field_unordered("httpStatusCode").get_int64().get(status) ||
        answer.find_field_unordered("referenceId").get_string().get(reference))
      return broken();
    std::size_t number = count;
    if (reference.starts_with('r')) std::from_chars(reference.data() + 1, reference.data() + reference.size(), number);
    Json value;
    if (number >= count || answered[number] || answer.find_field_unordered("body").get(value)) return broken();
    answered[number] = true;
    RETURN_IF_ERROR(each(number, static_cast<int>(status), value));
  }
  for (const bool has_answer : answered)
    if (!has_answer) return broken();
  return {};
}

}  // namespace salesforce
