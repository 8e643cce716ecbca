#pragma once

#include <string_view>

namespace simulator {

/// The standard fields in describe order, one a line:
///   name type[(length)|(precision,scale)] access [=object] [picklist values between '|']
/// Access: C create, U update, R read only, ! required on create, d default by the server, i usable to look up,
/// * neither filter nor sort, r restricted picklist.
struct ObjectText {
  std::string_view name, label, plural, prefix, fields;
};

inline constexpr std::string_view account_fields = R"(
Id id R
IsDeleted boolean R
MasterRecordId reference R =Account
Name string(255) CU!
Type picklist(40) CU |Prospect|Customer - Direct|Customer - Channel|Channel Partner / Reseller|Installation Partner|Technology Partner|Other
ParentId reference CU =Account
BillingStreet textarea(255) CU
BillingCity string(40) CU
BillingState string(80) CU
BillingPostalCode string(20) CU
BillingCountry string(80) CU
BillingLatitude double(18,15) CU
BillingLongitude double(18,15) CU
BillingGeocodeAccuracy picklist(40) CUr |Address|NearAddress|Block|Street|ExtendedZip|Zip|Neighborhood|City|County|State|Unknown
BillingAddress address R
ShippingStreet textarea(255) CU
ShippingCity string(40) CU
ShippingState string(80) CU
ShippingPostalCode string(20) CU
ShippingCountry string(80) CU
ShippingLatitude double(18,15) CU
ShippingLongitude double(18,15) CU
ShippingGeocodeAccuracy picklist(40) CUr |Address|NearAddress|Block|Street|ExtendedZip|Zip|Neighborhood|City|County|State|Unknown
ShippingAddress address R
Phone phone(40) CU
Fax phone(40) CU
AccountNumber string(40) CU
Website url(255) CU
PhotoUrl url(255) R
Sic string(20) CU
Industry picklist(40) CU |Agriculture|Apparel|Banking|Biotechnology|Chemicals|Communications|Construction|Consulting|Education|Electronics|Energy|Engineering|Entertainment|Environmental|Finance|Food & Beverage|Government|Healthcare|Hospitality|Insurance|Machinery|Manufacturing|Media|Not For Profit|Recreation|Retail|Shipping|Technology|Telecommunications|Transportation|Utilities|Other
AnnualRevenue currency(18,0) CU
NumberOfEmployees int CU
Ownership picklist(40) CU |Public|Private|Subsidiary|Other
TickerSymbol string(20) CU
Description textarea(32000) CU*
Rating picklist(40) CU |Hot|Warm|Cold
Site string(80) CU
OwnerId reference CUd =User
CreatedDate datetime R
CreatedById reference R =User
LastModifiedDate datetime R
LastModifiedById reference R =User
SystemModstamp datetime R
LastActivityDate date R
LastViewedDate datetime R
LastReferencedDate datetime R
Jigsaw string(20) CU
JigsawCompanyId string(20) R
CleanStatus picklist(40) CUr |Matched|Different|Acknowledged|NotFound|Inactive|Pending|SelectMatch|Skipped
AccountSource picklist(40) CU |Web|Phone Inquiry|Partner Referral|Purchased List|Other
DunsNumber string(9) CU
Tradestyle string(255) CU
NaicsCode string(8) CU
NaicsDesc string(120) CU
YearStarted string(4) CU
SicDesc string(80) CU
)";

