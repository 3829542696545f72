# SPDX-License-Identifier: MIT
#
# GNU make. `make help` lists what there is to make.

VERSION := 0.1.0

# What a packager or a developer may set, on the command line or (but for BUILD) in the environment.
BUILD   := build
ifeq ($(origin CC),default)
CC      := gcc
endif
CFLAGS  ?= -O2 -g
PREFIX  ?= /usr/local
BINDIR  ?= $(PREFIX)/bin
DATADIR ?= $(PREFIX)/share
MANDIR  ?= $(DATADIR)/man
INSTALL ?= install
PKG_CONFIG ?= pkg-config
# Warnings are errors where CI is set, as every CI service does.
WERROR  ?= $(if $(CI),1)

LIBRARIES := libnl-3.0 libnl-genl-3.0 jansson
# Of this only the header: it is opened where it is needed, see src/kernel/module.c.
OPENED_LIBRARIES := libkmod

# Sources: every file in its place is part of the build; nothing has to be listed.
LIBRARY_SOURCES := $(sort $(wildcard src/*/*.c))
PROGRAM_SOURCES := $(sort $(wildcard cmd/*.c))
UNIT_SOURCES    := $(sort $(wildcard tests/unit/test_*.c))
BENCH_SOURCES   := $(sort $(wildcard tests/bench/*.c))
RANDOM_SOURCES  := $(sort $(wildcard tests/random/*.c))
FUZZ_SOURCES    := $(filter-out tests/fuzz/property.c,$(sort $(wildcard tests/fuzz/*.c)))
C_FILES         := $(sort $(wildcard cmd/*.[ch] src/*/*.[ch] tests/*/*.[ch]))

object           = $(1:%.c=$(BUILD)/obj/%.o)
LIBRARY         := $(BUILD)/libipvs-iso.a
PROGRAM         := $(BUILD)/ipvs-iso
UNIT_PROGRAMS   := $(UNIT_SOURCES:%.c=$(BUILD)/%)
BENCH_PROGRAMS  := $(BENCH_SOURCES:%.c=$(BUILD)/%)
LIVE_PROGRAM    := $(BUILD)/tests/random/live_tables
FUZZ_PROGRAMS   := $(FUZZ_SOURCES:%.c=$(BUILD)/%)
OBJECTS         := $(call object,$(LIBRARY_SOURCES) $(PROGRAM_SOURCES) $(UNIT_SOURCES) $(BENCH_SOURCES) \
                   $(RANDOM_SOURCES) $(wildcard tests/fuzz/*.c))

# Flags. Those that only some compilers and machines know are tried first.
supported        = $(shell $(CC) -Werror $(1) -x c -c -o /dev/null /dev/null 2>/dev/null && echo $(1))
LANGUAGE_FLAGS  := -std=gnu17 -D_GNU_SOURCE -Isrc -DIPVS_ISO_VERSION='"$(VERSION)"' \
                   -DIPVS_ISO_DATADIR='"$(DATADIR)/ipvs-iso"'
WARNING_FLAGS   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes $(if $(WERROR),-Werror)
HARDENING_FLAGS := -fPIE -fstack-protector-strong $(call supported,-fcf-protection) \
                   $(call supported,-fstack-clash-protection)
# _FORTIFY_SOURCE works with optimisation only, and some compilers define it themselves.
ifneq ($(filter-out -O0,$(filter -O%,$(CFLAGS))),)
HARDENING_FLAGS += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif
LINKING_FLAGS   := -pie -Wl,-z,relro,-z,now

LIBRARIES_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(LIBRARIES) $(OPENED_LIBRARIES) 2>/dev/null)
LIBRARIES_LIBS   := $(shell $(PKG_CONFIG) --libs $(LIBRARIES) 2>/dev/null)
CMOCKA_CFLAGS    := $(shell $(PKG_CONFIG) --cflags cmocka 2>/dev/null)
CMOCKA_LIBS      := $(shell $(PKG_CONFIG) --libs cmocka 2>/dev/null)

COMPILE = $(CC) $(LANGUAGE_FLAGS) $(LIBRARIES_CFLAGS) $(WARNING_FLAGS) $(HARDENING_FLAGS) $(CPPFLAGS) $(CFLAGS)
LINK    = $(CC) $(HARDENING_FLAGS) $(CFLAGS) $(LINKING_FLAGS) $(LDFLAGS)

# `make V=1` shows the commands.
quiet   = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2);)

# Targets that first install packages build afterwards, in a make of their own: only then does pkg-config know the
# libraries. Two jobs, unless the caller chose a number.
BUILD_AGAIN = $(MAKE) --no-print-directory $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j2)

.PHONY: all
all: $(LIBRARY) $(if $(PROGRAM_SOURCES),$(PROGRAM)) ## build build/ipvs-iso (the default)
	@:

$(LIBRARY): $(call object,$(LIBRARY_SOURCES))
	$(call quiet,AR,$@) rm -f $@ && $(AR) rcs $@ $^

$(PROGRAM): $(call object,$(PROGRAM_SOURCES)) $(LIBRARY)
	$(call quiet,LINK,$@) $(LINK) -o $@ $^ $(LIBRARIES_LIBS) $(LDLIBS)

$(UNIT_PROGRAMS): $(BUILD)/%: $(BUILD)/obj/%.o $(LIBRARY)
	@mkdir -p $(@D)
	$(call quiet,LINK,$@) $(LINK) -o $@ $(filter %.o,$^) $(LIBRARY) $(LIBRARIES_LIBS) $(CMOCKA_LIBS) $(LDLIBS)

# Tables made by chance: for one of those, and for a program that guests run.
$(BUILD)/tests/unit/test_property: $(call object,tests/random/random_table.c)

$(LIVE_PROGRAM): $(call object,$(RANDOM_SOURCES)) $(LIBRARY)
	@mkdir -p $(@D)
	$(call quiet,LINK,$@) $(LINK) -o $@ $^ $(LIBRARIES_LIBS) $(LDLIBS)

$(BENCH_PROGRAMS): $(BUILD)/%: $(BUILD)/obj/%.o
	@mkdir -p $(@D)
	$(call quiet,LINK,$@) $(LINK) -o $@ $^ $(LIBRARIES_LIBS) $(LDLIBS)

# Only what is fuzzed: the fuzzers are built with everything else that `make check` needs, by another compiler.
FUZZED := $(call object,tests/fuzz/property.c $(wildcard src/base/*.c src/table/*.c) src/kernel/decode.c)
$(FUZZ_PROGRAMS): $(BUILD)/%: $(BUILD)/obj/%.o $(FUZZED)
	@mkdir -p $(@D)
	$(call quiet,LINK,$@) $(LINK) -fsanitize=fuzzer -o $@ $^ $(LIBRARIES_LIBS) $(LDLIBS)

$(BUILD)/obj/tests/unit/%.o: CPPFLAGS += $(CMOCKA_CFLAGS)

$(BUILD)/obj/%.o: %.c $(BUILD)/flags | libraries
	@mkdir -p $(@D)
	$(call quiet,CC,$<) $(COMPILE) -MMD -MP -c -o $@ $<

# Changes when the compiler or a flag does, so that everything is built again.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(call shell_quoted,$(COMPILE) | $(LINK)) | cmp -s - $@ || \
		printf '%s\n' $(call shell_quoted,$(COMPILE) | $(LINK)) > $@
shell_quoted = '$(subst ','\'',$(1))'
.PHONY: FORCE
FORCE:

.PHONY: libraries
libraries:
	@$(PKG_CONFIG) --exists --print-errors $(LIBRARIES) $(OPENED_LIBRARIES) || \
		{ echo 'make: a library is missing: `make packages` installs what the build needs' >&2; exit 1; }

-include $(OBJECTS:.o=.d)

.PHONY: packages
packages: ## install what building and running need (apt-get)
	@tests/packages/install build

.PHONY: demo
demo: ## install what is missing, build, run packages that leave residue
	@tests/packages/install build
	@$(BUILD_AGAIN) all
	@share/examples/leaky/demo.sh $(PROGRAM)

.PHONY: check
check: ## install what is missing, build, run every test
	@tests/packages/install build test deb
	@$(BUILD_AGAIN) all unit-tests fuzzers
	@tests/run --build $(BUILD)

.PHONY: unit-tests
unit-tests: $(UNIT_PROGRAMS) $(LIVE_PROGRAM)
	@:

# In a make of their own, as the compiler and all flags are others. Fortified functions would hide from the sanitizers.
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
.PHONY: fuzzers
fuzzers:
	+@$(BUILD_AGAIN) BUILD=$(BUILD)/fuzz CC=clang CPPFLAGS=-U_FORTIFY_SOURCE \
		CFLAGS='-O1 -g -fsanitize=fuzzer-no-link $(SANITIZERS)' fuzz-programs

.PHONY: fuzz-programs
fuzz-programs: $(FUZZ_PROGRAMS)
	@:

# How long each of them tries, all at once as far as there are processors.
FUZZ_SECONDS ?= 600
.PHONY: fuzz
fuzz: ## fuzz the parsers for FUZZ_SECONDS (600) each
	@tests/packages/install build test
	@$(BUILD_AGAIN) fuzzers
	@tests/fuzz/run --build $(BUILD)/fuzz --seconds $(FUZZ_SECONDS)

.PHONY: check-unit
check-unit: unit-tests ## build and run the cmocka tests only
	@tests/run --build $(BUILD) unit

.PHONY: check-bats
check-bats: all ## build and run the bats tests only
	@tests/run --build $(BUILD) host guest

# AddressSanitizer cannot start in User-mode Linux, so the bats tests in guests are no part of this.
.PHONY: check-sanitizers
check-sanitizers: ## unit tests and bad input with ASan, LSan and UBSan
	@tests/packages/install build test
	+@$(BUILD_AGAIN) BUILD=$(BUILD)/sanitized CC=clang CPPFLAGS=-U_FORTIFY_SOURCE CFLAGS='-O1 -g $(SANITIZERS)' \
		all unit-tests
	@tests/run --build $(BUILD)/sanitized unit tests/bats/host-bad-input.bats

# As many guests as there are processors, each with its share of the calls. It takes half an hour and more on two.
FAULT_GUESTS := $(shell nproc)
.PHONY: check-faults
check-faults: all ## kill and fail ipvs-iso at every single system call
	@for kind in '' --nested; do \
		seq 1 $(FAULT_GUESTS) | IPVS_ISO=$(abspath $(PROGRAM)) xargs -P $(FAULT_GUESTS) -I '{}' \
			$(PROGRAM) run -q --kernel uml -- tests/faults/inject $$kind --every $(FAULT_GUESTS) --from '{}' \
			|| exit; \
	done

# Ten minutes.
.PHONY: bench
bench: ## install what is missing, build, measure speed and memory
	@tests/packages/install build
	@$(BUILD_AGAIN) all bench-programs
	@tests/bench/run --build $(BUILD)

.PHONY: bench-programs
bench-programs: $(BENCH_PROGRAMS)
	@:

.PHONY: lint
lint: ## install what is missing, then every static check
	@tests/packages/install build test lint
	@tests/lint

.PHONY: format
format: ## put all C files into the house's format (.clang-format)
	clang-format -i $(C_FILES)

# What `make lint` hands to the tools that parse C themselves.
.PHONY: print-parse-flags
print-parse-flags:
	@printf '%s\n' $(call shell_quoted,$(LANGUAGE_FLAGS) $(LIBRARIES_CFLAGS))

# What is installed, each as FILE:TARGET:MODE.
data = $(foreach file,$(wildcard $(1)),$(file):$(2)/$(or $(3),$(notdir $(file))):644)
INSTALLED = \
	$(PROGRAM):$(BINDIR)/ipvs-iso:755 \
	$(call data,man/*.5,$(MANDIR)/man5) \
	$(call data,man/*.8,$(MANDIR)/man8) \
	$(call data,completions/ipvs-iso.bash,$(DATADIR)/bash-completion/completions,ipvs-iso) \
	$(call data,completions/_ipvs-iso,$(DATADIR)/zsh/site-functions) \
	$(call data,completions/ipvs-iso.fish,$(DATADIR)/fish/vendor_completions.d) \
	$(call data,share/schema/*.json,$(DATADIR)/ipvs-iso/schema) \
	$(call data,share/bats/*.bash,$(DATADIR)/ipvs-iso/bats) \
	$(call data,share/runners/*.sh,$(DATADIR)/ipvs-iso/runners)
field = $(word $(1),$(subst :, ,$(2)))
define newline


endef

.PHONY: install
install: all ## install into $(DESTDIR)$(PREFIX), by default /usr/local
	$(foreach entry,$(INSTALLED),$(INSTALL) -D -m $(call field,3,$(entry)) $(call field,1,$(entry)) \
		'$(DESTDIR)$(call field,2,$(entry))'$(newline)	)

.PHONY: uninstall
uninstall: ## remove what install put there
	$(foreach entry,$(INSTALLED),rm -f '$(DESTDIR)$(call field,2,$(entry))'$(newline)	)
	rmdir '$(DESTDIR)$(DATADIR)/ipvs-iso/schema' '$(DESTDIR)$(DATADIR)/ipvs-iso/runners' '$(DESTDIR)$(DATADIR)/ipvs-iso/bats' \
		'$(DESTDIR)$(DATADIR)/ipvs-iso' 2>/dev/null || :

# Built from a copy, as dpkg-buildpackage writes around the folder that it works in. lintian's word is part of it.
DEB_FOLDER := $(BUILD)/deb
.PHONY: deb
deb: ## build a Debian package in build/deb
	@tests/packages/install build deb
	rm -rf $(DEB_FOLDER)
	mkdir -p $(DEB_FOLDER)/ipvs-iso-$(VERSION)
	cp -r $(filter-out $(firstword $(subst /, ,$(BUILD))),$(wildcard *)) $(DEB_FOLDER)/ipvs-iso-$(VERSION)
	cd $(DEB_FOLDER)/ipvs-iso-$(VERSION) && env -u MAKEFLAGS -u MAKELEVEL dpkg-buildpackage --no-sign --build=binary
	lintian --fail-on error,warning $(DEB_FOLDER)/*.changes

.PHONY: clean
clean: ## remove the build folder
	rm -rf $(BUILD)

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  \1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
		while IFS='|' read -r target text; do printf '%-14s %s\n' "$$target" "$$text"; done
	@echo
	@echo '  V=1 shows the commands. CC, CFLAGS, CPPFLAGS, LDFLAGS, BUILD, PREFIX, DESTDIR'
	@echo '  and WERROR=1 are respected.'
