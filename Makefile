# `make demo` dubs a video on this machine; `make test` passes the suite. Both set up what they need.
.PHONY: help setup setup-dev demo run test check format assets constraints chaos chaos-uploads conformance-tus attack fuzz bench-dub bench-queue bench-uploads bench-mix bench-long bench-timing bench-speakers bench-vault

BIN := .venv/bin

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## system packages (as root) and .venv, for dubbing and serving
	@deploy/setup.sh core

setup-dev: ## the same and what the tests need
	@deploy/setup.sh dev

demo: setup ## make a 30-second English video and dub it into Spanish
	@mkdir -p build/demo
	@$(BIN)/python -m tests.demo_video build/demo/talk.mp4
	@$(BIN)/dub build/demo/talk.mp4 --to es -o build/demo/talk.es

run: setup ## start the web application on http://127.0.0.1:8000
	@$(BIN)/dubbing-web

test: setup-dev ## the whole suite
	@$(BIN)/python -m pytest -n 2 --dist worksteal

check: setup-dev ## lint, format, types and layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/djlint --check --lint --quiet templates

format: setup-dev ## format the Python sources
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

# Not `npm ci`: it insists on other platforms' optional packages, which not every registry mirror has.
assets: ## rebuild the committed style sheet and scripts (needs Node.js)
	npm --prefix static install --no-save
	npm --prefix static run build

constraints: setup-dev ## pin what is installed now
	@$(BIN)/python -m pip freeze --exclude-editable --disable-pip-version-check > constraints.txt

chaos: setup-dev ## kill, freeze and starve the queue, a line a fault (CHAOS=short: few repetitions; ROWS="3 8": only those)
	@$(BIN)/python -m tests.chaos $(ROWS) $(if $(filter short,$(CHAOS)),--short)

chaos-uploads: setup-dev ## cut, stall, kill, fill and damage uploads, a line a fault (CHAOS=short: few repetitions; FAULT=killed: only those)
	@$(BIN)/python -m tests.uploading.chaos $(FAULT) $(if $(filter short,$(CHAOS)),--short)

conformance-tus: setup-dev ## every rule of tus 1.0.0 and its extensions, and the same requests beside the reference server
	@$(BIN)/python -m tests.uploading.conformance

attack: setup-dev ## try to get in, to reach others' things and to run scripts, a line an attack (ATTACK=QR: only those)
	@$(BIN)/python -m tests.security.attack $(ATTACK)

fuzz: MINUTES = 60
fuzz: setup-dev ## 1,000 strange media, 5,000 texts and 5,000 requests, MINUTES=60 at most (SEED=6: those of an earlier run)
	@$(BIN)/python -m tests.security.fuzz --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

# Real speech to mix into the talks: a folder of FLAC clips. Without it, all of it is generated.
SPEECH ?= ../shared/data/speech
MINUTES ?= 10
MODE ?= medium
LONG_MINUTES ?= 60

bench-dub: setup-dev ## a ten-minute talk (MINUTES="10 60" for both, MODE=low): time and memory of every stage
	@$(BIN)/python -m tests.benchmarks.bench_dub --minutes $(MINUTES) --mode $(MODE) --speech $(SPEECH)

bench-queue: setup-dev ## how long work waits and how much gets done, beside bare django-q2 (SOAK=30: watch it grow for 30 minutes)
	@$(BIN)/python -m tests.benchmarks.bench_queue $(if $(SOAK),--soak $(SOAK))

bench-uploads: setup-dev ## a gigabyte over loopback beside the tus project's own server, and fifty uploads at once
	@$(BIN)/python -m tests.benchmarks.bench_uploads

bench-long: setup-dev ## an hour of talk (LONG_MINUTES=60) takes hardly more memory than ten minutes
	@$(BIN)/python -m tests.benchmarks.bench_long --minutes $(LONG_MINUTES) --speech $(SPEECH)

bench-timing: setup-dev ## the timing plan against two common rules on 720 lines, and what it costs
	@$(BIN)/python -m tests.benchmarks.bench_timing --speech $(SPEECH)

bench-speakers: setup-dev ## who speaks when, on generated talks of one to four voices
	@$(BIN)/python -m tests.benchmarks.bench_speakers --speech $(SPEECH)

bench-mix: setup-dev ## the mix: loudness, leaks, pumping, clicks, the bed kept, speed, memory at 10 and 60 minutes
	@$(BIN)/python -m tests.benchmarks.bench_mix

bench-vault: setup-dev ## playing ranges of a sealed film beside a plain one through the real server, and what sealing costs
	@$(BIN)/python -m tests.benchmarks.bench_vault
