"""Our search beside other people's, in one session and on the same exports: docs/benchmarks.md."""
