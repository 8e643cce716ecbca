// First contact: which row that was there before a record stands for, however the records come.
#include "store_contract_support.h"

namespace {

using namespace contract;

core::Observation person(int number, const std::string& address) {
  return observe({{contact(number), {"Person " + std::to_string(number), address}}}, 4);
}

/// Sets every record aside with the rows that it fits.
WriteSet set_aside(const core::Observation& observed, const Known& known) {
  WriteSet writes;
  for (std::size_t i = 0; i < observed.size(); ++i) {
    Settlement s;
    s.at = i;
    s.parked = core::Parked{{base::ErrorKind::precondition, "waits", "WAITS"}, base::Utc{std::chrono::milliseconds{1}}};
    s.fits = known.heads[i].candidates;
    if (known.heads[i].row_exists) s.fits = {known.heads[i].row};
    writes.settlements.push_back(std::move(s));
  }
  return writes;
}

WriteSet nothing(const core::Observation&, const Known&) {
  return {};
}

struct Seen {
  std::string row;                      ///< That the record is taken for.
  std::vector<std::string> candidates;  ///< Where that is not clear.
};

/// A store that matches contacts by their addresses.
class Matching {
 public:
  Matching(contract::StoreUnderTest& app, std::vector<std::vector<std::size_t>> rules = {{email}}) : app_(app) {
    mapping_.match_rules = std::move(rules);
    prepare();
  }
  void prepare() {
    need(app_.store().prepare(accounts()));
    need(app_.store().prepare(mapping_));
  }
  std::vector<Seen> settle(const core::Observation& observed,
                           const std::function<WriteSet(const core::Observation&, const Known&)>& decide) {
    std::vector<Seen> seen;
    need(app_.store().settle(mapping_, observed, [&](const Known& known) {
      seen.clear();
      for (const core::KnownHead& head : known.heads) {
        Seen& one = seen.emplace_back();
        if (head.row_exists) one.row = head.row.text;
        for (const RowKey& row : head.candidates) one.candidates.push_back(row.text);
      }
      return decide(observed, known);
    }));
    return seen;
  }
  std::string row(const std::string& address) {
    return app_.insert("contacts", {{"last_name", "Row"}, {"email", address}});
  }
  const model::Mapping& mapping() const { return mapping_; }

 private:
  contract::StoreUnderTest& app_;
  model::Mapping mapping_ = contacts();
};

}  // namespace

TEST_P(StoreContract, ARecordThatAloneFitsARowIsTakenForIt) {
  Matching at{*app_};
  const std::string ann = at.row(" ANN@x.com\n");
  const auto seen = at.settle(person(1, "ann@x.com"), nothing);
  EXPECT_EQ(seen[0].row, ann);
  EXPECT_TRUE(at.settle(person(2, "bea@x.com"), nothing)[0].row.empty());
}

TEST_P(StoreContract, ARecordThatFitsSeveralRowsIsTakenForNone) {
  Matching at{*app_};
  std::vector<std::string> rows;
  for (int i = 0; i < 5; ++i) rows.push_back(at.row("ann@x.com"));
  const auto seen = at.settle(person(1, "ann@x.com"), nothing);
  EXPECT_TRUE(seen[0].row.empty());
  EXPECT_EQ(seen[0].candidates, rows);
}

TEST_P(StoreContract, RecordsOfOnePageThatFitARowAreTakenForNone) {
  Matching at{*app_};
  const std::string ann = at.row("ann@x.com");
  const auto seen = at.settle(
      observe({{contact(1), {"A", "ann@x.com"}}, {contact(2), {"B", "ann@x.com"}}, {contact(3), {"C", "ann@x.com"}}},
              4),
      nothing);
  for (const Seen& one : seen) {
    EXPECT_TRUE(one.row.empty());
    EXPECT_EQ(one.candidates, std::vector{ann});
  }
}

