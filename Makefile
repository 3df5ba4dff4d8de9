# daemontools-rs. `make help` lists what there is.

CARGO   ?= cargo
HOST    := $(shell rustc -vV | sed -n 's/^host: //p')
BUILD   := build
BIN     := $(BUILD)/bin
PREFIX  ?= /usr/local
DESTDIR ?=

# The programs that ask the user database stay dynamic: a static glibc can't load
# its modules. All others are static-pie: they start faster and need less memory.
DYNAMIC_CRATES := $(patsubst %,-p %,diaspora-deps)
DYNAMIC_BINS   := setuidgid envuidgid
STATIC_CRATES  := $(patsubst %,-p %,supervise svscan svc svstat readproctitle multilog tai64n chainload)
PROGRAMS := svscanboot svscan supervise svc svok svstat fghack pgrphack readproctitle \
            multilog tai64n tai64nlocal setuidgid envuidgid envdir softlimit setlock \
            diaspora-deps diaspora_svc

.PHONY: help build demo test chaos check lint doc bench reference packages install clean

help:
	@sed -n 's/^## //p' Makefile

## make build     all programs, as they are shipped, into build/bin
build:
	CARGO_TARGET_$(shell echo $(HOST) | tr a-z- A-Z_)_RUSTFLAGS="-C target-feature=+crt-static" \
	  $(CARGO) build --release --target $(HOST) $(STATIC_CRATES)
	$(CARGO) build --release -p chainload $(DYNAMIC_BINS:%=--bin %) $(DYNAMIC_CRATES)
	@mkdir -p $(BIN)
	@for p in $(PROGRAMS); do \
	  case " $(DYNAMIC_BINS) diaspora-deps diaspora_svc " in \
	    *" $$p "*) from=target/release ;; \
	    *) from=target/$(HOST)/release ;; \
	  esac; \
	  cmp -s $$from/$$p $(BIN)/$$p || { cp $$from/$$p $(BIN)/$$p.new && mv $(BIN)/$$p.new $(BIN)/$$p; } || exit 1; \
	done

## make reference Debian's daemontools, unpacked into build/reference, not installed
reference:
	tests/fetch-reference

## make packages  what the tests and the demo need of Debian's packages (as root)
packages:
	tests/install-packages

## make demo      the main job on real services, step by step
demo: build reference
	demo/core

## make test      everything, on a fresh machine too
test: packages build reference check
	$(CARGO) test --workspace --exclude conformance
	$(CARGO) test -p conformance
	$(CARGO) run -q -p conformance --bin chaos -- --seconds 20

## make chaos     everything killed at random for five minutes, lines counted
chaos: build reference
	$(CARGO) run -q -p conformance --bin chaos -- --seconds 300

## make check     format, lints, documentation, manual pages
check: lint doc

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	@for page in docs/man/*.8; do mandoc -Tlint -W warning $$page || exit 1; done

doc:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items

## make bench     ours beside the reference and the peers, in one run
bench: build reference
	benches/fetch-peers
	$(CARGO) run --release -p bench

## make install   into $(DESTDIR)$(PREFIX): programs and manual pages
install: build
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man8
	cd $(BIN) && install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	install -m 644 docs/man/*.8 $(DESTDIR)$(PREFIX)/share/man/man8

clean:
	$(CARGO) clean
	rm -rf $(BUILD)
