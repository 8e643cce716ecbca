#!/usr/bin/env bash
# A first load and a push of ten thousand rows by Bulk API 2.0: how many calls they take, and that processes killed in
# the middle of both lose nothing and double nothing. Usage: bulk.sh FOLDER-OF-THE-PROGRAMS
source "$(dirname "$0")/common.sh"

records=60000
start_sfsim --seed-rows $records --bulk-delay-ms 600 --bulk-batch-ms 150
sign_in
"$bin/lockstep" connect --flow client-credentials > /dev/null
count() { curl -sf "$url/__sim/stats" | jq --arg kind "$1" '[.by_kind | to_entries[] | select(.key | test($kind)) | .value] | add // 0'; }
start_victim() { "$bin/lockstep" sync > /dev/null 2>&1 & victim=$!; }
kills=0
kill_victim() { if kill -9 "$victim" 2> /dev/null; then kills=$((kills + 1)); fi; wait "$victim" 2> /dev/null || true; }
# Waits until the condition holds, while the victim lives.
until_true() { for _ in $(seq 2000); do if eval "$1"; then return 0; fi; kill -0 "$victim" 2> /dev/null || return 1; sleep 0.005; done; return 1; }
query() { curl -sf -G -H "Authorization: Bearer $token" --data-urlencode "q=$1" "$data/query"; }

echo "first load, killed while Salesforce prepares it and while it is stored"
start_victim; until_true '[ "$(sql "select count(bulk_job) from lockstep_checkpoints" 2> /dev/null || echo 0)" != 0 ]' ||
  fail "no Bulk query was begun"
kill_victim
job=$(sql "select bulk_job from lockstep_checkpoints where bulk_job is not null")
start_victim; until_true '[ "$(sql "select count(*) from contacts")" -gt 0 ]' || fail "no page was stored"
kill_victim
kept=$(sql "select count(*) from contacts")
[ "$kept" -lt $records ] || fail "the load was through before the process was killed"
expect "the job after two kills" "$(sql "select bulk_job from lockstep_checkpoints where bulk_job is not null")" "$job"
expect "first load" "$("$bin/lockstep" sync --json | jq -r '.status')" completed
expect "rows" "$(sql "select count(*), count(distinct salesforce_id) from contacts")" "$records|$records"
expect "Bulk query jobs made" "$(curl -sf -H "Authorization: Bearer $token" "$data/jobs/query" | jq '.records | length')" 1
sleep 1.1; "$bin/lockstep" sync > /dev/null; sleep 1.1
expect "an idle run" "$("$bin/lockstep" sync --json | jq -c '[.status, .api_calls]')" '["completed",1]'

echo "10,000 rows with one changed field"
sql "update contacts set title = 'T' || id where id <= 10000"
"$bin/lockstep" sync --json > report
expect "pushed" "$(jq '.objects[] | select(.object == "Contact").pushed.updated' report)" 10000
request=$("$bin/lockstep" history contacts/5 --json | jq -r '.[0].request_id')
[[ $request == "job 750"* ]] || fail "the history names no Bulk job, but $request"
calls=$(jq .api_calls report)
echo "took $calls API calls"
[ "$calls" -le 10 ] || fail "a push of 10,000 rows took $calls API calls: $(curl -sf "$url/__sim/stats")"
expect "records" "$(query "SELECT COUNT() FROM Contact WHERE Title LIKE 'T%'" | jq .totalSize)" \
  "$(sql "select count(*) from contacts where title like 'T%'")"

echo "updates and creates, killed with the job open, closed, and over"
sql "update contacts set title = 'U' || id where id <= 10000;
     with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000)
     insert into contacts(last_name, email) select 'New ' || i, 'new' || i || '@bulk.example' from n"
noted='[ -n "$(sql "select value from lockstep_notes where name = '"'bulk_jobs'"'" 2> /dev/null || true)" ]'
kills=0
for pause in 0 0.02 0.05 0.1 0.3 0.6 0.9 1.2; do
  start_victim
  if until_true "$noted"; then sleep $pause; kill_victim; else wait "$victim" || true; fi
  # Somebody else's edit of the same rows must not be overwritten by what a job of the killed process still does.
  sql "update contacts set title = 'V' || id || '-$pause' where id <= 50"
done
[ $kills -gt 0 ] || fail "no process was killed with its job noted"
"$bin/lockstep" sync > /dev/null || fail "the calm sync did not end well"
sleep 1.1; "$bin/lockstep" sync > /dev/null || fail "the last sync did not end well"
expect "rows" "$(sql "select count(*), count(distinct salesforce_id) from contacts")" "65000|65000"
expect "records" "$(query "SELECT COUNT() FROM Contact" | jq .totalSize)" 65000
expect "edited records" "$(query "SELECT COUNT() FROM Contact WHERE Title LIKE 'V%-1.2'" | jq .totalSize)" 50
expect "updated records" "$(query "SELECT COUNT() FROM Contact WHERE Title LIKE 'U%'" | jq .totalSize)" \
  "$(sql "select count(*) from contacts where title like 'U%'")"
expect "conflicts" "$(sql "select count(*) from lockstep_conflicts")" 0

echo "the same through bad weather"
curl -sf -X PUT "$url/__sim/faults" -d '{"seed": 3, "rules": [
  {"effect": "cut_after", "method": "POST", "path": "/jobs/ingest", "count": 1},
  {"effect": "cut_after", "method": "PATCH", "path": "/jobs/ingest", "count": 1},
  {"effect": "unavailable", "method": "PUT", "path": "/batches", "count": 1},
  {"effect": "cut_csv", "path": "Results/", "count": 2},
  {"effect": "lock_rows", "method": "BATCH", "share": 0.05, "count": 3},
  {"effect": "fail_job", "method": "BATCH", "after": 1, "count": 1},
  {"effect": "expire_token", "path": "/jobs/", "every": 5}]}' > /dev/null
sql "update contacts set title = 'W' || id where id <= 10000;
     with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000)
     insert into contacts(last_name, email) select 'Rough ' || i, 'rough' || i || '@bulk.example' from n"
for _ in 1 2 3 4 5; do
  "$bin/lockstep" sync > said 2>&1 || true
  [ "$(sql "select count(*) from lockstep_outbox")" != 0 ] || break
done
expect "rows not yet sent" "$(sql "select count(*) from lockstep_outbox")" 0
[ "$(struck_least)" -gt 0 ] || fail "some weather never came: $(curl -sf "$url/__sim/stats")"
curl -sf -X DELETE "$url/__sim/faults" > /dev/null
sign_in
sleep 1.1; "$bin/lockstep" sync > /dev/null || fail "the sync after bad weather did not end well"
expect "rows" "$(sql "select count(*), count(distinct salesforce_id) from contacts")" "70000|70000"
expect "records" "$(query "SELECT COUNT() FROM Contact" | jq .totalSize)" 70000
expect "edited records" "$(query "SELECT COUNT() FROM Contact WHERE Title LIKE 'W%'" | jq .totalSize)" 10000
"$bin/lockstep" verify > verified || { cat verified; fail "the sides differ"; }
echo "killed in the middle of both, nothing lost, nothing double"
