"""The designs and the properties, for whoever asks what there is."""

from __future__ import annotations

from tabulate import tabulate

from model.designs import FAMILIES
from properties import PROPERTIES


def catalogue(style: str) -> str:
    """The designs by family and the properties, as two tables in ``style``, which is tabulate's."""
    designs = [
        [family, d.name, d.like.name if d.like else "", d.summary, d.fate]
        for family, members in FAMILIES.items()
        for d in members
    ]
    heads = ["family", "design", "like", "what it does", "fate"]
    widths = [None, None, None, 40, 30] if style == "simple" else None
    claims = [[item.name, item.doc] for item in PROPERTIES]
    return (
        tabulate(designs, heads, tablefmt=style, maxcolwidths=widths)
        + "\n\n"
        + tabulate(claims, ["property", "what it claims"], tablefmt=style)
        + "\n"
    )
