"""Certificates of proofs: their form, the obligations in SMT-LIB, and their check."""
