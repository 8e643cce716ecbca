#!/usr/bin/env bash
# An org without the field that holds our key: rows are sent by the longer way until `connect --create-fields` has made
# it, whether the admin lets it at once, late or half. Usage: create_fields.sh FOLDER-OF-THE-PROGRAMS
source "$(dirname "$0")/common.sh"

start_sfsim --seed-rows 5 --no-upsert-field
lockstep() { status=0; "$bin/lockstep" "$@" > out 2> error || status=$?; }
connect() { lockstep connect --flow client-credentials "$@"; }
# Without the field a select of it is refused: it is there, and this user may see it, or not.
has_field() { sign_in; api "$data/sobjects/$1/describe" | jq '[.fields[] | select(.name == "Lockstep_Id__c" and .updateable)] | length'; }
named() { curl -sf "$url/__sim/dump/Contact" | jq -s "[.[] | select(.LastName == \"$1\")] | length"; }
faults() { curl -sf -X PUT "$url/__sim/faults" -d "{\"rules\": [$1]}" > /dev/null; }

connect; expect "exit status while the field is missing" $status 1
lockstep sync
sql "insert into contacts(last_name, email) values ('Waiting', 'waiting@example.com')"
lockstep sync
expect "exit status without a key ($(cat out error))" $status 0
expect "a row without a key to send it by" "$(named Waiting)" 1
expect "its state" "$(sql "select salesforce_sync_status from contacts where last_name = 'Waiting'")" synced

echo "an admin who refuses"
faults '{"effect": "error", "path": "/tooling/", "status": 403, "code": "INSUFFICIENT_ACCESS", "message": "insufficient access rights"}'
connect --create-fields; expect "exit status of a refusal" $status 1
grep -q 'Contact: .*Contact.Lockstep_Id__c.*Customize Application' error || fail "the refusal names no remedy: $(cat error)"
grep -q 'missing .*Contact: there is no field' out || fail "what is missing is not said: $(cat out)"
expect "the field" "$(has_field Contact)" 0
lockstep sync; expect "a sync after the refusal ($(cat out error))" $status 0

echo "an admin who lets the field be made, and not seen"
faults '{"effect": "error", "path": "/sobjects/FieldPermissions", "status": 400, "code": "INSUFFICIENT_ACCESS", "message": "insufficient access rights"}'
connect --create-fields; expect "exit status of half a refusal" $status 1
grep -q 'Contact: .*Field-Level Security' error || fail "the half refusal names no remedy: $(cat error)"
expect "the field, as the sync user sees it" "$(has_field Contact)" 0
curl -sf -X DELETE "$url/__sim/faults" > /dev/null

echo "an admin who agrees"
connect --create-fields; expect "exit status once the field is there" $status 0
grep -q 'object *Contact .*, key field' out || fail "the report: $(cat out)"
for object in Account Contact Opportunity; do expect "the field on $object" "$(has_field $object)" 1; done
connect --create-fields; expect "exit status with nothing to make" $status 0
sql "insert into contacts(last_name, email) values ('Keyed', 'keyed@example.com')"
lockstep sync; expect "the sync that follows ($(cat out error))" $status 0
expect "the row made before, and the one made after" "$(named Waiting) $(named Keyed)" "1 1"
key=$(curl -sf "$url/__sim/dump/Contact" | jq -r 'select(.LastName == "Keyed") | .Lockstep_Id__c')
[ ${#key} = 36 ] || fail "the record carries no key of ours: $key"
echo "the key field was made where it was allowed, and used"
