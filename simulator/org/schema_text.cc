#include "simulator/org/schema_text.h"

namespace simulator {
namespace {

constexpr std::string_view account_fields = R"(
Id id R
IsDeleted boolean R
MasterRecordId reference R =Account
Name string(255) CU!
Type picklist(40) CU |Prospect|Customer - Direct|Customer - Channel|Channel Partner / Reseller|Installation Partner|Technology Partner|Other
RecordTypeId reference CU =RecordType
ParentId reference CU =Account >ChildAccounts
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
IsPartner boolean U
IsCustomerPortal boolean U
ChannelProgramName string(255) R*
ChannelProgramLevelName string(255) R*
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
DandbCompanyId reference CU =DandBCompany
OperatingHoursId reference CU =OperatingHours
)";

constexpr std::string_view contact_fields = R"(
Id id R
IsDeleted boolean R
MasterRecordId reference R =Contact
AccountId reference CU =Account >Contacts!
RecordTypeId reference CU =RecordType
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
HasOptedOutOfFax boolean CU
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
IndividualId reference CU =Individual
)";

constexpr std::string_view opportunity_fields = R"(
Id id R
IsDeleted boolean R
AccountId reference CU =Account >Opportunities!
RecordTypeId reference CU =RecordType
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
ForecastCategoryName picklist(255) CUdr |Omitted|Pipeline|Best Case|Commit|Closed
CampaignId reference CU =Campaign
HasOpportunityLineItem boolean R
Pricebook2Id reference CUd =Pricebook2
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
LastAmountChangedHistoryId reference R =OpportunityHistory
LastCloseDateChangedHistoryId reference R =OpportunityHistory
)";

constexpr std::string_view user_fields = R"(
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
ProfileId reference CUd =Profile
UserType picklist(40) Rr |Standard|PowerPartner|CustomerSuccess|Guest
CreatedDate datetime R
CreatedById reference R =User
LastModifiedDate datetime R
LastModifiedById reference R =User
SystemModstamp datetime R
)";

constexpr std::string_view lead_fields = R"(
Id id R
IsDeleted boolean R
MasterRecordId reference R =Lead
LastName string(80) CU!
FirstName string(40) CU
Salutation picklist(40) CU |Mr.|Ms.|Mrs.|Dr.|Prof.|Mx.
Name string(121) R
RecordTypeId reference CU =RecordType
Title string(128) CU
Company string(255) CU!
Street textarea(255) CU
City string(40) CU
State string(80) CU
PostalCode string(20) CU
Country string(80) CU
Latitude double(18,15) CU
Longitude double(18,15) CU
GeocodeAccuracy picklist(40) CUr |Address|NearAddress|Block|Street|ExtendedZip|Zip|Neighborhood|City|County|State|Unknown
Address address R
Phone phone(40) CU
MobilePhone phone(40) CU
Fax phone(40) CU
Email email(80) CUi
Website url(255) CU
PhotoUrl url(255) R
Description textarea(32000) CU*
LeadSource picklist(255) CU |Web|Phone Inquiry|Partner Referral|Purchased List|Other
Status picklist(255) CUd |*Open - Not Contacted|Working - Contacted|Closed - Converted|Closed - Not Converted
Industry picklist(255) CU |Agriculture|Apparel|Banking|Biotechnology|Chemicals|Communications|Construction|Consulting|Education|Electronics|Energy|Engineering|Entertainment|Environmental|Finance|Food & Beverage|Government|Healthcare|Hospitality|Insurance|Machinery|Manufacturing|Media|Not For Profit|Recreation|Retail|Shipping|Technology|Telecommunications|Transportation|Utilities|Other
Rating picklist(255) CU |Hot|Warm|Cold
AnnualRevenue currency(18,0) CU
NumberOfEmployees int CU
OwnerId reference CUd =Group,User
HasOptedOutOfEmail boolean CU
HasOptedOutOfFax boolean CU
DoNotCall boolean CU
IsConverted boolean C
ConvertedDate date R
ConvertedAccountId reference R =Account
ConvertedContactId reference R =Contact
ConvertedOpportunityId reference R =Opportunity
IsUnreadByOwner boolean CU
CreatedDate datetime R
CreatedById reference R =User
LastModifiedDate datetime R
LastModifiedById reference R =User
SystemModstamp datetime R
LastActivityDate date R
LastViewedDate datetime R
LastReferencedDate datetime R
Jigsaw string(20) CU
JigsawContactId string(20) R
CleanStatus picklist(40) CUr |Matched|Different|Acknowledged|NotFound|Inactive|Pending|SelectMatch|Skipped
CompanyDunsNumber string(9) CU
DandbCompanyId reference CU =DandBCompany
EmailBouncedReason string(255) U
EmailBouncedDate datetime U
IndividualId reference CU =Individual
)";

