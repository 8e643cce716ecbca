#!/usr/bin/env bash
# Kills a sync with SIGKILL at random moments, fifty times in a row, then lets one finish: no row without its record,
# none twice, every edit there. Usage: kill.sh FOLDER-OF-THE-PROGRAMS
source "$(dirname "$0")/common.sh"

start_sfsim --seed-rows 3000 --latency-ms 5
sign_in
"$bin/lockstep" connect --flow client-credentials > /dev/null
kills=0
for round in $(seq 50); do
  sql "insert into contacts(last_name, email) values ('Row $round a', 'a$round@kill.example'),
       ('Row $round b', 'b$round@kill.example');
       update contacts set title = 'round $round' where id % 50 = $round" > /dev/null
  "$bin/lockstep" sync > /dev/null 2>&1 &
  victim=$!
  sleep "0.$(printf %03d $((RANDOM % 250)))"
  if kill -9 "$victim" 2>/dev/null; then kills=$((kills + 1)); fi
  wait "$victim" 2>/dev/null || true
done
[ $kills -ge 10 ] || fail "only $kills of fifty processes still ran when they were killed"
"$bin/lockstep" sync > /dev/null || fail "the calm sync did not end well"
sleep 1.1
"$bin/lockstep" sync > /dev/null || fail "the last sync did not end well"
[ "$(sql "select count(*) from contacts where salesforce_id is null")" = 0 ] || fail "a row has no record"
[ "$(sql "select count(*) from contacts")" = 3100 ] || fail "rows: $(sql "select count(*) from contacts")"
query() { curl -sf -G -H "Authorization: Bearer $token" --data-urlencode "q=$1" "$url/services/data/v62.0/query"; }
[ "$(query "SELECT COUNT() FROM Contact" | jq .totalSize)" = 3100 ] || fail "records: $(query "SELECT COUNT() FROM Contact")"
for round in $(seq 49); do
  [ "$(query "SELECT COUNT() FROM Contact WHERE Title = 'round $round'" | jq .totalSize)" = \
    "$(sql "select count(*) from contacts where title = 'round $round'")" ] || fail "an edit of round $round is lost"
done
echo "$kills kills: 3100 rows, 3100 records, every edit on both sides"
