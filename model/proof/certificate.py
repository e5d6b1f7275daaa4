"""Writing down a proof, so that somebody else can check it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from model.certificates.form import (
    CONSTANT,
    READ_AT,
    VERSION,
    Certificate,
    Form,
    Place,
    Property,
    Searched,
    Step,
    digest_of_claim,
    digest_of_design,
)
from model.lang import Kind, System, show
from model.lang import Property as Claimed
from model.proof import linear
from model.proof.induction import Cell
from model.proof.prove import Proof


def certificate(
    proof: Proof,
    properties: Sequence[Claimed],
    systems: Callable[[int], System],
    searched: Searched,
) -> tuple[Certificate, dict[str, str]]:
    """The certificate for those of ``properties`` that ``proof`` proves.

    What is not in it is told by name, with the reason. Raises GaveUp.
    """
    families = [systems(n) for n in READ_AT]
    cells = proof.cells()
    number = {cell: k for k, cell in enumerate(cells)}
    left: dict[str, str] = {}
    proved: list[Property] = []
    for item in properties:
        why = proof.objection(item)
        if why:
            left[item.name] = why
            continue
        digest = digest_of_claim(item.ground(s) for s in families)
        cases = [
            (number[cell], [_form(proof, fact) for fact in facts])
            for cell, facts in _broken(proof, item)
        ]
        proved.append(Property(item.name, item.kind.name.lower(), digest, cases))
    steps = [step for cell, k in number.items() for step in _steps(proof, k, cell)]
    made = Certificate(
        VERSION,
        proof.family.name,
        digest_of_design(families),
        [variable.name for variable in proof.family.shared],
        [counted.variable.name for counted in proof.family.counted],
        [variable.name.split(".")[1] for variable in proof.family.stands[0]],
        # After the steps: whatever they lead to has its number by now.
        [[show(value) for value in state] for state in proof.counting.locals],
        [
            Place(
                _told(cell),
                list(proof.occupied(cell)),
                [_form(proof, form) for form in proof.invariant.hulls[cell].equalities()],
                [_form(proof, form) for form in proof.invariant.least(cell)],
            )
            for cell in cells
        ],
        steps,
        proved,
        searched,
    )
    return made, left


def _broken(proof: Proof, item: Claimed) -> Iterator[tuple[Cell, Sequence[linear.Form]]]:
    """Each case in which ``item`` would be broken; a deadlock follows from the steps."""
    if item.kind is Kind.INVARIANT:
        for condition in proof.family.conditions(item.ground):
            for cell in proof.cells():
                every = proof.counting.broken(condition, cell[0], proof.occupied(cell))
                yield from ((cell, facts) for _, facts in every)
    elif item.kind is Kind.TYPES:
        yield from ((cell, facts) for cell, _, facts in proof.leaving())


def _steps(proof: Proof, number: int, cell: Cell) -> Iterator[Step]:
    """The steps from a cell, but those whose conditions the invariant does not allow."""
    at = proof.invariant.at(cell)
    for step in proof.counting.steps(cell[0], proof.occupied(cell)):
        end = proof.invariant.target(cell, at, step)
        yield Step(
            step.rule.name,
            number,
            list(step.named),
            [_form(proof, fact) for fact in step.facts],
            [] if end is None else _told(end),
            list(step.after),
            sorted(step.moves.items()),
            [(_column(proof, c), _form(proof, form)) for c, form in sorted(step.counted.items())],
        )


def _told(cell: Cell) -> list[str]:
    return [*map(show, cell[0]), *map(str, cell[1])]


def _form(proof: Proof, form: linear.Form) -> Form:
    """A form as certificates have it. All of its coefficients are whole numbers."""
    return [(_column(proof, column), int(number)) for column, number in sorted(form.items())]


def _column(proof: Proof, column: int) -> str:
    if column == linear.CONST:
        return CONSTANT
    if column >= linear.COUNTED:
        return proof.family.counted[column - linear.COUNTED].variable.name
    return f"c{column}"
