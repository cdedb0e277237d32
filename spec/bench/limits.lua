--- limits.lua - the limits of `make bench`: what was reached plus a fifth.
-- BENCH_LIMITS=1 make bench writes them.
return {
}
