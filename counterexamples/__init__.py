"""The committed counterexamples, as data: a file here is the expectation of a violation."""
