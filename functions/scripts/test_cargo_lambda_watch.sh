#!/usr/bin/env bash
# A conversation with the four functions under `cargo lambda watch`, over a Redis of its own, and each
# function invoked with its committed event.
set -euo pipefail
cd "$(dirname "$0")/../.."
source shared/testing/scripts/install_tools.sh

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

redis_port=$(free_port)
watch_port=$(free_port)
log=$(mktemp)
redis-server --port "$redis_port" --bind 127.0.0.1 --save '' >/dev/null &
redis=$!
# In a process group of its own, so that the functions it starts end with it.
REDIS_URL=redis://127.0.0.1:$redis_port setsid \
    cargo lambda watch --invoke-address 127.0.0.1 --invoke-port "$watch_port" >"$log" 2>&1 &
watch=$!
trap 'kill -- "-$watch" 2>/dev/null; kill "$redis"; rm -f "$log"' EXIT

fail() {
    echo "$1" >&2
    cat "$log" >&2
    exit 1
}

# Prints what a request answers, and its status at the end. The first to a function compiles it.
request() { curl --silent --show-error --max-time 600 --write-out ' %{http_code}' "$@"; }

# Holds an answer to be a text with wildcards.
expect() {
    # shellcheck disable=SC2053 # the pattern is one
    [[ $1 == $2 ]] || fail "expected $2, and got $1"
    echo "$1"
}

api=http://127.0.0.1:$watch_port/api/conversations
for _ in $(seq 300); do
    curl --silent --output /dev/null --max-time 600 "http://127.0.0.1:$watch_port" && break
    kill -0 "$watch" 2>/dev/null || fail "cargo lambda watch has ended"
    sleep 0.1
done

created=$(request -X POST "$api")
expect "$created" '{"conversationId":"*"} 201'
conversation=$api/$(cut -d'"' -f4 <<<"$created")

body='{"sender": "agent", "content": "Hello, how can I help?", "timestamp": "2025-04-05T14:01:00Z"}'
sent=$(request -X POST "$conversation/messages" -H 'Content-Type: application/json' -d "$body")
expect "$sent" '{"message":"Message added successfully","messageId":"*"} 201'
message=$(cut -d'"' -f8 <<<"$sent")

expect "$(request "$conversation")" '*"content":"Hello, how can I help?"*} 200'
expect "$(request -X DELETE "$conversation/messages/$message")" '{"message":"Message deleted successfully"} 200'
expect "$(request "$conversation")" '*"messages":\[\]} 200'
expect "$(request "${api}/x")" '*"code":"invalid_conversation_id"} 400'

# Each function with its committed event; all but the first are about a conversation that is nowhere.
invoke() {
    cargo lambda invoke "$1" --invoke-address 127.0.0.1 --invoke-port "$watch_port" \
        --data-file "functions/events/$1.json"
}
expect "$(invoke create-conversation)" '*"statusCode":201*'
for function in send-message get-conversation delete-message; do
    expect "$(invoke $function)" '*"statusCode":404*conversation_not_found*'
done
