# Darkstar: make demo | make test | make check | make bench | make lock
# What each leaves behind: .venv/ (tools), demo-home/ (the demo), .cache/ (a real Home Assistant for the tests).
# Compiled modules are kept, whatever the shell says: the next run begins some seconds sooner.
unexport PYTHONDONTWRITEBYTECODE
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= 2

.PHONY: install demo test check bench lock format system-packages clean

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@tools/make-venv $(PYTHON) $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: install
	$(BIN)/darkstar demo --home demo-home

system-packages:
	@tools/system-packages

test: install system-packages
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

check: install
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q -n $(WORKERS) -m "not end_to_end and not slow"

format: install
	$(BIN)/ruff format src tests benchmarks
	$(BIN)/ruff check --fix src tests benchmarks

bench: install
	$(BIN)/python -m benchmarks

lock: install
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-header --no-annotate --extra dev --upgrade pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) demo-home
