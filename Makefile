# Two commands: `make demo` shows what Caseloom does, `make test` proves it. Every target sets up .venv first.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test test-browser test-long notebooks docs bench check clean

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Caseloom needs Python 3.11 or later: make PYTHON=python3.11 ..." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $(READY)

demo: $(READY)
	$(BIN)/caseloom demo --out demo

test: $(READY)
	$(BIN)/python -m pytest -q -n 2 -m "not long and not browser and not notebooks and not docs"

# The pages in Chromium.
test-browser: $(READY)
	$(BIN)/python -m pytest -q -m browser

# What takes minutes: the server against its description.
test-long: $(READY)
	$(BIN)/python -m pytest -q -m long

# Every notebook from a fresh kernel, about one demo; what they show is kept in build/notebooks for the documentation.
notebooks: $(READY)
	$(BIN)/python -m pytest -q -s -m notebooks

# The documentation with its reference and notebooks in build/site; then every command in it, run.
docs: $(READY)
	test -d build/notebooks || $(MAKE) notebooks
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	$(BIN)/python -m pytest -q -m docs

# Every benchmark one after the other, each writing its section of docs/performance.md; an hour, on a quiet machine.
bench: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[bench]' || \
		echo "the peers of the extra 'bench' do not install here; their rows say so"
	$(BIN)/python benchmarks/all.py --write docs/performance.md

# A folder that holds the checkout under its import name, so that mypy sees `caseloom` whatever the folder is called.
.mypy_path/caseloom:
	mkdir -p .mypy_path
	ln -s .. .mypy_path/caseloom

check: $(READY) .mypy_path/caseloom
	$(BIN)/ruff check .
	MYPYPATH=.mypy_path $(BIN)/mypy -p caseloom
	$(BIN)/lint-imports
	$(MAKE) test

clean:
	rm -rf .venv .mypy_path build *.egg-info demo
