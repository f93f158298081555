# The two commands: `make demo` and `make test`. Both make .venv first, from pyproject.toml and the pinned constraints.
PYTHON ?= python3
BIN := .venv/bin
export OMP_NUM_THREADS ?= 1
QUICK := tests/contract tests/maths tests/nets tests/training tests/test_layers.py tests/test_settings.py tests/test_types.py

.PHONY: help demo test fast check docs bench cover profile mutate recipes picture clean

# what there is
help:
	@echo "make demo      render dSprites, train, score, write report.html: four minutes on two cores"
	@echo "make test      all checks and tests"
	@echo "make fast      the contract, the maths, the networks and the layers: under a minute"
	@echo "make check     format, lint, types"
	@echo "make docs      the generated pages: methods, metrics, recipes, tables of the README"
	@echo "make bench     steps per second beside a bare loop, layers, loaders: ten minutes"
	@echo "make cover     the tests with the lines that none of them reaches"
	@echo "make profile   where the time of a training step goes"
	@echo "make mutate    changes in the maths and the regularisers that no test sees: some minutes"
	@echo "make recipes   every recipe, two runs at a time, one thread each; ends with the bill"
	@echo "make picture   the picture of the README, from a run: make picture RUN=runs/NAME"
	@echo "make clean     remove .venv"

demo: .venv/used
	OMP_NUM_THREADS=$$($(PYTHON) -c "import os; print(os.cpu_count() or 1)") $(BIN)/unweave demo

test: check
	$(BIN)/python -m pytest -n 2

fast: .venv/developed
	$(BIN)/python -m pytest -q -n 2 $(QUICK)

docs: .venv/developed
	$(BIN)/python docs/pages.py
	$(BIN)/python docs/choosing.py
	$(BIN)/python docs/tables.py
	$(BIN)/python docs/house.py

check: .venv/developed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: .venv/developed
	$(BIN)/python benchmarks/training.py --steps 40 --rounds 3
	$(BIN)/python benchmarks/transposed.py
	$(BIN)/python benchmarks/loading.py

cover: .venv/developed
	$(BIN)/python -m pytest -n 2 --cov=unweave --cov-report=term-missing:skip-covered

profile: .venv/developed
	$(BIN)/python benchmarks/profile_step.py

mutate: .venv/developed
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[mutation]'
	$(BIN)/cosmic-ray init cosmic-ray.toml mutations.sqlite
	$(BIN)/cr-filter-operators mutations.sqlite cosmic-ray.toml
	nice -n 10 $(BIN)/python tools/mutants.py cosmic-ray.toml mutations.sqlite
	$(BIN)/cr-report mutations.sqlite --surviving-only --show-diff

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
