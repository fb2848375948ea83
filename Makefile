# Everything below needs only git, make and Python 3.11 or newer.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test check lint types architecture bench lock clean

demo: $(VENV)/.ready-rehearsal
	@$(BIN)/release-cockpit rehearse

test: $(VENV)/.ready-dev
	$(BIN)/python -m pytest -n 4

check: test lint types architecture

lint: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.ready-dev
	$(BIN)/mypy

architecture: $(VENV)/.ready-dev
	$(BIN)/python -m pytest tests/test_architecture.py

bench: $(VENV)/.ready-dev
	$(BIN)/python -m tests.bench.first_frame
	$(BIN)/python -m tests.bench.first_picture
	$(BIN)/python -m tests.bench.missing

# The versions that `make test` passed with; anybody's index serves them.
lock: $(VENV)/.ready-dev
	$(BIN)/python -m pip freeze --exclude-editable > constraints.txt

$(VENV)/.ready-%: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "release-cockpit needs Python 3.11 or newer; set PYTHON=")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) ($*) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[$*]'
	@$(BIN)/python -m compileall -q cockpit screens widgets themes
	@touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
