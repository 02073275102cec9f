#!/usr/bin/env bash
# Measures the router's throughput against that of a bare server on the same Redis; or with
# --following, as the first option, what following costs, beside nginx with nchan.
# --help tells the options.
set -euo pipefail
cd "$(dirname "$0")/../.."
source shared/testing/scripts/require.sh

require cc gcc libc6-dev
require redis-server redis-server
require wrk wrk

bench=throughput
if [ "${1:-}" = --following ]; then
    shift
    bench=following
    require nginx nginx-light
    [ -e /usr/lib/nginx/modules/ngx_nchan_module.so ] || require nchan libnginx-mod-nchan
fi

# For a thousand connections, to each server and to wrk.
ulimit -n "$(ulimit -Hn)"
# As it is released, not in the profile of the other benches.
exec cargo bench --profile release --locked --package local --bench "$bench" -- "$@"
