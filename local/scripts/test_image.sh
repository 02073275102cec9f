#!/usr/bin/env bash
# Builds the static file of local/Dockerfile and runs it as its image does, without Docker: in a root
# with nothing but the file and the certificates, as the image's user, as the first process. Then
# builds it for 64-bit ARM too, and runs that in QEMU. Debian and Ubuntu; needs root for the empty root.
set -euo pipefail
cd "$(dirname "$0")/../.."
source shared/testing/scripts/require.sh
require curl curl
require musl-gcc musl-tools
require readelf binutils
require openssl openssl
require redis-server redis-server
require python3 python3 python3-venv
require qemu-aarch64-static qemu-user-static

as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)
work=$(mktemp -d)
chmod 755 "$work"
redis='' router=''
clean() {
    # The router is the first process of its namespace, which ends with it.
    [ -z "$router" ] || "${as_root[@]}" kill -s KILL "$router" 2>/dev/null || true
    [ -z "$redis" ] || kill "$redis" 2>/dev/null || true
    rm -rf "$work"
}
trap clean EXIT

# What the image says, from the Dockerfile.
instruction() { sed -n "s/^$1 //p" local/Dockerfile | tail -n 1; }
user=$(instruction USER)
read -ra variables <<<"$(instruction ENV)"
read -ra health <<<"$(instruction HEALTHCHECK | sed 's/.*CMD \[\(.*\)\]/\1/; s/[",]/ /g')"
read -ra start <<<"$(instruction ENTRYPOINT | tr -d '[]",')"

fail() {
    echo "$*" >&2
    exit 1
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Makes the empty root of a file, with these certificates.
make_root() {
    mkdir -p "$1/etc/ssl/certs"
    install -m 755 "$2" "$1/parley"
    install -m 644 "$3" "$1/etc/ssl/certs/ca-certificates.crt"
}

# Holds a file to need nothing but the kernel.
is_static() {
    ! readelf --program-headers --wide "$1" | grep INTERP >/dev/null || fail "$1 needs an interpreter"
    ! readelf --dynamic --wide "$1" | grep NEEDED >/dev/null || fail "$1 needs libraries"
}

# Runs a program in a root as the image does, with further variables before `--`.
in_image() {
    local root=$1 more=()
    shift
    while [ "$1" != -- ]; do
        more+=("$1")
        shift
    done
    "${as_root[@]}" env -i PATH="$PATH" "${variables[@]}" "${more[@]}" \
        unshare --pid --fork --kill-child -- chroot --userspec="$user" "$root" "${@:2}"
}

# Prints the id of the process that has this root.
process_in() {
    local process
    for process in /proc/[0-9]*; do
        [ "$("${as_root[@]}" readlink "$process/root")" != "$1" ] || echo "${process#/proc/}"
    done
}

# Starts the router of a root, waits until it is ready, and leaves the id of its process in `router`.
start_router() {
    local root=$1 port=$2 parent
    shift 2
    in_image "$root" PORT="$port" "$@" -- "${start[@]}" >"$work/log" 2>&1 &
    parent=$!
    until curl -sf -o /dev/null "http://127.0.0.1:$port/readyz"; do
        kill -0 "$parent" 2>/dev/null || fail "the router has ended: $(cat "$work/log")"
        sleep 0.1
    done
    router=$(process_in "$root")
    [ "$(awk '/^NSpid:/ { print $NF }' "/proc/$router/status")" = 1 ] || fail "it is not the first process"
    running=$parent
}

# Holds a conversation to be possible at a port.
converse() {
    local api=http://127.0.0.1:$1/api/conversations id
    id=$(curl -sf -X POST "$api" | cut -d '"' -f 4)
    curl -sf -o /dev/null "$api/$id/messages" \
        -d '{"sender": "agent", "content": "from an empty root", "timestamp": "2025-04-05T14:01:00Z"}'
    curl -sf "$api/$id" | grep "from an empty root" >/dev/null || fail "the message cannot be read"
}

# Ends the router as `docker stop` does.
stop_router() {
    "${as_root[@]}" kill -s TERM "$router"
    wait "$running" || fail "it ended with $? at SIGTERM"
    router=''
}

here=$(uname -m)-unknown-linux-musl
target=${CARGO_TARGET_DIR:-target}
echo "== $here"
rustup target add "$here" 2>/dev/null
cargo build --release --locked -p local --bin local --target "$here"
binary=$target/$here/release/local
is_static "$binary"
make_root "$work/root" "$binary" /etc/ssl/certs/ca-certificates.crt
port=$(free_port)
! in_image "$work/root" PORT="$port" -- "${health[@]}" 2>"$work/log" || fail "nobody is healthy"
grep "no healthy router on 127.0.0.1:$port" "$work/log" >/dev/null || fail "$(cat "$work/log")"
start_router "$work/root" "$port"
[ "$(awk '/^Uid:/ { print $2 }' "/proc/$router/status")" = "${user%:*}" ] || fail "it is not $user"
converse "$port"
in_image "$work/root" PORT="$port" -- "${health[@]}" || fail "the router is not healthy"
stop_router
echo "It converses, is healthy, runs as $user, and ends at SIGTERM."

echo "== The certificates"
(
    cd "$work"
    openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=authority -days 2
    openssl req -newkey rsa:2048 -nodes -keyout redis.key -out redis.csr -subj /CN=redis
    openssl x509 -req -in redis.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out redis.pem -days 2 \
        -extfile <(echo "subjectAltName=IP:127.0.0.1")
) 2>/dev/null
redis_port=$(free_port)
redis-server --port 0 --tls-port "$redis_port" --tls-cert-file "$work/redis.pem" \
    --tls-key-file "$work/redis.key" --tls-ca-cert-file "$work/ca.pem" --tls-auth-clients no \
    --save "" >"$work/redis.log" &
redis=$!
make_root "$work/root-with-authority" "$binary" "$work/ca.pem"
port=$(free_port)
start_router "$work/root-with-authority" "$port" REDIS_URL="rediss://127.0.0.1:$redis_port"
converse "$port"
stop_router
echo "It trusts whom the image's certificates name."

other=aarch64-unknown-linux-musl
[ "$here" != "$other" ] || exit 0
echo "== $other"
tools=${PARLEY_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/parley/tools}-zigbuild
[ -x "$tools/bin/cargo-zigbuild" ] || {
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check cargo-zigbuild==0.24.1 ziglang==0.17.1
}
rustup target add "$other" 2>/dev/null
PATH="$tools/bin:$PATH" \
    cargo zigbuild --release --locked -p local --bin local --target "$other"
binary=$target/$other/release/local
is_static "$binary"
port=$(free_port)
env -i "${variables[@]}" PORT="$port" qemu-aarch64-static "$binary" >"$work/log" 2>&1 &
router=$!
running=$router
until curl -sf -o /dev/null "http://127.0.0.1:$port/readyz"; do
    kill -0 "$router" 2>/dev/null || fail "the router has ended: $(cat "$work/log")"
    sleep 0.1
done
converse "$port"
env -i "${variables[@]}" PORT="$port" qemu-aarch64-static "$binary" "${health[@]:1}" ||
    fail "the router is not healthy"
stop_router
echo "It converses, is healthy, and ends at SIGTERM."
