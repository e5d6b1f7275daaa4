"""The compiled kernel: the same search, over the same actions, in C."""
