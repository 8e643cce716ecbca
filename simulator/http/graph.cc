#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <map>
#include <set>

#include "simulator/http/answers.h"
#include "simulator/http/composite.h"
#include "simulator/org/ids.h"
#include "simulator/org/unconfirmed.h"

namespace simulator {
namespace {

namespace json = boost::json;

constexpr double oldest_version = 50.0;
constexpr std::size_t most_graphs = 75, most_nodes = 500, most_kinds = 15, deepest = 15, most_failures = 14;

ApiError limit(std::string message) {
  return {400, std::string{unconfirmed::composite_limit_code}, std::move(message)};
}

const json::array* parts_of(const json::value& graph) {
  const json::value* list = graph.is_object() ? graph.as_object().if_contains("compositeRequest") : nullptr;
  return list ? list->if_array() : nullptr;
}

/// Whether sobjects/Account/… is a record of its own: by its id (also one that is still to come) or by an external id.
bool is_record(const std::vector<std::string>& path) {
  const bool by_id = parse_id(path[2]).has_value() || path[2].starts_with("@{");
  return path.size() == 3 ? by_id : !by_id && path[2] != "describe";
}

/// "POST Account" for sobjects/Account; nothing for what a graph does not know: it takes creates and single records,
/// no describes, windows of replication or queries.
/// Source: REST API Developer Guide, "Composite Graph".
std::optional<std::string> kind_of(const json::object& part) {
  const std::string url = text_at(part, "url"), method = text_at(part, "method");
  const auto call = parse_data_path(std::string_view{url}.substr(0, url.find('?')));
  if (!call || call->path.size() < 2 || call->path.size() > 4 || call->path[0] != "sobjects") return std::nullopt;
  const bool known = call->path.size() == 2 ? method == "POST" : is_record(call->path) && method != "PUT" && method != "HEAD";
  if (!known) return std::nullopt;
  return method + " " + call->path[1];
}

/// How many steps the longest chain of references has.
std::size_t depth_of(const json::array& parts) {
  std::map<std::string, std::size_t> depths;
  std::size_t longest = 0;
  for (const json::value& part : parts) {
    std::size_t depth = 1;
    for (const std::string& reference : references_in(part.as_object()))
      if (const auto before = depths.find(reference); before != depths.end())
        depth = std::max(depth, before->second + 1);
    depths[text_at(part.as_object(), "referenceId")] = depth;
    longest = std::max(longest, depth);
  }
  return longest;
}

std::optional<ApiError> check(const json::array& graphs) {
  if (graphs.size() > most_graphs) return limit("The limit of 75 graphs was exceeded");
  std::size_t nodes = 0;
  std::set<std::string> ids;
  for (const json::value& graph : graphs) {
    const json::array* parts = parts_of(graph);
    if (!parts) return bad_json_error;
    const std::string id = text_at(graph.as_object(), "graphId");
    if (id.empty() || !ids.insert(id).second)
      return ApiError{400, "INVALID_INPUT", "graphId is missing or there twice: '" + id + "'"};
    if (const auto wrong = Subrequests::check(*parts)) return wrong;
    std::set<std::string> kinds;
    for (const json::value& part : *parts) {
      const auto kind = kind_of(part.as_object());
      if (!kind)
        return ApiError{400, "INVALID_INPUT", "A graph creates, reads, changes and deletes single records only: " + text_at(part.as_object(), "url")};
      kinds.insert(*kind);
    }
    nodes += parts->size();
    if (kinds.size() > most_kinds) return limit("The limit of 15 kinds of nodes was exceeded by graph " + id);
    if (depth_of(*parts) > deepest) return limit("The maximum depth of 15 was exceeded by graph " + id);
  }
  if (nodes > most_nodes) return limit("The limit of 500 nodes was exceeded");
  return std::nullopt;
}

std::string graph_json(const json::object& graph, const std::vector<Reply>& replies, bool succeeded) {
  const json::array& parts = graph.at("compositeRequest").as_array();
  return R"({"graphId":)" + json::serialize(json::value(text_at(graph, "graphId"))) +
         R"(,"graphResponse":{"compositeResponse":[)" + Subrequests::joined(parts, replies) + R"(]},"isSuccessful":)" +
         (succeeded ? "true" : "false") + "}";
}

}  // namespace

Reply CompositeGraph::answer(const Call& call) {
  if (call.method != "POST") return refuse(method_not_allowed(call.method));
  if (std::strtod(call.version.c_str(), nullptr) < oldest_version) return refuse(not_found_error);
  const auto request = object_in(call.body);
  const json::value* list = request ? request->if_contains("graphs") : nullptr;
  if (!list || !list->is_array()) return refuse(bad_json_error);
  if (const auto wrong = check(list->as_array())) return refuse(*wrong);
  std::string out = R"({"graphs":[)";
  std::size_t failures = 0;
  for (const json::value& graph : list->as_array()) {
    if (out.back() != '[') out += ',';
    if (failures < most_failures) {
      failures += run(call, graph.as_object(), out) ? 0 : 1;
    } else {
      out += graph_json(graph.as_object(), std::vector<Reply>(parts_of(graph)->size(), refuse(halted_error)), false);
    }
  }
  return {200, out + "]}"};
}

bool CompositeGraph::run(const Call& call, const json::object& graph, std::string& out) {
  Subrequests subrequests{router_, call};
  Org::Transaction transaction{org_};
  std::vector<Reply> replies;
  bool failed = false;
  for (const json::value& part : graph.at("compositeRequest").as_array()) {
    replies.push_back(failed ? refuse(halted_error) : subrequests.run(part.as_object()));
    failed = failed || replies.back().status >= 400;
  }
  if (failed) {
    for (Reply& reply : replies)
      if (reply.status < 400) reply = refuse(halted_error);
  } else {
    transaction.commit();
  }
  out += graph_json(graph, replies, !failed);
  return !failed;
}

}  // namespace simulator
