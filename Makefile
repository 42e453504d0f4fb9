# RetailPlatform. `make help` lists what there is.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash

PYTHON ?= python3
ENV ?= dev
PORT ?= 8080

BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

# What people write reaches commands through the environment, where neither make nor the shell reads it.
override CODE := $(value CODE)
override QUERY := $(value QUERY)
override REBUILD := $(value REBUILD)
export CODE QUERY REBUILD

.PHONY: help
help:  ## This list
	@echo "RetailPlatform: make TARGET [ENV=dev|staging|prod] [PORT=8080]"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup:  ## Install everything the project needs (Python 3.11+ and make suffice)
	@$(PYTHON) ops/setup.py

.PHONY: is-set-up
is-set-up:
	@[ -x $(BIN)/python ] || { echo "Nothing is set up, so nothing is running: start it with \`make up\`" >&2; exit 1; }

.PHONY: up
up: setup  ## The whole platform on this machine: synthesize, deploy, start the storefront, print its address
	@$(BIN)/python -m local up --port $(PORT)

.PHONY: down
down:  ## Stop everything `make up` started and leave nothing behind
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m local down; else echo "Nothing is set up, so nothing is running."; fi

.PHONY: status
status: is-set-up  ## What runs on this machine, and which resources are recorded only
	@$(BIN)/python -m local status

.PHONY: staff
staff: is-set-up  ## Let the account CODE (see its page) of the shop on this machine into its own pages
	@$(BIN)/python -m local run python -m ops.staff grant "$$CODE" --env dev

.PHONY: synth
synth: setup  ## Synthesize ENV into build/ENV: no credentials, no network
	@$(BIN)/python -m ops.synth $(ENV)

.PHONY: audit
audit: setup  ## Every compliance finding of ENV, open and acknowledged, as CSV and JSON in build/ENV/audit
	@$(BIN)/python -m ops.audit $(ENV)

.PHONY: cost
cost: setup  ## What ENV costs a month at light traffic, by stack, from its templates
	@$(BIN)/python -m ops.cost $(ENV)

.PHONY: etl
etl: setup  ## The nightly job, now, over the lake of this machine's platform: raw events to curated tables
	@$(BIN)/python -m local etl $(if $(REBUILD),--rebuild "$$REBUILD")

.PHONY: insights
insights: setup  ## One page of pictures from the curated tables of this machine, in build/insights.html
	@$(BIN)/python -m ops.insights

.PHONY: ask
ask: is-set-up  ## Ask Athena of this machine's platform: QUERY=revenue-per-day, SQL, or nothing for the list; JSON=1
	@$(BIN)/python -m local run -- python -m ops.ask --env dev $(if $(JSON),--json) -- "$$QUERY"

.PHONY: network
network: setup  ## Compute who reaches whom from the templates, into docs/network.md
	@$(BIN)/python -m ops.network

.PHONY: events
events: setup  ## Write the JSON Schema of every event, and who tells and handles it, into docs/events
	@$(BIN)/python -m ops.event_schemas

.PHONY: bench-synth
bench-synth: setup  ## Measure synthesis against an empty CDK app, into bench/results
	@$(BIN)/python -m bench synth

.PHONY: bench-etl
bench-etl: setup  ## Measure the nightly job against Spark merely reading and writing, into bench/results
	@$(BIN)/python -m bench etl

.PHONY: lint
lint: setup
	@ruff check --quiet .
	@ruff format --check --quiet .
	@mypy

.PHONY: check
check: lint  ## Lint, types and the fast tests: three or four minutes on two cores
	@pytest -q -n 2 -m "not platform and not slow"

.PHONY: test
test: lint  ## Everything: lint, types, every test, and orders through the deployed platform
	@pytest -q -n 2 -m "not platform"
	@echo "Deploying the platform and sending orders through it …"
	@pytest -q -m platform

.PHONY: snapshots
snapshots: setup  ## Accept the templates as they are now as the new snapshots
	@pytest -q tests/infrastructure --snapshot-update

.PHONY: lock
lock: setup  ## Resolve every requirements.in anew into its pinned, hashed requirements.txt
	@for list in lambda_src/dependencies/requirements services/storefront/requirements local/requirements requirements requirements-dev; do \
	  echo "  $$list.txt"; \
	  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header $$list.in -o $$list.txt || exit 1; \
	done
