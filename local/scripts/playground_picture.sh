#!/usr/bin/env bash
# Takes the picture of the playground that the README shows, into local/playground.png.
set -euo pipefail
cd "$(dirname "$0")/../.."
source shared/testing/scripts/install_tools.sh

cargo build --quiet --locked -p local --bin local
log=$(mktemp)
"${CARGO_TARGET_DIR:-target}/debug/local" --port 0 >"$log" &
router=$!
trap 'rm -f "$log"; kill "$router"' EXIT
until url=$(grep -o 'http://[^ ,]*' "$log"); do
    kill -0 "$router"
    sleep 0.05
done
cargo run --quiet --locked -p local --example playground_picture -- "$url" local/playground.png
