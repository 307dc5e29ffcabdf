# What people and CI call. Python 3.11 or newer and a network to the package registry are all it needs.

PYTHON ?= python3
# pytest runs this many tests at a time.
JOBS ?= 2
# More arguments, e.g. make test ARGS="tests/tools -k amtool", make lock ARGS=--upgrade
ARGS ?=
# How `slostack check` prints: text, json, or github (annotations in a pull request).
FORMAT ?= $(if $(GITHUB_ACTIONS),github,text)

BIN := .venv/bin
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help demo test check lock clean python run-environment dev-environment lint format types generated spec

help: ## list what make can do
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: run-environment ## set everything up and drive an incident from fault to delivered notification
	@$(BIN)/slostack demo $(ARGS)

test: dev-environment ## run the tests: make test ARGS="tests/tools -k amtool"
	@$(BIN)/pytest -n $(JOBS) --dist loadgroup --no-loadscope-reorder $(ARGS)

check: lint format types generated spec ## find mistakes in the code, in the spec and in what is generated from it

lock: python ## pin what pyproject.toml asks for; ARGS=--upgrade takes the newest versions
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT INT TERM \
	&& $(PYTHON) -m venv "$$folder" && "$$folder/bin/pip" install --quiet --disable-pip-version-check uv \
	&& pin() { "$$folder/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-annotate --no-header $(ARGS) "$$@"; } \
	&& pin --group build --output-file requirements/run.lock pyproject.toml \
	&& pin --group dev --constraint requirements/run.lock --output-file requirements/dev.lock pyproject.toml \
	&& pin --group stack --constraint requirements/run.lock --output-file requirements/stack.lock

clean: ## stop the local stack and remove .venv, caches and build results
	@if [ -d .slostack ] && [ -x $(BIN)/slostack ]; then $(BIN)/slostack down; fi
	@rm -rf .venv .slostack .mypy_cache .pytest_cache .ruff_cache build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

python:
	@command -v $(PYTHON) >/dev/null || { echo "slostack: there is no $(PYTHON) here:" \
		"install Python 3.11 or newer (\`apt-get install python3 python3-venv\`)" >&2; exit 3; }

run-environment: python
	@$(PYTHON) requirements/install.py run

dev-environment: python
	@$(PYTHON) requirements/install.py dev

lint: dev-environment
	@$(BIN)/ruff check --quiet

format: dev-environment
	@$(BIN)/ruff format --check --quiet

types: dev-environment
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/mypy --no-error-summary requirements/install.py

generated: dev-environment
	@$(BIN)/slostack generate --check

spec: dev-environment
	@$(BIN)/slostack check --strict --format $(FORMAT)
