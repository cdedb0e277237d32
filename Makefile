# Makefile - every job of promptic-lua. `make help` lists them.
#
#   make CC=clang CFLAGS='-O3 -g'           another compiler, other flags; what the sources need is added to them
#   make test SPEC=spec/json/json_encode_spec.lua
#   make install PREFIX=/usr DESTDIR=/tmp/package

CFLAGS   ?= -O2 -g -Wall -Wextra -Wpedantic -Werror
PREFIX   ?= /usr/local
LIBDIR   ?= $(PREFIX)/lib
LUADIR   ?= $(LIBDIR)/lua/5.4
BUILD    ?= build
LIBFLAG  ?= -shared
SPEC     ?= spec
# A list with newlines would become several commands.
override SPEC := $(strip $(SPEC))

# ------------------------------------------------------------------ what is found on this machine

# An assignment of the form X := $(or $(X),...) leaves what the command line or the environment says.

LUA := $(or $(LUA),$(shell for name in lua5.4 lua54 lua; do \
	$$name -v 2>/dev/null | grep -q '^Lua 5\.4' && echo $$name && break; done),lua5.4)

LUA_PACKAGE := $(or $(LUA_PACKAGE),$(shell for name in lua5.4 lua54 lua-5.4 lua; do \
	pkg-config --exists "$$name >= 5.4 $$name < 5.5" 2>/dev/null && echo $$name && break; done))

# $(call flags,--cflags,package): nothing if there is no such package; .ci/deps says so then.
flags = $(if $(2),$(shell pkg-config $(1) $(2) 2>/dev/null))
# $(call archive,names...): the first static library of these names, as the compiler or pkg-config knows them.
archive = $(firstword $(wildcard $(foreach name,$(1),$(shell $(CC) -print-file-name=$(name) 2>/dev/null)) \
	$(addprefix $(call flags,--variable=libdir,$(LUA_PACKAGE))/,$(1))))
# $(call module,name): the file that Lua would load for it.
module = $(shell $(LUA) -e 'print(package.searchpath("$(1)", package.path .. ";" .. package.cpath) or "")' 2>/dev/null)

LUA_CFLAGS   := $(or $(LUA_CFLAGS),$(call flags,--cflags,$(LUA_PACKAGE)))
CURL_CFLAGS  := $(or $(CURL_CFLAGS),$(call flags,--cflags,libcurl))
CURL_LIBS    := $(or $(CURL_LIBS),$(call flags,--libs,libcurl),-lcurl)
HTTPD_LIBS   := $(or $(HTTPD_LIBS),$(call flags,--libs,libmicrohttpd),-lmicrohttpd)
ZLIB_LIBS    := $(or $(ZLIB_LIBS),$(call flags,--libs,zlib),-lz)
CORE_LIBS     = $(CURL_LIBS) $(ZLIB_LIBS)
LUA_STATIC   ?= $(call archive,liblua5.4.a liblua54.a liblua-5.4.a liblua.a)
# lua-cjson is in the program for scripts; the module does without. Only Debian and what comes from it have it as an
# archive; elsewhere its module is linked, which then has to stay where it is.
CJSON        ?= $(or $(call archive,liblua5.4-cjson.a),$(call module,cjson))
ARGPARSE     ?= $(call module,argparse)

DEPS = CC='$(CC)' CURL_CFLAGS='$(CURL_CFLAGS)' LUA='$(LUA)' LUA_CFLAGS='$(LUA_CFLAGS)' LUA_STATIC='$(LUA_STATIC)' \
	CJSON='$(CJSON)' .ci/deps

# ------------------------------------------------------------------ sources and what becomes of them

# The version is written in the header and nowhere else in the build. Before 1.0.0 a minor version may change what a
# C program sees, so its number is part of the name that the linker records.
VERSION := $(shell sed -n 's/^#define PROMPTIC_VERSION "\(.*\)"/\1/p' core/promptic.h)
SONAME  := libpromptic.so.$(basename $(VERSION))

