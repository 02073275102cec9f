#!/usr/bin/env bash
# Builds with SAM for this machine's processor, and runs the contract tests on the built files, as Lambda
# runs them. Takes about five minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."
source shared/testing/scripts/install_tools.sh

built=$(mktemp -d)
# Beside the template, because its paths are relative.
template=template.built.yaml
trap 'rm -rf "$built" "$template"' EXIT
sed "s/Architectures: \[arm64\]/Architectures: [$(uname -m | sed s/aarch64/arm64/)]/" template.yaml >"$template"
sam build --region us-east-1 --template-file "$template" --build-dir "$built"
PARLEY_BOOTSTRAPS=$built cargo test --locked -p functions --test functions contract::