constexpr std::string_view task_fields = R"(
Id id R
WhoId reference CU =Contact,Lead >Tasks!
WhatId reference CU =Account,Opportunity >Tasks!
Subject combobox(255) CU |Call|Send Letter|Send Quote|Other
ActivityDate date CU
Status picklist(255) CUd |*Not Started|In Progress|Completed|Waiting on someone else|Deferred
Priority picklist(255) CUd |High|*Normal|Low
IsHighPriority boolean R
OwnerId reference CUd =Group,User
Description textarea(32000) CU*
IsDeleted boolean R
AccountId reference R =Account
IsClosed boolean R
CreatedDate datetime R
CreatedById reference R =User
LastModifiedDate datetime R
LastModifiedById reference R =User
SystemModstamp datetime R
IsArchived boolean R
CallDurationInSeconds int CU
CallType picklist(40) CU |Internal|Inbound|Outbound
CallDisposition string(255) CU
CallObject string(255) CU
ReminderDateTime datetime CU
IsReminderSet boolean CU
RecurrenceActivityId reference R =Task
IsRecurrence boolean C
RecurrenceStartDateOnly date CU
RecurrenceEndDateOnly date CU
RecurrenceTimeZoneSidKey picklist(40) CUr |GMT|Europe/London|Europe/Berlin|America/New_York|America/Los_Angeles|Asia/Tokyo
RecurrenceType picklist(40) CUr |RecursDaily|RecursEveryWeekday|RecursMonthly|RecursMonthlyNth|RecursWeekly|RecursYearly|RecursYearlyNth
RecurrenceInterval int CU
RecurrenceDayOfWeekMask int CU
RecurrenceDayOfMonth int CU
RecurrenceInstance picklist(40) CUr |First|Second|Third|Fourth|Last
RecurrenceMonthOfYear picklist(40) CUr |January|February|March|April|May|June|July|August|September|October|November|December
RecurrenceRegeneratedType picklist(40) CUr |RecurrenceRegenerateAfterDueDate|RecurrenceRegenerateAfterToday|RecurrenceRegenerated
TaskSubtype picklist(40) Cdr |*Task|Email|ListEmail|Cadence|Call|LinkedIn
CompletedDateTime datetime R
)";

constexpr std::string_view event_fields = R"(
Id id R
WhoId reference CU =Contact,Lead >Events!
WhatId reference CU =Account,Opportunity >Events!
Subject combobox(255) CU |Call|Email|Meeting|Send Letter/Quote|Other
Location string(255) CU
IsAllDayEvent boolean CU
ActivityDateTime datetime CU
ActivityDate date CU
DurationInMinutes int CU
StartDateTime datetime CU
EndDateTime datetime CU
EndDate date R
Description textarea(32000) CU*
AccountId reference R =Account
OwnerId reference CUd =Calendar,User
IsPrivate boolean CU
ShowAs picklist(40) CUdr |*Busy|OutOfOffice|Free
IsDeleted boolean R
IsChild boolean R
IsGroupEvent boolean R
GroupEventType picklist(40) Rr |0|1|2|3
CreatedDate datetime R
CreatedById reference R =User
LastModifiedDate datetime R
LastModifiedById reference R =User
SystemModstamp datetime R
IsArchived boolean R
RecurrenceActivityId reference R =Event
IsRecurrence boolean C
RecurrenceStartDateTime datetime CU
RecurrenceEndDateOnly date CU
RecurrenceTimeZoneSidKey picklist(40) CUr |GMT|Europe/London|Europe/Berlin|America/New_York|America/Los_Angeles|Asia/Tokyo
RecurrenceType picklist(40) CUr |RecursDaily|RecursEveryWeekday|RecursMonthly|RecursMonthlyNth|RecursWeekly|RecursYearly|RecursYearlyNth
RecurrenceInterval int CU
RecurrenceDayOfWeekMask int CU
RecurrenceDayOfMonth int CU
RecurrenceInstance picklist(40) CUr |First|Second|Third|Fourth|Last
RecurrenceMonthOfYear picklist(40) CUr |January|February|March|April|May|June|July|August|September|October|November|December
ReminderDateTime datetime CU
IsReminderSet boolean CU
EventSubtype picklist(40) Cdr |*Event
IsRecurrence2Exclusion boolean R
Recurrence2PatternText textarea(512) C*
Recurrence2PatternVersion picklist(40) Rr |1
IsRecurrence2 boolean R
IsRecurrence2Exception boolean R
Recurrence2PatternStartDate datetime R
Recurrence2PatternTimeZone string(255) R
)";

