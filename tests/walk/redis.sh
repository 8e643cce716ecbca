# Sourced after common.sh: start_redis OPTION… and stop_redis; $redis_url is where.
redis=
redis_port=$(free_port)
redis_url=redis://127.0.0.1:$redis_port
trap 'kill $redis 2> /dev/null || true; finish' EXIT
start_redis() {
  redis-server --port "$redis_port" --bind 127.0.0.1 --dir "$work" --save "" --logfile "$work/redis.log" "$@" &
  redis=$!
  for _ in $(seq 200); do redis-cli -p "$redis_port" ping > /dev/null 2>&1 && return; sleep 0.05; done
  fail "redis-server does not answer"
}
stop_redis() { kill "$redis"; wait "$redis" 2> /dev/null || true; redis=; }
