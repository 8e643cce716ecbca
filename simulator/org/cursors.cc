#include "simulator/org/cursors.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <span>
#include <unordered_map>

#include "simulator/org/text.h"
#include "simulator/org/unconfirmed.h"

namespace simulator {
namespace {

constexpr std::chrono::hours cursor_life{48};
constexpr std::string_view cursor_prefix = "01g";
constexpr std::size_t most_groups = 2'000, page_of_long_texts = 200, parents_at_once = 200;

std::string head_of(std::size_t total) {
  std::string out = "{\"totalSize\":";
  append_number(out, total);
  return out;
}

void append_next(std::string& out, std::string_view root, std::string_view id, std::size_t offset) {
  ((((out += ",\"done\":false,\"nextRecordsUrl\":\"") += root) += "/query/") += id) += '-';
  append_number(out, offset);
  out += '"';
}

/// Rows with two or more custom long texts come in pages of at most 200.
bool has_long_texts(const Select& select) {
  return std::ranges::count_if(select.outputs(), [](const Select::Output& output) {
           const Field& field = output.term.field();
           return field.custom && field.type == FieldType::textarea && !field.filterable;
         }) >= 2;
}

}  // namespace

/// Writes the records of one page. The records of child queries count towards its size, so it may end early.
class Cursors::Page {
 public:
  Page(Cursors& cursors, const World& world, const Asking& asking, const Cursor& cursor, const std::string& id,
       std::string_view root)
      : cursors_(cursors), world_(world), asking_(asking), cursor_(cursor), id_(id), root_(root) {}

  /// Records from `offset` on; returns where the next page begins.
  std::size_t write(std::size_t offset, std::string& out) {
    const std::size_t last = std::min(cursor_.numbers->size(), offset + cursors_.page_length(cursor_, offset));
    for (std::size_t from = offset; from < last;) {
      const std::size_t until = cursor_.select->children().empty() ? last : std::min(last, from + parents_at_once);
      const std::span numbers{cursor_.numbers->data() + from, until - from};
      const std::size_t written = append_rows(*cursor_.select, numbers, true, out);
      from += written;
      if (written < numbers.size()) return from;
    }
    return last;
  }
  bool opened_child() const { return opened_child_; }

 private:
  /// The children of some records, by child query and record.
  class Children final : public ChildWriter {
   public:
    Children(Page& page, const Select& select, std::span<const std::uint64_t> numbers) : page_(page), select_(select) {
      const std::vector<std::uint64_t> parents(numbers.begin(), numbers.end());
      for (std::size_t i = 0; i < parents.size() && !select.children().empty(); ++i) places_[parents[i]] = i;
      for (const Select::Children& each : select.children())
        lists_.push_back(select.run_for(page.world_, page.asking_, each, parents));
    }
    std::size_t count(std::size_t place) const {
      std::size_t out = 0;
      for (const auto& list : lists_) out += list[place].size();
      return out;
    }
    void append(std::size_t which, std::uint64_t parent_number, std::string& out) override {
      page_.append_children(*select_.children()[which].select, lists_[which][places_.at(parent_number)], out);
    }

   private:
    Page& page_;
    const Select& select_;
    std::unordered_map<std::uint64_t, std::size_t> places_;
    std::vector<std::vector<std::vector<std::uint64_t>>> lists_;
  };

  /// How many of the records were looked at: all but those that found the page full.
  std::size_t append_rows(const Select& select, std::span<const std::uint64_t> numbers, bool may_end,
                          std::string& out) {
    Children children{*this, select, numbers};
    const Table& table = world_.tables[select.object().index];
    base::Arena arena;
    bool first = out.empty() || out.back() == '[';
    const std::size_t head = out.size();
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      if (may_end && rows_ > 0 && rows_ + 1 + children.count(i) > cursor_.page_size) return i;
      const bool with_deleted = select.with_deleted() || !unconfirmed::deleted_rows_leave_open_cursors;
      if (!table.exists(numbers[i]) || !table.is_visible(numbers[i], with_deleted)) continue;
      if (!first) out += ',';
      first = false;
      ++rows_;
      arena.clear();
      select.projection().append(world_, numbers[i], root_, out, arena, &children);
      if (i == 0) out.reserve(head + (out.size() - head + 64) * numbers.size() * 9 / 8);
    }
    return numbers.size();
  }

  void append_children(const Select& select, const std::vector<std::uint64_t>& numbers, std::string& out) {
    if (numbers.empty() && unconfirmed::no_children_are_null) {
      out += "null";
      return;
    }
    out += head_of(numbers.size());
    const std::size_t shown = std::min(numbers.size(), cursor_.page_size);
    if (shown == numbers.size()) {
      out += ",\"done\":true";
    } else {
      auto all = std::make_shared<const std::vector<std::uint64_t>>(numbers);
      const Cursor child{cursor_.query, &select, std::move(all), cursor_.page_size, cursor_.opened, id_};
      append_next(out, root_, cursors_.open(child), shown);
      opened_child_ = true;
    }
    out += ",\"records\":[";
    append_rows(select, {numbers.data(), shown}, false, out);
    out += "]}";
  }

