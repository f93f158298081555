# The two commands: `make demo` and `make test`. Both make .venv first, from pyproject.toml and the pinned constraints.
PYTHON ?= python3
BIN := .venv/bin
export OMP_NUM_THREADS ?= 1

.PHONY: demo test check recipes picture clean

demo: .venv/used
	OMP_NUM_THREADS=$$($(PYTHON) -c "import os; print(os.cpu_count() or 1)") $(BIN)/unweave demo

test: check
	$(BIN)/python -m pytest -n 2

check: .venv/developed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# every recipe, two runs at a time, one thread each; ends with the bill
recipes: .venv/used
	$(BIN)/unweave reproduce --jobs 2

# the picture of the README, from a run: `make picture RUN=runs/NAME`
picture: .venv/used
	$(BIN)/python docs/picture.py $(RUN) docs/picture.png

.venv/used: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt -e .
	touch $@

.venv/developed: .venv/used
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@

clean:
	rm -rf .venv