TEST_P(StoreContract, AnUnclearRecordContestsItsRowsToThoseThatComeAfterItOnThePage) {
  Matching at{*app_, {{last_name}, {email}}};
  const std::string one = at.row("ann@x.com"), other = at.row("bea@x.com");
  // The first fits both rows by their name, the second one of them by its address.
  const auto seen = at.settle(observe({{contact(1), {"Row", ""}}, {contact(2), {"B", "ann@x.com"}}}, 4), nothing);
  EXPECT_EQ(seen[0].candidates, (std::vector{one, other}));
  EXPECT_TRUE(seen[1].row.empty());
  EXPECT_EQ(seen[1].candidates, std::vector{one});
}

TEST_P(StoreContract, WhatARecordThatIsSetAsideFitsIsContestedToLaterPages) {
  Matching at{*app_};
  const std::string ann = at.row("ann@x.com");
  EXPECT_EQ(at.settle(person(1, "ann@x.com"), set_aside)[0].row, ann);
  app_->reopen();
  at.prepare();
  const auto later = at.settle(person(2, "ann@x.com"), set_aside);
  EXPECT_TRUE(later[0].row.empty());
  EXPECT_EQ(later[0].candidates, std::vector{ann});
  // The first too, once it is looked at again.
  EXPECT_EQ(at.settle(person(1, "ann@x.com"), set_aside)[0].candidates, std::vector{ann});
}

TEST_P(StoreContract, ARecordIsNotContestedByItself) {
  Matching at{*app_};
  const std::string ann = at.row("ann@x.com");
  at.settle(person(1, "ann@x.com"), set_aside);
  EXPECT_EQ(at.settle(person(1, "ann@x.com"), set_aside)[0].row, ann);
}

TEST_P(StoreContract, WhatARecordFitsIsForgottenWithItsBeingSetAside) {
  Matching at{*app_};
  const std::string ann = at.row("ann@x.com");
  at.settle(person(1, "ann@x.com"), set_aside);
  at.settle(person(1, "ann@x.com"),
            [](const core::Observation&, const Known&) { return WriteSet{.unparked = {contact(1)}}; });
  EXPECT_EQ(at.settle(person(2, "ann@x.com"), nothing)[0].row, ann);
}

TEST_P(StoreContract, WhatARecordFitsIsReplacedWhenItIsSetAsideAgain) {
  Matching at{*app_};
  const std::string ann = at.row("ann@x.com"), bea = at.row("bea@x.com");
  at.settle(person(1, "ann@x.com"), set_aside);
  EXPECT_EQ(at.settle(person(1, "bea@x.com"), set_aside)[0].row, bea);
  EXPECT_EQ(at.settle(person(2, "ann@x.com"), nothing)[0].row, ann);
  EXPECT_EQ(at.settle(person(2, "bea@x.com"), nothing)[0].candidates, std::vector{bea});
}

TEST_P(StoreContract, RowsThatAreSetAsideWithARecordWaitUntilTheyChange) {
  Matching at{*app_};
  const std::string ann = at.row("ann@x.com");
  const auto unclear = [](const core::Observation& observed, const Known& known) {
    WriteSet writes = set_aside(observed, known);
    writes.settlements[0].also_parked = writes.settlements[0].fits;
    return writes;
  };
  at.settle(person(1, "ann@x.com"), unclear);
  EXPECT_EQ(app_->outbox_size(at.mapping()), 0u);
  EXPECT_EQ(app_->cell("contacts", ann, "salesforce_sync_status"), "error");
  need(store().requeue_parked(at.mapping(), base::Utc{std::chrono::years{300}}));
  EXPECT_EQ(app_->outbox_size(at.mapping()), 0u);
  app_->update("contacts", ann, {{"email", "another@x.com"}});
  EXPECT_EQ(app_->outbox_size(at.mapping()), 1u);
}

TEST_P(StoreContract, TheShortWayOfAFirstLoadIsNotForWhatFitsARow) {
  Matching at{*app_};
  at.row("ann@x.com");
  EXPECT_FALSE(need(store().load(at.mapping(), person(1, "ann@x.com"), reached(1))));
}
