# daemontools-rs. `make help` lists what there is.

CARGO   ?= cargo
# What the programs are built for: the machine they are built on, unless another is named.
HOST    := $(shell rustc -vV | sed -n 's/^host: //p')
RUST_TARGET ?= $(HOST)
# The C library of the static programs, gnu or musl: musl where rustc has a standard
# library for it.
MUSL    := $(subst -linux-gnu,-linux-musl,$(RUST_TARGET))
HAS_MUSL := $(wildcard $(shell rustc --print target-libdir --target $(MUSL) 2>/dev/null)/libstd*.rlib)
LIBC    ?= $(if $(HAS_MUSL),musl,gnu)
STATIC  := $(if $(filter musl,$(LIBC)),$(MUSL),$(RUST_TARGET))
BUILD   := build
BIN     := $(BUILD)/bin
# Where cargo puts what it builds.
TARGET  := $(or $(CARGO_TARGET_DIR),target)
# The dynamic programs have a directory of their own: with the flags of the static ones,
# cargo would build everything twice.
DYNAMIC_FOR := $(if $(filter-out $(HOST),$(RUST_TARGET)),--target $(RUST_TARGET) --target-dir $(TARGET)/dynamic)
DYNAMIC := $(if $(DYNAMIC_FOR),$(TARGET)/dynamic/$(RUST_TARGET),$(TARGET))
PREFIX  ?= /usr/local
UNITDIR ?= $(PREFIX)/lib/systemd/system
SYSCONFDIR ?= $(PREFIX)/etc
DESTDIR ?=

# Which programs there are, which binary each is in, and how that is linked.
LIST     := crates/programs/list
field     = $(shell awk '/^[a-z]/ && ($(1)) { print $$$(2) }' $(LIST) | sort -u)
PROGRAMS := $(call field,1,1)
crates    = $(patsubst %,-p %,$(call field,$$4 == "$(1)",2)) $(patsubst %,--bin %,$(call field,$$4 == "$(1)",3))
# How a program's binary is found, for the shell: name, crate, binary, linked, and the
# first program that is in the same binary.
EACH     := awk '/^[a-z]/ { if (!first[$$3]) first[$$3] = $$1; print $$0, first[$$3] }' $(LIST)

