#!/usr/bin/env bash
# Tokens that die all the time, refresh tokens that rotate, and a process that is killed while a new token is on its way.
# Usage: tokens.sh FOLDER-OF-THE-PROGRAMS
source "$(dirname "$0")/common.sh"

start_sfsim --seed-rows 4000 --rotate-refresh-tokens --auto-approve
seed=${TOKENS_SEED:-$RANDOM}; echo "TOKENS_SEED=$seed"; RANDOM=$seed
connect() {
  local port=$(free_port)
  rm -f connect.err
  "$bin/lockstep" connect --flow web --redirect-uri "http://localhost:$port/callback" > connect.out 2> connect.err &
  local connecting=$!; server=$connecting
  for _ in $(seq 200); do grep -qs Waiting connect.err && break; sleep 0.05; done
  grep -q '^http' connect.err || fail "connect asks for no browser: $(cat connect.out connect.err)"
  curl -sfL -o /dev/null "$(grep '^http' connect.err)" || fail "no way through Salesforce: $(cat connect.err)"
  wait $connecting || fail "connect: $(cat connect.out connect.err)"
  server=
}
fault() { curl -sf -X PUT "$url/__sim/faults" -d "{\"rules\": [$1]}" > /dev/null; }
lift() { curl -sf -X DELETE "$url/__sim/faults" > /dev/null; }
asked() { curl -sf "$url/__sim/stats" | jq '.by_kind.oauth // 0'; }

# Two-second tokens: the run outlives many of them, and everything is finished.
connect
curl -sf -X PUT "$url/__sim/oauth" -d '{"token_lifetime_s":2}' > /dev/null
curl -sf -X POST "$url/__sim/expire-tokens" > /dev/null
fault '{"effect":"latency","latency_ms":700}'
before=$(asked)
export LOCKSTEP_LOG_LEVEL=debug
"$bin/lockstep" sync --json > run 2> logged || fail "the sync with two-second tokens: $(cat run logged)"
sql "update contacts set title = 'T' || id"
"$bin/lockstep" sync --json > run 2>> logged || fail "the push with two-second tokens: $(cat run logged)"
expect "what was pushed" "$(jq '.objects[] | select(.object == "Contact").pushed.updated' run)" 4000
expect "what was set aside" "$(sql 'select count(*) from lockstep_parked')" 0
renewed=$(($(asked) - before))
echo "tokens renewed on the way: $renewed"
[ "$renewed" -ge 3 ] || fail "the tokens did not die on the way"
lift
curl -sf -X PUT "$url/__sim/oauth" -d '{"token_lifetime_s":7200}' > /dev/null

# Killed between the answer that replaces the refresh token and its storage. The consent is lost or it is not; the next
# runs either go well or stand in needs_reauth with the reason, and ask at most once more.
good=0 lost=0
for round in 1 2 3 4 5 6; do
  curl -sf -X POST "$url/__sim/expire-tokens" > /dev/null
  fault '{"effect":"slow","path":"/services/oauth2/token","bytes_per_second":700}'
  before=$(asked)
  "$bin/lockstep" sync > /dev/null 2>&1 &
  killed=$!
  for _ in $(seq 200); do [ "$(asked)" -gt "$before" ] && break; sleep 0.02; done
  [ "$(asked)" -gt "$before" ] || fail "the run did not renew its token"
  sleep "0.$((RANDOM % 9))"
  kill -9 $killed 2> /dev/null || true; wait $killed 2> /dev/null || true
  lift
  before=$(asked)
  status=0; "$bin/lockstep" sync > out 2> error || status=$?
  for _ in 1 2 3; do again=0; "$bin/lockstep" sync > /dev/null 2>&1 || again=$?; done
  [ $(($(asked) - before)) -le 1 ] || fail "round $round: $(($(asked) - before)) sign-ins after the kill"
  expect "round $round: the runs after" "$again" "$status"
  state=$(sql 'select sync_status from lockstep_integrations')
  cat error >> logged
  case $status in
    0) good=$((good + 1)); expect "round $round: its state" "$state" idle ;;
    3) lost=$((lost + 1)); expect "round $round: its state" "$state" needs_reauth
       grep -q 'cut off' error || fail "round $round: the message does not say what happened: $(cat error)"
       connect
       "$bin/lockstep" sync > /dev/null || fail "round $round: the sync after connecting again" ;;
    *) fail "round $round: status $status: $(cat error)" ;;
  esac
done
echo "killed while a token was on its way: $good went on, $lost needed a person"
[ $lost -gt 0 ] || fail "no round was killed in time"

# No token was said or lies readable in the store.
secrets='00D[[:alnum:]]{12}!|5Aep861|sfsim-secret'
curl -sf -d "grant_type=client_credentials&client_id=sfsim-client&client_secret=sfsim-secret" \
  "$url/services/oauth2/token" | grep -qE "$secrets" || fail "tokens look otherwise"
[ -s logged ] || fail "nothing was logged"
! grep -aE "$secrets" logged run out connect.out connect.err lockstep.db* || fail "a secret was said"

# Keys that are being changed: some processes have the old one, some both. A key that is not there makes no sign-in bad,
# and a dead grant is shown once, whoever comes with which keys.
kill "$simulator"; wait "$simulator" || true
start_sfsim --seed-rows 5
rm -f lockstep.db*
old=$(openssl rand -hex 32) new=$(openssl rand -hex 32)
echo sfsim-refresh | ENCRYPTION_KEY=$old "$bin/lockstep" connect --flow refresh-token > connect.out 2>&1 || fail "connect: $(cat connect.out)"
status=0; ENCRYPTION_KEY=$new "$bin/lockstep" sync > out 2>&1 || status=$?
expect "exit status without the key" $status 2
[ "$(sql 'select sync_status from lockstep_integrations')" != needs_reauth ] || fail "a missing key made a good sign-in bad"
ENCRYPTION_KEY=$old "$bin/lockstep" sync > out 2>&1 || fail "a sync with the key again: $(cat out)"
curl -sf -X POST "$url/__sim/expire-tokens?refresh=true" > /dev/null
before=$(asked)
for _ in 1 2 3; do
  for keys in "$old" "$new,$old"; do
    status=0; ENCRYPTION_KEY=$keys "$bin/lockstep" sync > out 2>&1 || status=$?
    expect "exit status of a dead grant" $status 3
  done
done
expect "sign-ins with a dead grant" $(($(asked) - before)) 1
