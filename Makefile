# Everything that is done with this project, one word each. `make help` lists them.

CARGO ?= cargo

# How many times the small counts of `make test` `make soak` runs, and from which seed.
SOAK ?= 50
SEED ?= $(shell od -An -N4 -tu4 /dev/urandom | tr -d ' ')

.DEFAULT_GOAL := help
.PHONY: help setup run pages lint test screens bridge icons package bench soak clean

# Where there is a display, `make run` opens the window; elsewhere it shows the main job headless.
DISPLAYED := $(or $(WAYLAND_DISPLAY),$(DISPLAY))

help: ## Lists these words
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Installs what this machine lacks for building and testing
	@scripts/setup test

ifeq ($(DISPLAYED),)
run: ## Opens the window, or shows the main job where there is no display
	@scripts/setup build
	$(CARGO) run --quiet -p strongroom-cli -- demo
else
run: pages ## Opens the window, or shows the main job where there is no display
	$(CARGO) run --quiet -p strongroom-app
endif

ui/node_modules/.package-lock.json: ui/package.json ui/package-lock.json
	cd ui && npm ci --no-audit --no-fund
	@touch $@

pages: ## Builds the window's pages
	@scripts/setup window
	@$(MAKE) --no-print-directory ui/node_modules/.package-lock.json
	cd ui && npm run --silent build

# The window holds its pages, so they are built before anything looks at the whole workspace.
lint: pages ## Checks format, lints and documentation
	@scripts/setup test
	cd ui && npm run --silent format && npm run --silent check
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --quiet

# The tests over the whole run last and drive the built command and the built window, so these are
# built beside them. Tests are named one by one to put them in this order; an architecture test finds
# one that is missing here.
test: lint ## Runs every check and test
	cd ui && npm test
	$(CARGO) build --workspace --bins --tests
	$(CARGO) test --workspace --doc --quiet
	$(CARGO) test --workspace --lib --bins --test architecture --test bridge --test interop --test it --no-fail-fast
	$(CARGO) test --workspace --test system
	$(CARGO) test --workspace --test desktop

screens: pages ## Pictures every screen of the real window, in target/screens
	@scripts/setup test
	$(CARGO) build -p strongroom-cli -p strongroom-app
	$(CARGO) run --quiet -p strongroom-desktop-tests --bin screens -- target/screens

bridge: ## Writes the window's TypeScript types anew, from the crate `contract`
	STRONGROOM_WRITE_BRIDGE=1 $(CARGO) test -p strongroom-tests --test bridge --quiet

icons: ## Draws the icon in all its sizes from the one SVG
	scripts/icons

package: pages ## Builds the .deb and the .rpm, and tries both
	@scripts/setup package
	scripts/package

# The windows are built each by itself: together with them, the others would be built with what a window
# alone needs.
bench: pages ## Measures us beside our peers and prints one table (BENCH="--only NAME" for one)
	@scripts/setup bench
	$(CARGO) build --release -p strongroom-app
	$(CARGO) build --release -p strongroom-empty-window
	$(CARGO) build --release -p strongroom-cli -p strongroom-bench
	$(CARGO) run --release --quiet -p strongroom-bench -- $(BENCH)

soak: pages ## Runs the tests with big counts (SOAK=times, SEED=number)
	@scripts/setup test
	@echo "soak: SOAK=$(SOAK) SEED=$(SEED)"
	$(CARGO) build --workspace --bins --tests
	STRONGROOM_SOAK=$(SOAK) PROPTEST_CASES=$$((256 * $(SOAK))) PROPTEST_RNG_SEED=$(SEED) \
		$(CARGO) test --workspace --lib --bins --tests --no-fail-fast

clean: ## Removes what was built
	$(CARGO) clean
