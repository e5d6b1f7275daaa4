"""Writing down a proof, so that somebody else can check it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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
from model.proof import counting, linear
from model.proof.prove import Proof


def certificate(
    proof: Proof,
    properties: Sequence[Claimed],
    systems: Callable[[int], System],
    searched: Searched,
) -> tuple[Certificate, dict[str, str]]:
    """The certificate for those invariants among ``properties`` that ``proof`` proves.

    What is not in it is told by name, with the reason. Raises GaveUp.
    """
    families = [systems(n) for n in READ_AT]
    places = proof.places()
    number = {place: k for k, place in enumerate(places)}
    left: dict[str, str] = {}
    proved: list[Property] = []
    for item in properties:
        why = "it is no invariant" if item.kind is not Kind.INVARIANT else proof.objection(item)
        if why:
            left[item.name] = why
            continue
        broken = [
            (number[place], [_form(proof, fact) for fact in facts])
            for condition in proof.family.conditions(item.ground)
            for place in places
            for facts in proof.counting.broken(condition, place, proof.occupied(place))
        ]
        proved.append(
            Property(item.name, digest_of_claim(item.ground(s) for s in families), broken)
        )
    steps = [_step(proof, k, place) for place, k in number.items()]
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
                [show(value) for value in place],
                list(proof.occupied(place)),
                [_form(proof, form) for form in proof.invariant.hulls[place].equalities()],
            )
            for place in places
        ],
        [step for some in steps for step in some],
        proved,
        searched,
    )
    return made, left


def _step(proof: Proof, number: int, place: counting.Place) -> list[Step]:
    return [
        Step(
            step.rule.name,
            number,
            list(step.named),
            [_form(proof, fact) for fact in step.facts],
            [show(value) for value in step.place],
            list(step.after),
            sorted(step.moves.items()),
            [(_column(proof, c), _form(proof, form)) for c, form in sorted(step.counted.items())],
        )
        for step in proof.counting.steps(place, proof.occupied(place))
    ]


def _form(proof: Proof, form: linear.Form) -> Form:
    """A form as certificates have it. All of its coefficients are whole numbers."""
    return [(_column(proof, column), int(number)) for column, number in sorted(form.items())]


def _column(proof: Proof, column: int) -> str:
    if column == linear.CONST:
        return CONSTANT
    if column >= linear.COUNTED:
        return proof.family.counted[column - linear.COUNTED].variable.name
    return f"c{column}"
