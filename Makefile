# The developer's and the visitor's commands. `make` alone lists them.

PYTHON := .venv/bin/python
# Postfix's master starts as root; without it, sudo does. Everything else of the lab runs as nobody.
ROOT := lab/as-root.sh
PYTEST := env PYTHONDONTWRITEBYTECODE=1 $(PYTHON) -m pytest -p no:cacheprovider
ALONE := -n auto --dist loadgroup
# These wait more than they compute, so there is one more of them than cores. Each has a Postfix of its own.
DAEMONS := -n $(shell expr $$(nproc) + 1) --dist loadfile
# One lock for every Python that pyproject.toml allows; the two packages are wanted on Windows alone.
LOCK := $(PYTHON) -m uv pip compile --no-config --quiet --universal --python-version 3.11 \
	--no-emit-package tzdata --no-emit-package colorama \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
	--custom-compile-command 'make lock' --default-index https://pypi.org/simple

.PHONY: help install install-test install-neighbours run test test-whole attackers neighbours check bench lock docs fuzz soak faults \
	weights accuracy attack sbom deb try-deb audit dist try-ansible test-in-roots

help:
	@echo 'make run [DIR=cases]  mail through a private Postfix, every verdict with its reasons'
	@echo 'make test             the whole test suite, real Postfix included'
	@echo 'make test-whole       and the suites of which that runs a slice'
	@echo 'make attackers        what a sender could try, whole: forgeries, pictures, patterns, recipients, budgets'
	@echo 'make neighbours       chains with OpenDKIM, OpenDMARC, rspamd, ClamAV and amavis, in both orders (docs/beside.md)'
	@echo 'make check            format, lint, types, fast tests: the loop while you work'
	@echo 'make bench            the benchmark table of docs/performance.md'
	@echo 'make fuzz             every parser of hostile bytes, ten minutes each'
	@echo 'make soak             hostile and ordinary mail for ten minutes: crashes, forged output, memory'
	@echo 'make faults [ROWS=a,b] the fault matrix: everything is killed, cut off, filled up; is any mail lost?'
	@echo 'make weights          what labelled mail says of the points: CORPUS=folder (docs/weights.md)'
	@echo 'make accuracy         the tables of docs/accuracy.md: CORPUS=folder'
	@echo 'make attack DIR=cases  an attacker who tries: fakes that are held are changed until they arrive'
	@echo 'make deb              the Debian packages, each built in a fresh root of its release: RELEASES=bookworm'
	@echo 'make try-deb          install, upgrade, one release back, purge, in fresh roots with a real systemd'
	@echo 'make docs             writes the generated documents again'
	@echo 'make lock             resolves the dependencies of pyproject.toml again'
	@echo 'make sbom             the bill of materials of the lock, which the wheel carries'
	@echo 'make audit            known vulnerabilities of what is locked'
	@echo 'make dist             wheel and source archive, the same bytes each time'
	@echo 'make try-ansible      the role of packaging/ansible in fresh roots, twice'
	@echo 'make test-in-roots    the tests in a fresh Debian 12 and a fresh Debian 13'

install:
	@lab/install.sh

run: install
	@$(ROOT) $(PYTHON) -m lab.run $(DIR) $(ARGS)

# What only the tests need: Prometheus, systemd's checks, compose.
install-test:
	@lab/install.sh test

# First what stands alone, then what runs daemons and waits for them.
test: install-test
	@$(ROOT) $(PYTEST) $(ALONE) -m 'not system and not whole'; first=$$?; \
		$(ROOT) $(PYTEST) $(DAEMONS) -m 'system and not whole' && exit $$first

# The filters that stand beside sekisho, as Debian packages them; no service of them is started.
install-neighbours:
	@lab/install.sh neighbours

# `make test` runs a slice of it.
neighbours: install-neighbours
	@$(ROOT) $(PYTEST) tests/system/test_neighbours.py

# The suites of which `make test` runs a slice.
test-whole: install-neighbours test
	@$(ROOT) $(PYTEST) -m whole

# `make test` runs a slice of it.
attackers: install-test
	@$(ROOT) $(PYTEST) $(ALONE) -m 'not system' tests/attackers; first=$$?; \
		$(ROOT) $(PYTEST) $(DAEMONS) -m system tests/attackers && exit $$first

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
	$(PYTHON) packaging/catalogue.py

# Newer versions of everything; UPGRADE= keeps what is locked and adds what is missing.
lock: UPGRADE ?= --upgrade
lock: install
	env -u UV_INDEX -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS $(LOCK) $(UPGRADE) --extra postgresql \
		pyproject.toml -o requirements.lock
	env -u UV_INDEX -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS $(LOCK) $(UPGRADE) --extra postgresql \
		--extra dev --extra weights --constraint requirements.lock pyproject.toml -o requirements-dev.lock
	for group in fuzz supply build; do env -u UV_INDEX -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS $(LOCK) $(UPGRADE) \
		--constraint requirements-dev.lock --group $$group -o requirements-$$group.lock || exit; done

SUPPLY := .cache/supply
$(SUPPLY)/stamp: requirements-supply.lock
	@$(MAKE) --no-print-directory install
	$(PYTHON) -m uv venv --quiet --clear $(SUPPLY)
	$(PYTHON) -m uv pip install --quiet --python $(SUPPLY) --require-hashes --no-deps -r requirements-supply.lock
	@touch $@

# What the lock installs, as a file that the wheel carries. After `make lock` and after a new version.
sbom: $(SUPPLY)/stamp
	packaging/sbom.sh $(PYTHON) $(SUPPLY) packaging/sekisho.cdx.json

# Known vulnerabilities of what is locked; asks PyPI.
audit: $(SUPPLY)/stamp
	@$(SUPPLY)/bin/pip-audit --require-hashes --disable-pip --progress-spinner off --timeout 20 --format json \
		-r requirements.lock 2>$(SUPPLY)/errors | $(PYTHON) packaging/audit.py

# SOURCE_DATE_EPOCH is the time of the last commit: the same source gives the same bytes.
dist: install
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(PYTHON) -m hatchling build -d dist

# The Ansible role in such roots, twice: the second run changes nothing. ARGS='--deb FILE' takes a package.
try-ansible: dist
	@$(ROOT) python3 packaging/try_ansible.py $(RELEASES) $(ARGS)

# Fresh Debian 12 and 13 by debootstrap; RELEASES=trixie does one, SEKISHO_ROOTS=folder keeps the bases.
test-in-roots:
	@$(ROOT) python3 packaging/suite.py $(RELEASES) $(ARGS)

# DIR may name several folders. ARGS='--fakes 20 --tries 50 --seed 2 --verdict-only --out folder'; docs/accuracy.md explains the tables.
attack: install
	$(PYTHON) -m lab.attack $(or $(DIR),$(error DIR=folder says where fakes are)) $(ARGS)

# RELEASES='bookworm trixie' names the releases of Debian; SEKISHO_ROOTS=folder keeps their bases elsewhere than .cache/roots.
deb:
	@lab/install.sh roots
	@$(ROOT) python3 packaging/deb.py $(RELEASES)

# ARGS='--only upgrade_and_back' tries less.
try-deb: deb
	@$(ROOT) python3 packaging/deb.py $(RELEASES) --previous --no-lintian --out dist/previous
	@$(ROOT) python3 packaging/try_deb.py $(RELEASES) $(ARGS)