  Cursors& cursors_;
  const World& world_;
  const Asking& asking_;
  const Cursor cursor_;
  const std::string id_;
  const std::string_view root_;
  std::size_t rows_ = 0;
  bool opened_child_ = false;
};

std::size_t Cursors::page_length(const Cursor& cursor, std::size_t offset) const {
  if (!short_pages_) return cursor.page_size;
  return cursor.page_size - scattered(offset + cursor.numbers->size()) % (cursor.page_size / 2 + 1);
}

const std::string& Cursors::open(Cursor cursor) {
  const auto is_own = [](const auto& each) { return each.second.parent.empty(); };
  if (cursor.parent.empty() &&
      static_cast<std::size_t>(std::ranges::count_if(cursors_, is_own)) >= unconfirmed::open_cursors) {
    const std::string oldest = std::ranges::find_if(cursors_, is_own)->first;  // ids ascend
    std::erase_if(cursors_,
                  [&oldest](const auto& each) { return each.first == oldest || each.second.parent == oldest; });
  }
  return cursors_.emplace(id_text(cursor_prefix, ++last_), std::move(cursor)).first->first;
}

Cursors::Answer Cursors::page(const World& world, const Asking& asking, const Cursor& cursor, const std::string& id,
                              std::size_t offset, std::string_view root) {
  std::string records;
  const std::size_t total = cursor.numbers->size();
  Page page{*this, world, asking, cursor, id, root};
  const std::size_t next = page.write(offset, records);
  Answer out{head_of(total), next < total || page.opened_child()};
  if (next >= total) {
    out.json += ",\"done\":true";
  } else {
    append_next(out.json, root, id, next);
  }
  ((out.json += ",\"records\":[") += records) += "]}";
  return out;
}

Outcome<std::string> Cursors::query(const World& world, const Asking& asking, std::string_view statement,
                                    bool with_deleted, std::size_t page_size, std::string_view root) {
  auto made = make_query(world, asking, statement, with_deleted);
  if (!made) return std::unexpected(std::move(made).error());
  const Select& select = **made;
  if (select.aggregation()) {
    std::vector<std::string> rows = select.aggregation()->run(select.search(world, asking));
    rows.erase(rows.begin(),
               rows.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(select.offset(), rows.size())));
    if (select.limit() && rows.size() > *select.limit()) rows.resize(*select.limit());
    if (rows.size() > most_groups)
      return refusal(
          400, "EXCEEDED_ID_LIMIT",
          "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch");
    std::string out = head_of(rows.size()) + ",\"done\":true,\"records\":[";
    for (std::size_t i = 0; i < rows.size(); ++i) (out += i > 0 ? "," : "") += rows[i];
    return out += "]}";
  }
  std::vector<std::uint64_t> numbers = select.run(world, asking);
  if (select.counts()) return head_of(numbers.size()) + ",\"done\":true,\"records\":[]}";
  if (has_long_texts(select)) page_size = std::min(page_size, page_of_long_texts);
  // No cursor stands behind an OFFSET: what does not fit is to be asked for with a larger one.
  if (select.offset() > 0 && numbers.size() > page_size) numbers.resize(page_size);
  auto all = std::make_shared<const std::vector<std::uint64_t>>(std::move(numbers));
  const Cursor cursor{*made, made->get(), std::move(all), page_size, asking.now};
  if (cursor.numbers->size() <= page_length(cursor, 0) && select.children().empty())
    return page(world, asking, cursor, "", 0, root).json;
  const std::string id = open(cursor);
  Answer out = page(world, asking, cursor, id, 0, root);
  if (!out.has_more) cursors_.erase(id);
  return std::move(out.json);
}

Outcome<std::string> Cursors::next(const World& world, const Asking& asking, std::string_view locator,
                                   std::string_view root) {
  const auto bad = [] {
    return refusal(unconfirmed::bad_locator_status, "INVALID_QUERY_LOCATOR",
                   std::string{unconfirmed::bad_locator_text});
  };
  const auto dash = locator.find('-');
  if (dash == std::string_view::npos) return bad();
  const std::string_view digits = locator.substr(dash + 1);
  std::size_t offset = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), offset);
  const auto found = cursors_.find(locator.substr(0, dash));
  if (error != std::errc{} || end != digits.data() + digits.size() || found == cursors_.end()) return bad();
  const Cursor& cursor = found->second;
  if (asking.now - cursor.opened > cursor_life) {
    cursors_.erase(found);
    return bad();
  }
  if (offset >= cursor.numbers->size()) return bad();
  return page(world, asking, cursor, found->first, offset, root).json;
}

}  // namespace simulator
