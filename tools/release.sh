#!/usr/bin/env bash
# Build the wheel, install it in an empty environment, and use it there as a stranger would: `tools/release.sh [FOLDER]`.
# What comes before and after this: docs/release.md.
set -euo pipefail
cd "$(dirname "$0")/.."
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} # two programs of many threads slow each other down tenfold
folder=$(mktemp -d "${1:-${TMPDIR:-/tmp}}/unweave-release.XXXXXX")
root=$PWD
.venv/bin/python -m build --outdir "$folder/dist" .
python3 -m venv "$folder/empty"
"$folder/empty/bin/python" -m pip install --quiet -c constraints.txt "$folder"/dist/*.whl
cd "$folder" # no checkout beside it: what is imported is the wheel
PATH=$folder/empty/bin:$PATH
unweave --version
unweave list methods
unweave train vae --data digits --steps 400 --lr 0.001 --out runs
unweave evaluate runs/*
unweave report runs/* --out report.html
unweave demo
# the tests, on the wheel: with what they need and pytest's settings, and without the sources in the path
"$folder/empty/bin/python" -m pip install --quiet -c "$root/constraints.txt" "$(echo "$folder"/dist/*.whl)[dev]"
cp -r "$root/tests" "$root/recipes" "$root/docs" "$root/examples" "$root/README.md" "$root/CONTRIBUTING.md" "$root/pyproject.toml" "$folder"
"$folder/empty/bin/python" -m pytest -q -n 2 tests/contract tests/maths tests/nets tests/training tests/metrics tests/data
echo "the wheel in $folder/dist holds"
