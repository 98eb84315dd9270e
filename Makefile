# Helpline: `make run` starts a desk, `make test` proves it.
PYTHON ?= python3
BIN := .venv/bin
DATA := $(or $(HELPLINE_DATA),data)

.PHONY: run test test-fast test-postgres test-journeys check format bench bench-million fuzz soak mail-kills docs tour lock messages clean

run: .venv/ready-run
	@exec $(BIN)/helpline run --demo

test: .venv/ready-dev
	scripts/test

test-fast: .venv/ready-dev
	scripts/test fast

test-postgres: .venv/ready-dev
	scripts/test postgres

test-journeys: .venv/ready-dev
	scripts/test journeys

check: .venv/ready-dev
	scripts/check

format: .venv/ready-dev
	$(BIN)/ruff check --fix src tests bench scripts
	$(BIN)/ruff format src tests bench scripts

bench: .venv/ready-dev
	@scripts/bench

# Pages at 100,000 and at 1,000,000 tickets, and how they grow; on SQLite, then on PostgreSQL.
bench-million: .venv/ready-dev
	@$(BIN)/python bench/million.py
	@scripts/with-postgres $(BIN)/python bench/million.py

# A million broken SIP messages, in memory; takes some twenty minutes. DATAGRAMS=20000 SEED=3 make fuzz
fuzz: .venv/ready-dev
	@$(BIN)/python bench/fuzz.py --datagrams $(or $(DATAGRAMS),1000000) --seed $(or $(SEED),1)

# Calls coming and going for half an hour: memory stays flat, nothing stays open.
soak: .venv/ready-dev
	@$(BIN)/python bench/soak.py --minutes $(or $(MINUTES),30)

# 1,000 messages arrive while postman and worker are killed: none is lost, none is doubled.
mail-kills: .venv/ready-dev
	@HELPLINE_TEST_MESSAGES=$(or $(MESSAGES),1000) $(BIN)/pytest tests/interop/test_mail_kills.py -q

docs: .venv/ready-dev
	$(BIN)/mkdocs build --strict --quiet

tour: .venv/ready-dev
	scripts/test tour

# Translators: collect the texts of code and templates into the .po files (needs gettext's tools).
messages: .venv/ready-dev
	cd src/helpline && ../../$(BIN)/helpline makemessages --all --no-location --no-obsolete

# Pin all dependencies again from pyproject.toml.
lock: .venv/ready-dev
	scripts/lock

.venv/ready-run: requirements/run.txt pyproject.toml scripts/setup $(shell find frontend -name node_modules -prune -o -type f -print 2>/dev/null) $(shell find src -name '*.po' 2>/dev/null)
	scripts/setup run
	@touch $@

.venv/ready-dev: .venv/ready-run requirements/dev.txt
	scripts/setup dev
	@touch $@

clean:
	rm -rf .venv build dist site frontend/node_modules src/helpline/web/static/dist
