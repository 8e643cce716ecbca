#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "sides.h"

namespace seeded {

/// Knows who saw what. Every edit of a plain field writes a value never used before, so a value names its edit, and the
/// value its editor saw is its parent. Every record and its row carry a name of their own in field 0.
class Oracle {
 public:
  /// A value for an edit by somebody who saw `seen`.
  std::string edit(const Text& seen);
  /// A value that somebody's rule made of another one.
  void derived(const std::string& from, const std::string& made);

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

  /// A write of the sync replaced `before` by `after`.
  void overwrote(const std::string& name, const std::string& where, const Text& before, const Text& after);

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

  std::map<std::string, std::string> saw_;  ///< Value → what its editor saw; empty for nothing.
  std::vector<std::string> edits_;
  std::map<std::string, Identity> identities_;
  std::set<std::string> seen_by_deleters_;
  struct Reverted {
    std::string name, value, told;
  };
  std::vector<Reverted> reverted_;
  std::size_t next_value_ = 0, next_name_ = 0;
};

}  // namespace seeded
