# make run    serve the demo model on http://127.0.0.1:5000 (Swagger page at /api, try-me page at /try-me/);
#             the first time it installs everything, which takes some minutes and says what it does;
#             another port: make run PORT=5001
# make setup  every environment and program that the tests need; `make test` does it by itself
# make test   every check: format, lint, types, tests
# make soak   by hand: storms and attacks at full size, and all answers of the live peers
# make docs   the documentation as a site, build/docs/index.html
# make bench  the figures of docs/performance.md
# make format rewrite the sources the way `make test` wants them
# make clean  remove what the others made

# Of the demo model, if not that of the host's own options.
PORT =
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# Versions as tested; constraints.txt says how it is made.
PIP := $(BIN)/pip install --disable-pip-version-check --constraint constraints.txt
INSTALL := $(PIP) --quiet

# The tests drive real processes and wait for them a third of their time, so that it takes four at a
# time to keep two processors busy. Those that look at time, if there are any, run before, with
# nothing beside them.
TESTS_AT_A_TIME = 4
SERIAL = $(shell grep -rl "mark.serial$$" tests --include=*.py)
PYTEST = $(BIN)/pytest --durations 30 --durations-min 2

# The longest that one test of `make soak` may take.
SOAK_SECONDS = 3600
# What has a full size: attacks, storms, peers, installations.
SOAK = tests/overload tests/security tests/failures tests/compat tests/cog_door tests/web tests/training tests/api \
	tests/browser tests/template/test_road.py tests/docs/test_code_blocks.py tests/docs/test_readme.py \
	tests/docs/test_trainings.py tests/unit/test_exact_checking.py

.PHONY: run setup test types types-demo test-demo pythons soak docs bench format clean

run: $(VENV)/run.stamp
	@echo "Starting the demo model: $(BIN)/deepaas-run --model-name demo_app$(if $(PORT), --listen-port $(PORT))"
	@$(BIN)/deepaas-run --model-name demo_app$(if $(PORT), --listen-port $(PORT))

setup: $(VENV)/test.stamp
	@echo "Environments for the tests: DEEPaaS 2.6, Cog and clients to compare with, and other Pythons;"
	@echo "this takes a few minutes the first time ..."
	$(BIN)/python -m benchmarks.peers
	scripts/other-pythons setup

test: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	# Once, and not by each process, where the environment has them leave nothing behind.
	$(BIN)/python -m compileall -q deepaas demo_app/demo_app
	# Each keeps one processor busy, and here are two.
	$(MAKE) --no-print-directory --jobs 2 --output-sync pythons types test-demo types-demo
	$(if $(SERIAL),$(PYTEST) -m serial $(SERIAL))
	$(PYTEST) -m "not serial" -n $(TESTS_AT_A_TIME) --dist loadgroup --no-loadscope-reorder tests

# Parts of `make test`; what takes longest begins first.
types:
	$(BIN)/mypy

types-demo:
	cd demo_app && ../$(BIN)/mypy

# In one process, which imports PyTorch: each of those that run the other tests would do so, too.
test-demo:
	OMP_NUM_THREADS=1 $(PYTEST) -q --rootdir . tests/conftest.py demo_app/tests

pythons:
	scripts/other-pythons test

soak: setup
	CI=true DEEPAAS_SOAK=1 $(BIN)/pytest --timeout $(SOAK_SECONDS) --durations 20 $(SOAK)

docs: $(VENV)/test.stamp
	$(BIN)/sphinx-build -W --keep-going -q -b html docs build/docs

bench: setup
	scripts/need wrk wrk
	$(BIN)/python -m benchmarks

format: $(VENV)/test.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) .venv-* build

$(VENV)/bin/python:
	@echo "Making a virtual environment in $(VENV) ..."
	@scripts/make-venv "$(PYTHON)" $(VENV)

$(VENV)/run.stamp: $(VENV)/bin/python pyproject.toml demo_app/pyproject.toml constraints.txt
	@echo "Installing DEEPaaS, the try-me page, TensorBoard and the demo model (PyTorch) into $(VENV):"
	@echo "this takes a few minutes the first time, and less after a change; PyTorch is the largest download ..."
	@$(PIP) --editable ".[new,tensorboard,ui]" --editable demo_app
	@touch $@
	@echo "Installed."

$(VENV)/test.stamp: $(VENV)/run.stamp
	@echo "Installing what the tests need, in addition: Chromium, nginx, PostgreSQL, and packages into $(VENV) ..."
	scripts/need chromium chromium
	scripts/need chromium-headless-shell chromium-headless-shell || echo "Chromium itself serves as well."
	scripts/need /usr/sbin/nginx nginx
	scripts/need prometheus prometheus
	scripts/need-postgres
	$(INSTALL) --editable ".[test]"
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/pytest --collect-only -q >/dev/null
	touch $@
