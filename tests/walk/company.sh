#!/usr/bin/env bash
# A contact's company as text: it stands for the account of that name, by itself and beside company_id. Real programs.
# Usage: company.sh FOLDER-OF-THE-PROGRAMS
source "$(dirname "$0")/common.sh"

start_sfsim --seed-rows 60
sign_in
"$bin/lockstep" connect --flow client-credentials > /dev/null
sync() { sleep 1.1; "$bin/lockstep" sync --json > report || true; jq -r .status report; }
row() { sql "select coalesce(company, '') || '|' || coalesce(company_id, '') || '|' || salesforce_sync_status from contacts where id = $1"; }
account() { api "$data/sobjects/Contact/$(sql "select salesforce_id from contacts where id = $1")" | jq -r '.AccountId // ""'; }
id_of() { sql "select salesforce_id from companies where id = $1"; }
parked() { "$bin/lockstep" parked list --json | jq -c "[.[] | select(.row == \"$1\") | .code]"; }
sync > /dev/null
sync > /dev/null
sql "insert into companies(name) values ('Alpha'), ('Beta')"
sync > /dev/null
alpha=$(sql "select id from companies where name = 'Alpha'")
beta=$(sql "select id from companies where name = 'Beta'")

# The name of a company moves the record there, and the row's company_id with it; it stays so.
sql "update contacts set company = 'Alpha' where id = 1; insert into contacts(last_name, company) values ('New', 'Beta');
     update contacts set company = null where id = 2; update contacts set company_id = $beta where id = 3"
new=$(sql "select id from contacts where last_name = 'New'")
for look in first second third; do
  expect "the $look sync" "$(sync)" completed
  expect "an edit by name after the $look sync" "$(row 1)|$(account 1)" "Alpha|$alpha|synced|$(id_of "$alpha")"
  expect "an insert by name after the $look sync" "$(row "$new" | cut -d'|' -f2-)|$(account "$new")" \
    "$beta|synced|$(id_of "$beta")"
  expect "no company after the $look sync" "$(row 2)|$(account 2)" "||synced|"
done
expect "the name that follows company_id" "$(row 3)|$(account 3)" "Beta|$beta|synced|$(id_of "$beta")"

# No company of that name: the rest goes, the field waits where everybody can see it, and goes on by itself.
before=$(account 4)
sql "update contacts set company = 'Nowhere', title = 'Moved' where id = 4;
     insert into contacts(last_name, company) values ('Early', 'Nowhere')"
early=$(sql "select id from contacts where last_name = 'Early'")
sync > /dev/null
expect "the rest of the row" "$(api "$data/sobjects/Contact/$(sql 'select salesforce_id from contacts where id = 4')" |
  jq -r '.Title + "|" + (.AccountId // "")')" "Moved|$before"
expect "a name of nobody" "$(parked 4)|$(parked "$early")" '["WAITING_FOR_PARENT"]|["WAITING_FOR_PARENT"]'
expect "its row" "$(sql 'select salesforce_sync_status from contacts where id = 4')" pending
sql 'select salesforce_sync_error from contacts where id = 4' | grep -q 'no Account named "Nowhere".*choose company_id' ||
  fail "the row does not say what to do"
"$bin/lockstep" verify --json > report || true
expect "what verify says of it" "$(jq -c '.objects[] | select(.object == "Contact") | [.parked, .differing]' report)" "[2,0]"
sql "insert into companies(name) values ('Nowhere')"
nowhere=$(sql "select id from companies where name = 'Nowhere'")
sync > /dev/null
expect "once there is one" "$(row 4)|$(account 4)" "Nowhere|$nowhere|synced|$(id_of "$nowhere")"
expect "and for the new one" "$(account "$early")|$(parked "$early")" "$(id_of "$nowhere")|[]"

# Two of a name: a person says which.
sql "insert into companies(name) values ('Twice'), ('Twice')"
sync > /dev/null
sql "update contacts set company = 'Twice' where id = 5"
expect "a sync with two of a name" "$(sync)" partial
expect "two of a name" "$(parked 5)|$(sql 'select salesforce_sync_status from contacts where id = 5')" \
  '["AMBIGUOUS_PARENT"]|error'
sql 'select salesforce_sync_error from contacts where id = 5' | grep -q 'more than one Account named "Twice".*choose company_id' ||
  fail "the row does not say what to do"
twice=$(sql "select max(id) from companies where name = 'Twice'")
sql "update contacts set company_id = $twice where id = 5"
sync > /dev/null
expect "which of the two" "$(row 5)|$(account 5)|$(parked 5)" "Twice|$twice|synced|$(id_of "$twice")|[]"
"$bin/lockstep" verify --json > report || fail "the sides are not equal: $(cat report)"
echo "a company is known by its name"
