#!/usr/bin/env bash
# What the doctor says of the Redis that is to hold the queue. Usage: doctor_redis.sh FOLDER-OF-THE-PROGRAMS
source "$(dirname "$0")/common.sh"
source "$(dirname "$0")/redis.sh"
export LOCKSTEP_QUEUE_URL=$redis_url
# Nothing is connected, which gives the doctor's exit status.
queue() { { "$bin/lockstep" doctor --json 2> said || true; } | jq -r '.findings[] | select(.area == "queue") | "\(.grade): \(.finding)"'; }

expect "no Redis" "$(queue | sed 's/ (the next.*//')" "broken: Redis at 127.0.0.1:$redis_port: Connection refused"
start_redis --appendonly no --maxmemory-policy volatile-lru
unfit=$(queue)
grep -q '^look: .*maxmemory-policy is volatile-lru; set it to noeviction' <<< "$unfit" || fail "the eviction policy: $unfit"
grep -q '^look: Redis keeps nothing on disk' <<< "$unfit" || fail "persistence: $unfit"
stop_redis
start_redis --appendonly yes --requirepass hunter2
grep -q '^broken: Redis refuses what queue.url says: NOAUTH' <<< "$(queue)" || fail "a missing password: $(queue)"
export LOCKSTEP_QUEUE_URL=redis://:wrong-word@127.0.0.1:$redis_port
refused=$(queue)
grep -q '^broken: Redis refuses what queue.url says: WRONGPASS' <<< "$refused" || fail "a wrong password: $refused"
[[ $refused != *wrong-word* ]] || fail "the password is shown: $refused"
export LOCKSTEP_QUEUE_URL=redis://:hunter2@127.0.0.1:$redis_port/3
expect "a Redis that is fit" "$(queue)" "ok: salesforce-sync on Redis answers"
LOCKSTEP_QUEUE_URL=redis://127.0.0.1:port "$bin/lockstep" doctor > said && fail "a URL without a port is taken"
grep -q 'LOCKSTEP_QUEUE_URL: queue.url = "redis://127.0.0.1:port": its port is not a number' said || fail "$(cat said)"
