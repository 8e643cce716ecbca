#!/usr/bin/env bash
# A person with tables of their own adopts them, chooses fields, transforms and rules, and takes the mappings along in
# a file. Usage: mapping.sh FOLDER-OF-THE-PROGRAMS
source "$(dirname "$0")/common.sh"
status_of() { local status=0; "$@" > out 2> error || status=$?; echo $status; }

start_sfsim --seed-rows 300
sign_in

# A database that is there already, with names and keys of its own.
sql "create table firms(uid text primary key, name text, www text, Industry text);
     create table people(no integer primary key, name text, mail text, state text, salesforce_sync_status text,
                         salesforce_sync_error text);
     create table pairs(a integer, b integer, name text, primary key (a, b))"
"$bin/lockstep" connect --flow client-credentials > /dev/null
expect "tables made beside the application's" "$(sql "select count(*) from sqlite_schema where name = 'contacts'")" 0

expect "a composite key" "$(status_of "$bin/lockstep" mapping attach Account --table pairs)" 2
grep -q 'several columns (a, b)' error || fail "the message does not say which columns"
expect "a table that is not there" "$(status_of "$bin/lockstep" mapping attach Account --table nothing)" 2

# Columns of equal names are found by themselves, others are named.
"$bin/lockstep" mapping attach Account --table firms --field www=Website > /dev/null
expect "fields" "$("$bin/lockstep" mapping show Account --json | jq -c '[.table, .keyColumn, (.mappings | length)]')" \
  '["firms","uid",1]'
"$bin/lockstep" mapping attach account --table firms --field name=Name --field Industry=Industry > /dev/null
expect "fields" "$("$bin/lockstep" mapping show Account --json | jq -r '[.mappings[].salesforceField] | sort | join(" ")')" \
  "Industry Name Website"

# What deletes do is a mapping's own choice, on the command line and in a file.
"$bin/lockstep" mapping set Account --on-salesforce-delete ignore --on-crm-delete recreate > /dev/null
policies() { "$bin/lockstep" mapping show Account --json | jq -r '.onSalesforceDelete + " " + .onCrmDelete'; }
expect "delete policies" "$(policies)" "ignore recreate"
"$bin/lockstep" mapping show Account | grep -q 'when its row is deleted: recreate' || fail "show leaves the policies out"
"$bin/lockstep" mapping export - | jq '.mappings |= map(select(.onCrmDelete) | .onCrmDelete = "ignore")' > policies.json
"$bin/lockstep" mapping import policies.json > /dev/null
expect "imported delete policies" "$(policies)" "ignore ignore"
expect "a policy that is none" "$(status_of "$bin/lockstep" mapping set Account --on-crm-delete forget)" 2
sed 's/"ignore"/"forget"/' policies.json > wrong.json
expect "a policy in a file that is none" "$(status_of "$bin/lockstep" mapping import wrong.json)" 2
grep -q 'onSalesforceDelete is "forget"; allowed are delete, archive, ignore and recreate' out || fail "no word of it: $(cat out)"
"$bin/lockstep" mapping set Account --on-salesforce-delete delete --on-crm-delete delete > /dev/null

expect "a field that is not there" "$(status_of "$bin/lockstep" mapping set Account --field www=Nonsense__c)" 2
grep -q 'no field Nonsense__c' out || fail "the message does not name the field"
expect "a filter that is wrong" "$(status_of "$bin/lockstep" mapping set Account --filter "Nonsense = 'x'")" 2
expect "a transform without a way back" "$(status_of "$bin/lockstep" mapping attach Contact --table people \
  --field 'mail=Email;transform={"constant":"x"}')" 2
grep -q 'crm_to_salesforce or salesforce_to_crm' out || fail "the message does not say that a direction is needed"

"$bin/lockstep" mapping attach Contact --table people --conflicts manual \
  --field 'name=FirstName;transform={"split":"first"}' --field 'name=LastName;transform={"split":"last"}' \
  --field 'mail=Email;transform=lower;winner=crm_wins' \
  --field 'state=HasOptedOutOfEmail;transform={"toSalesforce":{"quiet":true,"open":false}}' > out || { cat out; fail attach; }