OBJ         := $(BUILD)/obj
# $(call objects,folder...): what the C files of these folders become.
objects      = $(patsubst %.c,$(OBJ)/%.o,$(wildcard $(addsuffix /*.c,$(1))))
CORE        := $(call objects,core)
BINDINGS    := $(call objects,bindings bindings/table bindings/calls bindings/files bindings/json bindings/rows bindings/prelude)
INTERPRETER := $(call objects,bindings/interpreter)
HTTPD       := $(call objects,bindings/httpd)
COMPILE     := $(OBJ)/bake_compile
MAKER       := $(OBJ)/maker
BAKED       := $(OBJ)/baked_prelude.o
BAKED_MAIN  := $(OBJ)/compiled_prelude.o $(OBJ)/compiled_scripts.o $(OBJ)/compiled_vendor.o \
	$(OBJ)/compiled_made.o
SOURCES     := $(wildcard core/*.[ch] bindings/*.[ch] bindings/*/*.[ch] spec/*/*.[ch] examples/*/*.c)
LUA_FILES   := .luacheckrc .busted .ci bindings/prelude examples scripts scripts/promptic spec

MODULE  := $(BUILD)/promptic.so
PROGRAM := $(BUILD)/promptic-lua
SERVER  := $(BUILD)/lib/promptic/httpd.so
COMMAND := $(BUILD)/promptic
SHARED  := $(BUILD)/libpromptic.so.$(VERSION)
STATIC  := $(BUILD)/libpromptic.a
PC      := $(BUILD)/promptic.pc
STUBS   := $(BUILD)/stubs/promptic.lua
MANUALS := $(BUILD)/man/promptic.1 $(BUILD)/man/promptic-lua.1

# _GNU_SOURCE: strict C11 hides POSIX, and with it clock_gettime, strdup and the like.
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -fPIC -fvisibility=hidden -pthread -MMD -MP -Icore $(CURL_CFLAGS) $(CPPFLAGS) $(CFLAGS)

# File names are unique, so that an include names the file alone.
BINDINGS_CFLAGS = $(addprefix -I,bindings $(wildcard bindings/*/) $(OBJ)) -I$(OBJ)

# The resources that the table of endpoints names, each a Lua module of its own.
RESOURCES := $(OBJ)/resources.h

Q := $(if $(V),,@)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: all docs deps demo luajit test hosts kills network test-luas apicheck test-suites test-architectures sanitize valgrind fuzz \
	soak mutants bench contract check-core house symbols lint format \
	install uninstall rock install-rock clean help

all: $(PROGRAM) $(COMMAND) $(MODULE) $(SERVER) $(STATIC) $(SHARED) $(PC) $(MANUALS) $(STUBS) ## builds everything under build/ (the default)

# ------------------------------------------------------------------ compiling and linking

-include $(patsubst %.o,%.d,$(CORE) $(BINDINGS) $(INTERPRETER) $(HTTPD) $(BAKED) $(BAKED_MAIN))

# Says which package has what is missing before the compiler says what it cannot find.
CHECK := module program
$(OBJ)/.checked:
	$(Q)$(DEPS) --check $(CHECK)
	$(Q)mkdir -p $(OBJ) && touch $@

$(CORE): $(OBJ)/core/%.o: core/%.c | $(OBJ)/.checked
	@mkdir -p $(@D); echo "  cc     $<"
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BINDINGS) $(INTERPRETER) $(HTTPD): $(OBJ)/bindings/%.o: bindings/%.c | $(OBJ)/.checked
	@mkdir -p $(@D); echo "  cc     $<"
	$(Q)$(CC) $(ALL_CFLAGS) $(BINDINGS_CFLAGS) $(LUA_CFLAGS) -c -o $@ $<

$(OBJ)/bindings/module.o: $(RESOURCES)
$(RESOURCES): core/endpoints.c | $(OBJ)/.checked
	$(Q)sed -n 's/.*[.]module = "\([a-z_]*\)".*/X(\1)/p' $< | sort -u | tr '\n' ' ' | \
		sed 's/^/#define BINDINGS_RESOURCES(X) /' >$@ && echo >>$@

# Lua that ships inside: the folders are named too, so that a file that is added or removed counts as a change.
$(OBJ)/baked_prelude.c: bindings/bake/bake.sh $(shell find bindings/prelude)
	@mkdir -p $(@D); echo "  bake   bindings/prelude"
	$(Q)sh bindings/bake/bake.sh baked_prelude bindings/prelude >$@

# Compiled for the program, which brings its own Lua.
$(COMPILE): bindings/bake/bake_compile.c | $(OBJ)/.checked
	@echo "  link   $@"
	$(Q)$(CC) -std=c11 $(CFLAGS) $(LUA_CFLAGS) $(LDFLAGS) -o $@ $< $(LUA_STATIC) -lm -ldl

$(OBJ)/compiled_prelude.c: bindings/bake/bake.sh $(COMPILE) $(shell find bindings/prelude)
	@mkdir -p $(@D); echo "  bake   bindings/prelude, compiled"
	$(Q)sh bindings/bake/bake.sh baked_prelude bindings/prelude $(COMPILE) >$@

$(OBJ)/compiled_scripts.c: bindings/bake/bake.sh $(COMPILE) $(shell find scripts)
	@mkdir -p $(@D); echo "  bake   scripts"
	$(Q)sh bindings/bake/bake.sh baked_scripts scripts $(COMPILE) >$@

# The machine's own copy, as promptic.argparse: a copied program needs nothing beside itself.
$(OBJ)/compiled_vendor.c: bindings/bake/bake.sh $(COMPILE) $(ARGPARSE)
	@mkdir -p $(OBJ)/vendor; echo "  bake   $(ARGPARSE)"
	$(Q)cp $(ARGPARSE) $(OBJ)/vendor/argparse.lua
	$(Q)sh bindings/bake/bake.sh baked_vendor $(OBJ)/vendor $(COMPILE) >$@

# Texts that the program's own scripts make, by a program that is the same but for them.
$(OBJ)/compiled_made.c: bindings/bake/bake.sh $(COMPILE) $(MAKER)
	@mkdir -p $(OBJ)/made/cli; echo "  bake   completions"
	$(Q)ASAN_OPTIONS=detect_leaks=0 $(MAKER) -E -e 'io.write(require "promptic.cli.commands.completion".texts())' \
		>$(OBJ)/made/cli/completion_texts.lua
	$(Q)sh bindings/bake/bake.sh baked_made $(OBJ)/made $(COMPILE) >$@

$(OBJ)/nothing_made.o: bindings/bake/baked.h | $(OBJ)/.checked
	$(Q)echo '#include "baked.h"' >$(@:.o=.c) && echo 'const baked_module baked_made[] = {{NULL, NULL, NULL, 0}};' >>$(@:.o=.c)
	$(Q)$(CC) $(ALL_CFLAGS) -Ibindings/bake -c -o $@ $(@:.o=.c)

$(BAKED) $(BAKED_MAIN): %.o: %.c | $(OBJ)/.checked
	@echo "  cc     $<"
	$(Q)$(CC) $(ALL_CFLAGS) -Ibindings/bake -c -o $@ $<

# Stays loaded with its libcurl, whoever closes it: a call that is given up during a name lookup leaves that to its
# thread, which goes on in libcurl for a while. The sandbox's server stays too: LeakSanitizer fails at thread-local
# variables of a library that is gone.
STAYS := -Wl,-z,nodelete

$(STATIC): $(CORE)
	@echo "  ar     $@"
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(SHARED): $(CORE) core/libpromptic.map
	@echo "  link   $@"
	$(Q)$(CC) -shared -pthread $(LDFLAGS) -Wl,-soname,$(SONAME) -Wl,--version-script=core/libpromptic.map $(STAYS) \
		-o $@ $(CORE) $(CORE_LIBS)
	$(Q)ln -sf $(@F) $(BUILD)/$(SONAME) && ln -sf $(@F) $(BUILD)/libpromptic.so

$(MODULE): $(CORE) $(BINDINGS) $(BAKED) bindings/module.map
	@mkdir -p $(@D); echo "  link   $@"
	$(Q)$(CC) $(LIBFLAG) -pthread $(LDFLAGS) -Wl,--version-script=bindings/module.map $(STAYS) \
		-o $@ $(filter %.o,$^) $(CORE_LIBS) -lm

$(SERVER): $(HTTPD) $(OBJ)/bindings/files/sha256.o $(OBJ)/core/encode.o bindings/module.map
	@mkdir -p $(@D); echo "  link   $@"
	$(Q)$(CC) $(LIBFLAG) -pthread $(LDFLAGS) -Wl,--version-script=bindings/module.map $(STAYS) \
		-o $@ $(filter %.o,$^) $(HTTPD_LIBS) $(ZLIB_LIBS)

# The command runs in place by the interpreter of this build. Older builds have a folder of that name.
$(COMMAND): scripts/promptic | $(PROGRAM)
	$(Q)[ ! -d $@ ] || rm -rf $@
	$(Q)sed '1s|.*|#!$(abspath $(PROGRAM)) -E|' $< >$@.new && chmod 755 $@.new && mv -f $@.new $@

# The program loads libcurl at its first use (interpreter_libcurl.c), by the name that a program linked with it would
# have. Where that cannot be found out, as with a static libcurl, the program is linked with it.
LIBCURL_SONAME := $(OBJ)/libcurl_soname.h
$(LIBCURL_SONAME): | $(OBJ)/.checked
	$(Q)echo 'void *curl_version(void); void *probe(void); void *probe(void) { return curl_version(); }' | \
		$(CC) -shared -fPIC -x c -o $(OBJ)/probe.so - $(CURL_LIBS)
	$(Q)readelf -d $(OBJ)/probe.so 2>/dev/null | \
		sed -n 's/.*(NEEDED).*\[\(libcurl[^]]*\)\]/#define LIBCURL_SONAME "\1"/p' >$@

$(OBJ)/bindings/interpreter/interpreter_libcurl.o: $(LIBCURL_SONAME)

# Modules that a script requires find Lua's functions in the program, and nothing else.
EXPORTS := bindings/interpreter/program.list
$(PROGRAM) $(MAKER): $(EXPORTS)
$(PROGRAM): $(CORE) $(BINDINGS) $(INTERPRETER) $(BAKED_MAIN)
$(MAKER): $(CORE) $(BINDINGS) $(INTERPRETER) $(filter-out %/compiled_made.o,$(BAKED_MAIN)) $(OBJ)/nothing_made.o
$(PROGRAM) $(MAKER):
	@echo "  link   $@"
	$(Q)$(CC) -pthread $(LDFLAGS) -Wl,--dynamic-list=$(EXPORTS) -o $@ $(filter %.o,$^) $(LUA_STATIC) $(CJSON) \
		$$([ -s $(LIBCURL_SONAME) ] || echo '$(CURL_LIBS)') $(ZLIB_LIBS) -lm -ldl

# C hosts: spec/core/host_spec.lua makes these, in folders of their own, with one sanitizer or another.
HOSTS     := $(patsubst spec/host/%.c,$(BUILD)/host/%,$(wildcard spec/host/*.c))
HOSTS_LUA := $(addprefix $(BUILD)/host/,collector json lua_memory lua_threads rows)
UNLOAD    := $(BUILD)/host/unload
UNITS     := $(BUILD)/host/units
-include $(HOSTS:=.d)

$(filter-out $(HOSTS_LUA) $(UNLOAD) $(UNITS),$(HOSTS)): $(BUILD)/host/%: spec/host/%.c $(STATIC)
	@mkdir -p $(@D); echo "  link   $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $< $(STATIC) $(CORE_LIBS) -lm

$(HOSTS_LUA): $(BUILD)/host/%: spec/host/%.c $(CORE) $(BINDINGS) $(BAKED)
	@mkdir -p $(@D); echo "  link   $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(BINDINGS_CFLAGS) $(LUA_CFLAGS) $(LDFLAGS) -o $@ $(filter %.c %.o,$^) $(LUA_STATIC) \
		$(CORE_LIBS) -lm -ldl

# What spec/units/ checks is in no library's interface.
UNITS_OBJ := $(patsubst spec/units/%.c,$(BUILD)/host/units.obj/%.o,$(wildcard spec/units/*.c))
-include $(UNITS_OBJ:.o=.d)

$(UNITS_OBJ): $(BUILD)/host/units.obj/%.o: spec/units/%.c | $(OBJ)/.checked
	@mkdir -p $(@D); echo "  cc     $<"
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(UNITS): spec/host/units.c $(UNITS_OBJ) $(STATIC)
	@mkdir -p $(@D); echo "  link   $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -Wl,--wrap=curl_easy_setopt,--wrap=curl_slist_append \
		-Wl,--wrap=getentropy,--wrap=fsync,--wrap=renameat -o $@ $^ $(CORE_LIBS) -lm

$(BUILD)/host/allocation $(BUILD)/host/json: override LDFLAGS += -Wl,--wrap=realloc
$(BUILD)/host/lua_memory: override LDFLAGS += -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
$(BUILD)/host/rows: override LDFLAGS += -Wl,--wrap=memmove,--wrap=memcmp

# Without libcurl, so that it comes and goes with the module.
$(UNLOAD): spec/host/unload.c $(MODULE)
	@mkdir -p $(@D); echo "  link   $@"
	$(Q)$(CC) $(ALL_CFLAGS) $(LUA_CFLAGS) $(LDFLAGS) -Wl,-E -o $@ $< $(LUA_STATIC) -lm -ldl

# --help and the manual come from the same program. -E: ignores LUA_INIT.
$(BUILD)/man/promptic.1: $(PROGRAM)
	@mkdir -p $(@D); echo "  man    $@"
	$(Q)$(PROGRAM) -E --run promptic.cli.manual promptic >$@

$(BUILD)/man/promptic-lua.1: $(PROGRAM)
	@mkdir -p $(@D); echo "  man    $@"
	$(Q)$(PROGRAM) --help | $(PROGRAM) -E --run promptic.cli.manual promptic-lua >$@

$(STUBS): $(PROGRAM)
	@mkdir -p $(@D); echo "  stubs  $@"
	$(Q)$(PROGRAM) -E --run promptic.stubs >$@

# Written anew each time: what is in it depends on PREFIX.
.PHONY: $(PC)
$(PC): core/promptic.pc.in
	@mkdir -p $(@D)
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|' $< >$@

docs: $(PROGRAM) ## rewrites the generated blocks of the READMEs: tables of methods, functions, options, targets
	$(Q)$(PROGRAM) -E .ci/docs.lua

# ------------------------------------------------------------------ trying and testing

deps: ## installs what build, demo and tests need, or prints what to type
	$(Q)$(DEPS) module program sandbox test

demo: ## a pipeline from labelled tickets to a deployed prompt, on this machine
	$(Q)$(DEPS) module program sandbox
	$(Q)$(MAKE) --no-print-directory all
	$(PROGRAM) --sandbox examples/pipeline.lua

luajit: ## builds the module for LuaJIT, as in LÖVE and other games: build/luajit/promptic.so
	$(Q)$(DEPS) module luajit
	$(Q)$(MAKE) --no-print-directory BUILD='$(BUILD)/luajit' CHECK=module LUA_CFLAGS="$$(.ci/lua-flags luajit)" \
		'$(BUILD)/luajit/promptic.so'

# The specs see the build, and nothing of the caller's credentials and settings.
SPEC_ENV = .ci/clean-env PROMPTIC_SERVER_LUA='$(LUA)' LUA_CPATH='$(abspath $(BUILD))/?.so;$(abspath $(BUILD))/lib/?.so;;'

# $(call tagged,TAG): the specs with this word in their line "-- Tags:".
tagged = $(shell grep -lE '^-- Tags:.* $(1)( |$$)' spec/*/*_spec.lua)

# Those tagged heavy build and install things; `make hosts` runs them. Those tagged timed belong to `make bench`.
QUICK_SPEC = $(filter-out $(foreach tag,heavy kills timed,$(call tagged,$(tag))),$(wildcard spec/*/*_spec.lua))

# Of specs that build, kill, measure or take long.
ONE_BY_ONE = JOBS=1 FILE_SECONDS=$${FILE_SECONDS:-3600}

test: ## runs the specs, several files at a time, in some 90 s; one file of them: make test SPEC=spec/core/retry_spec.lua
	$(Q)$(DEPS) module program sandbox test
	$(Q)$(if $(filter spec spec/network%,$(SPEC)),$(DEPS) network || true)
	$(Q)$(MAKE) --no-print-directory all
	$(Q)$(SPEC_ENV) PROMPTIC_LUA='$(abspath $(PROGRAM))' \
		.ci/test '$(LUA)' $(or $(filter-out spec,$(SPEC)),$(QUICK_SPEC))

# Without a game engine or HAProxy its spec is pending.
hosts: ## runs the heavy specs: C hosts with sanitizers, the game under Xvfb, HAProxy, installing, LuaRocks
	$(Q)$(DEPS) module program sandbox test
	$(Q)$(DEPS) luajit love || true
	$(Q)$(DEPS) luas haproxy || true
	$(Q)$(MAKE) --no-print-directory all
	$(Q)$(SPEC_ENV) PROMPTIC_LUA='$(abspath $(PROGRAM))' $(ONE_BY_ONE) .ci/test '$(LUA)' $(call tagged,heavy)

# The longer half of what make test tries with a few kills.
kills: ## kills uploads, spools and nightly jobs at hundreds of random moments, and counts what arrived: some 8 minutes
	$(Q)$(DEPS) module program sandbox test
	$(Q)$(MAKE) --no-print-directory all
	$(Q)$(SPEC_ENV) PROMPTIC_LUA='$(abspath $(PROGRAM))' $(ONE_BY_ONE) .ci/test '$(LUA)' $(call tagged,kills)

# In promptic-lua itself, unlike make test, which runs the shorter half of it.
network: ## runs the laboratory: real servers and proxies, TLS, forks; also with the libcurl of Debian NETWORK_SUITE (sid)
	$(Q)$(DEPS) module program sandbox test network
	$(Q)$(MAKE) --no-print-directory all
	$(Q)$(DEPS) luajit && $(MAKE) --no-print-directory luajit || true
	$(Q)LUA='$(LUA)' .ci/network '$(abspath $(BUILD))'

# Those tagged luas, of the module and not of the program, in Lua 5.1, LuaJIT, 5.2 and 5.3, as far as these are
# installed or can be.
LUAS_SPEC ?= $(call tagged,luas)

test-luas: ## runs the specs of the module in older Luas and LuaJIT
	$(Q)$(DEPS) module program sandbox test
	$(Q)$(DEPS) luas || true
	$(Q)$(MAKE) --no-print-directory all
	$(Q)MAKE='$(MAKE)' LUA='$(LUA)' PROGRAM='$(abspath $(PROGRAM))' .ci/test-luas '$(abspath $(BUILD))' $(LUAS_SPEC)

apicheck: ## runs the specs of the module in Lua 5.1 to 5.4 built with checks of their API and their state
	$(Q)$(DEPS) module program sandbox test
	$(Q)$(DEPS) luas || true
	$(Q)$(MAKE) --no-print-directory all
	$(Q)CC='$(CC)' MAKE='$(MAKE)' LUA='$(LUA)' PROGRAM='$(abspath $(PROGRAM))' .ci/apicheck '$(abspath $(BUILD))' \
		$(LUAS_SPEC)

test-suites: ## builds and runs demo and specs on Debian 13 and sid, mounted over /usr for these processes alone; SUITES=sid: one
	$(Q)MAKE='$(MAKE)' .ci/test-suites '$(BUILD)' $(SPEC)

# What depends on the size of a word, the order of bytes and the sign of a char.
ARCHITECTURES_SPEC ?= $(wildcard $(patsubst %,spec/%_spec.lua,core/units json/json_decode json/json_encode json/json_grammar \
	json/json_steps rows/rows_csv rows/rows_json core/transport tasks/tasks \
	tasks/tasks_map tasks/tasks_errors upload/upload))

test-architectures: ## builds and runs specs for arm64, i386 and s390x, with qemu; ARCHITECTURES=s390x: one
	$(Q)$(DEPS) architectures
	$(Q)MAKE='$(MAKE)' .ci/test-architectures '$(BUILD)' $(ARCHITECTURES_SPEC)

# Stock Lua can not load an instrumented module, so the instrumented program runs busted itself; there is no
# instrumented promptic.so, so that what the specs start in stock Lua finds the plain one.
SANITIZED := $(BUILD)/sanitize
SANITIZER := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

sanitize: ## runs the specs in a build with ASan, UBSan and LSan
	$(Q)$(DEPS) module program sandbox test
	$(Q)$(MAKE) --no-print-directory all
	$(Q)$(MAKE) --no-print-directory BUILD=$(SANITIZED) CFLAGS='-O1 -g $(SANITIZER)' LDFLAGS='$(SANITIZER)' \
		$(SANITIZED)/promptic-lua $(SANITIZED)/lib/promptic/httpd.so
	$(Q)$(SPEC_ENV) PROMPTIC_LUA='$(abspath $(SANITIZED))/promptic-lua' \
		LUA_CPATH='$(abspath $(SANITIZED))/?.so;$(abspath $(SANITIZED))/lib/?.so;$(abspath $(BUILD))/?.so;;' UBSAN_OPTIONS=print_stacktrace=1 \
		LSAN_OPTIONS=suppressions='$(CURDIR)/.ci/lsan.supp':print_suppressions=0 \
		.ci/test '$(SANITIZED)/promptic-lua' $(or $(filter-out spec,$(SPEC)),$(QUICK_SPEC))

# Those tagged valgrind go through most of the C code and fit into three minutes: valgrind is some thirty times slower.
VALGRIND_SPEC ?= $(call tagged,valgrind)

# C hosts that fork, or free within callbacks: valgrind follows into the children.
VALGRIND_HOSTS ?= callbacks lifetimes forks
VALGRIND := valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite

valgrind: ## runs some of the specs and C hosts under valgrind
	$(Q)$(DEPS) module program sandbox test valgrind
	$(Q)$(MAKE) --no-print-directory all $(addprefix $(BUILD)/host/,units $(VALGRIND_HOSTS))
	$(Q)$(SPEC_ENV) PROMPTIC_LUA='$(abspath $(PROGRAM))' JOBS=$${JOBS:-2} FILE_SECONDS=3600 BUSTED=--exclude-tags=large \
		.ci/test '$(VALGRIND) $(PROGRAM)' $(VALGRIND_SPEC)
	$(Q)$(SPEC_ENV) $(VALGRIND) $(BUILD)/host/units
	$(Q)for host in $(VALGRIND_HOSTS); do \
		$(SPEC_ENV) $(LUA) spec/support/run_host.lua $(VALGRIND) $(BUILD)/host/$$host || exit 1; \
	done

FUZZ         := $(BUILD)/fuzz
FUZZ_SECONDS ?= 60
FUZZERS      := $(patsubst spec/fuzz/%.c,$(FUZZ)/%,$(wildcard spec/fuzz/*_fuzz.c))

$(FUZZERS): $(FUZZ)/%: spec/fuzz/%.c $(wildcard core/*.[ch])
	@mkdir -p $(@D); echo "  fuzz   $@"
	$(Q)clang -std=c11 -D_GNU_SOURCE -O1 -g -pthread -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-Icore $(CURL_CFLAGS) -o $@ $(filter %.c,$^) $(CORE_LIBS) -lm

fuzz: ## feeds the core's parsers and JSON random input, FUZZ_SECONDS (60) each
	$(Q)$(DEPS) module program sandbox fuzz
	$(Q)$(MAKE) --no-print-directory all $(FUZZERS)
	$(Q)for fuzzer in $(FUZZERS); do \
		echo "  run    $$fuzzer"; mkdir -p $$fuzzer.corpus; \
		$$fuzzer -max_total_time=$(FUZZ_SECONDS) -verbosity=0 -artifact_prefix=$(FUZZ)/ $$fuzzer.corpus || exit 1; \
	done
	$(Q).ci/clean-env $(PROGRAM) spec/fuzz/json_fuzz.lua

# An hour by hand: make soak SOAK_SECONDS=3600
SOAK_SECONDS ?= 120

soak: ## runs everything at once for SOAK_SECONDS (120), with servers that fail, and compares memory and descriptors
	$(Q)$(DEPS) module program sandbox test network
	$(Q)$(MAKE) --no-print-directory all
	$(Q)$(SPEC_ENV) SOAK_SECONDS='$(SOAK_SECONDS)' PROMPTIC_LUA='$(abspath $(PROGRAM))' $(PROGRAM) spec/soak/soak.lua

# MUTANTS=fixed: those that .ci/run tries; MUTANTS='3 17': these.
MUTANTS ?= all

mutants: ## changes one line of the sources at a time, in copies of this tree, and fails unless a spec fails
	$(Q)$(DEPS) module program sandbox test
	$(Q)$(MAKE) --no-print-directory all
	$(Q)MAKE='$(MAKE)' LUA='$(LUA)' PROGRAM='$(abspath $(PROGRAM))' .ci/mutants '$(abspath $(BUILD))' $(MUTANTS)

# The yardsticks, and an interpreter that does all but decode. Not built with CFLAGS: a benchmark of a
# build with sanitizers would mean nothing.
BENCH       := $(BUILD)/bench
BENCHES     := $(patsubst spec/bench/%.c,$(BENCH)/%,$(filter-out spec/bench/no_decode.c,$(wildcard spec/bench/*.c)))
BENCH_BUILD = $(CC) -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -pthread

$(BENCHES): $(BENCH)/%: spec/bench/%.c | $(OBJ)/.checked
	@mkdir -p $(@D); echo "  link   $@"
	$(Q)$(BENCH_BUILD) $(CURL_CFLAGS) $(LUA_CFLAGS) -o $@ $< $(LUA_STATIC) -Wl,--as-needed $(CURL_LIBS) -lm -ldl

$(BENCH)/no-decode: spec/bench/no_decode.c $(CORE) $(BINDINGS) $(INTERPRETER) $(BAKED_MAIN)
	@mkdir -p $(@D); echo "  link   $@"
	$(Q)$(BENCH_BUILD) -Icore $(BINDINGS_CFLAGS) $(CURL_CFLAGS) $(LUA_CFLAGS) -Wl,--dynamic-list=$(EXPORTS) -Wl,--wrap=json_decode_bounded,--wrap=json_decoding_step -o $@ \
		$(filter %.c %.o,$^) $(LUA_STATIC) $(CJSON) $(CORE_LIBS) -lm -ldl

# OpenTelemetry's SDK for Node, which traces are measured beside, if npm can get it.
BENCH_NODE = ! command -v npm >/dev/null || $(MAKE) --no-print-directory spec/otlp/node_modules/.package-lock.json || true

bench: ## measures time and memory beside libcurl and other clients: build/bench.html, spec/bench/figures.svg; one part: PART=upload
	$(Q)$(DEPS) module program sandbox test bench
	$(Q)$(MAKE) --no-print-directory all $(BENCHES) $(BENCH)/no-decode
	$(Q)$(if $(filter traces,$(or $(PART),traces)),$(BENCH_NODE))
	$(Q)$(if $(filter game prompt,$(or $(PART),game)),$(DEPS) luajit && $(MAKE) --no-print-directory luajit || true)
	$(Q)$(SPEC_ENV) $(PROGRAM) spec/bench/run.lua '$(abspath $(BUILD))' $(PART)
	$(Q)$(if $(PART),,$(SPEC_ENV) PROMPTIC_LUA='$(abspath $(PROGRAM))' $(ONE_BY_ONE) .ci/test '$(LUA)' $(call tagged,timed))

# Prism, and OpenTelemetry's exporters.
NODE_MODULES := $(patsubst %,spec/%/node_modules/.package-lock.json,contract otlp)
$(NODE_MODULES): %/node_modules/.package-lock.json: %/package-lock.json
	cd $* && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

contract: ## checks client and sandbox against the platform's contract, with Prism, and sends OTLP with OpenTelemetry's exporters
	$(Q)$(DEPS) module program sandbox test contract
	$(Q)$(MAKE) --no-print-directory all $(NODE_MODULES)
	$(Q)$(SPEC_ENV) PROMPTIC_LUA='$(abspath $(PROGRAM))' LUA='$(LUA)' .ci/contract

# ------------------------------------------------------------------ checking

check-core: $(CORE) $(BINDINGS) $(INTERPRETER) $(HTTPD) ## fails if core/ needs Lua or bindings/, if files depend on each other in a circle, or if core/README.md draws them wrongly
	$(Q)CC='$(CC)' BUILD='$(BUILD)' .ci/check-core $(ALL_CFLAGS)
	$(Q).ci/symbol-circles '$(OBJ)' $^
	$(Q).ci/core-drawing '$(OBJ)'

house: ## lists the files that four changes touch: a module of endpoints, an option, a command, a function in C
	$(Q)$(DEPS) module program sandbox test
	$(Q)MAKE='$(MAKE)' .ci/made-up-row

symbols: $(MODULE) $(SERVER) $(SHARED) $(PROGRAM) ## fails unless libraries and program export their public names and nothing else
	$(Q).ci/symbols 'promptic_' $(SHARED)
	$(Q).ci/symbols 'luaopen_promptic' $(MODULE) $(SERVER)
	$(Q)CC='$(CC)' .ci/symbols --lua '$(LUA_CFLAGS)' $(PROGRAM)

lint: ## luacheck, clang-format, columns of comments, and cppcheck
	$(Q)$(DEPS) lint
	@failed=0; \
	luacheck --quiet $(LUA_FILES) || failed=1; \
	clang-format --dry-run -Werror $(SOURCES) || failed=1; \
	awk '/clang-format off/ { off = 1 } /clang-format on/ || FNR == 1 { off = 0 } !off && length > 118 { \
		print FILENAME ":" FNR ": more than 118 columns"; bad = 1 } END { exit bad }' $(SOURCES) || failed=1; \
	cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability --inline-suppr \
		--suppress=missingIncludeSystem --suppress=unknownMacro:core/endpoints.c --suppress=unknownMacro:bindings/module.c -Icore $(BINDINGS_CFLAGS) core bindings || failed=1; \
	exit $$failed

format: ## formats the C files by .clang-format
	clang-format -i $(SOURCES)

# ------------------------------------------------------------------ installing

INCLUDEDIR = $(PREFIX)/include
HEADERS    = core/promptic.h core/promptic_endpoints.h
BINDIR     = $(PREFIX)/bin
MANDIR     = $(PREFIX)/share/man/man1
STUBDIR    = $(PREFIX)/share/promptic/stubs
INSTALLED  = $(BINDIR)/promptic-lua $(BINDIR)/promptic $(addprefix $(MANDIR)/,$(notdir $(MANUALS))) \
	$(STUBDIR)/promptic.lua $(addprefix $(INCLUDEDIR)/,$(notdir $(HEADERS))) $(LIBDIR)/pkgconfig/promptic.pc \
	$(LUADIR)/promptic.so $(LUADIR)/promptic/httpd.so $(LUADIR)/promptic/types.lua \
	$(addprefix $(LIBDIR)/,libpromptic.a libpromptic.so $(SONAME) $(notdir $(SHARED)))

install: all ## installs below PREFIX (/usr/local), with DESTDIR in front if it is set
	install -d $(addprefix $(DESTDIR),$(sort $(dir $(INSTALLED))))
	install -m 755 $(PROGRAM) $(DESTDIR)$(BINDIR)
	sed '1s|.*|#!$(BINDIR)/promptic-lua -E|' scripts/promptic >$(OBJ)/promptic
	rm -f $(DESTDIR)$(BINDIR)/promptic
	install -m 755 $(OBJ)/promptic $(DESTDIR)$(BINDIR)/promptic
	install -m 644 $(MANUALS) $(DESTDIR)$(MANDIR)
	install -m 644 $(STUBS) $(DESTDIR)$(STUBDIR)
	install -m 755 $(MODULE) $(DESTDIR)$(LUADIR)
	install -m 755 $(SERVER) $(DESTDIR)$(LUADIR)/promptic
	install -m 644 scripts/types.lua $(DESTDIR)$(LUADIR)/promptic
	install -m 755 $(SHARED) $(DESTDIR)$(LIBDIR)
	install -m 644 $(STATIC) $(DESTDIR)$(LIBDIR)
	install -m 644 $(HEADERS) $(DESTDIR)$(INCLUDEDIR)
	install -m 644 $(PC) $(DESTDIR)$(LIBDIR)/pkgconfig
	ln -sfn $(notdir $(SHARED)) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sfn $(notdir $(SHARED)) $(DESTDIR)$(LIBDIR)/libpromptic.so
	$(Q)[ -n '$(DESTDIR)' ] || ldconfig 2>/dev/null || true # so that programs find the library, where root installs

uninstall: ## removes the installed files
	rm -f $(addprefix $(DESTDIR),$(INSTALLED))
	rmdir $(DESTDIR)$(LUADIR)/promptic 2>/dev/null || true

# LuaRocks may want the module for another Lua than the one that is built for above, so it builds apart and anew.
ROCK := $(BUILD)/rock

rock: ## builds the module alone, for the rockspec and the Lua in LUA_INCDIR
	$(Q)rm -rf $(ROCK)
	$(Q)$(MAKE) --no-print-directory BUILD=$(ROCK) CHECK=module LUA_CFLAGS='-I$(LUA_INCDIR)' $(ROCK)/promptic.so

install-rock: ## installs the module of make rock into LuaRocks' folders
	install -d $(LIBDIR) $(LUADIR)/promptic
	install -m 755 $(ROCK)/promptic.so $(LIBDIR)
	install -m 644 scripts/types.lua $(LUADIR)/promptic

clean: ## removes build/
	rm -rf $(BUILD)

help: ## prints this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | while IFS='|' read -r name text; do \
		printf '  %-13s %s\n' "$$name" "$$text"; done
