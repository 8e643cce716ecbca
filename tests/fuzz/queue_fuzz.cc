// Any bytes where a queue reads what others wrote: a URL, options, a job's or scheduler's hash, INFO and CLIENT LIST.
// The first byte picks the reader; the fields of a hash are separated by zero bytes. What comes out can be read again
// and says the same, and every text of JSON in a job is JSON.

#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "queue/redis/health.h"
#include "queue/redis/redis_job.h"
#include "queue/rules.h"

namespace {

void must_be_json(std::string_view text) {
  boost::system::error_code failed;
  boost::json::parse(text, failed);
  CHECK(!failed);
}

queue::Reply hash_in(std::string_view bytes) {
  queue::Reply hash{queue::Reply::Kind::list, 0, {}, {}};
  while (!bytes.empty()) {
    const auto end = bytes.find('\0');
    hash.items.push_back({queue::Reply::Kind::text, 0, std::string{bytes.substr(0, end)}, {}});
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  }
  return hash;
}

void read_options(std::string_view bytes) {
  const auto options = queue::options_from_json(bytes);
  if (!options) {
    CHECK(!options.error().message.empty());
    return;
  }
  for (const auto spelling : {queue::Spelling::stored, queue::Spelling::shown}) {
    const std::string written = queue::options_json(*options, spelling);
    const auto again = queue::options_from_json(written);
    CHECK(again && queue::options_json(*again, spelling) == written);
  }
}

void read_job(std::string_view bytes) {
  const queue::Job job = queue::job_from("1", hash_in(bytes));
  must_be_json(job.data);
  must_be_json(job.progress);
  if (!job.return_value.empty()) must_be_json(job.return_value);
  must_be_json(queue::options_json(job.options));
  must_be_json(queue::stacktrace_json(queue::failure_of(job, "reason", "trace").stacktrace));
  base::Random random{1};
  queue::retry_after(job, false, random);
  queue::retention_for(job, queue::State::completed, {});
  queue::is_last_run(job, base::Utc{});
}

void read_scheduler(std::string_view bytes) {
  const queue::Scheduler scheduler = queue::scheduler_from("sync", hash_in(bytes), base::Utc{});
  must_be_json(scheduler.data);
  CHECK(queue::same_schedule(scheduler, scheduler));
  queue::check_scheduler(scheduler, base::Utc{});
  if (!scheduler.repeat.pattern.empty()) queue::next_by_pattern(scheduler.repeat, base::Utc{});
}

void read_url(std::string_view bytes) {
  const auto address = queue::RedisAddress::parse(bytes);
  if (!address) return;
  CHECK(!address->hosts.empty());
  for (const auto& host : address->hosts) CHECK(!host.name.empty() && host.port > 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  switch (data[0]) {
    case 'o':
      read_options(bytes);
      break;
    case 'j':
      read_job(bytes);
      break;
    case 's':
      read_scheduler(bytes);
      break;
    case 'u':
      read_url(bytes);
      break;
    case 'i':
      queue::warnings_for(queue::info_from(bytes), std::string{bytes});
      break;
    case 'w':
      queue::workers_in(bytes, "bull", "salesforce-sync");
      break;
    default:
      break;
  }
  return 0;
}
