# The environment is made here, so that `make test` needs nothing but a Python.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: test lint types layers unit ecosystem benchmark clean

test: lint types layers unit

lint: $(VENV)/ready
	$(BIN)/ruff check src tests
	$(BIN)/ruff format --check src tests

types: $(VENV)/ready
	$(BIN)/mypy

layers: $(VENV)/ready
	$(BIN)/lint-imports --no-logo

unit: $(VENV)/ready
	$(BIN)/pytest

ecosystem: $(VENV)/ready
	$(BIN)/python -m tests.ecosystem

benchmark: $(VENV)/ready
	$(BIN)/python benchmarks/run.py

# Made anew when the dependencies change or another Python is asked for.
$(VENV)/ready: pyproject.toml $(VENV)/python-$(notdir $(PYTHON))
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

$(VENV)/python-%:
	$(PYTHON) -m venv --clear $(VENV)
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache dist
