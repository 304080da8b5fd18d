# sapwood: `make` lists what can be made. Needs python3.11 or newer and make, nothing else.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# Where PyTorch comes from; empty takes the registry's build. CPU only: make quickstart TORCH_INDEX=<PyTorch's own CPU index>
TORCH_INDEX ?=
PIP := $(BIN)/python -m pip --disable-pip-version-check
DATA ?= sapwood-data
QUICKSTART ?=
# Real labelled data for some tests and benchmarks; they skip where it is absent.
ifneq ($(wildcard ../shared),)
export SAPWOOD_SHARED ?= $(abspath ../shared)
endif

.DEFAULT_GOAL := help
.PHONY: help quickstart test clients check fix docs site lock clean

help: ## List the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 20

quickstart: $(VENV)/installed-local ## Install, fetch the two models, run the whole story, print the results
	@$(BIN)/sapwood quickstart --data $(DATA) $(QUICKSTART)

# Files begin in their order: those with the most tests are not the longest. The many processes that tests start find what
# is compiled, whatever the environment says.
test: $(VENV)/installed-dev ## Run the tests, the ones with the real small model too, as many files at once as there are cores
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(TESTS)

clients: ## Make the client environments of tests/wire (about 1 GB): the official connectors, in .clients
	@$(PYTHON) tools/clients.py

check: $(VENV)/installed-dev ## Lint, formatting and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pyright

fix: $(VENV)/installed-dev ## Mend what lint and formatting can mend
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: $(VENV)/installed-dev ## Write the pages that are made from the code
	@$(BIN)/python tools/pages.py

site: $(VENV)/installed-dev ## Build the documentation as a site, in build/site; a link that leads nowhere is an error
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

lock: ## Resolve all dependencies anew into constraints.txt
	@$(PYTHON) tools/lock.py > constraints.new && mv constraints.new constraints.txt

clean: ## Remove the environment and what tests left; data directories and models stay
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis build dist

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "sapwood needs Python 3.11 or newer; found $$($(PYTHON) --version). Set PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/torch: constraints.txt | $(BIN)/python
	@echo "Installing into $(VENV): about 350 MB of packages, and PyTorch (about 200 MB for CPU; about 3 GB where the registry gives"
	@echo "the CUDA build: name PyTorch's own CPU index with TORCH_INDEX=... to avoid that)."
	@$(PIP) install --quiet --progress-bar on $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) $$(grep -E '^torch==' constraints.txt)
	@touch $@

$(VENV)/installed-local: pyproject.toml constraints.txt $(VENV)/torch
	@$(PIP) install --quiet --progress-bar on -c constraints.txt -e '.[local]'
	@touch $@

$(VENV)/installed-dev: pyproject.toml constraints.txt $(VENV)/torch
	@$(PIP) install --quiet --progress-bar on -c constraints.txt -e '.[local,dev]'
	@touch $(VENV)/installed-local $@
