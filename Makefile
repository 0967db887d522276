# make demo   an environment with relsim alone, the main job, and where the report is
# make app    the shipped case as a live page in the browser
# make test   the same environment with all that tests need, lint, types and the whole test suite
# make test-newest   the tests with the newest version of every dependency
# make bench  how fast it is, beside the same model in other hands
# Only Python >= 3.11, make and git are needed.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
# A newer interpreter, where there is one: it takes a newer Mesa than Python 3.11 can.
NEWER ?= $(shell for p in python3.14 python3.13 python3.12 $(wildcard $(HOME)/.pyenv/versions/3.1[2-9]*/bin/python); do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
STAMP := $(VENV)/installed
DEMO_STAMP := $(VENV)/installed-demo
APP_STAMP := $(VENV)/installed-app
BENCH_STAMP := $(VENV)/installed-bench
NEWER_VENV := .venv-newer
NEWER_STAMP := $(NEWER_VENV)/installed
NEWEST_VENV := .venv-newest
SCENARIO ?= scenarios/pakistan-russia/status-quo.yaml

# Files of tests side by side, on as many cores as there are. In the order of their names: files of
# few and long tests, which pytest-xdist would leave for last, are then in the middle.
SIDE_BY_SIDE := --numprocesses auto --dist loadfile --no-loadscope-reorder
# Such as BENCH=--full, BENCH="--only peers".
BENCH ?=

.PHONY: demo app compiled test test-all test-newer-mesa test-newest bench lint golden schema gallery fitted clean

demo: $(DEMO_STAMP)
	$(BIN)/relsim run $(SCENARIO)

app: $(APP_STAMP)
	$(BIN)/relsim app $(SCENARIO)

# What needs one core each is done side by side; the tests find the model compiled.
test: $(STAMP)
	$(MAKE) --jobs=2 lint test-newer-mesa compiled
	$(BIN)/python -m pytest -m "not slow" $(SIDE_BY_SIDE)

test-all: $(STAMP)
	$(MAKE) --jobs=2 lint test-newer-mesa compiled
	$(BIN)/python -m pytest $(SIDE_BY_SIDE)

# Compiles what simulates, with Mesa agents too, and what explains, unless that is kept from before.
compiled: $(STAMP)
	$(BIN)/python -c "import relsim; scenario = relsim.load('$(SCENARIO)'); \
		relsim.simulate(scenario, runs=1); relsim.explain(scenario, 'PAK-RUS', runs=2); \
		relsim.RelationsModel(scenario).step()"

# The Mesa model on the newest Mesa, which needs Python 3.12 or newer.
ifeq ($(NEWER),)
test-newer-mesa:
	@echo "Skipped: no Python 3.12 or newer was found, so the newest Mesa is not tested."
else
test-newer-mesa: $(NEWER_STAMP)
	$(NEWER_VENV)/bin/python -m pytest tests/model/test_mesa_model.py
endif

$(NEWER_STAMP): pyproject.toml constraints.txt
	test -x $(NEWER_VENV)/bin/python || $(NEWER) -m venv $(NEWER_VENV)
	$(NEWER_VENV)/bin/python -m pip --disable-pip-version-check --quiet install \
		--constraint constraints.txt --editable . pytest
	@touch $(NEWER_STAMP)

# Every dependency at its newest, whatever pyproject.toml allows: what the bounds could become.
test-newest:
	rm -rf $(NEWEST_VENV)
	$(or $(NEWER),$(PYTHON)) -m venv $(NEWEST_VENV)
	$(NEWEST_VENV)/bin/python -m pip --disable-pip-version-check --quiet install --editable ".[dev]"
	$(NEWEST_VENV)/bin/python -m pip --disable-pip-version-check --quiet install --upgrade \
		$$($(NEWEST_VENV)/bin/python scripts/list_dependencies.py)
	$(NEWEST_VENV)/bin/python -m pip --disable-pip-version-check list
	$(NEWEST_VENV)/bin/python -m pytest -m "not slow" $(SIDE_BY_SIDE)

bench: $(BENCH_STAMP)
	$(BIN)/python -m benchmarks $(BENCH)

$(BENCH_STAMP): $(STAMP)
	$(PIP) install --constraint constraints.txt --editable ".[bench]"
	@touch $(BENCH_STAMP)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Rewrites the golden runs after a change that is meant to move numbers.
golden: $(STAMP)
	$(BIN)/python tests/golden/update.py

# Rewrites what is generated from the typed format: JSON Schema and field reference.
schema: $(STAMP)
	$(BIN)/relsim schema --write src/relsim/scenario/scenario.schema.json
	$(BIN)/python scripts/write_reference.py

# Remakes the pictures of the documents, and the table of verdicts in scenarios/README.md.
gallery: $(STAMP)
	$(BIN)/python -m scripts.make_gallery

# Fits the defaults anew: make fitted SERIES=icews_net.csv. The series is not part of the package.
fitted: $(STAMP)
	$(BIN)/python scripts/write_fitted.py $(SERIES)

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "relsim needs Python 3.11 or newer; none was found."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --constraint constraints.txt --editable ".[dev]"
	@touch $(STAMP) $(DEMO_STAMP) $(APP_STAMP)

# relsim alone, without what tests, experiments and clusters need: a third of the packages.
$(DEMO_STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "relsim needs Python 3.11 or newer; none was found."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --constraint constraints.txt --editable .
	@touch $(DEMO_STAMP)

$(APP_STAMP): $(DEMO_STAMP)
	$(PIP) install --constraint constraints.txt --editable ".[app]"
	@touch $(APP_STAMP)

clean:
	rm -rf $(VENV) $(NEWER_VENV) $(NEWEST_VENV) .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
