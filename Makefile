# Every habit is one command; each makes the virtual environment from nothing where there is none.
PYTHON ?= python3.11
PY := .venv/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
STAMP := .venv/.complete
ONE := OMP_NUM_THREADS=1
FIGURES ?= runs/study
JOBS ?= 2
# Each worker takes a run of neighbouring tests, so that what a file or a folder sets up is mostly set up once.
SPREAD := -n $(JOBS) --dist worksteal

.PHONY: demo test test-slow test-long study methods check bench docs audit
.DELETE_ON_ERROR:

demo: $(STAMP)
	$(PY) -m idiolect demo

test: $(STAMP)
	$(ONE) $(PY) -m pytest $(SPREAD)

test-slow: $(STAMP)
	$(ONE) $(PY) -m pytest $(SPREAD) -m slow

test-long: $(STAMP)
	$(ONE) $(PY) -m pytest -m "slow or long"

study: $(STAMP)
	$(ONE) $(PY) -m idiolect evaluate study --out $(FIGURES) --jobs $(JOBS)
	cp $(FIGURES)/results.json docs/results.json

methods: $(STAMP)
	$(ONE) $(PY) -m idiolect evaluate methods --out runs/methods --jobs $(JOBS)
	cp runs/methods/results.json docs/methods.json

check: $(STAMP)
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	.venv/bin/lint-imports
	$(PY) docs/generate.py --check

bench: $(STAMP)
	$(ONE) $(PY) benchmarks/speed
	cp runs/bench/results.json docs/bench.json

docs: $(STAMP)
	$(PY) docs/generate.py

# Known vulnerabilities, where the service that knows them answers: only a finding fails.
audit: $(STAMP)
	$(PY) -m venv .venv/audit
	.venv/audit/bin/pip install --quiet --disable-pip-version-check pip-audit
	.venv/audit/bin/pip-audit --disable-pip --no-deps -r constraints.txt 2>&1 | tee .venv/audit/report
	! grep -q "known vulnerabilit[a-z]* in" .venv/audit/report

# Everything but torch is checked against its hash, and is there before torch, so that torch brings only itself where
# its file needs nothing more. Which file of torch suits the machine is the package index's answer: no hash can tell.
$(STAMP): requirements-build.lock requirements.lock constraints.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(PIP) --no-deps --require-hashes -r requirements-build.lock
	$(PIP) --no-deps --require-hashes --no-build-isolation -r requirements.lock
	$(PIP) -c constraints.txt torch
	$(PIP) --no-deps --no-build-isolation -e .
	$(PY) -m pip check
	touch $@
