"""The search over whole frontiers at once, with NumPy: the same actions, no compiler."""
