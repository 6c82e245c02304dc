# The two commands that matter: `make demo` and `make test`. Both do all set-up on a Debian or
# Ubuntu machine that has Swift.

SWIFT ?= swift
PREFIX ?= /usr/local
DESTDIR ?=
SHARE = $(DESTDIR)$(PREFIX)/share

# Debian packages that building needs.
PACKAGES = libsqlite3-dev libreadline-dev libmimalloc-dev libxxhash-dev pkg-config

# And what testing the page needs: something to run its logic, and a browser that can be steered
# (Ubuntu has none as a package; without one those tests are skipped).
TEST_PACKAGES = $(if $(shell command -v node),,nodejs) \
  $(if $(shell command -v chromedriver || grep -s '^ID=ubuntu' /etc/os-release),,\
    chromium chromium-driver)

# What the released program owes to those who run it: C code that checks its buffers, no library
# that is looked for beside the program, and nothing in it of the folder where it was built.
HARDENED = --disable-local-rpath -Xcc -D_FORTIFY_SOURCE=2 \
  -Xcc -ffile-prefix-map=$(CURDIR)=. -Xswiftc -file-prefix-map -Xswiftc $(CURDIR)=. \
  -Xswiftc -file-compilation-dir -Xswiftc .

# One set of flags for all programs: other flags would build everything again.
RELEASE = $(SWIFT) build -c release --static-swift-stdlib $(HARDENED) --product

# For the simulator, for chaos and for the fuzzers, see CONTRIBUTING.md.
SEEDS ?= 1000
SEED ?=
SECONDS ?= 60
NODES ?= 3

ROUNDS ?= 3

.PHONY: help demo test sim mutants chaos fuzz corpus bench bench-growth build release check-release docs reference lint format install clean setup

help:
	@echo "make demo      a cluster of four nodes in this terminal (Ctrl-C stops it)"
	@echo "make test      every test"
	@echo "make sim       simulated clusters under faults: SEEDS=1000 [SEED=n]"
	@echo "make mutants   the simulator must find bugs that were planted"
	@echo "make chaos     real clusters under faults: SECONDS=60 [NODES=3] [SEED=n] (as root)"
	@echo "make fuzz      what peers and clients may send, as libFuzzer finds it: SECONDS=60 each"
	@echo "make corpus    keeps those of the inputs found that get further"
	@echo "make bench     pdb beside etcd, and watched by pages, as tables: [ROUNDS=3]; bench-growth: more nodes, keys, bytes"
	@echo "make release   the program, optimised, in .build/release/pdb"
	@echo "make check-release  that program's protections: readelf says whether they are there"
	@echo "make docs      man/, completions/ and docs/schemas/ anew, after changing a command"
	@echo "make reference the library's reference in .build/reference, with docc"
	@echo "make install   release, then install below PREFIX (now $(PREFIX))"
	@echo "make lint      check the format of the sources; make format corrects it"

demo: release
	@.build/release/pdb lab up

# The tests use a real etcd. It is unpacked and not installed: as a package it would start a service.
ETCD = .build/etcd/usr/bin/etcd

$(ETCD):
	@mkdir -p .build/etcd
	@cd .build/etcd && { apt-get download -qq etcd-server || { apt-get update -qq && apt-get download -qq etcd-server; }; } \
	  2>/dev/null >&2 && dpkg -x etcd-server_*.deb . || echo "there is no etcd: what needs it is not tested"

