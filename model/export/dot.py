"""DOT, for Graphviz: every reachable state of a small system, and the steps between them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from model.export.names import CannotExport, encode
from model.export.source import Check, Subject
from model.lang import State, show
from model.lang.reference import evaluate, successors


def dot(subject: Subject, most: int) -> dict[str, str]:
    """The file, by its name. Raises CannotExport for more than ``most`` reachable states.

    A state tells what differs from the first initial one. Initial states have a double border;
    states that break a property are red and name it.
    """
    name = f"{encode(subject.system.name)}.dot"
    return {name: "\n".join(_lines(subject, most)) + "\n"}


def _lines(subject: Subject, most: int) -> Iterator[str]:
    system = subject.system
    numbers: dict[State, int] = {state: i for i, state in enumerate(system.initial_states())}
    initial = len(numbers)
    first = next(iter(numbers))
    edges: list[tuple[int, int, str]] = []
    waiting = list(numbers)
    for state in waiting:  # which grows meanwhile
        for action, after in successors(system, state):
            if after not in numbers:
                if len(numbers) == most:
                    raise CannotExport(
                        f"{system} has more than {most} reachable states, which nobody could "
                        "look at; take a smaller size, or draw more with --max-states"
                    )
                numbers[after] = len(numbers)
                waiting.append(after)
            edges.append((numbers[state], numbers[after], action.title))
    for line in subject.heading([f"Draw: dot -Tsvg {encode(system.name)}.dot"]):
        yield f"// {line}".rstrip()
    yield "digraph {"
    yield f"    label={_text(subject.title)};"
    yield "    node [shape=box];"
    for state, number in numbers.items():
        broken = [check.name for check in subject.checks if _is_broken(check, subject, state)]
        look = [f"label={_text(_told(subject, state, first, broken))}"]
        look += ["peripheries=2"] if number < initial else []
        look += ["color=red"] if broken else []
        yield f"    s{number} [{', '.join(look)}];"
    for before, behind, title in edges:
        yield f"    s{before} -> s{behind} [label={_text(title)}];"
    yield "}"


def _is_broken(check: Check, subject: Subject, state: State) -> bool:
    return bool(evaluate(check.broken, subject.system, state))


def _told(subject: Subject, state: State, first: State, broken: list[str]) -> str:
    changed = [
        f"{variable.name} = {show(value)}"
        for variable, value, old in zip(subject.system.variables, state, first, strict=True)
        if value != old
    ]
    return "\n".join([*changed, *(f"! {name}" for name in broken)])


def _text(told: str) -> str:
    return json.dumps(told, ensure_ascii=False)
