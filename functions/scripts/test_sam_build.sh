#!/usr/bin/env bash
# Builds with SAM what would be deployed, for this machine's processor, and holds those very files to
# the contract: as Lambda runs them, with every kind of event. About five minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."
source local/scripts/install_tools.sh

built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
sam build --region us-east-1 --build-dir "$built" \
    --parameter-overrides "Architecture=$(uname -m | sed s/aarch64/arm64/)"
PARLEY_BOOTSTRAPS=$built cargo test --locked -p functions --test functions contract::
