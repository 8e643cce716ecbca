#include "core/history.h"

#include <gtest/gtest.h>

#include <array>

namespace core {
namespace {

using model::Cell;

class HistoryNoteTest : public testing::Test {
 protected:
  HistoryNoteTest() {
    mapping_.object = "Contact";
    for (const char* name : {"LastName", "Email"}) {
      model::FieldMapping field;
      field.org_field = name;
      mapping_.fields.push_back(field);
    }
    head_.row_exists = true;
    head_.link = LinkState::linked;
    s_.values = org_;
  }
  std::string told(std::span<const Conflict> opened = {}) {
    const auto note = history_note(mapping_, head_, row_, base_, s_, opened);
    return note ? std::string{note->action} + " " + note->details : "(nothing)";
  }

  model::Mapping mapping_;
  KnownHead head_;
  const std::array<Cell, 2> base_{Cell{"Lowe"}, Cell{}};
  const std::array<Cell, 2> row_{Cell{"Lane"}, Cell{}}, org_{Cell{"Kent"}, Cell{"k@x.com"}};
  Settlement s_;
};

TEST_F(HistoryNoteTest, NothingHappenedIsNotTold) {
  s_.base = org_;
  EXPECT_EQ(told(), "(nothing)");
}

TEST_F(HistoryNoteTest, ARowShowsBeforeAndAfterAndWhy) {
  s_.columns.set(0);
  EXPECT_EQ(told(), R"(row_updated {"changes":[{"field":"LastName","side":"crm","before":"Lane","after":"Kent",)"
                    R"("decision":"only_salesforce_changed"}]})");
  s_.conflicts.push_back({0, {}, org_[0], row_[0], Conflict::Decision::org_won});
  EXPECT_NE(told().find("salesforce_won"), std::string::npos);
  head_.row_exists = false;
  s_.insert_row = true;
  s_.conflicts.clear();
  EXPECT_EQ(told().substr(0, 12), "row_created ");
  EXPECT_NE(told().find(R"("before":null,"after":"Kent")"), std::string::npos);
}

TEST_F(HistoryNoteTest, ARecordShowsWhatWasSent) {
  s_.sent_to_org = {{1, Cell{}, org_[1], true}};
  EXPECT_EQ(told(),
            R"(record_updated {"changes":[{"field":"Email","side":"salesforce","before":null,"after":"k@x.com",)"
            R"("decision":"crm_won"}]})");
  head_.link = LinkState::creating;
  EXPECT_EQ(told().substr(0, 15), "record_created ");
}

TEST_F(HistoryNoteTest, OpenedDecidedLinkedAndParkedAreTold) {
  const std::array opened{Conflict{0, Cell{"a"}, org_[0], row_[0], Conflict::Decision::open}};
  EXPECT_EQ(told(opened), R"(conflict {"changes":[{"field":"LastName","side":"both","before":"a","decision":"open",)"
                          R"("salesforce":"Kent","crm":"Lane"}]})");
  s_.resolution = "took Salesforce's value, by ann";
  EXPECT_EQ(told(), R"(resolved {"by":"took Salesforce's value, by ann"})");
  s_.resolution.clear();
  s_.link = LinkState::linked;
  head_.link = LinkState::none;
  EXPECT_EQ(told(), "linked {}");
  s_.parked = Parked{{base::ErrorKind::rejected, "no", "CODE"}};
  EXPECT_EQ(told(), R"(parked {"error":"no","code":"CODE"})");
}

TEST_F(HistoryNoteTest, DeletionsAreToldWithWhatTheRowHeld) {
  s_.remove_row = true;
  s_.link = LinkState::both_gone;
  head_.link = LinkState::record_deleted;
  EXPECT_EQ(told(), R"(row_deleted {"changes":[{"field":"LastName","side":"crm","before":"Lane","after":null,)"
                    R"("decision":"deleted_in_salesforce"}]})");
  s_.remove_row = false;
  head_.link = LinkState::linked;
  s_.link = LinkState::record_gone;
  s_.archived = true;
  EXPECT_EQ(told(), "row_archived {}");
}

TEST_F(HistoryNoteTest, DeletionsByOthersAreToldWithWhatWasAgreedOnAndByWhom) {
  s_.link = LinkState::row_deleted;
  head_.row_exists = false;
  const std::string in_crm = R"(deleted_in_crm {"changes":[{"field":"LastName","side":"crm","before":"Lowe",)"
                             R"("after":null,"decision":"deleted_in_crm"}],"by":"deleted in the CRM, not by a sync"})";
  EXPECT_EQ(told(), in_crm);
  s_.link = LinkState::row_gone;  // Its record is left alone.
  EXPECT_EQ(told(), in_crm);
  s_.link = LinkState::both_gone;  // Its record went before.
  head_.link = LinkState::record_deleted;
  EXPECT_EQ(told(), in_crm);
  const std::string in_salesforce =
      R"(deleted_in_salesforce {"changes":[{"field":"LastName","side":"salesforce","before":"Lowe","after":null,)"
      R"("decision":"deleted_in_salesforce"}],"by":"deleted in Salesforce, not by a sync"})";
  head_.link = LinkState::row_gone;
  EXPECT_EQ(told(), in_salesforce);
  head_.link = LinkState::linked;
  EXPECT_EQ(told(), in_salesforce);
  head_.row_exists = true;
  s_.link = LinkState::record_deleted;
  EXPECT_EQ(told(), in_salesforce);
}

TEST_F(HistoryNoteTest, OurDeletionOfARecordIsToldWithWhatItHeld) {
  head_.row_exists = false;
  head_.link = LinkState::row_deleted;
  s_.link = LinkState::both_gone;
  s_.removed_record = true;
  EXPECT_EQ(told(), R"(record_deleted {"changes":[{"field":"LastName","side":"salesforce","before":"Lowe",)"
                    R"("after":null,"decision":"deleted_in_crm"}]})");
  s_.removed_record = false;  // It was gone when we looked.
  EXPECT_NE(told().find(R"("by":"found deleted in Salesforce")"), std::string::npos);
  s_.removed_record = true;
  s_.link = LinkState::row_gone;
  EXPECT_EQ(told(), "record_archived {}");
}

TEST_F(HistoryNoteTest, ARequestNamesTheOrgsFields) {
  model::FieldSet fields;
  fields.set(1);
  EXPECT_EQ(request_json(mapping_, fields, org_), R"({"Email":"k@x.com"})");
  fields.set(0);
  EXPECT_EQ(request_json(mapping_, fields, std::array{Cell{}, org_[1]}), R"({"LastName":null,"Email":"k@x.com"})");
}

}  // namespace
}  // namespace core