"$bin/lockstep" mapping set Account --filter "Name != 'Nobody'" > /dev/null
sql "update lockstep_integrations set sync_opportunities = 0"
expect "check" "$(status_of "$bin/lockstep" mapping check Contact)" 0
"$bin/lockstep" sync --json > report || { cat report; fail "first sync"; }
expect "people" "$(sql 'select count(*) from people')" 300
expect "their state" "$(sql "select count(*) from people where state not in ('quiet', 'open')")" 0
sql 'create table numbered(id int primary key, name text)'
expect "a table that gives new rows no key" "$(status_of "$bin/lockstep" mapping attach Account --table numbered --replace)" 2
grep -q 'gives new rows no key' out error || fail "the message does not say why: $(cat out error)"
expect "keys of firms" "$(sql 'select count(*) from firms where length(uid) = 36')" "$(sql 'select count(*) from firms')"

who=$(sql "select record_id from lockstep_links where row_key = '7' and mapping_id = (select max(mapping_id) from lockstep_captures)")
sql "update people set name = 'Anna Maria Muster', state = 'quiet', mail = 'ANNA@Example.com' where no = 7;
     insert into people(name, state) values ('New Person', 'open')"
"$bin/lockstep" sync --json > report || { cat report; fail "second sync"; }
expect "the record" "$(api "$data/sobjects/Contact/$who" | jq -r '[.FirstName, .LastName, .HasOptedOutOfEmail, .Email] | map(tostring) | join("|")')" \
  "Anna Maria|Muster|true|anna@example.com"
expect "the new one" "$(api -G "$data/query" --data-urlencode "q=SELECT FirstName FROM Contact WHERE LastName = 'Person'" | jq -r '.records[0].FirstName')" New
api -X PATCH -d '{"LastName":"van der Berg","Email":"Anna@Example.COM"}' "$data/sobjects/Contact/$who"
"$bin/lockstep" sync --json > report || { cat report; fail "third sync"; }
expect "the row" "$(sql 'select name from people where no = 7')" "Anna Maria van der Berg"
sleep 1.1
sql "update people set mail = 'ANNA@example.com' where no = 7"
expect "what moves when only the case of an address differs" \
  "$("$bin/lockstep" sync --json | jq -c '[.objects[] | .pulled.updated, .pushed.updated] | add')" 0

# The same object to another table: its links know other rows.
sql "create table others(no integer primary key, name text, mail text)"
expect "another table" "$(status_of "$bin/lockstep" mapping attach Contact --table others --field mail=Email)" 2
grep -q -- --replace error || fail "the message does not name the remedy"

# Into a file and back.
"$bin/lockstep" mapping export mappings.json
"$bin/lockstep" mapping set Contact --remove state > /dev/null
expect "fields after removing one" "$("$bin/lockstep" mapping show contact --json | jq '.mappings | length')" 3
"$bin/lockstep" mapping import mappings.json > /dev/null
"$bin/lockstep" mapping export again.json
cmp mappings.json again.json || fail "what was exported is not what was imported"
jq '(.mappings[] | select(.objectType == "Contact")).mappings += [{"crmField": "name", "salesforceField": "Nonsense__c"}]' mappings.json > bad.json
expect "import of a mapping that does not fit" "$(status_of "$bin/lockstep" mapping import bad.json)" 2
"$bin/lockstep" mapping export again.json
cmp mappings.json again.json || fail "half an import was stored"
sed -i 's/"keyColumn"/"keyColum"/' bad.json
expect "import of a wrong key" "$(status_of "$bin/lockstep" mapping import bad.json)" 2
grep -q 'no key "keyColum"' error || fail "the message does not name the key"

# A second document for the object, as a Node application makes one, adds to the first.
sql "alter table people add column title text;
     insert into lockstep_field_mappings(integration_id, workspace_id, object_type, table_name, mappings)
     select id, workspace_id, 'contact', 'people', '[{\"crmField\":\"title\",\"salesforceField\":\"Title\"}]'
     from lockstep_integrations"
