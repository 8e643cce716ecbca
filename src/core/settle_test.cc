#include "core/settle.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace core {
namespace {

using model::Cell;

const model::RecordId record = *model::RecordId::parse("003000000000001");

/// A linked pair, parked; the row refers to a parent that has no record yet.
struct Waiting {
  model::Mapping mapping;
  Observation observed;
  Known known;

  Waiting() {
    model::FieldMapping name, account;
    name.column = "last_name";
    name.org_field = "LastName";
    account.column = "account_id";
    account.org_field = "AccountId";
    account.type.kind = model::FieldKind::reference;
    account.role = model::FieldRole::reference;
    mapping.object = "Contact";
    mapping.fields = {name, account};
    observed.restart(2);
    observed.heads.push_back({.id = record, .upsert_key = {}, .stamp = base::Utc{std::chrono::hours{1}}});
    observed.cells.add()[0] = Cell{"Lee"};
    for (model::Grid* grid : {&known.rows, &known.bases, &known.parents}) {
      grid->restart(2);
      grid->add(1);
    }
    known.rows[0][0] = known.bases[0][0] = Cell{"Lee"};
    known.rows[0][1] = Cell::unresolved();
    known.unlinked.resize(1);
    KnownHead& head = known.heads.emplace_back();
    head.link = LinkState::linked;
    head.record = record;
    head.row = {"1"};
    head.row_exists = head.parked = true;
  }
};

TEST(SettlePage, ARecordThatWasReadIsNotSetAsideBecauseItsRowWaits) {
  Waiting pair;
  Decided decided;
  settle_page(pair.mapping, pair.observed, pair.known, {}, {}, {}, decided);
  EXPECT_TRUE(std::ranges::count(decided.writes.unparked, record));
  for (const Settlement& settlement : decided.writes.settlements)
    EXPECT_FALSE(settlement.unpark) << "the row waits still";
}

TEST(SettlePage, ARecordWhoseParentHasNoRowStaysSetAside) {
  Waiting pair;
  pair.observed.cells[0][1] = Cell{"001000000000001AAA"};
  pair.known.unlinked[0].set(1);
  Decided decided;
  settle_page(pair.mapping, pair.observed, pair.known, {}, {}, {}, decided);
  EXPECT_TRUE(decided.writes.unparked.empty());
  ASSERT_EQ(decided.writes.settlements.size(), 1u);
  EXPECT_TRUE(decided.writes.settlements[0].parked.has_value());
}

}  // namespace
}  // namespace core
