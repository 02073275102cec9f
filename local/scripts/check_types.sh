#!/usr/bin/env bash
# Holds the types that parley.js documents to its code.
set -euo pipefail
cd "$(dirname "$0")/../.."
source shared/testing/scripts/install_tools.sh

tsc --noEmit --allowJs --checkJs --strict --noUncheckedIndexedAccess --target es2022 --module es2022 \
    --lib es2022,dom,dom.iterable,dom.asynciterable local/src/client/parley.js
