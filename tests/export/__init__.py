"""Exports, and what other checkers say of them."""
