"""A forest as an SVG picture: one line for each node, indented under what it was derived from.

Drawn here and not by Graphviz: its layered picture of the designs is over 12,000 points wide.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

import networkx as nx

_ROW, _INDENT, _MARGIN = 20, 22, 12  # pixels
_CHARACTER = 7.3  # pixels, of the widest that 12 px monospace fonts have

_STYLE = (
    "text { font: 12px monospace } .name { font-weight: bold } .how { fill: #555 }"
    " path { fill: none; stroke: #999 }"
)


def to_svg(graph: nx.DiGraph[str], title: str) -> str:
    """``graph`` as SVG, ending in a newline.

    An edge's ``actions`` stand behind the node that it leads to. Raises ValueError for a graph in
    which a node can be reached in two ways, or in none.
    """
    rows = [row for root in graph if not graph.in_degree(root) for row in _below(graph, root, 0)]
    if len(rows) != graph.number_of_nodes() or len({name for name, _ in rows}) != len(rows):
        raise ValueError(f"{title} is no forest: some node has two ways to it, or none")
    place = {name: (_MARGIN + _INDENT * deep, _y(i)) for i, (name, deep) in enumerate(rows)}
    longest = max((_end(graph, name, x) for name, (x, _) in place.items()), default=0.0)
    width, height = round(longest) + _MARGIN, _y(len(rows))
    size = f'width="{width}" height="{height}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {size}>',
            f"  <title>{escape(title)}</title>",
            f"  <style>{_STYLE}</style>",
            f'  <rect {size} fill="#fff"/>',
            *(f'  <path d="{line}"/>' for line in _lines(graph, place)),
            *(_text(graph, name, x, y) for name, (x, y) in place.items()),
            "</svg>\n",
        ]
    )


def _below(graph: nx.DiGraph[str], node: str, deep: int) -> Iterator[tuple[str, int]]:
    """``node`` and all that was derived from it, with how deep each stands."""
    if deep > graph.number_of_nodes():
        raise ValueError(f"{node} was derived from itself")
    yield node, deep
    for child in graph.successors(node):
        yield from _below(graph, child, deep + 1)


def _y(row: int) -> int:
    return _MARGIN + _ROW * row + _ROW // 2


def _how(graph: nx.DiGraph[str], node: str) -> str:
    """How the node differs from the one above it."""
    return "; ".join(text for above in graph.pred[node] for text in graph[above][node]["actions"])


def _end(graph: nx.DiGraph[str], node: str, x: int) -> float:
    return x + _CHARACTER * (len(node) + 2 + len(_how(graph, node)))


def _lines(graph: nx.DiGraph[str], place: dict[str, tuple[int, int]]) -> Iterator[str]:
    """From below each node's name to each of those derived from it."""
    for above, node in graph.edges:
        (x, y), (right, down) = place[above], place[node]
        yield f"M{x + 6} {y + 6}V{down}H{right - 3}"


def _text(graph: nx.DiGraph[str], node: str, x: int, y: int) -> str:
    how = _how(graph, node)
    behind = f'<tspan class="how">  {escape(how)}</tspan>' if how else ""
    name = f'<tspan class="name">{escape(node)}</tspan>'
    return f'  <text x="{x}" y="{y + 4}" xml:space="preserve">{name}{behind}</text>'
