"""Expressions as terms of Z3's finite domains.

A variable becomes one Z3 constant: a truth value a Bool, an enum member the index among its
class's members (two domains may be different parts of one class and still be compared), an
integer a signed bit-vector. Integers never wrap: every integer expression has bits enough for
the interval of values it could take, negative intermediate ones included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import z3  # type: ignore[import-untyped]  # Z3 ships no type information

from model.lang import Domain, Expr, Value, Var
from model.lang.domains import BOOLEAN
from model.lang.expr import (
    Add,
    And,
    Const,
    Count,
    Equal,
    IfElse,
    Implies,
    Less,
    Not,
    OneOf,
    Or,
    Subtract,
)

Term: TypeAlias = Any
"""A Z3 expression, for which Z3 has no types to offer."""

Frame: TypeAlias = Mapping[Var[Any], Term]
"""A state in symbols: the term that stands for each variable, of the sort of ``constant``."""


def width(low: int, high: int) -> int:
    """How many bits a signed bit-vector needs to hold both ``low`` and ``high``."""
    # -1 needs as few bits as 0, and -2 as 1: the one's complement tells them apart from the sign.
    return 1 + max((value if value >= 0 else ~value).bit_length() for value in (low, high))


def bounds(domain: Domain) -> tuple[int, int]:
    """The lowest and the highest value of an integer ``domain``."""
    values = [value for value in domain.values if isinstance(value, int)]
    return min(values), max(values)


def interval(expression: Expr[Any]) -> tuple[int, int]:
    """The lowest and the highest value that an integer ``expression`` could take.

    Raises TypeError for a node that is no integer.
    """
    match expression:
        case Const(value=int(value)):
            return value, value
        case Var():
            return bounds(expression.domain)
        case IfElse(children=(_, yes, no)):
            one, other = interval(yes), interval(no)
            return min(one[0], other[0]), max(one[1], other[1])
        case Add(children=(left, right)):
            one, other = interval(left), interval(right)
            return one[0] + other[0], one[1] + other[1]
        case Subtract(children=(left, right)):
            one, other = interval(left), interval(right)
            return one[0] - other[1], one[1] - other[0]
        case Count():
            return 0, len(expression.children)
        case _:
            raise TypeError(f"{type(expression).__name__} is no integer expression")


def constant(name: str, domain: Domain) -> Term:
    """A Z3 constant that can hold every value of ``domain``, and perhaps more: see ``member``."""
    if domain.kind is bool:
        return z3.Bool(name)
    if domain.is_integer:
        return z3.BitVec(name, width(*bounds(domain)))
    return z3.BitVec(name, _enum_width(domain.kind))


def literal(value: Value) -> Term:
    """The Z3 value that stands for ``value``."""
    if isinstance(value, bool):
        return z3.BoolVal(value)
    if type(value) is int:
        return z3.BitVecVal(value, width(value, value))
    return z3.BitVecVal(members(type(value)).index(value), _enum_width(type(value)))


def member(term: Term, domain: Domain) -> Term:
    """Whether ``term`` is a value of ``domain``; ``term`` may be wider than its constants."""
    if domain.is_integer:
        low, high = bounds(domain)
        return z3.And(_not_less(term, literal(low)), _not_less(literal(high), term))
    if set(domain.values) == set(members(domain.kind)):
        return z3.BoolVal(True) if z3.is_bool(term) else z3.ULE(term, len(domain.values) - 1)
    return z3.Or([term == literal(value) for value in domain.values])


def translate(
    expression: Expr[Any], frame: Frame, known: dict[Expr[Any], Term] | None = None
) -> Term:
    """The resolved ``expression`` over ``frame``: a Bool, an enum's index or a signed integer.

    ``known`` holds what has been translated over the same frame and is added to. Raises
    TypeError for a node without a value in a state.
    """
    known = {} if known is None else known

    def term(node: Expr[Any]) -> Term:
        if node not in known:
            known[node] = _node(node, [term(child) for child in node.children], frame)
        return known[node]

    return term(expression)


def _node(node: Expr[Any], parts: list[Term], frame: Frame) -> Term:
    match node:
        case Const():
            return literal(node.value)
        case Var():
            return frame[node]
        case Equal():
            return equal(*parts)
        case OneOf():
            return z3.Or([equal(parts[0], literal(value)) for value in node.values])
        case Less():
            return z3.Not(_not_less(*parts))
        case Not():
            return z3.Not(parts[0])
        case And():
            return z3.And(parts)
        case Or():
            return z3.Or(parts)
        case Implies():
            return z3.Implies(*parts)
        case IfElse():
            return z3.If(parts[0], *(alike(parts[1:]) if node.kind is int else parts[1:]))
        case Add():
            left, right = alike(parts, width(*interval(node)))
            return left + right
        case Subtract():
            left, right = alike(parts, width(*interval(node)))
            return left - right
        case Count():
            bits = width(*interval(node))
            one, zero = z3.BitVecVal(1, bits), z3.BitVecVal(0, bits)
            return _sum([z3.If(part, one, zero) for part in parts] or [zero])
        case _:
            raise TypeError(f"{type(node).__name__} has no value in a state: resolve it first")


def value_of(term: Term, kind: type) -> Value:
    """The value of type ``kind`` that a Z3 value stands for: the inverse of ``literal``."""
    if kind is bool:
        return bool(z3.is_true(term))
    if kind is int:
        return int(term.as_signed_long())
    return members(kind)[int(term.as_long())]


def members(kind: type) -> tuple[Value, ...]:
    """All values of ``kind``, bool or an Enum class, in the order of their indices."""
    if kind is bool:
        return BOOLEAN.values
    return tuple(kind)  # type: ignore[arg-type]  # an Enum class, which can be iterated


def _enum_width(kind: type) -> int:
    return max(1, (len(members(kind)) - 1).bit_length())


def alike(terms: Sequence[Term], bits: int = 1) -> list[Term]:
    """Signed integers extended to one width, of at least ``bits``."""
    widest = max([bits, *(term.size() for term in terms)])
    return [z3.SignExt(widest - t.size(), t) if t.size() < widest else t for t in terms]


def equal(left: Term, right: Term) -> Term:
    """Whether two terms of one type have the same value."""
    if z3.is_bv(left):
        # Enum indices have one width per class, so that only integers are ever extended here.
        left, right = alike([left, right])
    return left == right


def _not_less(left: Term, right: Term) -> Term:
    left, right = alike([left, right])
    return left >= right


def _sum(terms: list[Term]) -> Term:
    """The sum as a balanced tree, whose depth the solver pays for."""
    if len(terms) == 1:
        return terms[0]
    half = len(terms) // 2
    return _sum(terms[:half]) + _sum(terms[half:])
