#!/usr/bin/env bash
# The daemons of serve.sh with their queue on Redis; then a Redis that goes away under a daemon and comes back empty, and
# a Node program that asks the daemon for a sync. Usage: serve_redis.sh FOLDER-OF-THE-PROGRAMS
here=$(cd "$(dirname "$0")" && pwd)
source "$here/common.sh"
source "$here/redis.sh"
start_redis --appendonly no
"$here/serve.sh" "$bin" "$redis_url"

export LOCKSTEP_QUEUE_URL=$redis_url LOCKSTEP_SERVER_LISTEN=127.0.0.1:0
key() { redis-cli -p "$redis_port" "$@"; }
until_true() { for _ in $(seq 600); do eval "$2" && return; sleep 0.1; done; cat ./*.log >&2; fail "$1 never came"; }
start_sfsim --seed-rows 20
sign_in
"$bin/lockstep" connect --flow client-credentials > /dev/null
"$bin/lockstep" serve 2> daemon.log &
server=$!
until_true "the first run" '[ "$(key zcard bull:salesforce-sync:completed)" -ge 1 ]'
grep -q 'queue.url: Redis keeps nothing on disk' daemon.log || fail "serve does not say what is wrong with its Redis"
expect "the scheduler's pattern" "$(key hget bull:salesforce-sync:repeat:salesforce-sync pattern)" "*/15 * * * *"

stop_redis
sql "update contacts set title = 'while Redis was away' where id = 1"
until_true "a complaint" 'grep -q "taking jobs from the queue fails: Redis at" daemon.log'
sleep 4  # Time enough for two more tries, which are no news.
start_redis --appendonly no
record=$(sql "select salesforce_id from contacts where id = 1")
title() { api "$data/sobjects/Contact/$record" | jq -r .Title; }
until_true "the edit in the org" '[ "$(title)" = "while Redis was away" ]'
until_true "a word that it is back" 'grep -q "taking jobs from the queue works again, after [0-9]* s" daemon.log'
expect "words of the outage" "$(grep -c "taking jobs from the queue fails" daemon.log)" 1
until_true "the scheduler put back" '[ "$(key exists bull:salesforce-sync:repeat:salesforce-sync)" = 1 ]'

# A Node program, as docs/queue.md has it, asks this daemon for a sync and waits for what became of it.
ln -s "$here/../e2e/queue/node_modules" node_modules
awk '/^```js/ {inside = 1; ++blocks; next} /^```/ {inside = 0} inside && blocks == 1' "$here/../../docs/queue.md" |
  sed "s/port: 6379/port: $redis_port/" > ask.mjs
integration=$(sql "select id from lockstep_integrations")
expect "a Node program's sync" "$(node ask.mjs "$integration")" completed
status=0; node ask.mjs nowhere > answer 2>&1 || status=$?
[ $status -ne 0 ] && grep -q 'there is no integration nowhere' answer || {
  key xrevrange bull:salesforce-sync:events + - count 10 >&2
  cat daemon.log >&2
  fail "an unknown integration: $(cat answer)"
}

kill $server; status=0; wait $server || status=$?; server=
expect "exit status after SIGTERM" $status 0
echo "a Redis that came back empty lost nothing"
