# SPDX-License-Identifier: GPL-3.0-or-later
# byzsim: `make help` lists the targets. Needs GNU make 3.81 or newer; nothing is asked of pkg-config, git or Python
# before a recipe needs it, so every target can be read on a machine that has none of them yet.

VERSION  = 0.1.0
BUILD   ?= build
ifeq ($(origin CC),default)
CC      := gcc
endif
PREFIX  ?= /usr/local
DESTDIR ?=
# What `make tsan` runs: arguments of `byzsim run` (one run for each configuration named).
TSAN_RUN ?= $(wildcard configs/examples/*.json)

SYSTEM := $(shell uname -s)
JOBS    = $(shell nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
# Sub-makes use all processors unless the caller has chosen a number.
PARALLEL = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(JOBS))
Q := $(if $(V),,@)
SAY = $(if $(V),,@echo "  $(1)";)

# --- flags ----------------------------------------------------------------------------------------------------------

# $(call once,NAME,commands): NAME expands to the output of the commands, which run when it is first used.
once = $(eval $(1) = $$(eval $(1) := $$(shell $(2)))$$($(1)))

PKG_CONFIG = pkg-config
PACKAGES = gsl libcjson zlib nettle
$(call once,EXTRAS,$$(PKG_CONFIG) --exists libseccomp 2>/dev/null && echo libseccomp)
$(call once,PACKAGE_CFLAGS,$$(PKG_CONFIG) --cflags $$(PACKAGES) $$(EXTRAS) 2>/dev/null)
$(call once,PACKAGE_LIBS,$$(PKG_CONFIG) --libs $$(PACKAGES) $$(EXTRAS) 2>/dev/null)
$(call once,CRITERION_CFLAGS,$$(PKG_CONFIG) --cflags criterion 2>/dev/null)
$(call once,CRITERION_LIBS,$$(PKG_CONFIG) --libs criterion 2>/dev/null)

OPENMP_CFLAGS = -fopenmp
OPENMP_LIBS   = -fopenmp
LINKER        = -Wl,--as-needed
ifeq ($(SYSTEM),Darwin) # Apple's clang and Homebrew's libomp, which is not on the default paths
$(call once,BREW,brew --prefix)
OPENMP_CFLAGS = -Xpreprocessor -fopenmp -I$(BREW)/opt/libomp/include
OPENMP_LIBS   = -L$(BREW)/opt/libomp/lib -lomp
LINKER        =
endif

WARNINGS    = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes $(if $(WERROR),-Werror)
OPTIMISE   ?= -O3 -g
INSTRUMENT  = $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer \
              $(if $(findstring undefined,$(SANITIZE)),-fno-sanitize-recover=undefined)) $(if $(COVERAGE),--coverage)
# -ffp-contract=off and no -ffast-math: results are the same bits whatever the optimiser finds.
CODE_FLAGS  = -std=gnu11 $(OPTIMISE) -ffp-contract=off -fno-math-errno $(OPENMP_CFLAGS) $(strip $(INSTRUMENT)) $(CFLAGS)
CFLAGS_ALL  = $(CODE_FLAGS) $(WARNINGS) -I. $(PACKAGE_CFLAGS) -ffile-prefix-map=$(CURDIR)=. -MMD -MP
LDFLAGS_ALL = $(LINKER) $(strip $(INSTRUMENT)) $(LDFLAGS)
LIBS        = $(PACKAGE_LIBS) $(OPENMP_LIBS) -lm -lpthread $(if $(filter Linux,$(SYSTEM)),-ldl)

# --- what is built --------------------------------------------------------------------------------------------------

SOURCES := $(shell find $(wildcard sim aggregators attacks) -name '*.c' -not -path 'aggregators/plugins/*' -not -path 'sim/plugin/embed/*' | LC_ALL=C sort)
# The sandbox is for Linux; elsewhere host_missing.c says so.
SANDBOX := $(filter-out sim/plugin/host_missing.c,$(wildcard sim/plugin/host*.c $(addprefix sim/plugin/,filter.c landlock.c near.c spawn.c watch.c)))
ifneq ($(SYSTEM),Linux)
SOURCES := $(filter-out $(SANDBOX),$(SOURCES))
endif
TESTS   := $(shell find $(wildcard tests) -maxdepth 2 -name 'test_*.c' | LC_ALL=C sort)
ifneq ($(SYSTEM),Linux)
TESTS   := $(filter-out tests/test_sandbox.c tests/test_hostile.c tests/test_near.c,$(TESTS))
endif
OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out sim/main.c,$(SOURCES))) $(BUILD)/obj/embedded.o
MAIN_OBJECT  := $(BUILD)/obj/sim/main.o
TEST_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(TESTS))

.PHONY: all docs docs-plots sessions bench bench-peers bench-training bench-models bench-distance bench-order bench-plugin gradescope demo test lint format sanitize tsan coverage stats deps install uninstall clean help objects lint-flags FORCE
.DELETE_ON_ERROR:

all: $(BUILD)/byzsim ## build the program, build/byzsim (the default; BUILD=dir: elsewhere, V=1: show the commands)

$(BUILD)/byzsim: $(MAIN_OBJECT) $(BUILD)/libbyzsim.a
	$(call SAY,link $@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

$(BUILD)/libbyzsim.a: $(OBJECTS) $(BUILD)/objects
	@rm -f $@
	$(call SAY,pack $@)ar rcs $@ $(OBJECTS)

$(BUILD)/tests: $(TEST_OBJECTS) $(BUILD)/libbyzsim.a $(BUILD)/test-objects
	$(call SAY,link $@)$(CC) $(LDFLAGS_ALL) -o $@ $(TEST_OBJECTS) $(BUILD)/libbyzsim.a $(LIBS) $(CRITERION_LIBS)

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call SAY,compile $<)$(CC) $(CFLAGS_ALL) $(FILE_FLAGS) -c -o $@ $<

$(TEST_OBJECTS): FILE_FLAGS = $(CRITERION_CFLAGS)

# Straight-line sorting networks, written by a generator of our own; describing each of their thousands of values to
# a debugger would take minutes.
LINES := $(BUILD)/gen/order_lines.inc
LINES_OBJECTS := $(patsubst %,$(BUILD)/obj/sim/num/order_%.o,avx512 avx2 plain)
$(LINES_OBJECTS): FILE_FLAGS = -I$(BUILD)/gen -g0
$(LINES_OBJECTS): $(LINES)

$(LINES): tools/network.c sim/num/network.c sim/num/network.h sim/num/order_kernels.h
	@mkdir -p $(@D)
	$(if $(Q),@echo "  generate $@" >&2;)$(CC) -std=gnu11 -O1 $(WARNINGS) -I. -o $(@D)/network tools/network.c sim/num/network.c && $(@D)/network > $@

# Files that the program carries within it: see sim/plugin/embedded.h and sim/page/assets.h.
EMBEDDED := sim/api/byz_plugin.h sim/plugin/protocol.h sim/plugin/embed/worker.c sim/plugin/embed/host.py \
            $(sort $(wildcard aggregators/plugins/template_*)) sim/page/page.css sim/page/page.js
$(BUILD)/gen/embedded.c: $(EMBEDDED) tools/embed.sh Makefile
	@mkdir -p $(@D)
	$(call SAY,generate $@)tools/embed.sh $(EMBEDDED) > $@

$(BUILD)/obj/embedded.o: $(BUILD)/gen/embedded.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call SAY,compile $<)$(CC) $(CFLAGS_ALL) -c -o $@ $<

# Version, commit and flags reach this one file only, so that a commit does not rebuild the rest.
ENVIRONMENT_OBJECT := $(BUILD)/obj/sim/report/environment.o
$(ENVIRONMENT_OBJECT): FILE_FLAGS = -include $(BUILD)/version.h
$(ENVIRONMENT_OBJECT): $(BUILD)/version.h

objects: $(OBJECTS) $(MAIN_OBJECT) $(TEST_OBJECTS)

# $(call keep,file,text): writes the text unless the file holds it already, so that its time tells when it changed.
quoted = '$(subst ','\'',$(1))'
keep = mkdir -p $(dir $(1)) && printf '%s\n' $(call quoted,$(2)) > $(1).new && \
       if cmp -s $(1).new $(1); then rm -f $(1).new; else mv -f $(1).new $(1); fi

$(BUILD)/flags: FORCE
	@command -v $(firstword $(CC)) >/dev/null || { echo "make: no compiler $(firstword $(CC)): run 'make deps'" >&2; exit 1; }
	@$(PKG_CONFIG) --exists --print-errors $(PACKAGES) || { echo "make: libraries are missing: run 'make deps'" >&2; exit 1; }
	@$(call keep,$@,$(CC) $(CFLAGS_ALL) / $(LDFLAGS_ALL) $(LIBS))

$(BUILD)/objects: FORCE # a source file that went away leaves the archive as well
	@$(call keep,$@,$(OBJECTS))

$(BUILD)/test-objects: FORCE
	@$(call keep,$@,$(TEST_OBJECTS))

$(BUILD)/version.h: FORCE
	@mkdir -p $(@D)
	@sh tools/version.sh $(VERSION) $(call quoted,$(strip $(CC) $(CODE_FLAGS))) $@

FORCE:

BENCH_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(sort $(wildcard tests/bench/*.c)))

-include $(patsubst %.o,%.d,$(OBJECTS) $(MAIN_OBJECT) $(TEST_OBJECTS) $(BENCH_OBJECTS))

# --- everyday targets -----------------------------------------------------------------------------------------------

deps: ## install the Debian packages that are missing (elsewhere: name them)
	@tools/deps.sh main

demo: ## install what is missing, build, run a first experiment in seconds
	@tools/deps.sh main
	@$(MAKE) --no-print-directory $(PARALLEL) $(BUILD)/byzsim
	@$(BUILD)/byzsim demo

test: ## install what is missing, build, run all tests; says what was skipped and why
	@tools/deps.sh main
	@$(MAKE) --no-print-directory $(PARALLEL) $(BUILD)/byzsim $(BUILD)/tests
	@BYZSIM_PROGRAM=$(abspath $(BUILD)/byzsim) tools/test.sh $(BUILD)/tests

lint: ## all static checks: layers, prefixes, state, headers, format, warnings, cppcheck, clang-tidy (CHECKS="..." picks)
	@tools/deps.sh main lint
	@tools/lint/run.sh $(CHECKS)

format: ## lay out all C files by .clang-format
	@tools/deps.sh format
	@find $(wildcard sim aggregators attacks tests) -name '*.[ch]' -exec clang-format -i {} +

docs: $(BUILD)/byzsim ## write docs/rules.md and docs/attacks.md anew from what the program says about its rules
	@$(BUILD)/byzsim list aggregators preaggregators --markdown > $(BUILD)/rules.md
	@$(BUILD)/byzsim list attacks --markdown > $(BUILD)/attacks.md
	@mv $(BUILD)/rules.md $(BUILD)/attacks.md docs/

sanitize: ## run all tests under AddressSanitizer and UndefinedBehaviorSanitizer (in build-asan)
	@tools/deps.sh main
	@$(MAKE) --no-print-directory $(PARALLEL) BUILD=build-asan SANITIZE=address,undefined OPTIMISE="-O1 -g" \
	    build-asan/byzsim build-asan/tests
	@BYZSIM_PROGRAM=$(abspath build-asan/byzsim) BYZSIM_SANITIZE=address,undefined \
	    UBSAN_OPTIONS=print_stacktrace=1 tools/test.sh build-asan/tests

tsan: ## search for data races in `byzsim run` with 4 threads (Linux; TSAN_RUN="config.json ...")
	@tools/deps.sh main tsan
	@$(MAKE) --no-print-directory $(PARALLEL) BUILD=build-tsan CC=clang SANITIZE=thread OPTIMISE="-O1 -g" build-tsan/byzsim
	@tools/tsan.sh build-tsan/byzsim $(TSAN_RUN)

bench-training: all $(BUILD)/bench_models $(BUILD)/bench_layers ## time gradients and rounds of training beside plain PyTorch loops (if installed; PARTS="gradients loop sequences attacked threads" picks)
	@for python in python3 /usr/bin/python3; do $$python -c 'import torch' 2>/dev/null && break; done; \
	    $$python tests/bench/bench_training.py $(abspath $(BUILD)/byzsim) $(PARTS)

bench: all ## time every rule beside the read bandwidth of memory
	@$(BUILD)/byzsim bench

bench-peers: all ## time rules beside PyTorch, numpy and (where importable) byzfl on the same shapes
	@for python in python3 /usr/bin/python3; do $$python -c 'import torch' 2>/dev/null && break; done; \
	    $$python tests/bench/bench_peers.py $(abspath $(BUILD)/byzsim)

bench-models: $(BUILD)/bench_models $(BUILD)/bench_layers ## time the gradients of the models beside the peak of a matrix product
	@$(BUILD)/bench_models
	@$(BUILD)/bench_layers

bench-distance: $(BUILD)/bench_distance ## time distances, selections and mixing beside Gram products and torch.cdist
	@$(BUILD)/bench_distance
	@for python in python3 /usr/bin/python3; do $$python -c 'import torch' 2>/dev/null && break; done; \
	    $$python tests/bench/bench_distance_torch.py $(abspath $(BUILD)/bench_distance)

bench-order: $(BUILD)/bench_order ## time the order statistics beside the read bandwidth
	@$(BUILD)/bench_order

bench-plugin: $(BUILD)/bench_plugin ## time isolated calls of a plugin and the life of a worker
	@$(BUILD)/bench_plugin

$(addprefix $(BUILD)/,bench_models bench_layers bench_distance bench_order bench_plugin): $(BUILD)/bench_%: $(BUILD)/obj/tests/bench/bench_%.o $(BUILD)/libbyzsim.a
	$(call SAY,link $@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(shell $(PKG_CONFIG) --libs openblas 2>/dev/null) $(LIBS)

$(BUILD)/bench_models $(BUILD)/bench_layers: $(BUILD)/obj/tests/bench/bench_peak.o

gradescope: ## pack an autograder for Gradescope: ASSIGNMENT=configs/grading/krum.json [KEY=file], into $(BUILD)
	@tools/gradescope/pack.sh $(BUILD) "$(ASSIGNMENT)" "$(KEY)"

coverage: ## run all tests and say which lines they reach (build-coverage/html/index.html)
	@tools/deps.sh main coverage
	@$(MAKE) --no-print-directory $(PARALLEL) BUILD=build-coverage CC=gcc COVERAGE=1 OPTIMISE="-O0 -g" \
	    build-coverage/byzsim build-coverage/tests
	@tools/coverage.sh build-coverage

stats: ## lines and function lengths by folder, and what is over budget
	@tools/python.sh tools/stats.py

sessions: $(BUILD)/byzsim ## run the campaigns of docs/sessions into results/ and draw their plots there, with the time of each
	@tools/python.sh tools/sessions.py $(BUILD)/byzsim results results/sessions

docs-plots: $(BUILD)/byzsim ## run the experiments of docs/plots.md, docs/search.md and docs/sessions and draw their pictures again, and that of docs/reports.md (gnuplot, Chromium)
	@tools/docs_plots.sh $(abspath $(BUILD)/byzsim)

install: $(BUILD)/byzsim ## install the program, the header of plugins, example plugins and the configurations (PREFIX, DESTDIR)
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(PREFIX)/include/byzsim" "$(DESTDIR)$(PREFIX)/lib/pkgconfig" \
	    "$(DESTDIR)$(PREFIX)/share/byzsim"
	install -m 755 $(BUILD)/byzsim "$(DESTDIR)$(PREFIX)/bin/byzsim"
	install -m 644 sim/api/byz_plugin.h "$(DESTDIR)$(PREFIX)/include/byzsim"
	printf 'prefix=%s\nincludedir=$${prefix}/include\n\nName: byzsim\nDescription: Plugins for the simulator byzsim\nVersion: %s\nCflags: -I$${includedir}/byzsim\n' \
	    '$(PREFIX)' '$(VERSION)' > "$(DESTDIR)$(PREFIX)/lib/pkgconfig/byzsim.pc"
	$(if $(wildcard configs),cp -R configs "$(DESTDIR)$(PREFIX)/share/byzsim/")
	cp -R aggregators/plugins "$(DESTDIR)$(PREFIX)/share/byzsim/"

uninstall: ## remove what `make install` put there
	rm -f "$(DESTDIR)$(PREFIX)/bin/byzsim" "$(DESTDIR)$(PREFIX)/lib/pkgconfig/byzsim.pc"
	rm -rf "$(DESTDIR)$(PREFIX)/include/byzsim" "$(DESTDIR)$(PREFIX)/share/byzsim"

clean: ## remove everything that was built
	rm -rf build build-* $(if $(wildcard $(BUILD)/flags),$(filter-out build,$(BUILD)))

help: ## this list
	@sed -n 's/^\([a-z][a-z-]*\):[^#]*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | \
	    while IFS='|' read -r name text; do printf '  %-10s %s\n' "$$name" "$$text"; done

lint-flags: $(LINES) # what the checks hand to compilers; the three macros stand for version.h
	@echo $(call quoted,-std=gnu11 $(OPENMP_CFLAGS) -Wall -Wextra -Wpedantic -Wshadow -Wconversion \
	    -Wstrict-prototypes -I. -Isim/api -I$(BUILD)/gen $(PACKAGE_CFLAGS) $(CRITERION_CFLAGS) \
    -DBYZSIM_VERSION="" -DBYZSIM_COMMIT="" -DBYZSIM_FLAGS="")
