#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "core/ports/org.h"
#include "salesforce/bulk_access.h"
#include "salesforce/rest_client.h"

namespace salesforce {

/// The results of a query job, read ahead: some pages are on their way at once, each on a thread of its own that
/// downloads, unpacks and decodes, while the caller stores what came before. What is read ahead is bounded.
///
/// A page's locator for the next one comes with its headers, so the next download begins while the body of this one is
/// still coming. An error ends it all: make another one from the last place.
class BulkPages {
 public:
  static constexpr std::size_t in_flight = 3;
  static constexpr std::size_t records_per_page = 50'000;

  /// `results` is the path of the job's results. Client, access and mapping are borrowed; the client's exchange() is
  /// called from the threads.
  BulkPages(RestClient& client, const BulkAccess& access, const model::Mapping& mapping, std::string results,
            model::BulkPlace from, std::size_t records_per_batch);
  ~BulkPages();
  BulkPages(const BulkPages&) = delete;
  BulkPages& operator=(const BulkPages&) = delete;

  /// The next records, at most a batch of them; waits for them. `bulk` is where it goes on.
  base::Result<core::Page> next();

  const model::BulkPlace& place() const { return place_; }

 private:
  struct Batch {
    core::Observation observed;
    std::uint64_t rows = 0;  ///< Unreadable ones included.
  };
  struct Download;
  class Sink;

  void work(Transport& transport);
  base::Result<void> fetch(Transport& transport, Download& page);
  std::shared_ptr<Download> claim();
  bool put(Download& page, Batch batch);
  void add_page(std::string locator, std::uint64_t skip);

  RestClient& client_;
  const model::Mapping& mapping_;
  const std::string results_;
  const std::size_t records_per_batch_;
  model::BulkPlace place_;  ///< The caller's thread only.

  std::mutex mutex_;  ///< Guards what follows.
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Download>> pages_;  ///< From the one that next() takes from, in order.
  bool stopping_ = false;

  std::stop_source stop_;
  std::vector<std::unique_ptr<Transport>> transports_;
  std::vector<std::jthread> threads_;
};

}  // namespace salesforce
