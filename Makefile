# SPDX-License-Identifier: GPL-3.0-or-later
# byzsim: `make help` lists the targets.

BUILD   ?= build
CC      ?= cc
ifeq ($(origin CC),default)
CC      := gcc
endif
PREFIX  ?= /usr/local
DESTDIR ?=
PYTHON  := $(firstword $(foreach p,python3 /usr/bin/python3,$(shell $(p) -c 'import jsonschema, numpy' 2>/dev/null && echo $(p))) python3)

PACKAGES = gsl libcjson zlib nettle
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes $(if $(WERROR),-Werror)
OPTIMISE ?= -O3 -g
CFLAGS_ALL = -std=gnu11 $(OPTIMISE) -ffp-contract=off -fno-math-errno -fopenmp $(WARNINGS) -I. -MMD -MP \
             $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=undefined) \
             $(shell pkg-config --cflags $(PACKAGES) openblas 2>/dev/null) $(CFLAGS)
LDFLAGS_ALL = -fopenmp $(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(LDFLAGS)
LIBS = $(filter-out -lgslcblas,$(shell pkg-config --libs $(PACKAGES))) $(shell pkg-config --libs openblas 2>/dev/null || echo -lgslcblas) -lm -lpthread

SOURCES := $(shell find sim aggregators attacks -name '*.c' -not -path 'aggregators/plugins/*' | LC_ALL=C sort)
HEADERS := $(shell find sim aggregators attacks -name '*.h' | LC_ALL=C sort)
TESTS   := $(shell find tests -maxdepth 2 -name 'test_*.c' | LC_ALL=C sort)
OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out sim/main.c,$(SOURCES)))

$(BUILD)/byzsim: $(BUILD)/obj/sim/main.o $(BUILD)/libbyzsim.a ## build the program (the default)
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

$(BUILD)/libbyzsim.a: $(OBJECTS)
	@rm -f $@
	ar rcs $@ $(OBJECTS)

$(BUILD)/tests: $(patsubst %.c,$(BUILD)/obj/%.o,$(TESTS)) $(BUILD)/libbyzsim.a
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS) $(shell pkg-config --libs criterion)

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -c -o $@ $<

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
