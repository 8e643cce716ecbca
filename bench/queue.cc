// How many jobs a second does one worker of ours take through Redis? Adds jobs one after the other, then takes and
// completes them one at a time, each completion taking the next job in the same step, as the daemon's workers do, with
// the daemon's retention. Prints both rates and the CPU time of this process. Usage: bench_queue URL [JOBS]

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "queue/redis/redis_queue.h"

namespace {

base::Utc now() {
  return base::SystemClock{}.now();
}

double seconds_by(clockid_t clock) {
  timespec at{};
  clock_gettime(clock, &at);
  return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) / 1e9;
}

template <class T>
T must(base::Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(1);
  }
  return *std::move(result);
}

template <class Work>
void measure(const char* what, int jobs, Work work) {
  const double wall = seconds_by(CLOCK_MONOTONIC), cpu = seconds_by(CLOCK_PROCESS_CPUTIME_ID);
  work();
  const double took = seconds_by(CLOCK_MONOTONIC) - wall;
  std::printf("lockstep: %-22s %7d jobs %8.0f jobs/s %6.2f CPU s\n", what, jobs, jobs / took,
              seconds_by(CLOCK_PROCESS_CPUTIME_ID) - cpu);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const int jobs = argc > 2 ? std::atoi(argv[2]) : 20'000;
  queue::RedisQueue queue{{must(queue::RedisAddress::parse(argv[1])), "bull", "bench-lockstep", "bench"}};
  queue::NewJob job{"salesforce-sync", R"({"integrationId":"6925a1c0ffee","trigger":"manual"})", {}};
  queue::Retention keep;
  keep.count = 20;
  job.options.on_complete = keep;
  measure("add, one by one", jobs, [&] {
    for (int i = 0; i < jobs; ++i) must(queue.add(job, now()));
  });
  measure("work, one at a time", jobs, [&] {
    const queue::TakeRequest request{"bench", std::chrono::seconds{30}, "bench"};
    auto taken = must(queue.take(request, now()));
    int done = 0;
    for (; taken.job; ++done)
      taken = must(queue.complete(*taken.job, request.token, R"({"status":"completed"})", keep, now(), request));
    if (done != jobs) {
      std::fprintf(stderr, "%d of %d jobs were done\n", done, jobs);
      std::exit(1);
    }
  });
}
