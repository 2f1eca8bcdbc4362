# Everything starts here: `make demo` and `make test` need Python 3.11+ and make, and install the rest into .venv.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
CATALOGUE ?=
DEMO ?= $(if $(CATALOGUE),demo-own,demo)

.PHONY: demo test test-slow test-faults test-s3 check-deploy lint format clean

demo: $(VENV)/.installed  ## restyle a small catalogue: make demo [CATALOGUE=folder] [DEMO=output folder]
	$(BIN)/vitrine demo $(if $(CATALOGUE),--catalogue "$(CATALOGUE)") --output "$(DEMO)"

test: $(VENV)/.installed-dev  ## everything that CI runs, under ten minutes
	$(BIN)/python -m pytest -q -m "not slow and not faults" tests

test-slow: $(VENV)/.installed-dev  ## the long checks: training smoke runs, kills at random moments
	$(BIN)/python -m pytest -q -m slow tests

test-faults: $(VENV)/.installed-dev  ## staged faults that take long: workers, clusters and stores that die
	$(BIN)/python -m pytest -q -m faults tests

test-s3: $(VENV)/.installed-dev  ## what is marked s3, on a real object store: Ceph's radosgw, from Debian's packages
	tests/with_radosgw.sh $(BIN)/python -m pytest -q -m s3 tests

check-deploy: $(VENV)/.installed-dev  ## what lies in deploy/: image, compose files, Kubernetes manifests, Prefect's files
	$(BIN)/python -m pytest -q tests/deploy

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Vitrine needs Python 3.11 or newer; this is %s. Say PYTHON=python3.11" % sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --disable-pip-version-check -q -c constraints.txt -e .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/pip install --disable-pip-version-check -q -c constraints.txt -e '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) demo demo-own .pytest_cache .mypy_cache .ruff_cache
