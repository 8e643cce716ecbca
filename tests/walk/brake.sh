#!/usr/bin/env bash
# A run that would change more than it may stops before it, whichever way the changes go. Real programs.
# Usage: brake.sh FOLDER-OF-THE-PROGRAMS
source "$(dirname "$0")/common.sh"

start_sfsim --seed-rows 100
sign_in
"$bin/lockstep" connect --flow client-credentials > /dev/null
sync() { sleep 1.1; status=0; "$bin/lockstep" sync --json "$@" > report || status=$?; }
said() { jq -r '.errors[] | .code + " " + .message' report; }
"$bin/lockstep" sync > /dev/null
sync
"$bin/lockstep" integration set maxChanges=10 > /dev/null
title() { sql "select count(*) from contacts where title = '$1'"; }
titled() { api -G --data-urlencode "q=SELECT COUNT() FROM Contact WHERE Title = '$1'" "$data/query" | jq .totalSize; }

# A field that is new to the mapping is read for all records.
sql 'alter table contacts add column department text'
"$bin/lockstep" mapping set Contact --field department=Department > /dev/null
filled=$(api -G --data-urlencode "q=SELECT COUNT() FROM Contact WHERE Department != null" "$data/query" | jq .totalSize)
[ "$filled" -gt 10 ] || fail "too few departments to tell"
departments() { sql 'select count(*) from contacts where department is not null'; }
sync
expect "exit status of a sweep of too many" $status 1
said | grep -q "^MASS_CHANGE Contact: this run would change $filled synced rows" || fail "the sweep says $(said), and $filled are filled"
# What the poll reads again, it fills in within the limit.
[ "$(departments)" -le 10 ] || fail "the run filled in $(departments)"
sync
[ "$status" = 1 ] && [ "$(departments)" -le 10 ] || fail "the next run, which may no more, filled in $(departments)"
sync --allow-mass-change
expect "the sweep once it is allowed" "$status $(departments)" "0 $filled"

# To Salesforce.
sql "update contacts set title = 'Pushed' where id <= 50"
sync
expect "exit status of a push of too many" $status 1
expect "what it says" "$(said)" "MASS_CHANGE Contact: this run would change 50 of 100 synced Contact records, more than \
maxChanges = 10 allows, so it stopped before that. If it is meant, run \`lockstep sync --allow-mass-change\`, or raise \
the limit with \`lockstep integration set\`; if not, undo it where it was done"
expect "records that the brake kept" "$(titled Pushed)" 0
sync --allow-mass-change
expect "records once it is allowed" "$status $(titled Pushed)" "0 50"

# From Salesforce.
sync
org_edit() {
  for id in $(sql "select salesforce_id from contacts where id > 50 and id <= $2"); do
    api -X PATCH -d "{\"Title\":\"$1\"}" "$data/sobjects/Contact/$id"
  done
}
org_edit Few 60
sync
expect "as many as may be" "$status $(title Few)" "0 10"
org_edit Pulled 80
sync
expect "exit status of a pull of too many" $status 1
said | grep -q '^MASS_CHANGE Contact: this run would change 30 synced rows of table contacts' || fail "the pull says $(said)"
expect "rows that the brake kept" "$(title Pulled)" 0
sync --allow-mass-change
expect "rows once it is allowed" "$status $(title Pulled)" "0 30"

# A share of what is linked; a handful may always change.
"$bin/lockstep" integration set maxChanges=0 maxChangePercent=30 > /dev/null
sql "update contacts set title = 'Share' where id <= 31"
sync
expect "a share too large" "$status $(titled Share)" "1 0"
said | grep -q 'maxChangePercent = 30' || fail "it does not say which limit: $(said)"
"$bin/lockstep" integration set maxChangePercent=31 > /dev/null
sync
expect "as large as it may be" "$status $(titled Share)" "0 31"
echo "no run changes more than it may"
