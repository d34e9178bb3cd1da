# The clinic, in a virtual environment of its own. `make` prints this help.
PYTHON ?= python3
BIN := .venv/bin
CHROMIUM ?= /usr/bin/chromium
export CHROMIUM

# what breaks first when a rule, a grant or a route is wrong
QUICK := $(patsubst %,tests/test_%.py,start layers declaration scopes restricted versions \
	double_booking availability booking notes)

.DEFAULT_GOAL := help
.PHONY: help run test test-quick check proof bench translations screenshots clean

help: ## print this help
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

run: .venv/run app/static/vendor/done ## start the clinic; the first time with a demo clinic
	@$(BIN)/python run.py

test: .venv/dev app/static/vendor/done ## run all tests, on SQLite, PostgreSQL and in Chromium
	$(BIN)/python -m pytest -n 2 -m "not proof"

test-quick: .venv/dev ## the tests of what breaks first, in under a minute
	$(BIN)/python -m pytest -n 2 -k "not postgresql" $(QUICK)

check: .venv/dev ## lint, formatting, types, what is known to be dangerous, translations, migrations, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/bandit -q -ll -r app config.py setting_values.py run.py
	$(BIN)/python tools/audit.py
	$(BIN)/python tools/translations.py check
	$(BIN)/python -m pytest tests/test_database.py tests/test_layers.py

proof: .venv/dev app/static/vendor/done ## the long proofs at full size
	$(BIN)/python -m pytest -n 2 --dist worksteal -m proof

bench: .venv/bench ## measured ratios, beside bare routes and three admin frameworks
	$(BIN)/python tools/bench

translations: .venv/dev ## bring the texts of every language up to date, and name what is missing
	$(BIN)/python tools/translations.py

screenshots: .venv/dev app/static/vendor/done ## take the README's pictures from a demo clinic
	$(BIN)/python tools/screenshots.py

clean: ## forget the environment and the packages; the data stays
	rm -rf .venv node_modules app/static/vendor

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/run: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/dev: requirements-dev.txt .venv/run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

.venv/bench: requirements-bench.txt .venv/dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	@touch $@

app/static/vendor/done: package-lock.json package.json tools/vendor.py | .venv/bin/python
	$(BIN)/python tools/vendor.py
	@touch $@
