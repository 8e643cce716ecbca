#pragma once

#include <span>
#include <string>
#include <string_view>

#include "http/message.h"

namespace board {

/// A file of @bull-board/ui as the package has it, held in the program.
struct File {
  std::string_view path;  ///< "static/js/main.f1.js"
  std::string_view bytes;
};

/// Ordered by path.
std::span<const File> files();

struct PageOptions {
  std::string base_path;  ///< With a slash at the end: "/admin/queues/".
  std::string title;
  bool hide_server = false;  ///< There is no Redis to show.
};

/// The one document of the front end. The link to a font server is left out, so that no page asks another host.
http::Response page(const PageOptions& options);

/// A file below "static/". 404 where there is none.
http::Response static_file(std::string_view path);

}  // namespace board
