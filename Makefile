# mqlab: every target does its own set-up, from nothing.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SCENARIO ?= tokyo-singapore
RUNTIME ?= emulation
MODELS := .venv-simulation
SEEDS ?= 1 2
JOBS ?= 1
TIMES ?= 10
ENGINE ?= 5.18
COSTS ?= costs.toml
# Where ip and nft are, also for somebody whose PATH does not lead there.
export PATH := $(PATH):/usr/sbin:/sbin

.DEFAULT_GOAL := help
.PHONY: help demo test test-all test-fast check docs dist lock bench scenarios contract calibrate routes pictures images engine clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

ifeq ($(RUNTIME),simulation)
demo: $(MODELS)/.ready
	$(MODELS)/bin/mqlab run $(SCENARIO) --runtime simulation
else
demo: $(VENV)/.ready engine ## run the article: two brokers, an ocean, messages both ways, a verdict
	$(BIN)/mqlab run $(SCENARIO)
endif

test: $(VENV)/.ready ## run the tests that a change needs, some of them on real brokers
	@$(BIN)/python -m tests.parts test

test-all: $(VENV)/.ready ## run every test
	@$(BIN)/python -m tests.parts all

test-fast: $(VENV)/.ready ## run the tests that need nothing but Python
	@$(BIN)/python -m tests.parts fast

check: $(VENV)/.ready ## ruff, mypy --strict, import-linter, the structure of lab/
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	MYPYPATH=docker/router $(BIN)/mypy docker/router/*.py
	$(BIN)/lint-imports
	$(BIN)/python -m tests.structure

docs: $(VENV)/.ready ## build the site of the documentation into build/site, and check its links
	$(BIN)/python -m tests.docs.site

dist: docs ## build the site, the source distribution and the wheel, and check them
	@rm -rf dist
	$(BIN)/python -m build --no-isolation
	$(BIN)/twine check --strict dist/*
	$(BIN)/python -m tests.wheels dist/*.whl
	$(BIN)/python -m tests.alone dist/*.whl

lock: $(VENV)/.ready ## write requirements.lock and constraints.txt anew for pyproject.toml; what is locked stays
	$(BIN)/uv pip compile -q --universal --generate-hashes --all-extras --python-version 3.11 --no-header pyproject.toml -o requirements.lock
	awk '/^[^ #]/ { print $$1 }' requirements.lock >constraints.txt

bench: $(VENV)/.ready engine images ## measure ratios in one run, into build/bench/
	@bash docker/test-tools.sh
	$(BIN)/python -m bench

scenarios: $(VENV)/.ready engine images ## run every shipped scenario at SEEDS="1 2" and ENGINE=5.18, into build/bench/
	$(BIN)/python -m bench.scenarios --engine $(ENGINE) --seeds $(SEEDS) --jobs $(JOBS)

contract: $(VENV)/.ready engine images ## run each shipped scenario TIMES times with real brokers, and compare the simulation
	$(BIN)/python -m bench.contract --times $(TIMES) --page

calibrate: $(VENV)/.ready engine images ## measure what the simulation takes from a machine, into COSTS
	$(BIN)/python -m bench.calibrate $(COSTS)

routes: $(VENV)/.ready engine images ## compare the routing table with real brokers in random networks
	$(BIN)/python -m tests.routing

pictures: $(VENV)/.ready engine images ## take the pictures of docs/ anew, in a browser
	$(BIN)/python -m tests.report.pictures

images: $(VENV)/.ready engine ## build the three images
	$(BIN)/mqlab images

engine: ## use the Docker engine there is, or install and start one
	@bash docker/engine.sh

clean: ## remove the virtual environment and what tools left; runs and images stay
	rm -rf $(VENV) $(MODELS) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.ready: requirements.lock pyproject.toml docker/venv.sh
	@bash docker/venv.sh "$(PYTHON)" "$(VENV)"
	@touch $@

$(MODELS)/.ready: constraints.txt pyproject.toml docker/venv.sh
	@bash docker/venv.sh "$(PYTHON)" "$(MODELS)" simulation
	@touch $@
