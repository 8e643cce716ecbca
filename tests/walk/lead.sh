#!/usr/bin/env bash
# A lead is converted in Salesforce: the contact, the account and the opportunity it becomes are rows once, its own row
# follows the mapping's policy, and an edit that the converted lead no longer takes is set aside, not lost. Real
# programs. Usage: lead.sh FOLDER-OF-THE-PROGRAMS
source "$(dirname "$0")/common.sh"

start_sfsim
sign_in
"$bin/lockstep" connect --flow client-credentials > /dev/null
"$bin/lockstep" sync > /dev/null || fail "the first sync"
sql "create table leads(id integer primary key autoincrement, last_name text, company text, email text, title text,
  is_converted text, salesforce_id text, salesforce_sync_status text, salesforce_sync_error text)"
"$bin/lockstep" mapping attach Lead --table leads --field last_name=LastName --field company=Company \
  --field email=Email --field title=Title > out || fail "attaching: $(cat out)"
run() { sleep 1.1; status=0; "$bin/lockstep" sync --json > report || status=$?; }
counts() { jq -c --arg o "$1" '.objects[] | select(.object == $o) | [.pulled.created, .pulled.updated, .pulled.deleted,
  .pushed.created, .pushed.updated, .pushed.deleted, .parked]' report; }
count() { api -G --data-urlencode "q=SELECT COUNT() FROM $1" "$data/query" | jq -r .totalSize; }
convert() { curl -sf -d "{\"lead\":\"$1\",\"opportunity\":\"$2\"}" "$url/__sim/convert-lead" > converted; }
lead() { sql "select salesforce_id from leads where last_name = '$1'"; }
rows() { for table in leads contacts companies opportunities; do sql "select count(*) from $table"; done | xargs; }
records() { for object in Lead Contact Account Opportunity; do count "$object"; done | xargs; }

# One made here, one made there.
sql "insert into leads(last_name, company, email) values ('Lee', 'Lee Ltd', 'lee@lead.example')"
api -d '{"LastName":"Ray","Company":"Ray Ltd","Email":"ray@lead.example"}' "$data/sobjects/Lead" > /dev/null
run; run
expect "leads in step" "$(rows), $(records)" "2 0 0 0, 2 0 0 0"

# Both are converted. What they become comes here once; their rows stay, as the leads do.
for name in Lee Ray; do convert "$(lead $name)" "$name's deal"; done
run
expect "exit status of the run after it" $status 0
expect "after the conversions" "$(rows), $(records)" "2 2 2 2, 2 2 2 2"
expect "the contact's row" "$(sql "select c.email, co.name from contacts c join companies co on co.id = c.company_id
  where c.last_name = 'Ray'")" "ray@lead.example|Ray Ltd"
expect "the opportunity's row" "$(sql "select co.name from opportunities o join companies co on co.id = o.company_id
  where o.name = 'Ray''s deal'")" "Ray Ltd"
expect "no row without its record" "$(sql "select count(*) from leads where salesforce_id is null
  or salesforce_sync_status <> 'synced'")" 0
run
expect "an idle run" "$status $(counts Lead) $(counts Contact)" "0 [0,0,0,0,0,0,0] [0,0,0,0,0,0,0]"

# An edit of a converted lead's row has nowhere to go: it is set aside with the reason, and stays.
sql "update leads set title = 'Too late' where last_name = 'Lee'"
run
expect "exit status of the refused edit" $status 1
expect "why" "$("$bin/lockstep" parked list --json | jq -r '.[].code')" CANNOT_UPDATE_CONVERTED_LEAD
expect "the row" "$(sql "select title, salesforce_sync_status from leads where last_name = 'Lee'")" "Too late|error"
run
expect "what is set aside after another run" "$("$bin/lockstep" parked list --json | jq -c '[.[] | [.object, .row, .code]]')" \
  '[["Lead","1","CANNOT_UPDATE_CONVERTED_LEAD"]]'
expect "the row after another run" "$(sql "select title, salesforce_sync_status from leads where last_name = 'Lee'")" "Too late|error"
expect "nothing became two" "$(rows), $(records)" "2 2 2 2, 2 2 2 2"
# An edit of both, the lead's row and its contact's, reaches the contact.
sql "update contacts set title = 'Customer' where last_name = 'Lee'"
run
expect "the contact" "$(api -G --data-urlencode "q=SELECT Title FROM Contact WHERE LastName = 'Lee'" "$data/query" |
  jq -r '.records[0].Title')" Customer

# Where only open leads are wanted, the row goes with the conversion, and the record stays as it is.
"$bin/lockstep" parked discard "$("$bin/lockstep" parked list --json | jq '.[0].id')" > /dev/null
"$bin/lockstep" mapping set Lead --filter 'IsConverted = false' --on-filter-leave remove > out || fail "the filter: $(cat out)"
sql "insert into leads(last_name, company, email) values ('Open', 'Open Ltd', 'open@lead.example')"
run; run
convert "$(lead Open)" "Open's deal"
run
expect "its row" "$(sql "select count(*) from leads where last_name = 'Open'")" 0
expect "its history" "$("$bin/lockstep" history leads/3 --json | jq -r '.[].action' | xargs | cut -d' ' -f1,2)" \
  "row_removed left_filter"
expect "its contact" "$(sql "select count(*) from contacts where email = 'open@lead.example'")" 1
run
expect "three leads, as they were" "$(records)" "3 3 3 3"
expect "rows" "$(sql 'select count(*) from contacts') $(sql 'select count(*) from companies') $(sql 'select count(*) from opportunities')" "3 3 3"
run
expect "an idle run at the end" "$(counts Lead) $(counts Contact) $(counts Account) $(counts Opportunity)" \
  "[0,0,0,0,0,0,0] [0,0,0,0,0,0,0] [0,0,0,0,0,0,0] [0,0,0,0,0,0,0]"
echo "converted leads are followed"
