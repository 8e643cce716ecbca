#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "sides.h"

namespace seeded {

/// What the mapping says of a field, as far as it matters to what may become of its values.
struct FieldRule {
  model::FieldKind kind = model::FieldKind::text;
  model::SyncDirection direction = model::SyncDirection::both;
  model::ConflictPolicy on_conflict = model::ConflictPolicy::newest_wins;
  model::WriteMode write_mode = model::WriteMode::always;
};

/// Knows who saw what. Every edit of a plain field writes a value never used before, so a value names its edit, and the
/// value its editor saw is its parent. Every record and its row carry a name of their own in field 0. A check box has
/// too few values to name its edits; of that it knows what was said last on each side.
class Oracle {
 public:
  /// A value for an edit by somebody who saw `seen`.
  std::string edit(const Text& seen);
  /// A value that somebody's rule made of another one.
  void derived(const std::string& from, const std::string& made);

  /// Somebody ticks a box of `name`, or clears it.
  void ticked(const std::string& name, std::size_t field, model::Side, bool on);

  /// Fields without one are as FieldRule says. `object`: the first character of its names.
  void set_rule(char object, std::size_t field, const FieldRule& rule) { rules_[{object, field}] = rule; }

  /// The name and the edits in `fields` were refused: nothing came of them.
  void undone(const Fields& fields);

  std::string name(std::size_t object);
  bool knows(const std::string& name) const { return identities_.contains(name); }

  /// What one side holds under a name; nothing where it holds nothing.
  using Held = std::map<std::string, std::vector<Fields>>;  ///< Name → plain fields of each living copy.

  /// Somebody deletes `name` on one side, where it holds `fields`; `other` is what the other side holds. Whoever
  /// deletes has seen what is there.
  void deleted(const std::string& name, const Fields& fields, const std::vector<Fields>& other);
  /// Somebody does anything else to `name`: a deletion is no longer the last word about it.
  void touched(const std::string& name);
  /// Somebody deletes, merges, takes back or purges it in a way that may leave two of it.
  void may_be_twice(const std::string& name);
  /// The org takes it away beside something else: its edits went the way of that.
  void taken_along(const std::string& name, const Fields& fields);
  /// A merge takes it away. Its row stands for `into` from then on, so that whoever deletes that row deletes `into`.
  /// `of_its_row`: what rows there are of that name stand for just this record. Of a name that was taken back they may
  /// stand for another one, which the merge does not concern.
  void merged_away(const std::string& name, const Fields& fields, const std::string& into, bool of_its_row);
  /// `name`, and what it was merged into: its row may stand for that by now.
  std::set<std::string> heirs(const std::string& name) const;
  /// Somebody empties the recycle bin of a record that held `fields`, or it was there for so long that nobody of us
  /// could look.
  void forgotten(const Fields& fields);

  /// A value that nobody could keep.
  void forgone(const Text& value) { keep(seen_by_deleters_, value); }

  /// The sync is about to send a value; whether it arrives it may never know.
  void announced(const Text& value) { announced_.insert(folded(value).value_or("")); }

  /// A write of the sync replaced `before` by `after` in a field of a row or record that was there.
  void overwrote(const std::string& name, std::size_t field, model::Side, const std::string& where, const Text& before,
                 const Text& after);

  bool is_ancestor(Text older, Text newer) const;

  /// I1, I2, I3, I5 at rest, and I4 as it happened. `excused`: names that stand in a conflict or are set aside.
  /// `left_alone`: names of rows that stayed when their record was deleted, as their mapping asks, and are synced no
  /// longer; a record of that name is another one.
  std::vector<std::string> verdict(const Held& org, const Held& store, const std::vector<ConflictView>& conflicts,
                                   const std::set<std::string>& excused, const std::set<std::string>& left_alone,
                                   bool deletes_are_followed) const;

 private:
  struct Identity {
    bool ever_deleted = false;
    bool certainly_gone = false;    ///< The last word was a deletion by somebody who had seen everything.
    bool certainly_merged = false;  ///< The last word was a merge, and nobody emptied the bin since.
    bool may_be_twice = false;
    std::string merged_into;
  };
  void keep(std::set<std::string>& kept, const Text& value) const;
  FieldRule rule_of(const std::string& name, std::size_t field) const;
  /// Whether a field may come to rest like this: equal, or different because its rule forbids the write.
  bool may_rest(const FieldRule&, const Text& org, const Text& store) const;
  /// Why that write is none that the rule allows; empty if it is.
  std::string breach_of(const FieldRule&, model::Side, const Text& before, const Text& after) const;

  std::map<std::string, std::string> saw_;  ///< Value → what its editor saw; empty for nothing.
  std::vector<std::string> edits_;
  std::map<std::string, Identity> identities_;
  std::set<std::string> seen_by_deleters_;
  struct Reverted {
    std::string name, value, told;
    /// Whether its editor had seen what we sent, and lost the answer to, nobody knows; where nothing flows back the
    /// store's value counts then, and the loser is kept.
    bool rule_decides = false;
  };
  std::vector<Reverted> reverted_;
  std::map<std::pair<char, std::size_t>, FieldRule> rules_;
  std::set<std::string> announced_;
  struct LastTicked {
    std::optional<bool> org, store;
  };
  std::map<std::pair<std::string, std::size_t>, LastTicked> ticked_;
  static bool has_a_last_word(const FieldRule&, const LastTicked&);
  std::size_t next_value_ = 0, next_name_ = 0;
};

}  // namespace seeded
