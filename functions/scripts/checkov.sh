#!/usr/bin/env bash
# Holds the template to checkov's policies. Installs checkov, of 300 MB, into a folder of its own:
# it and the SAM CLI want different versions of boto3.
set -euo pipefail
cd "$(dirname "$0")/../.."
source shared/testing/scripts/install_tools.sh

checkov=checkov==3.3.30
if [ ! -e "$PARLEY_TOOLS/$checkov/bin/checkov" ]; then
    python3 -m venv "$PARLEY_TOOLS/$checkov"
    "$PARLEY_TOOLS/$checkov/bin/pip" install --quiet --disable-pip-version-check "$checkov"
fi
"$PARLEY_TOOLS/$checkov/bin/checkov" --config-file functions/scripts/checkov.yaml --file template.yaml
