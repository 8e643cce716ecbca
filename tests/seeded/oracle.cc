#include "oracle.h"

#include <algorithm>

namespace seeded {

std::string Oracle::edit(const Text& seen) {
  std::string value = "v" + std::to_string(++next_value_);
  saw_[value] = folded(seen).value_or("");
  edits_.push_back(value);
  return value;
}

void Oracle::derived(const std::string& from, const std::string& made) {
  saw_[made] = from;
}

void Oracle::ticked(const std::string& name, std::size_t field, model::Side side, bool on) {
  LastTicked& last = ticked_[{name, field}];
  (side == model::Side::org ? last.org : last.store) = on;
}

FieldRule Oracle::rule_of(const std::string& name, std::size_t field) const {
  const auto found = rules_.find({name.empty() ? ' ' : name.front(), field});
  return found == rules_.end() ? FieldRule{} : found->second;
}

/// Nobody said otherwise on the other side, so there is only one way for it to come to rest.
bool Oracle::has_a_last_word(const FieldRule& rule, const LastTicked& last) {
  if (rule.direction != model::SyncDirection::both || rule.write_mode != model::WriteMode::always) return false;
  return !last.org || !last.store || last.org == last.store;
}

bool Oracle::may_rest(const FieldRule& rule, const Text& org, const Text& store) const {
  if (org == store) return true;
  const bool to_org = rule.direction != model::SyncDirection::to_store;
  const bool to_store = rule.direction != model::SyncDirection::to_org;
  const bool only_fills = rule.write_mode == model::WriteMode::if_empty;
  if (rule.kind == model::FieldKind::boolean) return only_fills || !to_org || !to_store;
  if (!org) return !to_org;
  if (!store) return !to_store;
  if (only_fills) return true;
  // What flows one way only stands against an edit that saw it.
  if (!to_org) return is_ancestor(org, store);
  return !to_store && is_ancestor(store, org);
}

std::string Oracle::breach_of(const FieldRule& rule, model::Side side, const Text& before, const Text& after) const {
  using model::ConflictPolicy;
  const bool in_org = side == model::Side::org, is_box = rule.kind == model::FieldKind::boolean;
  if (before == after && before) return "only spelt anew";
  if (rule.direction == (in_org ? model::SyncDirection::to_store : model::SyncDirection::to_org))
    return "written against its direction";
  if (!before || before == "no") return {};
  if (rule.write_mode == model::WriteMode::if_empty) return "written though it was not empty";
  if (is_box || rule.direction != model::SyncDirection::both || !after || is_ancestor(before, after)) return {};
  // A row that holds what may have arrived has been overtaken, whoever is to win.
  if (!in_org && announced_.contains(*before)) return {};
  const ConflictPolicy winner = in_org ? ConflictPolicy::salesforce_wins : ConflictPolicy::crm_wins;
  if (rule.on_conflict == winner) return "lost to the other side though it was to win";
  if (rule.on_conflict == ConflictPolicy::manual) return "lost though a person was to decide";
  return {};
}

std::string Oracle::name(std::size_t object) {
  std::string name = std::string{"ACT"[object]} + std::to_string(++next_name_);
  identities_[name];
  return name;
}

void Oracle::undone(const Fields& fields) {
  for (const Text& value : fields) {
    identities_.erase(value.value_or(""));
    std::erase(edits_, folded(value).value_or(""));
  }
}

bool Oracle::is_ancestor(Text older, Text newer) const {
  older = folded(std::move(older));
  newer = folded(std::move(newer));
  if (!older || !newer || older == newer) return false;
  for (auto at = saw_.find(*newer); at != saw_.end(); at = saw_.find(at->second))
    if (at->second == *older) return true;
  return false;
}

void Oracle::keep(std::set<std::string>& kept, const Text& value) const {
  for (std::string at = folded(value).value_or(""); !at.empty() && kept.insert(at).second;) {
    const auto parent = saw_.find(at);
    at = parent == saw_.end() ? std::string{} : parent->second;
  }
}

void Oracle::deleted(const std::string& name, const Fields& fields, const std::vector<Fields>& other) {
  for (const Text& value : fields) keep(seen_by_deleters_, value);
  Identity& identity = identities_[name];
  identity.ever_deleted = true;
  // Certain, if the other side holds just that. Where it holds something older, a push whose answer was lost may have
  // brought it here or not: nobody can tell, and then the edit is kept.
  identity.certainly_gone =
      other.size() <= 1 && std::ranges::all_of(other, [&](const Fields& theirs) { return theirs == fields; });
  // The row of a merged record stands for the one that is left, and takes it along. What that one held and nobody here
  // saw is found in a conflict, as with any other deletion.
  for (const std::string& heir : heirs(name)) identities_[heir].ever_deleted = true;
}

std::set<std::string> Oracle::heirs(const std::string& name) const {
  std::set<std::string> names;
  for (auto at = identities_.find(name); at != identities_.end() && names.insert(at->first).second;)
    at = identities_.find(at->second.merged_into);
  return names;
}

void Oracle::touched(const std::string& name) {
  identities_[name].certainly_gone = identities_[name].certainly_merged = false;
}

void Oracle::may_be_twice(const std::string& name) {
  Identity& identity = identities_[name];
  identity.may_be_twice = identity.ever_deleted = true;
  identity.certainly_gone = identity.certainly_merged = false;
}

void Oracle::taken_along(const std::string& name, const Fields& fields) {
  forgotten(fields);
  may_be_twice(name);
}

void Oracle::merged_away(const std::string& name, const Fields& fields, const std::string& into, bool of_its_row) {
  const bool was_once = !identities_[name].may_be_twice;
  taken_along(name, fields);
  identities_[name].merged_into = into;
  identities_[name].certainly_merged = of_its_row || was_once;
}

void Oracle::forgotten(const Fields& fields) {
  for (const Text& value : fields) forgone(value);
  if (const auto known = identities_.find(fields[0].value_or("")); known != identities_.end())
    known->second.certainly_merged = false;
}

void Oracle::overwrote(const std::string& name, std::size_t field, model::Side side, const std::string& where,
                       const Text& before, const Text& after) {
  if (is_ancestor(after, before))
    reverted_.push_back({name, *before, "I4 " + where + ": " + *after + " put back over " + *before,
                         side == model::Side::org && rule_of(name, field).direction == model::SyncDirection::to_org});
  const auto rule = rules_.find({name.empty() ? ' ' : name.front(), field});
  if (rule == rules_.end()) return;
  if (const std::string why = breach_of(rule->second, side, before, after); !why.empty())
    reverted_.push_back({name, before.value_or(""),
                         "I4 " + where + ": " + before.value_or("-") + " to " + after.value_or("-") + ", " + why});
}

std::vector<std::string> Oracle::verdict(const Held& org, const Held& store, const std::vector<ConflictView>& conflicts,
                                         const std::set<std::string>& excused, const std::set<std::string>& left_alone,
                                         bool deletes_are_followed) const {
  std::vector<std::string> broken;
  for (const Reverted& one : reverted_) {
    // Of a pair that was deleted and taken back nobody knows the base any more: a rule decides, and keeps the loser.
    const auto identity = identities_.find(one.name);
    const bool taken_back = identity != identities_.end() && identity->second.may_be_twice;
    const bool recorded = std::ranges::any_of(conflicts, [&](const ConflictView& conflict) {
      return folded(conflict.org) == one.value || folded(conflict.store) == one.value;
    });
    if (!(taken_back || one.rule_decides) || !recorded) broken.push_back(one.told);
  }
  const std::vector<Fields> nothing;
  const auto held = [&](const Held& side, const std::string& name) -> const std::vector<Fields>& {
    const auto found = side.find(name);
    return found == side.end() ? nothing : found->second;
  };
  for (const auto& [name, identity] : identities_) {
    const auto &in_org = held(org, name), &in_store = held(store, name);
    if (excused.contains(name)) continue;
    if (!identity.ever_deleted && (in_org.empty() || in_store.empty()))
      broken.push_back("I1 lost: " + name + (in_org.empty() ? " in the org" : " in the store"));
    if (!identity.may_be_twice && (in_org.size() > 1 || in_store.size() > 1))
      broken.push_back("I2 duplicated: " + name + ": " + std::to_string(in_org.size()) + " records, " +
                       std::to_string(in_store.size()) + " rows");
    if (deletes_are_followed && in_org.empty() != in_store.empty() && identity.ever_deleted)
      broken.push_back("I5 only on one side: " + name + (in_org.empty() ? " in the store" : " in the org"));
    if (deletes_are_followed && identity.certainly_gone && !(in_org.empty() && in_store.empty()))
      broken.push_back("I1 a deletion was lost: " + name);
    if (deletes_are_followed && identity.certainly_merged && !(in_org.empty() && in_store.empty()))
      broken.push_back("I1 a merge was undone: " + name);
    const bool is_pair = !(identity.may_be_twice && left_alone.contains(name));
    if (is_pair && in_org.size() == 1 && in_store.size() == 1) {
      std::string difference;
      for (std::size_t f = 0; f < in_org[0].size(); ++f)
        if (!may_rest(rule_of(name, f), in_org[0][f], in_store[0][f]))
          difference += " " + in_org[0][f].value_or("-") + "/" + in_store[0][f].value_or("-");
      if (!difference.empty()) broken.push_back("I5 diverged: " + name + difference);
    }
    if (identity.ever_deleted) continue;
    for (std::size_t f = 0; !in_org.empty() && f < in_org[0].size(); ++f) {
      const auto last = ticked_.find({name, f});
      if (last == ticked_.end() || !has_a_last_word(rule_of(name, f), last->second)) continue;
      const bool on = last->second.org.value_or(last->second.store.value_or(false));
      if (in_org[0][f] != (on ? "yes" : "no"))
        broken.push_back("I3 a tick was lost: " + name + " " + std::to_string(f));
    }
  }
  for (const auto& [name, copies] : store)
    if (!identities_.contains(name)) broken.push_back("I2 a row of nobody: " + name);

  std::set<std::string> kept = seen_by_deleters_;
  for (const Held* side : {&org, &store})
    for (const auto& [name, copies] : *side)
      for (const Fields& fields : copies)
        for (const Text& value : fields) keep(kept, value);
  for (const ConflictView& conflict : conflicts) {
    keep(kept, conflict.org);
    keep(kept, conflict.store);
  }
  for (const std::string& edit : edits_)
    if (!kept.contains(edit)) broken.push_back("I3 edit lost: " + edit);
  return broken;
}

}  // namespace seeded
