"""Proofs for any number of interchangeable members; docs/proof.md has the argument."""
