#!/usr/bin/env bash
# Tasks and events, whose references lead to several objects, and an object of the org's own with a lookup of its own,
# both ways. Real programs. Usage: objects.sh FOLDER-OF-THE-PROGRAMS
source "$(dirname "$0")/common.sh"

# The way a user gets a describe file: from an org, here with another name and other fields.
start_sfsim
sign_in
mkdir describes
api "$data/sobjects/Account/describe" | jq '
  def field($name): .fields[] | select(.name == $name);
  . as $account
  | .name = "Invoice__c" | .label = "Invoice" | .labelPlural = "Invoices" | .keyPrefix = "a0I" | .custom = true
  | .childRelationships = []
  | .fields = [("Id", "IsDeleted", "Name", "OwnerId", "CreatedDate", "CreatedById", "LastModifiedDate",
        "LastModifiedById", "SystemModstamp", "Lockstep_Id__c") as $name | $account | field($name)]
      + [($account | field("AnnualRevenue")) + {name: "Amount__c", label: "Amount", custom: true, scale: 2},
         ($account | field("ParentId")) + {name: "Account__c", label: "Account", custom: true,
           relationshipName: "Account__r"}]' > describes/Invoice__c.json
kill "$simulator"; wait "$simulator" || true
start_sfsim --seed-rows 20 --schema describes
sign_in
"$bin/lockstep" connect --flow client-credentials > /dev/null
"$bin/lockstep" integration set syncTasks=true syncEvents=true > /dev/null
"$bin/lockstep" sync > /dev/null || fail "the first sync"
sync() { sleep 1.1; "$bin/lockstep" sync > out 2>&1 || fail "a sync: $(cat out)"; }
one() { api -G --data-urlencode "q=$1" "$data/query" | jq -c ".records[0] | $2"; }

sql "insert into companies(name) values ('Zed');
  insert into contacts(last_name, company_id) values ('Zoe', (select max(id) from companies));
  insert into opportunities(name, stage, close_date, company_id)
    values ('Deal', 'Prospecting', '2026-12-01', (select max(id) from companies));
  insert into tasks(subject, status, priority, due_date, contact_id, opportunity_id)
    values ('Call', 'Not Started', 'Normal', '2026-12-24', (select max(id) from contacts), (select max(id) from opportunities));
  insert into tasks(subject, status, priority, contact_id, company_id)
    values ('Mail', 'Not Started', 'Normal', (select max(id) from contacts), (select max(id) from companies));
  insert into events(subject, start_at, end_at, is_all_day, contact_id)
    values ('Meet', '2026-12-24T10:00:00+01:00', '2026-12-24T10:30:00+01:00', 0, (select max(id) from contacts))"
sync; sync
task='[.Who.Name, .What.Name, .ActivityDate]'
expect "a task for a person and a deal" "$(one "SELECT Who.Name, What.Name, ActivityDate FROM Task WHERE Subject = 'Call'" "$task")" \
  '["Zoe","Deal","2026-12-24"]'
expect "a task for a company" "$(one "SELECT Who.Name, What.Name, ActivityDate FROM Task WHERE Subject = 'Mail'" "$task")" \
  '["Zoe","Zed",null]'
expect "an event, in the org's zone" "$(one "SELECT Who.Name, StartDateTime FROM Event WHERE Subject = 'Meet'" '[.Who.Name, .StartDateTime]')" \
  '["Zoe","2026-12-24T09:00:00.000+0000"]'
expect "the event's row keeps its zone" "$(sql "select start_at from events where subject = 'Meet'")" 2026-12-24T10:00:00+01:00

# In Salesforce the task goes over to the company, here to the deal again.
call=$(sql "select salesforce_id from tasks where subject = 'Call'") zed=$(sql "select salesforce_id from companies where name = 'Zed'")
deal=$(sql "select salesforce_id from opportunities where name = 'Deal'")
api -X PATCH -d "{\"WhatId\":\"$zed\"}" "$data/sobjects/Task/$call"
sync
expect "a reference that leads to another object" \
  "$(sql "select opportunity_id is null, company_id = (select max(id) from companies) from tasks where subject = 'Call'")" "1|1"
sql "update tasks set company_id = null, opportunity_id = (select max(id) from opportunities) where subject = 'Call'"
sync
expect "and back" "$(api "$data/sobjects/Task/$call" | jq -r .WhatId)" "$deal"

# An object of the org's own, in a table with its own names and keys.
sql "create table invoices(number text primary key, title text, amount numeric, account_id integer references companies(id))"
"$bin/lockstep" mapping attach Invoice__c --table invoices --key number --field title=Name --field amount=Amount__c \
  --field account_id=Account__c > out || fail "attaching: $(cat out)"
sql "insert into invoices values ('2026-1', 'First', 12.5, (select max(id) from companies))"
sync; sync
expect "the record of an invoice" "$(one 'SELECT Name, Amount__c, Account__c FROM Invoice__c' '[.Name, .Amount__c, .Account__c]')" \
  "[\"First\",12.5,\"$zed\"]"
other=$(sql "select salesforce_id from companies where name <> 'Zed' limit 1")
api -d "{\"Name\":\"Second\",\"Amount__c\":7,\"Account__c\":\"$other\"}" "$data/sobjects/Invoice__c" > /dev/null
sync
expect "the row of an invoice" "$(sql "select title, amount, account_id = (select id from companies where salesforce_id = '$other'),
  length(number) > 0 from invoices where title = 'Second'")" "Second|7|1|1"
"$bin/lockstep" verify > out || fail "the sides differ: $(cat out)"
echo "tasks, events and invoices are in step"