constexpr std::string_view record_type_fields = R"(
Id id R
Name string(80) CU!
DeveloperName string(80) CU!
NamespacePrefix string(15) R
Description textarea(255) CU
BusinessProcessId reference CU =BusinessProcess
SobjectType picklist(40) C!r |Account|Contact|Lead|Opportunity
IsActive boolean CU
CreatedDate datetime R
CreatedById reference R =User
LastModifiedDate datetime R
LastModifiedById reference R =User
SystemModstamp datetime R
)";

constexpr std::string_view group_fields = R"(
Id id R
Name string(40) CU!
DeveloperName string(80) CU
RelatedId reference R =User
Type picklist(40) Cdr |*Regular|Queue|Role|Organization
Email email(255) CU
OwnerId reference R =Organization,User
CreatedDate datetime R
CreatedById reference R =User
LastModifiedDate datetime R
LastModifiedById reference R =User
SystemModstamp datetime R
)";

constexpr std::string_view organization_fields = R"(
Id id R
Name string(80) U!
Division string(80) U
Country string(80) U
LanguageLocaleKey picklist(40) U |en_US|de
TimeZoneSidKey picklist(40) U |GMT|Europe/London|Europe/Berlin|America/New_York|America/Los_Angeles|Asia/Tokyo
DefaultLocaleSidKey picklist(40) U |en_US|de_DE
OrganizationType picklist(40) Rr |Team Edition|Professional Edition|Enterprise Edition|Developer Edition|Unlimited Edition
NamespacePrefix string(15) R
InstanceName string(5) R
IsSandbox boolean R
TrialExpirationDate datetime R
CreatedDate datetime R
CreatedById reference R =User
LastModifiedDate datetime R
LastModifiedById reference R =User
SystemModstamp datetime R
)";

constexpr std::string_view profile_fields = R"(
Id id R
Name string(255) CU!
UserType picklist(40) Rr |Standard|PowerPartner|CustomerSuccess|Guest
Description textarea(255) CU
CreatedDate datetime R
CreatedById reference R =User
LastModifiedDate datetime R
LastModifiedById reference R =User
SystemModstamp datetime R
)";

constexpr std::string_view permission_set_fields = R"(
Id id R
Name string(80) CU!
Label string(80) CU!
Description string(255) CU
ProfileId reference R =Profile
IsOwnedByProfile boolean R
IsCustom boolean R
PermissionsApiEnabled boolean CU
PermissionsModifyAllData boolean CU
PermissionsViewAllData boolean CU
PermissionsBulkApiHardDelete boolean CU
CreatedDate datetime R
CreatedById reference R =User
LastModifiedDate datetime R
LastModifiedById reference R =User
SystemModstamp datetime R
)";

constexpr std::string_view permission_set_assignment_fields = R"(
Id id R
PermissionSetId reference C! =PermissionSet >Assignments!
AssigneeId reference C! =User >PermissionSetAssignments!
SystemModstamp datetime R
)";

constexpr std::string_view field_permissions_fields = R"(
Id id R
ParentId reference C! =PermissionSet >FieldPerms!
SobjectType picklist(40) C!
Field picklist(255) C!
PermissionsEdit boolean CU
PermissionsRead boolean CU
SystemModstamp datetime R
)";

constexpr std::string_view object_permissions_fields = R"(
Id id R
ParentId reference C! =PermissionSet >ObjectPerms!
SobjectType picklist(40) C!
PermissionsCreate boolean CU
PermissionsRead boolean CU
PermissionsEdit boolean CU
PermissionsDelete boolean CU
PermissionsViewAllRecords boolean CU
PermissionsModifyAllRecords boolean CU
SystemModstamp datetime R
)";

constexpr ObjectText objects[] = {
    {"Account", "Account", "Accounts", "001", account_fields},
    {"Contact", "Contact", "Contacts", "003", contact_fields},
    {"Opportunity", "Opportunity", "Opportunities", "006", opportunity_fields},
    {"User", "User", "Users", "005", user_fields},
    {"Lead", "Lead", "Leads", "00Q", lead_fields},
    {"Task", "Task", "Tasks", "00T", task_fields},
    {"Event", "Event", "Events", "00U", event_fields},
    {"RecordType", "Record Type", "Record Types", "012", record_type_fields},
    {"Group", "Group", "Groups", "00G", group_fields},
    {"Organization", "Organization", "Organizations", "00D", organization_fields},
    {"Profile", "Profile", "Profiles", "00e", profile_fields},
    {"PermissionSet", "Permission Set", "Permission Sets", "0PS", permission_set_fields},
    {"PermissionSetAssignment", "Permission Set Assignment", "Permission Set Assignments", "0Pa", permission_set_assignment_fields},
    {"FieldPermissions", "Field Permissions", "Field Permissions", "01k", field_permissions_fields},
    {"ObjectPermissions", "Object Permissions", "Object Permissions", "110", object_permissions_fields},
};

}  // namespace

std::span<const ObjectText> standard_objects() {
  return objects;
}

}  // namespace simulator