"$bin/lockstep" sync > /dev/null
expect "rows after a second document" "$(sql 'select count(*) from people')" 301

# A field that joins the mapping comes over for the rows and records there are, each way, and nothing else is read.
sql "alter table people add column role text; update people set role = 'Rower' where no = 11; update people set role = null where no <> 11"
twelve=$(sql "select record_id from lockstep_links where row_key = '12' and record_id like '003%'")
eleven=$(sql "select record_id from lockstep_links where row_key = '11' and record_id like '003%'")
api -X PATCH -d '{"Department":"Steering"}' "$data/sobjects/Contact/$twelve"
api -X PATCH -d '{"Department":null}' "$data/sobjects/Contact/$eleven"
sleep 1.1
"$bin/lockstep" sync > /dev/null
"$bin/lockstep" mapping set Contact --field role=Department > /dev/null
"$bin/lockstep" sync --json > report || { cat report; fail "sync with a new field"; }
expect "from the org" "$(sql 'select role from people where no = 12')" Steering
expect "from the row" "$(api "$data/sobjects/Contact/$eleven" | jq -r .Department)" Rower
expect "what is left to read again" "$(sql 'select count(*) from lockstep_sweeps')" 0
expect "rows" "$(sql 'select count(*) from people')" 301
sleep 1.1
expect "what moves in the next run" "$("$bin/lockstep" sync --json | jq -c '[.objects[] | .pulled.updated, .pushed.updated] | add')" 0

# Another filter: what it lets in is read, though nobody touched it since.
"$bin/lockstep" mapping set Account --filter "Name = 'Nobody'" > /dev/null
sql "delete from lockstep_outbox"
api -X POST -d '{"Name":"Latecomer"}' "$data/sobjects/Account" > /dev/null
sleep 1.1
"$bin/lockstep" sync > /dev/null
expect "outside the filter" "$(sql "select count(*) from firms where name = 'Latecomer'")" 0
"$bin/lockstep" mapping set Account --filter "" > /dev/null
"$bin/lockstep" sync > /dev/null
expect "let in" "$(sql "select count(*) from firms where name = 'Latecomer'")" 1

# SQLite gives the next row the key of the last one, if that is gone. It is another one.
linked() { sql "select record_id from lockstep_links where row_key = '$1' and record_id like '003%'"; }
last=$(sql 'select max(no) from people'); gone=$(linked "$last")
sql "delete from people where no = $last; insert into people(name, state) values ('Alice Adams', 'open')"
expect "its key" "$(sql "select no from people where name = 'Alice Adams'")" "$last"
for _ in 1 2; do sleep 1.1; "$bin/lockstep" sync --json > report || { cat report; fail "sync of a reused key"; }; done
expect "the record of the row that went" "$(api "$data/sobjects/Contact/$gone" -o /dev/null -w '%{http_code}' || true)" 404
expect "the record of the next one" "$(api "$data/sobjects/Contact/$(linked "$last")" | jq -r .LastName)" Adams

# What the sync user cannot see, change or fill is said, by field and by number.
mkdir blind && cd blind
sign_in
"$bin/lockstep" connect --flow client-credentials > /dev/null
"$bin/lockstep" sync > /dev/null
seen=$(sql 'select count(*) from contacts')
for id in $(sql 'select salesforce_id from contacts limit 5'); do
  api -d "{\"id\":\"$id\",\"hidden\":true}" "$url/__sim/hidden" > /dev/null
done
expect "a check with a blind spot" "$(status_of "$bin/lockstep" mapping check)" 1
grep -q "the sync user sees $((seen - 5)) of about $seen Contact records; give it \"View All\"" out || fail "hidden rows: $(cat out)"
sql 'alter table contacts add column whole text'
"$bin/lockstep" mapping set Contact --field whole=Name --remove lastName > out 2>&1 || true
"$bin/lockstep" mapping check > out 2>&1 || true
grep -q 'Contact.Name is read-only for the sync user, so edits of contacts.whole stay in the CRM' out || fail "read-only: $(cat out)"
grep -q 'a new Contact needs LastName, which nothing fills' out || fail "required: $(cat out)"
echo "the mappings fit"