inline constexpr std::string_view contact_fields = R"(
Id id R
IsDeleted boolean R
MasterRecordId reference R =Contact
AccountId reference CU =Account
LastName string(80) CU!
FirstName string(40) CU
Salutation picklist(40) CU |Mr.|Ms.|Mrs.|Dr.|Prof.
Name string(121) R
OtherStreet textarea(255) CU
OtherCity string(40) CU
OtherState string(80) CU
OtherPostalCode string(20) CU
OtherCountry string(80) CU
OtherLatitude double(18,15) CU
OtherLongitude double(18,15) CU
OtherGeocodeAccuracy picklist(40) CUr |Address|NearAddress|Block|Street|ExtendedZip|Zip|Neighborhood|City|County|State|Unknown
OtherAddress address R
MailingStreet textarea(255) CU
MailingCity string(40) CU
MailingState string(80) CU
MailingPostalCode string(20) CU
MailingCountry string(80) CU
MailingLatitude double(18,15) CU
MailingLongitude double(18,15) CU
MailingGeocodeAccuracy picklist(40) CUr |Address|NearAddress|Block|Street|ExtendedZip|Zip|Neighborhood|City|County|State|Unknown
MailingAddress address R
Phone phone(40) CU
Fax phone(40) CU
MobilePhone phone(40) CU
HomePhone phone(40) CU
OtherPhone phone(40) CU
AssistantPhone phone(40) CU
ReportsToId reference CU =Contact
Email email(80) CUi
Title string(128) CU
Department string(80) CU
AssistantName string(40) CU
LeadSource picklist(255) CU |Web|Phone Inquiry|Partner Referral|Purchased List|Other
Birthdate date CU
Description textarea(32000) CU*
OwnerId reference CUd =User
HasOptedOutOfEmail boolean CU
DoNotCall boolean CU
CreatedDate datetime R
CreatedById reference R =User
LastModifiedDate datetime R
LastModifiedById reference R =User
SystemModstamp datetime R
LastActivityDate date R
LastCURequestDate datetime R
LastCUUpdateDate datetime R
LastViewedDate datetime R
LastReferencedDate datetime R
EmailBouncedReason string(255) CU
EmailBouncedDate datetime CU
IsEmailBounced boolean R
PhotoUrl url(255) R
Jigsaw string(20) CU
JigsawContactId string(20) R
CleanStatus picklist(40) CUr |Matched|Different|Acknowledged|NotFound|Inactive|Pending|SelectMatch|Skipped
)";

inline constexpr std::string_view opportunity_fields = R"(
Id id R
IsDeleted boolean R
AccountId reference CU =Account
IsPrivate boolean CU
Name string(120) CU!i
Description textarea(32000) CU*
StageName picklist(255) CU! |Prospecting|Qualification|Needs Analysis|Value Proposition|Id. Decision Makers|Perception Analysis|Proposal/Price Quote|Negotiation/Review|Closed Won|Closed Lost
Amount currency(18,2) CU
Probability percent(3,0) CUd
ExpectedRevenue currency(18,2) R
TotalOpportunityQuantity double(18,2) CU
CloseDate date CU!
Type picklist(255) CU |Existing Customer - Upgrade|Existing Customer - Replacement|Existing Customer - Downgrade|New Customer
NextStep string(255) CU
LeadSource picklist(255) CU |Web|Phone Inquiry|Partner Referral|Purchased List|Other
IsClosed boolean R
IsWon boolean R
ForecastCategory picklist(40) Rr |Omitted|Pipeline|BestCase|MostLikely|Forecast|Closed
HasOpportunityLineItem boolean R
OwnerId reference CUd =User
CreatedDate datetime R
CreatedById reference R =User
LastModifiedDate datetime R
LastModifiedById reference R =User
SystemModstamp datetime R
LastActivityDate date R
LastStageChangeDate datetime R
FiscalQuarter int R
FiscalYear int R
Fiscal string(6) R
ContactId reference C =Contact
LastViewedDate datetime R
LastReferencedDate datetime R
HasOpenActivity boolean R*
HasOverdueTask boolean R*
)";

inline constexpr std::string_view user_fields = R"(
Id id R
Username string(80) CU!i
LastName string(80) CU!
FirstName string(40) CU
Name string(121) R
CompanyName string(80) CU
Division string(80) CU
Department string(80) CU
Title string(80) CU
Email email(128) CU!i
Phone phone(40) CU
MobilePhone phone(40) CU
Alias string(8) CU!
CommunityNickname string(40) CU!
IsActive boolean CU
TimeZoneSidKey picklist(40) CU!r |Europe/Berlin|America/Los_Angeles|GMT
LocaleSidKey picklist(40) CU!r |en_US|de_DE
LanguageLocaleKey picklist(40) CU!r |en_US|de
EmailEncodingKey picklist(40) CU!r |UTF-8|ISO-8859-1
UserType picklist(40) Rr |Standard|PowerPartner|CustomerSuccess|Guest
CreatedDate datetime R
CreatedById reference R =User
LastModifiedDate datetime R
LastModifiedById reference R =User
SystemModstamp datetime R
)";

}  // namespace simulator
