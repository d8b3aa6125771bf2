# The developer's and the visitor's commands. `make` alone lists them.

PYTHON := .venv/bin/python
# Postfix's master starts as root; without it, sudo does. Everything else of the lab runs as nobody.
ROOT := lab/as-root.sh
PYTEST := env PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m pytest -p no:cacheprovider
LOCK := $(PYTHON) -m uv pip compile --no-config --quiet --python-version 3.11 --python-platform linux \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
	--custom-compile-command 'make lock' --default-index https://pypi.org/simple

.PHONY: help install install-test run test test-whole attackers check bench lock docs fuzz soak faults weights accuracy attack

help:
	@echo 'make run [DIR=cases]  mail through a private Postfix, every verdict with its reasons'
	@echo 'make test             the whole test suite, real Postfix included'
	@echo 'make test-whole       and the suites of which that runs a slice'
	@echo 'make attackers        what a sender could try, whole: forgeries, pictures, patterns, recipients, budgets'
	@echo 'make check            format, lint, types, fast tests: the loop while you work'
	@echo 'make bench            the benchmark table of docs/performance.md'
	@echo 'make fuzz             every parser of hostile bytes, ten minutes each'
	@echo 'make soak             hostile and ordinary mail for ten minutes: crashes, forged output, memory'
	@echo 'make faults [ROWS=a,b] the fault matrix: everything is killed, cut off, filled up; is any mail lost?'
	@echo 'make weights          what labelled mail says of the points: CORPUS=folder (docs/weights.md)'
	@echo 'make accuracy         the tables of docs/accuracy.md: CORPUS=folder'
	@echo 'make attack DIR=cases  an attacker who tries: fakes that are held are changed until they arrive'
	@echo 'make docs             writes the generated documents again'
	@echo 'make lock             resolves the dependencies of pyproject.toml again'

install:
	@lab/install.sh

run: install
	@$(ROOT) $(PYTHON) -m lab.run $(DIR) $(ARGS)

# What only the tests need: Prometheus, systemd's checks, compose.
install-test:
	@lab/install.sh test

# On every core what stands alone, then one by one what runs daemons and waits for them.
test: install-test
	@$(ROOT) $(PYTEST) -n auto --dist loadgroup -m 'not system and not whole'; first=$$?; \
		$(ROOT) $(PYTEST) -m 'system and not whole' && exit $$first

# The suites of which `make test` runs a slice.
test-whole: test
	@$(ROOT) $(PYTEST) -m whole

# `make test` runs a slice of it.
attackers: install-test
	@$(ROOT) $(PYTEST) -n auto --dist loadgroup -m 'not system' tests/attackers; first=$$?; \
		$(ROOT) $(PYTEST) -m system tests/attackers && exit $$first

check: install
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	$(PYTHON) -m pytest -q -n auto -m 'not system and not slow' tests/unit tests/golden tests/properties tests/test_architecture.py

bench: install
	@$(ROOT) $(PYTHON) -m lab.bench $(ARGS)

# Ten minutes for each target, or FUZZ=seconds; crashers are kept in tests/fuzz/corpus and replayed by `make check`.
fuzz: install
	@$(PYTHON) -c 'import atheris' 2>/dev/null || $(PYTHON) -m uv pip install --quiet --python $(PYTHON) \
		--require-hashes --no-deps -r requirements-fuzz.lock
	PYTHONPATH=milter:. $(PYTHON) -m tests.fuzz.run --seconds $(or $(FUZZ),600) $(TARGETS)

soak: install
	@$(ROOT) $(PYTHON) -m lab.soak $(ARGS)

# ROWS=name,name runs these rows only; ARGS=--list names them, ARGS='--messages 5000' sends less.
faults: install
	@$(ROOT) $(PYTHON) -m lab.faults $(ROWS) $(ARGS)

# The file of collections is described in lab/accuracy.py; docs/weights.md says what comes out of it.
weights: install
	$(PYTHON) -m lab.weights $(or $(COLLECTIONS),lab/accuracy.toml) \
		$(or $(CORPUS),$(error CORPUS=folder says where the labelled mail is))

# lab/accuracy.toml says which folders of the corpus are which collections; COLLECTIONS=file names another such file.
accuracy: install
	$(PYTHON) -m lab.accuracy $(or $(COLLECTIONS),lab/accuracy.toml) \
		$(or $(CORPUS),$(error CORPUS=folder says where the labelled mail is))

docs: install
	.venv/bin/sekisho config describe --format toml > config/sekisho.toml
	.venv/bin/sekisho config describe --format markdown > docs/options.md
	.venv/bin/sekisho config describe --format checks > docs/checks.md
	.venv/bin/sekisho config describe --format events > docs/events.md
	.venv/bin/sekisho config describe --format event-schema > docs/events.schema.json
	$(PYTHON) config/grafana/dashboard.py

lock: install
	env -u UV_INDEX -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS $(LOCK) --upgrade --extra postgresql \
		pyproject.toml -o requirements.lock
	env -u UV_INDEX -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS $(LOCK) --upgrade --extra postgresql \
		--extra dev --extra weights --constraint requirements.lock pyproject.toml -o requirements-dev.lock
	env -u UV_INDEX -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS $(LOCK) --upgrade --group fuzz -o requirements-fuzz.lock

# DIR may name several folders. ARGS='--fakes 20 --tries 50 --seed 2 --verdict-only --out folder'; docs/accuracy.md explains the tables.
attack: install
	$(PYTHON) -m lab.attack $(or $(DIR),$(error DIR=folder says where fakes are)) $(ARGS)
