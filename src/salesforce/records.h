#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/ports/org.h"
#include "salesforce/json.h"

namespace salesforce {

/// A mapping's fields as a tree of JSON keys, in the order in which we select them.
///
/// Values go straight into the grid, in canonical form. Keys are expected in the order of the query and found in
/// any other. A record in which a key we asked for is missing is unreadable rather than null: null would be
/// taken for an edit. Used for one read after another; keeps nothing between records but its place.
class RecordDecoder {
 public:
  /// The mapping is borrowed.
  explicit RecordDecoder(const model::Mapping& mapping, bool authors = false);

  /// Appends the record to `out`, to its unreadable ones if a value is none of its field's type. `malformed` if it is
  /// no record at all: broken JSON, or no id or stamp in it.
  base::Result<void> append(JsonObject record, core::Observation& out);

  /// Reads the answer of a query resource into `page`, apart from `as_of` and what `limit` says about `more`.
  /// `next`, if given, receives where the answer goes on, or nothing.
  base::Result<void> read_page(Json& answer, core::Page& page, std::string* next = nullptr);

  /// Reads the answer of a collections retrieve for `ids` onto `out`: one head an id, in the order of `ids`, without
  /// id where there was null or an unreadable record.
  base::Result<void> read_retrieved(Json& answer, std::span<const model::RecordId> ids, core::Observation& out);

  /// Reads CreatedDate too.
  void read_creation();

 private:
  struct Node {
    std::string key;
    bool is_id = false, is_stamp = false, is_author = false, is_upsert_key = false, is_deleted = false,
         is_master = false, is_creation = false;
    std::vector<std::size_t> ordinals;
    std::vector<Node> children;  ///< Of a parent record: "Account.Name".
    std::uint64_t seen_in = 0;   ///< Number of the record in which the key came last.
  };
  struct Reading;  ///< One record on its way.

  static Node& node_for(std::vector<Node>& nodes, std::string_view key);
  void add(std::string_view path, const std::function<void(Node&)>& mark);
  bool read_object(JsonObject& object, std::vector<Node>& nodes, Reading& reading);
  bool read_value(Json value, Node& node, Reading& reading);
  void read_scalar(Json& value, Node& node, Reading& reading, bool& broken);
  void set_null(Node& node, Reading& reading);

  const model::Mapping& mapping_;
  std::vector<Node> nodes_;
  std::vector<std::size_t> constants_;  ///< Fields that no key of the record stands for.
  std::uint64_t record_ = 0;
};

}  // namespace salesforce
