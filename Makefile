# Builds, installs and tests the extension. CMakeLists.txt builds the core's unit tests, fuzzers and
# benchmarks, never the extension.

EXTENSION  = ecom_analytics
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(EXTENSION).control)

MODULE_big = $(EXTENSION)
OBJS       = $(patsubst %.cpp,%.o,$(sort $(wildcard src/core/*/*.cpp src/pg/*.cpp))) src/pg/module.o
DATA_built = sql/$(EXTENSION)--$(EXTVERSION).sql
DATA       = $(wildcard sql/upgrade/$(EXTENSION)--*--*.sql)

REGRESS      = setup $(filter-out setup,$(sort $(basename $(notdir $(filter-out sql/$(EXTENSION)--%,$(wildcard sql/*.sql))))))
ISOLATION    = $(sort $(basename $(notdir $(wildcard test/isolation/specs/*.spec))))
ISOLATION_OPTS = --inputdir=test/isolation --outputdir=test/isolation

EXTRA_CLEAN = $(OBJS:.o=.d) report/dist results test/isolation/results test/isolation/output_iso

PG_CONFIG ?= pg_config
PG_MAJOR  := $(shell $(PG_CONFIG) --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
ifeq ($(shell test "$(PG_MAJOR)" -ge 15 2>/dev/null && echo yes),)
$(error PostgreSQL 15 or later is needed; $(PG_CONFIG) says $(PG_MAJOR))
endif

# OPTFLAGS adds to the portable default, e.g. OPTFLAGS=-Werror.
OPTFLAGS ?=
WARNINGS  = -Wall -Wextra $(OPTFLAGS)

# Before 16 PGDLLEXPORT is empty; with hidden visibility nothing would be found.
PG_CPPFLAGS = -I$(srcdir)/src -isystem /usr/include/eigen3 \
              -isystem $(shell $(PG_CONFIG) --includedir-server) \
              -DPGDLLEXPORT='__attribute__((visibility("default")))' \
              -DEIGEN_DONT_PARALLELIZE -MMD -MP
PG_CFLAGS   = -fvisibility=hidden $(WARNINGS) -Wno-unused-parameter
PG_CXXFLAGS = -std=c++17 -fvisibility=hidden -fvisibility-inlines-hidden -Wno-register $(WARNINGS) -pthread
SHLIB_LINK  = -lstdc++ -pthread -Wl,--version-script=$(srcdir)/src/exports.map

# Bitcode for inlining would compile every file a second time for functions too coarse to inline.
override with_llvm := no

PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# No fused multiply-add: clusters must not depend on the instruction set.
src/core/cluster/%.o: override CXXFLAGS := $(subst -std=c++17,-std=c++17 -ffp-contract=off,$(CXXFLAGS))

# Debian configures PostgreSQL without dependency tracking.
-include $(OBJS:.o=.d)

src/pg/module.o src/pg/host.o: src/pg/module.h

# The page of ecom.report_html, bundled where Node.js and npm are; REPORT=no builds without it.
REPORT_PAGE = report/dist/template.sql
$(REPORT_PAGE): $(wildcard report/src/*) report/bundle report/build.mjs report/package-lock.json
	REPORT='$(REPORT)' report/bundle

.PHONY: report
report:
	rm -f $(REPORT_PAGE)
	$(MAKE) $(REPORT_PAGE)

# The install script is the modules of sql/install in the order of their numbers, and the page.
$(DATA_built): $(sort $(wildcard sql/install/*.sql)) $(REPORT_PAGE) $(EXTENSION).control
	( printf '%s\n' '\echo Use "CREATE EXTENSION $(EXTENSION)" to load this file. \quit'; \
	  cat $(filter %.sql,$^) ) > $@
