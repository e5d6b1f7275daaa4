"""The benchmarks: what is read, reckoned and refused. No test here asks how long anything took."""
