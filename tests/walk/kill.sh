#!/usr/bin/env bash
# Kills a sync with SIGKILL at random moments, fifty times in a row, then lets one finish: no row without its record,
# none twice, every edit there. Usage: kill.sh FOLDER-OF-THE-PROGRAMS
set -euo pipefail
bin=$1
work=$(mktemp -d)
simulator=
finish() { [ -z "$simulator" ] || kill "$simulator" 2>/dev/null || true; rm -rf "$work"; }
trap finish EXIT
cd "$work"
fail() { echo "FAILED: $*" >&2; exit 1; }
"$bin/sfsim" --port 0 --seed-rows 3000 --latency-ms 5 > sim.log &
simulator=$!
for _ in $(seq 100); do grep -q listening sim.log && break; sleep 0.05; done
url=$(sed -n 's/^sfsim listening on //p' sim.log)
export SALESFORCE_CLIENT_ID=sfsim-client SALESFORCE_CLIENT_SECRET=sfsim-secret LOCKSTEP_SALESFORCE_LOGIN_URL=$url
"$bin/lockstep" connect --flow client-credentials > /dev/null
sql() { sqlite3 -cmd '.timeout 5000' lockstep.db "$1"; }
for round in $(seq 50); do
  sql "insert into contacts(last_name, email) values ('Row $round a', 'a$round@kill.example'),
       ('Row $round b', 'b$round@kill.example');
       update contacts set title = 'round $round' where id % 50 = $round" > /dev/null
  "$bin/lockstep" sync > /dev/null 2>&1 &
  victim=$!
  sleep "0.$(printf %03d $((RANDOM % 250)))"
  kill -9 "$victim" 2>/dev/null || true
  wait "$victim" 2>/dev/null || true
done
"$bin/lockstep" sync > /dev/null || fail "the calm sync did not end well"
sleep 1.1
"$bin/lockstep" sync > /dev/null || fail "the last sync did not end well"
[ "$(sql "select count(*) from contacts where salesforce_id is null")" = 0 ] || fail "a row has no record"
[ "$(sql "select count(*) from contacts")" = 3100 ] || fail "rows: $(sql "select count(*) from contacts")"
token=$(curl -sf -d "grant_type=client_credentials&client_id=sfsim-client&client_secret=sfsim-secret" \
  "$url/services/oauth2/token" | jq -r .access_token)
query() { curl -sf -G -H "Authorization: Bearer $token" --data-urlencode "q=$1" "$url/services/data/v62.0/query"; }
[ "$(query "SELECT COUNT() FROM Contact" | jq .totalSize)" = 3100 ] || fail "records: $(query "SELECT COUNT() FROM Contact")"
for round in $(seq 49); do
  [ "$(query "SELECT COUNT() FROM Contact WHERE Title = 'round $round'" | jq .totalSize)" = \
    "$(sql "select count(*) from contacts where title = 'round $round'")" ] || fail "an edit of round $round is lost"
done
echo "fifty kills: 3100 rows, 3100 records, every edit on both sides"
