# The environment is made here, so that `make test` needs nothing but a Python.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# Not by the name: two interpreters may be called python3.
VERSION := $(shell $(PYTHON) -c 'import platform; print(platform.python_version())')

.PHONY: test lint types layers unit ecosystem benchmark slices proofs clean

test: lint types layers unit

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/ready
	$(BIN)/mypy

layers: $(VENV)/ready
	$(BIN)/lint-imports --no-logo

unit: $(VENV)/ready
	$(BIN)/pytest

ecosystem: $(VENV)/ready
	$(BIN)/python scripts/ecosystem.py

benchmark: $(VENV)/ready
	$(BIN)/python scripts/ecosystem.py --download-only timm
	$(BIN)/python benchmarks/cpu_over_ast_parse.py --limit 8

# Follows every function of every package: a quarter of an hour.
slices: $(VENV)/ready
	$(BIN)/python scripts/ecosystem.py --download-only
	$(BIN)/python benchmarks/slices.py

# Runs every proof in an environment with the libraries that the rules speak of.
proofs: .venv-proofs/ready
	@failed=; for proof in proofs/CKP*.py; do \
		echo "$$proof"; .venv-proofs/bin/python $$proof || failed="$$failed $$proof"; \
	done; test -z "$$failed" || { echo "no longer true:$$failed"; exit 1; }

.venv-proofs/ready: proofs/requirements.txt
	$(PYTHON) -m venv --clear .venv-proofs
	.venv-proofs/bin/python -m pip install --quiet --requirement proofs/requirements.txt
	touch $@

# Made anew when the dependencies change or another Python is asked for.
$(VENV)/ready: pyproject.toml $(VENV)/python-$(VERSION)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

$(VENV)/python-%:
	$(PYTHON) -m venv --clear $(VENV)
	touch $@

clean:
	rm -rf $(VENV) .venv-proofs .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache dist
