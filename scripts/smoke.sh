#!/usr/bin/env bash
# What a newcomer does: npm start, a call to it, a call of its own, stop. Fails when any of it does not work.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
server=
cleanup() {
  if [ -n "$server" ]; then kill -KILL -- "-$server" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap cleanup EXIT

# A process group of its own, so that the signal reaches the server through npm as it would from a service manager.
set -m
# A build machine that is busy is no reason to turn a caller away.
PORT=0 DATA_DIR="$work/data" DASHSCOPE_API_KEY= REALTIME_PROVIDERS= MAX_LAG_MS=10000 npm start --silent >"$work/start" 2>&1 &
server=$!
set +m

url=
for _ in $(seq 150); do
  url=$(sed -n 's/^Offhook answers calls on \(http[^ ]*\).*/\1/p' "$work/start")
  [ -n "$url" ] && break
  kill -0 "$server" 2>/dev/null || break
  sleep 0.1
done
[ -n "$url" ] || { echo 'npm start did not say where it listens:'; cat "$work/start"; exit 1; }
cat "$work/start"

fetch() { node -e 'fetch(process.argv[1]).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))' "$1"; }
fetch "$url/healthz" || { echo 'healthz failed'; exit 1; }
fetch "$url/readyz" || { echo 'readyz failed'; exit 1; }

speech=fixtures/audio/hello.wav
echo "-- a call to the running server"
timeout 90 npm run --silent call -- "$speech" --url "$url"
echo "-- a call of its own"
timeout 90 npm run --silent call -- "$speech" | tee "$work/call"
recording=$(sed -n 's/.*\(out\/[A-Za-z0-9]*\.wav\).*/\1/p' "$work/call" | tail -1)
[ -s "$recording" ] || { echo "no recording was written"; exit 1; }
events=${recording%.wav}.jsonl
for speaker in caller agent; do
  grep -q "\"speaker\":\"$speaker\"" "$events" || { echo "$events has no words of the $speaker"; exit 1; }
done

kill -TERM -- "-$server"
for _ in $(seq 100); do kill -0 -- "-$server" 2>/dev/null || break; sleep 0.1; done
if kill -0 -- "-$server" 2>/dev/null; then echo 'the server did not stop on SIGTERM'; exit 1; fi
# npm itself dies of the signal; the server's own last word and exit code are tested in test/e2e/process.test.ts.
wait "$server" || true
server=
grep -q '"msg":"stopped"' "$work/start" || { echo 'the server did not stop cleanly:'; cat "$work/start"; exit 1; }
echo 'smoke: all of it works'
