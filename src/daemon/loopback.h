#pragma once

#include <functional>
#include <string>

#include "base/error.h"
#include "salesforce/consent.h"

namespace daemon_process {

/// Listens where `redirect_uri` leads to, calls `ready`, and waits until a browser comes there with an answer: ten
/// minutes at most, or until the program is told to stop. `finish` does with the answer what there is to do; the
/// browser is told what became of it, and so is the caller. Errors: those of `finish`; `settings` for an address that
/// is not on this machine or is in use, `cancelled` when nobody came.
base::Result<void> wait_for_browser(const std::string& redirect_uri, const std::function<void()>& ready,
                                    const std::function<base::Result<void>(const salesforce::CameBack&)>& finish);

/// The answer in the query with which a browser came back.
salesforce::CameBack came_back_with(std::string_view query);

/// A page with nothing but a heading and a sentence.
std::string simple_page(std::string_view heading, std::string_view sentence);

}  // namespace daemon_process
