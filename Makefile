# Everything here needs Python 3.11 or later and make; the rest is installed into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed

.PHONY: help run test test-engine test-image parity check format bench recording fuzz soak kills wheel image lock clean

help:
	@echo 'make run          guard the Engine of this machine, or the demo engine where there is none'
	@echo 'make test         run all tests; those of a real Engine only where dockerd is installed'
	@echo 'make test-engine  install a private dockerd (Debian, as root) and run the tests that need it'
	@echo 'make test-image   build the image on a Debian made on the spot, and try it (Debian, as root)'
	@echo 'make parity       all of the parity suite, over a Unix socket and over TLS, with large bodies'
	@echo 'make check        lint, formatting, types and the rules of the house'
	@echo 'make format       put every file into the one format'
	@echo 'make bench        measure against HAProxy, nginx and the bare socket'
	@echo 'make fuzz         feed the parsers and the policy reader for MINUTES=10, guided by coverage'
	@echo 'make soak         mixed traffic for MINUTES=10; memory and descriptors have to stay flat'
	@echo 'make kills        kill the server ROUNDS=200 times under load; its log has to be whole'
	@echo 'make recording    record anew what the first page shows (needs the docker command)'
	@echo 'make wheel        build the wheel into dist/'
	@echo 'make image        build the container image'
	@echo 'make lock         choose the versions that the image is built from'
	@echo 'make clean        remove what make made'

$(INSTALLED): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("sockguard needs Python 3.11 or later; name one: make PYTHON=python3.12")'
	@echo 'preparing $(VENV), once'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

run: $(INSTALLED)
	@$(BIN)/python -m demo.guard

test: $(INSTALLED)
	$(BIN)/pytest --numprocesses=2 --dist=loadgroup

test-engine: $(INSTALLED)
	RUNLEVEL=1 apt-get install --yes --no-install-recommends docker.io docker-compose iptables busybox-static nginx
	REQUIRE_ENGINE=1 $(BIN)/pytest -m engine

test-image: $(INSTALLED)
	RUNLEVEL=1 apt-get install --yes --no-install-recommends docker.io docker-compose iptables busybox-static nginx debootstrap
	REQUIRE_ENGINE=1 TEST_IMAGE=1 $(BIN)/pytest tests/engine -k 'the_image or the_nginx_proxy_example'

parity: $(INSTALLED)
	REQUIRE_ENGINE=1 PARITY=whole $(BIN)/pytest tests/engine -k 'over_unix or over_tls'

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest tests/house

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(INSTALLED)
	$(BIN)/python bench/run.py

fuzz soak: MINUTES ?= 10

fuzz: $(INSTALLED)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	$(BIN)/python -m tests.fuzz --minutes $(MINUTES)

soak: $(INSTALLED)
	$(BIN)/python -m tests.soak --minutes $(MINUTES)

recording: $(INSTALLED)
	$(BIN)/python -m recording

kills: ROUNDS ?= 200

kills: $(INSTALLED)
	$(BIN)/python -m tests.soak.kills --rounds $(ROUNDS)

wheel: $(INSTALLED)
	rm -rf build
	$(BIN)/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

image:
	docker build --build-arg REVISION=$$(git rev-parse HEAD 2>/dev/null || echo unknown) --tag sockguard .

lock: $(INSTALLED)
	$(BIN)/pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --upgrade --generate-hashes --build-deps-for wheel --allow-unsafe \
	  --strip-extras --no-header --no-emit-index-url --no-emit-find-links \
	  --output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) build dist run *.egg-info
