#include "salesforce/bulk_pages.h"

#include <algorithm>
#include <charconv>

#include "salesforce/csv_records.h"
#include "salesforce/csv_sink.h"

namespace salesforce {
namespace {

using base::ErrorKind;

constexpr std::size_t batches_ahead = 2;
constexpr std::string_view no_locator = "null";  // the org's own word

}  // namespace

struct BulkPages::Download {
  std::string locator;
  std::uint64_t skip = 0;  ///< Rows that were settled before.

  // Guarded by the mutex.
  bool is_claimed = false;
  bool is_over = false;
  std::deque<Batch> ready;
  std::optional<base::Error> error;
};

/// One page on its way, on the thread that downloads it.
class BulkPages::Sink final : public CsvSink {
 public:
  Sink(BulkPages& pages, Download& page)
      : CsvSink([this](const csv::Row& row) { return take_row(row); }),
        pages_(pages),
        page_(page),
        records_(pages.mapping_) {
    restart();
  }

  void begin(const Answer& head) override {
    CsvSink::begin(head);
    const std::string_view next = head.header("sforce-locator");
    if (!next.empty() && next != no_locator) pages_.add_page(std::string{next}, 0);
    const std::string_view count = head.header("sforce-numberofrecords");
    std::uint64_t records = 0;
    if (std::from_chars(count.data(), count.data() + count.size(), records).ec == std::errc{}) expected_ = records;
  }

  /// Sees that the whole page came. Where compression does not tell, the org's count does.
  base::Result<void> finish_page(const base::Result<Answer>& sent) {
    RETURN_IF_ERROR(finish(sent));
    if (!has_header_ || (expected_ && *expected_ != rows_))
      return base::failure(ErrorKind::unreachable, "A page of the Bulk query's results came with " +
                                                       std::to_string(rows_) + " records of " +
                                                       std::to_string(expected_.value_or(0)) + ". It is read again.");
    if (batch_.rows > 0 && !pages_.put(page_, std::move(batch_))) return not_wanted();
    return {};
  }

 private:
  static std::unexpected<base::Error> not_wanted() {
    return base::failure(ErrorKind::cancelled, "The results of a Bulk query are no longer wanted.");
  }
  void restart() {
    batch_ = Batch();
    batch_.observed.restart(pages_.mapping_.fields.size());
  }
  base::Result<void> take_row(const csv::Row& row) {
    if (!has_header_) {
      has_header_ = true;
      return records_.read_header(row);
    }
    if (rows_++ < page_.skip) return {};
    RETURN_IF_ERROR(records_.append(row, batch_.observed));
    if (++batch_.rows < pages_.records_per_batch_) return {};
    if (!pages_.put(page_, std::move(batch_))) return not_wanted();
    restart();
    return {};
  }

  BulkPages& pages_;
  Download& page_;
  CsvRecords records_;
  Batch batch_;
  bool has_header_ = false;
  std::uint64_t rows_ = 0;
  std::optional<std::uint64_t> expected_;
};

BulkPages::BulkPages(RestClient& client, const BulkAccess& access, const model::Mapping& mapping, std::string results,
                     model::BulkPlace from, std::size_t records_per_batch)
    : client_(client),
      mapping_(mapping),
      results_(std::move(results)),
      records_per_batch_(records_per_batch),
      place_(std::move(from)) {
  add_page(place_.locator, place_.rows);
  for (std::size_t i = 0; i < in_flight; ++i) transports_.push_back(access.new_transport(stop_.get_token()));
  for (const auto& transport : transports_) threads_.emplace_back([this, &transport] { work(*transport); });
}

BulkPages::~BulkPages() {
  stop_.request_stop();
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  changed_.notify_all();
}

void BulkPages::add_page(std::string locator, std::uint64_t skip) {
  auto page = std::make_shared<Download>();
  page->locator = std::move(locator);
  page->skip = skip;
  {
    const std::lock_guard lock{mutex_};
    pages_.push_back(std::move(page));
  }
  changed_.notify_all();
}

/// The next page that nobody downloads yet, once it is near enough; null when there is nothing more to do.
std::shared_ptr<BulkPages::Download> BulkPages::claim() {
  std::unique_lock lock{mutex_};
  std::shared_ptr<Download> found;
  changed_.wait(lock, [&] {
    for (std::size_t i = 0; i < std::min(pages_.size(), in_flight) && !found; ++i)
      if (!pages_[i]->is_claimed) found = pages_[i];
    return stopping_ || found;
  });
  if (stopping_) return nullptr;
  found->is_claimed = true;
  return found;
}

void BulkPages::work(Transport& transport) {
  while (const std::shared_ptr<Download> page = claim()) {
    auto fetched = fetch(transport, *page);
    {
      const std::lock_guard lock{mutex_};
      page->is_over = true;
      if (!fetched) page->error = std::move(fetched).error();
    }
    changed_.notify_all();
  }
}

base::Result<void> BulkPages::fetch(Transport& transport, Download& page) {
  std::string url = results_ + "?maxRecords=" + std::to_string(records_per_page);
  if (!page.locator.empty()) url += "&locator=" + url_encoded(page.locator);
  Sink sink{*this, page};
  const std::string what = "read " + mapping_.object + " records in bulk";
  const auto sent = client_.exchange(
      transport,
      {.method = "GET", .url = std::move(url), .headers = {{"Accept", "text/csv"}}, .body = {}, .sink = &sink},
      {.what = what, .backfill = true});
  return sink.finish_page(sent);
}

/// Waits for room. False: nobody wants it any more.
bool BulkPages::put(Download& page, Batch batch) {
  {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return stopping_ || page.ready.size() < batches_ahead; });
    if (stopping_) return false;
    page.ready.push_back(std::move(batch));
  }
  changed_.notify_all();
  return true;
}

base::Result<core::Page> BulkPages::next() {
  core::Page out;
  out.observed.restart(mapping_.fields.size());
  {
    std::unique_lock lock{mutex_};
    for (;;) {
      const std::shared_ptr<Download> page = pages_.front();
      changed_.wait(lock, [&] { return !page->ready.empty() || page->is_over; });
      if (!page->ready.empty()) {
        out.observed = std::move(page->ready.front().observed);
        place_.rows += page->ready.front().rows;
        page->ready.pop_front();
        break;
      }
      if (page->error) return std::unexpected(*page->error);
      if (pages_.size() == 1) break;  // all is read
      pages_.pop_front();
      place_.locator = pages_.front()->locator;
      place_.rows = 0;
      changed_.notify_all();
    }
    // The last batch says so itself, where that is known already.
    const Download& page = *pages_.front();
    out.more = pages_.size() > 1 || !page.is_over || page.error || !page.ready.empty();
  }
  changed_.notify_all();
  out.observed.as_of = place_.started_at;
  out.bulk = place_;
  return out;
}

}  // namespace salesforce
