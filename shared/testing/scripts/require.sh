# Installs the Debian packages named after the program, if the program is missing.
require() {
    local program=$1
    shift
    command -v "$program" >/dev/null && return
    if ! command -v apt-get >/dev/null; then
        echo "$program is missing; please install it (on Debian: $*)" >&2
        return 1
    fi
    local as_root=()
    [ "$(id -u)" = 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
    # The package starts a server of its own on port 6379, which the tests neither use nor want.
    if [ "$program" = redis-server ] && command -v systemctl >/dev/null; then
        "${as_root[@]}" systemctl disable --now --quiet redis-server 2>/dev/null || true
    fi
}
