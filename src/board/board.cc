#include "board/board.h"

#include "board/board_api.h"

namespace board {
namespace {

/// The front end routes these by itself, all from one document.
bool is_page(const std::vector<std::string>& path) {
  if (path.empty()) return true;
  if (path[0] == "queue") return path.size() == 2 || path.size() == 3;
  return path.size() == 1 && (path[0] == "metrics-history" || path[0] == "job-schedulers");
}

/// Segments are decoded one by one: an id may hold a slash.
std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    const auto end = path.find('/');
    if (end != 0) segments.push_back(http::percent_decode(path.substr(0, end), false));
    if (end == std::string_view::npos) break;
    path.remove_prefix(end + 1);
  }
  return segments;
}

}  // namespace

Board::Board(queue::JobQueue& queue, const base::Clock& clock, Options options)
    : queue_(queue), clock_(clock), options_(std::move(options)) {}

bool Board::serves(std::string_view path) const {
  return path.starts_with(options_.base_path) || std::string{path} + "/" == options_.base_path;
}

http::Response Board::handle(const http::Request& request, bool may_change) {
  const std::string_view path = request.path;
  std::vector<std::string> segments = segments_of(
      path.size() > options_.base_path.size() ? path.substr(options_.base_path.size()) : std::string_view{});
  if (!segments.empty() && segments[0] == "api") {
    segments.erase(segments.begin());
    return BoardApi{queue_, options_.queue_name, options_.has_server, may_change, clock_.now()}.answer(request,
                                                                                                       segments);
  }
  if (request.method != "GET" && request.method != "HEAD")
    return {405,
            {{"Allow", "GET, HEAD"}, {"Content-Type", "text/plain; charset=utf-8"}},
            "only GET is answered here\n",
            {},
            false};
  if (!segments.empty() && segments[0] == "static") {
    std::string file;
    for (const std::string& segment : segments) (file += file.empty() ? "" : "/") += segment;
    return static_file(file);
  }
  if (is_page(segments)) return page({options_.base_path, options_.title, !options_.has_server});
  return {404, {{"Content-Type", "text/plain; charset=utf-8"}}, "there is no such page\n", {}, false};
}

}  // namespace board
