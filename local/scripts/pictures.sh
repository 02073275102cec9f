#!/usr/bin/env bash
# Takes the pictures that the README shows: local/playground.png and local/desk.png.
set -euo pipefail
cd "$(dirname "$0")/../.."
source shared/testing/scripts/install_tools.sh

cargo build --quiet --locked -p local --bin local
log=$(mktemp)
QUEUE=true "${CARGO_TARGET_DIR:-target}/debug/local" --port 0 >"$log" &
router=$!
trap 'rm -f "$log"; kill "$router"' EXIT
until url=$(grep -o 'http://[^ ,]*' "$log"); do
    kill -0 "$router"
    sleep 0.05
done
# Before the other, whose conversation would else wait in it.
cargo run --quiet --locked -p local --example desk_picture -- "$url" local/desk.png
cargo run --quiet --locked -p local --example playground_picture -- "$url" local/playground.png
