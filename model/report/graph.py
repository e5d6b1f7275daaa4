"""How a field moves from value to value, as a graph and as the text of drawing tools."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import networkx as nx

from model.lang import Expr, GroundAction, State, System, Value, Var, show
from model.lang.expr import And, Const, IfElse
from model.lang.reference import evaluate


def stage_graph(system: System, variable_suffix: str) -> nx.DiGraph[str]:
    """The control graph of the field ``variable_suffix``, such as ``stage``.

    Nodes are the field's values, with an attribute ``initial``. An edge stands for the actions
    whose guard limits the field by itself and that then set it to a fixed other value; its
    attribute ``actions`` holds their names in the order of the system. All entities that have
    the field are drawn as one. Raises ValueError if none has it, or if entities mean values of
    different types by it.
    """
    variables = [v for v in system.variables if v.name.rpartition(".")[2] == variable_suffix]
    if not variables:
        raise ValueError(f"no entity of {system} has a field {variable_suffix!r}")
    if len({variable.kind for variable in variables}) > 1:
        raise ValueError(f"entities of {system} mean different things by {variable_suffix!r}")
    graph: nx.DiGraph[str] = nx.DiGraph()
    for variable in variables:
        for value in variable.domain.values:
            known = graph.nodes[show(value)]["initial"] if show(value) in graph else False
            graph.add_node(show(value), initial=known or value in variable.initial)
    edges: dict[tuple[str, str], dict[str, None]] = {}
    for action in system.actions:
        for source, target in _moves(system, action, variables):
            edges.setdefault((source, target), {})[action.name] = None
    for (source, target), names in edges.items():
        graph.add_edge(source, target, actions=tuple(names))
    return graph


def lineage(designs: Iterable[tuple[str, str | None, str]]) -> nx.DiGraph[str]:
    """Which design was derived from which: each by its name, its neighbour's, and how it differs.

    Nodes and edges have the attributes of ``stage_graph``; a design without a neighbour is initial.
    """
    graph: nx.DiGraph[str] = nx.DiGraph()
    for name, like, but in designs:
        graph.add_node(name, initial=like is None)
        if like is not None:
            graph.add_edge(like, name, actions=(but,))
    return graph


def to_dot(graph: nx.DiGraph[str], title: str) -> str:
    """``graph`` for Graphviz, ending in a newline; initial values have a double border."""
    lines = ["digraph {", f"    label={_dot(title)};", "    node [shape=box];"]
    for node, data in graph.nodes(data=True):
        lines.append(f"    {_dot(node)}{' [peripheries=2]' if data['initial'] else ''};")
    for source, target, data in graph.edges(data=True):
        label = "\\n".join(_dot(name)[1:-1] for name in data["actions"])
        lines.append(f'    {_dot(source)} -> {_dot(target)} [label="{label}"];')
    return "\n".join([*lines, "}"]) + "\n"


def to_mermaid(graph: nx.DiGraph[str], title: str) -> str:
    """``graph`` as a Mermaid flowchart, ending in a newline; initial values are rounded."""
    # Numbered, because words such as "end" cannot name a node.
    ids = {node: f"n{i}" for i, node in enumerate(graph)}
    lines = ["---", f"title: {json.dumps(title)}", "---", "flowchart TD"]
    for node, data in graph.nodes(data=True):
        left, right = ("([", "])") if data["initial"] else ("[", "]")
        lines.append(f'    {ids[node]}{left}"{_mermaid(node)}"{right}')
    for source, target, data in graph.edges(data=True):
        label = "<br/>".join(_mermaid(name) for name in data["actions"])
        lines.append(f'    {ids[source]} -->|"{label}"| {ids[target]}')
    return "\n".join(lines) + "\n"


def _moves(
    system: System, action: GroundAction, variables: list[Var[Any]]
) -> Iterator[tuple[str, str]]:
    for update in action.updates:
        variable = update.variable
        if any(variable is known for known in variables):
            for source in _allowed(system, action, variable):
                for target in _fixed(update.value):
                    if source != target:
                        yield show(source), show(target)


def _allowed(system: System, action: GroundAction, variable: Var[Any]) -> list[Value]:
    """The values from which the guard lets ``variable`` go; none if it does not look at it."""
    conditions = [
        condition
        for condition in _conjuncts(And(action.guard))
        if set(condition.variables()) == {variable}
    ]
    if not conditions:
        return []
    # The conditions mention this variable only, so what the others hold does not matter.
    others: State = tuple(known.domain.values[0] for known in system.variables)
    at = system.index[variable]
    return [
        value
        for value in variable.domain.values
        if all(evaluate(c, system, (*others[:at], value, *others[at + 1 :])) for c in conditions)
    ]


def _conjuncts(condition: Expr[bool]) -> Iterator[Expr[bool]]:
    if isinstance(condition, And):
        for child in condition.children:
            yield from _conjuncts(child)
    else:
        yield condition


def _fixed(value: Expr[Any]) -> list[Value]:
    """The constants that ``value`` may turn out to be, each under its own condition."""
    if isinstance(value, IfElse):
        return _fixed(value.children[1]) + _fixed(value.children[2])
    return [value.value] if isinstance(value, Const) else []


def _dot(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _mermaid(text: str) -> str:
    # Quotes, brackets, backticks and entities all mean something to Mermaid somewhere.
    return "".join(c if c.isalnum() or c in " _-.,:()=+/" else f"#{ord(c)};" for c in text)
