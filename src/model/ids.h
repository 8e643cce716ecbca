#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace model {

/// A string that means one thing; two tags do not mix.
template <class Tag>
struct Named {
  std::string text;
  auto operator<=>(const Named&) const = default;
};

using IntegrationId = Named<struct IntegrationIdTag>;  ///< One workspace's connection to one org.
using RunId = Named<struct RunIdTag>;                  ///< One sync run.
using RowKey = Named<struct RowKeyTag>;                ///< A row's primary key as text: "42", a UUID.
using UpsertKey = Named<struct UpsertKeyTag>;          ///< Our value of the external id field; minted once a row.

/// A mapping's number in the store; small, so that links and outbox entries stay small.
enum class MappingId : std::int64_t {};

/// A place in the outbox. Grows with every edit of a row, so it also tells two edits apart.
enum class OutboxSeq : std::int64_t { none = 0 };

/// A Salesforce record id, always in its case-safe form of 18 characters; or none.
///
/// The last three characters are a checksum over the case of the first fifteen.
/// Source: SOAP API Developer Guide, "ID Field Type".
class RecordId {
 public:
  constexpr RecordId() = default;

  /// Takes 15 or 18 characters. Nothing for other lengths, foreign characters or a wrong checksum.
  static std::optional<RecordId> parse(std::string_view text);

  std::string_view view() const { return {text_.data(), text_[0] == '\0' ? 0 : text_.size()}; }
  std::string str() const { return std::string{view()}; }
  explicit operator bool() const { return text_[0] != '\0'; }
  auto operator<=>(const RecordId&) const = default;

 private:
  std::array<char, 18> text_{};
};

}  // namespace model

template <>
struct std::hash<model::RecordId> {
  std::size_t operator()(const model::RecordId& id) const noexcept { return std::hash<std::string_view>{}(id.view()); }
};
template <class Tag>
struct std::hash<model::Named<Tag>> {
  std::size_t operator()(const model::Named<Tag>& name) const noexcept { return std::hash<std::string>{}(name.text); }
};
