#!/usr/bin/env bash
# Every fault of the simulator that can befall REST, one after the other, while both sides are edited. Once it is lifted
# both sides are equal, no row is set aside and none was made twice. Usage: faults.sh FOLDER-OF-THE-PROGRAMS [EFFECT]...
source "$(dirname "$0")/common.sh"
shift

start_sfsim --seed-rows 200
sign_in
"$bin/lockstep" connect --flow client-credentials > /dev/null
"$bin/lockstep" sync > /dev/null
ids=$(sql 'select salesforce_id from contacts where id between 100 and 104')

edit_both() {  # $1: the name of the round
  sign_in  # an earlier round may have ended every session
  sql "update contacts set title = '$1 ' || id where id between 1 and 40"
  sql "insert into companies(name) values ('$1 Inc')"
  sql "insert into contacts(last_name, company_id) values ('$1', (select id from companies where name = '$1 Inc'))"
  for id in $ids; do api -X PATCH -d "{\"Department\":\"x\",\"Phone\":\"$1\"}" "$data/sobjects/Contact/$id"; done
  api -d "{\"LastName\":\"Org $1\"}" "$data/sobjects/Contact" > /dev/null
}

round() {  # $1: effect, $2: its rules
  edit_both "$1"
  curl -sf -X PUT "$url/__sim/faults" -d "{\"seed\": 7, \"rules\": [$2]}" > /dev/null || fail "the simulator refuses $2"
  for _ in 1 2; do timeout 60 "$bin/lockstep" sync > out 2>&1 || true; done
  [ "$(struck_least)" -gt 0 ] || fail "$1: the fault befell nothing"
  curl -sf -X DELETE "$url/__sim/faults" > /dev/null
  sql "update contacts set title = title where salesforce_sync_status = 'error'"  # a person looks at what was refused
  for _ in $(seq 6); do status=0; timeout 60 "$bin/lockstep" sync > out 2>&1 || status=$?; [ $status -ne 0 ] || break; sleep 1; done
  expect "$1: the run after it was lifted ($(tail -3 out))" $status 0
  expect "$1: set aside" "$(sql 'select count(*) from lockstep_parked')" 0
  status=0; "$bin/lockstep" verify --json > verified || status=$?
  expect "$1: verify ($(head -c 600 verified))" $status 0
  expect "$1: the new row's records" "$(curl -sf "$url/__sim/dump/Contact" | grep -c "\"LastName\":\"$1\"")" 1
  expect "$1: the new company's records" "$(curl -sf "$url/__sim/dump/Account" | grep -c "\"Name\":\"$1 Inc\"")" 1
  expect "$1: the new record's rows" "$(sql "select count(*) from contacts where last_name = 'Org $1'")" 1
  expect "$1: contacts" "$(sql 'select count(*) from contacts')" "$(curl -sf "$url/__sim/dump/Contact" | wc -l)"
  echo "$1: well"
}

declare -A rules=(
  [unavailable]='{"effect":"unavailable","count":3,"retry_after_s":1}'
  [html_500]='{"effect":"html_500","count":3}'
  [maintenance]='{"effect":"maintenance","count":4}'
  [request_limit]='{"effect":"request_limit","count":2}'
  [concurrent_limit]='{"effect":"concurrent_limit","count":2}'
  [too_many_requests]='{"effect":"too_many_requests","count":2,"retry_after_s":1}'
  [error]='{"effect":"error","status":500,"code":"UNKNOWN_EXCEPTION","message":"An unexpected error occurred","count":3}'
  [expire_token]='{"effect":"expire_token","every":2}'
  [cut_before]='{"effect":"cut_before","every":2,"count":4}'
  [cut_after]='{"effect":"cut_after","every":2,"count":4}'
  [cut_body]='{"effect":"cut_body","every":2,"count":4}'
  [cut_gzip]='{"effect":"cut_gzip","every":2,"count":4}'
  [slow]='{"effect":"slow","bytes_per_second":2000,"count":3}'
  [latency]='{"effect":"latency","latency_ms":300}'
  [lock_rows]='{"effect":"lock_rows","share":0.5,"count":4}'
  [fail_rows]='{"effect":"fail_rows","share":0.3,"count":2}'
)
chosen=("$@")
[ $# -gt 0 ] || chosen=(unavailable html_500 maintenance request_limit concurrent_limit too_many_requests error
  expire_token cut_before cut_after cut_body cut_gzip slow latency lock_rows fail_rows)
for effect in "${chosen[@]}"; do round "$effect" "${rules[$effect]}"; done

# A run with nothing to do costs exactly one call, as the org counts.
sleep 1.1; "$bin/lockstep" sync > /dev/null; sleep 1.1
curl -sf -X DELETE "$url/__sim/stats" > /dev/null
"$bin/lockstep" sync > /dev/null
expect "calls of an idle run" "$(curl -sf "$url/__sim/stats" | jq -c .calls)" 1
echo "both sides agree after every fault"
