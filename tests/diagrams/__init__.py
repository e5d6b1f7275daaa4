"""Decision diagrams: the sets, what they say of designs, and how they are asked."""