# The programs that have options, and a completion for each.
COMPLETED := $(patsubst docs/completions/%.bash,%,$(wildcard docs/completions/*.bash))
DATA      := $(DESTDIR)$(PREFIX)/share

.PHONY: help build demo unit test fuzz chaos habits bare check lint doc bench bench-musl bench-container reference packages options completed install links \
        install-boot vendor deb test-packages test-conformance test-musl test-ports test-prometheus clean

help:
	@sed -n 's/^## //p' Makefile

## make build     all programs, as they are shipped, into build/bin; LIBC=gnu or LIBC=musl
##                links the static ones with that, musl is taken where rustc has it
build:
ifeq ($(filter gnu musl,$(LIBC)),)
	@echo "make build: LIBC is gnu or musl, not '$(LIBC)'" >&2; exit 100
endif
ifeq ($(LIBC)$(HAS_MUSL),musl)
	@echo "make build: LIBC=musl: rustc has no standard library for $(MUSL): rustup target add $(MUSL)" >&2; exit 111
endif
	CARGO_TARGET_$(shell echo $(STATIC) | tr a-z- A-Z_)_RUSTFLAGS="-C target-feature=+crt-static" \
	  $(CARGO) build --release --target $(STATIC) $(call crates,static)
	$(CARGO) build --release $(DYNAMIC_FOR) $(call crates,dynamic)
	@mkdir -p $(BIN)
	@$(EACH) | while read -r program crate binary linked first; do \
	  case $$linked in \
	    static) from=$(TARGET)/$(STATIC)/release/$$binary ;; \
	    *) from=$(DYNAMIC)/release/$$binary ;; \
	  esac; \
	  if [ $$program = $$first ]; then \
	    cmp -s $$from $(BIN)/$$program || \
	      { cp $$from $(BIN)/$$program.new && mv $(BIN)/$$program.new $(BIN)/$$program; }; \
	  else \
	    ln -f $(BIN)/$$first $(BIN)/$$program; \
	  fi || exit 1; \
	done
	@tests/libc $(BIN)

## make reference Debian's daemontools, unpacked into build/reference, not installed
reference:
	tests/fetch-reference

## make packages  what the tests and the demo need of Debian's packages (as root)
packages:
	tests/install-packages
	tests/install-servers

## make demo      the main job on real services, step by step
demo: build reference packages
	demo/core
	demo/diaspora
	demo/modern

## make unit      what needs neither root nor a network nor other programs, in a minute
unit:
	$(CARGO) test --workspace --exclude conformance --exclude bench --lib -- --skip model::policies
	$(CARGO) test -p programs --test names

## make test      everything, on a fresh machine too
test: packages build reference check options
	$(CARGO) test --no-fail-fast --workspace --exclude conformance
	$(CARGO) test --no-fail-fast -p conformance
	$(CARGO) run -p conformance --bin difffuzz -- --seed 1 --cases 300
	$(CARGO) run -q -p conformance --bin chaos -- --seconds 20
	tests/install

## make fuzz      the same random input to the reference and to ours, 20000 times each;
##                for an hour with FUZZ="--seconds 3600"
FUZZ ?= --cases 20000
fuzz: build reference
	$(CARGO) run -p conformance --bin difffuzz -- $(FUZZ)

## make chaos     everything killed at random for five minutes, lines counted
chaos: build reference
	$(CARGO) run -q -p conformance --bin chaos -- --seconds 300

## make habits    what working installations do, 20 times a side, as a table
HABITS ?= --runs 20
habits: build reference
	$(CARGO) run -q -p conformance --bin habits -- $(HABITS)

## make bare      all conformance cases as on a kernel of 2011
bare: build reference
	CONFORMANCE_BARE=1 $(CARGO) test --no-fail-fast -p conformance --test conformance

## make check     format, lints, documentation, manual pages
check: lint doc

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	@for page in docs/man/*.[58]; do mandoc -Tlint -W warning $$page || exit 1; done

doc:
	RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" $(CARGO) doc --workspace --no-deps --document-private-items

## make options   usage, manual pages and completions know the same options
options: build
	tests/options

completed:
	@echo $(COMPLETED)

## make bench     ours beside the reference and the peers, in one run
bench: build reference
	benches/fetch-peers
	$(CARGO) run --release -p bench
	benches/gate
	benches/diaspora-start

## make bench-musl  glibc and musl beside the reference: memory, times, sizes. The programs
##                with musl are in MUSL_BIN, and are built where rustc has it (make test-musl
##                builds them too)
MUSL_BIN ?= build/musl/bin
bench-musl: reference
	$(MAKE) build LIBC=gnu
	$(if $(HAS_MUSL),$(MAKE) build LIBC=musl BUILD=$(patsubst %/bin,%,$(MUSL_BIN)))
	tests/libc $(MUSL_BIN)
	$(CARGO) run --release -p bench -- --musl $(MUSL_BIN) \
	  --only sizes --only memory --only clients --only chain

## make bench-container  svinit beside supervisord and s6: size of a layer, memory (as root)
bench-container: build
	tests/packages/prepare
	BIN=$(BIN) tests/packages/container-figures

## make install   into $(DESTDIR)$(PREFIX): programs, manual pages, completions
install: build
	install -d $(DATA)/man/man5 $(DATA)/man/man8 $(DESTDIR)$(PREFIX)/bin
	cd $(BIN) && install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	$(MAKE) --no-print-directory links IN=$(DESTDIR)$(PREFIX)/bin
	ln -sf diaspora_svc $(DESTDIR)$(PREFIX)/bin/diaspora_svc.sh
	install -m 644 docs/man/*.5 $(DATA)/man/man5
	install -m 644 $(filter-out docs/man/update-service.8,$(wildcard docs/man/*.8)) $(DATA)/man/man8
	install -d $(DATA)/bash-completion/completions $(DATA)/zsh/vendor-completions \
	  $(DATA)/fish/vendor_completions.d
	for p in $(COMPLETED); do \
	  install -m 644 docs/completions/$$p.bash $(DATA)/bash-completion/completions/$$p && \
	  install -m 644 docs/completions/_$$p $(DATA)/zsh/vendor-completions && \
	  install -m 644 docs/completions/$$p.fish $(DATA)/fish/vendor_completions.d || exit 1; \
	done
	install -d $(DATA)/diaspora-deps
	cp -R service-templates $(DATA)/diaspora-deps

## make links     one file of the programs in directory IN that are in one binary
links:
	@$(EACH) | while read -r program crate binary linked first; do \
	  [ $$program = $$first ] || [ ! -e $(IN)/$$program ] || \
	    ln -f $(IN)/$$first $(IN)/$$program || exit 1; \
	done

## make install-boot  the unit, the scripts and job of other inits, update-service
install-boot:
	install -d $(DESTDIR)$(UNITDIR) $(DESTDIR)$(SYSCONFDIR)/init.d $(DESTDIR)$(SYSCONFDIR)/init \
	  $(DESTDIR)$(PREFIX)/lib/daemontools-run $(DESTDIR)$(PREFIX)/sbin $(DATA)/man/man8
	$(call adjusted,daemontools-run.service,644,$(UNITDIR)/daemontools-run.service)
	$(call adjusted,daemontools-run.init,755,$(SYSCONFDIR)/init.d/daemontools-run)
	$(call adjusted,svscan.conf,644,$(SYSCONFDIR)/init/svscan.conf)
	$(call adjusted,svscan.openrc,755,$(SYSCONFDIR)/init.d/svscan)
	$(call adjusted,svscan-stop,755,$(PREFIX)/lib/daemontools-run/svscan-stop)
	$(call adjusted,update-service,755,$(PREFIX)/sbin/update-service)
	install -m 644 docs/man/update-service.8 $(DATA)/man/man8

# A file of boot/, installed with a mode, under a name, with its paths below $(PREFIX).
define adjusted
sed 's|\([= ]\)/usr/|\1$(PREFIX)/|' boot/$(1) >$(DESTDIR)$(3)
chmod $(2) $(DESTDIR)$(3)
endef

## make vendor    fetches all crates into vendor/, to build packages without a network
vendor:
	$(CARGO) vendor --locked --quiet vendor >/dev/null

## make deb       Debian's packages, into build/deb/$(SUITE): trixie, or bookworm;
##                for another architecture with ARCH=arm64
SUITE ?= trixie
export SUITE
deb:
	tests/packages/build

## make test-packages  the packages, on real systems of $(SUITE) under build/chroots (as root)
test-packages:
	tests/packages/prepare
	tests/packages/build
	tests/packages/all

## make test-ports  built for arm64, riscv64, ppc64el, s390x, armhf and i386, and run under
##                qemu-user, as a table (as root); some of them with ARCHS="arm64 s390x"
test-ports:
	tests/ports/run

## make test-prometheus  svctl metrics under Debian's prometheus and node_exporter (as root)
test-prometheus: build
	tests/prometheus

## make test-conformance  the conformance cases beside the reference of $(SUITE), in a system of it
test-conformance: build
	tests/packages/prepare
	tests/packages/conformance

## make test-musl  the same with the static programs linked with musl, by a standard library
##                built from Debian's rust-src in a system of $(SUITE) (as root)
test-musl: vendor
	tests/packages/prepare musl
	tests/packages/musl
	OURS_BIN=$(CURDIR)/build/musl/bin tests/packages/conformance

clean:
	$(CARGO) clean
	rm -rf $(BUILD)
