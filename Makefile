# Everything that is done with this project, one word each. `make help` lists them.

CARGO ?= cargo

# How many times the small counts of `make test` `make soak` runs, and from which seed.
SOAK ?= 50
SEED ?= $(shell od -An -N4 -tu4 /dev/urandom | tr -d ' ')

.DEFAULT_GOAL := help
.PHONY: help setup run lint test bridge bench soak clean

help: ## Lists these words
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-6s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Installs what this machine lacks for building and testing
	@scripts/setup test

run: ## Builds the command and shows the main job, end to end
	@scripts/setup build
	$(CARGO) run --quiet -p strongroom-cli -- demo

lint: ## Checks format, lints and documentation
	@scripts/setup test
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --quiet

# The system tests run last and drive the built command, so it is built beside them. Tests are named
# one by one to put them in this order; an architecture test finds one that is missing here.
test: lint ## Runs every check and test
	$(CARGO) build --workspace --bins --tests
	$(CARGO) test --workspace --doc --quiet
	$(CARGO) test --workspace --lib --bins --test architecture --test bridge --test it --no-fail-fast
	$(CARGO) test --workspace --test system

bridge: ## Writes the window's TypeScript types anew, from the crate `contract`
	STRONGROOM_WRITE_BRIDGE=1 $(CARGO) test -p strongroom-tests --test bridge --quiet

bench: ## Measures us beside our peers and prints one table (BENCH="--only NAME" for one)
	@scripts/setup bench
	$(CARGO) build --release -p strongroom-cli -p strongroom-bench
	$(CARGO) run --release --quiet -p strongroom-bench -- $(BENCH)

soak: ## Runs the tests with big counts (SOAK=times, SEED=number)
	@scripts/setup test
	@echo "soak: SOAK=$(SOAK) SEED=$(SEED)"
	$(CARGO) build --workspace --bins --tests
	STRONGROOM_SOAK=$(SOAK) PROPTEST_CASES=$$((256 * $(SOAK))) PROPTEST_RNG_SEED=$(SEED) \
		$(CARGO) test --workspace --lib --bins --tests --no-fail-fast

clean: ## Removes what was built
	$(CARGO) clean
