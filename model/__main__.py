"""``python -m model``."""

from model.cli import main

main()
