#!/bin/sh
# `make sbom`: the bill of materials (CycloneDX) of what requirements.lock installs, as the libraries describe themselves
# once they are installed. The same lock gives the same file, which the wheel carries (PEP 770).
#
#   packaging/sbom.sh PYTHON TOOLS FILE      PYTHON has uv, TOOLS is an environment with cyclonedx-bom
set -eu
python=$1 tools=$2 file=$3
installed=$(mktemp -d)
trap 'rm -rf "$installed"' EXIT
"$python" -m uv venv --quiet "$installed"
"$python" -m uv pip install --quiet --python "$installed/bin/python" --require-hashes --no-deps -r requirements.lock
"$tools/bin/cyclonedx-py" environment "$installed" --pyproject pyproject.toml --mc-type application \
    --output-reproducible --of JSON --sv 1.6 --output-file "$file"