test:
	@$(MAKE) --no-print-directory setup PACKAGES="$(PACKAGES) $(TEST_PACKAGES)"
	@$(if $(shell command -v etcd),,$(MAKE) --no-print-directory $(ETCD))
	node --test Tests/Page/*.test.mjs
	$(SWIFT) build --build-tests
	@echo "$(SWIFT) test --skip-build"
	@bash -o pipefail -c '$(SWIFT) test --skip-build 2>&1 | tee .build/test.log' \
	  || { echo; echo "What failed:"; grep -A 3 'recorded an issue' .build/test.log; exit 1; }

sim: setup
	$(RELEASE) pdb-sim
	.build/release/pdb-sim run $(if $(SEED),--seed $(SEED) --trace,--seeds $(SEEDS))

mutants: setup
	$(RELEASE) pdb-sim
	.build/release/pdb-sim mutants

bench: release
	$(RELEASE) pdb-versus
	.build/release/pdb-versus etcd --rounds $(ROUNDS)
	.build/release/pdb-versus watched --rounds $(ROUNDS)

bench-growth: release
	$(RELEASE) pdb-versus
	.build/release/pdb-versus growth --rounds $(ROUNDS)

chaos: release
	$(RELEASE) pdb-chaos
	.build/release/pdb-chaos --program .build/release/pdb \
	  --seconds $(SECONDS) --nodes $(NODES) --seed $(or $(SEED),1)

# Everything is built once more with counters that tell libFuzzer where an input has been. What it finds
# of new inputs lies in FUZZ/found; Tests/Corpus has those that are kept.
FUZZ = .build/fuzz
FUZZED = peers http

fuzz: setup
	$(SWIFT) build -c release --sanitize=fuzzer -Xswiftc -DLIBFUZZER --scratch-path $(FUZZ) \
	  --product pdb-fuzz
	@for target in $(FUZZED); do \
	  mkdir -p $(FUZZ)/found/$$target; \
	  SWIFT_BACKTRACE=enable=no $(FUZZ)/release/pdb-fuzz --$$target -max_total_time=$(SECONDS) \
	    -max_len=1024 -len_control=0 -timeout=20 -rss_limit_mb=2048 -artifact_prefix=$(FUZZ)/found/$$target- \
	    $(FUZZ)/found/$$target Tests/Corpus/$$target \
	  || { echo "run it again: swift run pdb-fuzz replay $$target FILE, with the file named above"; exit 1; }; \
	done

# As few short inputs as reach what all of them reach: the tests run them every time.
corpus:
	@for target in $(FUZZED); do \
	  rm -rf $(FUZZ)/kept && mkdir -p $(FUZZ)/kept; \
	  $(FUZZ)/release/pdb-fuzz --$$target -max_len=450 -set_cover_merge=1 -use_counters=0 \
	    -use_cmp=0 $(FUZZ)/kept Tests/Corpus/$$target $(FUZZ)/found/$$target || exit 1; \
	  rm -r Tests/Corpus/$$target && cp -r $(FUZZ)/kept Tests/Corpus/$$target; \
	done

build: setup
	$(SWIFT) build

release: setup
	$(RELEASE) pdb

check-release: release
	@.ci/check-release .build/release/pdb "$(CURDIR)"

# The manual pages and the completions, made by the program itself.
docs: build
	.build/debug/pdb manual .

# The library's reference. Links to what another module declares stay text.
SYMBOLS = .build/symbols
REFERENCE = PDBStore

reference: setup
	rm -rf $(SYMBOLS) && mkdir -p $(SYMBOLS)
	$(SWIFT) package dump-symbol-graph --minimum-access-level public --skip-synthesized-members \
	  > .build/symbols.log || { tail .build/symbols.log; exit 1; }
	find .build -path '*symbolgraph*' -name '$(REFERENCE)*.symbols.json' -exec cp {} $(SYMBOLS) \;
	docc convert Sources/PDBKit/Store/PDBStore.docc --additional-symbol-graph-dir $(SYMBOLS) \
	  --fallback-display-name $(REFERENCE) --fallback-bundle-identifier $(REFERENCE) \
	  --output-path .build/reference

lint: setup
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests Examples

format: setup
	$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Tests Examples

install: release
	install -d "$(DESTDIR)$(PREFIX)/bin"
	install -m 755 .build/release/pdb "$(DESTDIR)$(PREFIX)/bin/pdb"
	install -d "$(SHARE)/man/man1" "$(SHARE)/man/vi/man1" "$(SHARE)/bash-completion/completions" \
	  "$(SHARE)/zsh/site-functions" "$(SHARE)/fish/vendor_completions.d"
	install -m 644 man/*.1 "$(SHARE)/man/man1"
	install -m 644 man/vi/*.1 "$(SHARE)/man/vi/man1"
	install -m 644 completions/pdb.bash "$(SHARE)/bash-completion/completions/pdb"
	install -m 644 completions/_pdb "$(SHARE)/zsh/site-functions/_pdb"
	install -m 644 completions/pdb.fish "$(SHARE)/fish/vendor_completions.d/pdb.fish"

clean:
	rm -rf .build

# Says exactly what is missing, and installs it where that is possible.
setup:
	@command -v $(SWIFT) >/dev/null 2>&1 || { \
	  echo "pdb needs Swift 6.1 or newer, and there is no '$(SWIFT)' on the PATH."; \
	  echo "Install it as https://www.swift.org/install says, then run make again."; \
	  exit 1; }
	@[ "$$(uname)" = Linux ] || exit 0; \
	missing=""; \
	for package in $(PACKAGES); do \
	  dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' \
	    || missing="$$missing $$package"; \
	done; \
	[ -z "$$missing" ] && exit 0; \
	if ! command -v apt-get >/dev/null 2>&1; then \
	  echo "pdb needs the development files of SQLite 3, GNU Readline, mimalloc and xxHash (on Debian:$$missing)."; \
	  echo "Install them with this system's package manager, then run make again."; \
	  echo "(Found by dpkg; if they are there already: make PACKAGES= ...)"; \
	  exit 1; \
	fi; \
	sudo=""; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	echo "installing$$missing"; \
	$$sudo apt-get update -qq \
	  && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing
