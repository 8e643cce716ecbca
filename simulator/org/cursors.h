#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/org/query.h"

namespace simulator {

/// Answers queries page by page. A result that does not fit one page stays here as a cursor: the numbers of its
/// records in their order, found when the query ran, while their values are read when a page is.
class Cursors {
 public:
  /// With `short_pages` a page may hold half of what was asked for, as the org reserves to itself.
  explicit Cursors(bool short_pages = false) : short_pages_(short_pages) {}

  /// The first page as JSON. `root` is "/services/data/v66.0".
  Outcome<std::string> query(const World& world, const Asking& asking, std::string_view statement, bool with_deleted,
                             std::size_t page_size, std::string_view root);
  /// The page behind a nextRecordsUrl: "01g…-2000". INVALID_QUERY_LOCATOR if it is unknown or older than two days.
  Outcome<std::string> next(const World& world, const Asking& asking, std::string_view locator, std::string_view root);

 private:
  struct Cursor {
    std::shared_ptr<const Select> query;  ///< Of the whole statement.
    const Select* select = nullptr;       ///< The one whose records these are.
    std::shared_ptr<const std::vector<std::uint64_t>> numbers = {};
    std::size_t page_size = 0;
    base::Utc opened = {};
    std::string parent = {};  ///< Of a child query: goes with the cursor of its parent.
  };
  class Page;

  const std::string& open(Cursor cursor);
  std::size_t page_length(const Cursor& cursor, std::size_t offset) const;
  struct Answer {
    std::string json;
    bool has_more = false;  ///< Records of the query or of a child query.
  };
  Answer page(const World& world, const Asking& asking, const Cursor& cursor, const std::string& id, std::size_t offset,
              std::string_view root);

  std::map<std::string, Cursor, std::less<>> cursors_;
  std::uint64_t last_ = 0;
  const bool short_pages_;
};

}  // namespace simulator
