"""Names that other languages accept, from which the names used here can be read back.

Letters and digits stay, ``.`` becomes ``__``, and ``_`` stays between two of them. Any other
character is ``___``, its code point in hexadecimal, and ``_``. A name that is reserved or starts
with no letter is put behind ``x____``. So ``dev0.owner_cnt`` is ``dev0__owner_cnt``, and no two
names meet in one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

Reserved: TypeAlias = Callable[[str], bool]
"""Tells whether an identifier is one that the target, or the file itself, has a use for."""

_PLAIN = re.compile(r"[A-Za-z0-9]")
_FRONT = "x____"
_TOKEN = re.compile(r"___([0-9a-f]+)_|(__)|(.)", re.DOTALL)


class CannotExport(Exception):
    """A system or a property that a target cannot express; the message names what."""


def encode(name: str, reserved: Reserved = lambda _: False, kept: str = "") -> str:
    """``name`` as an identifier: ASCII letters, digits and underscores, and no reserved word.

    Signs that the target allows in identifiers are ``kept``.
    """
    made = "".join(
        letter if letter in kept else _encoded(letter, following)
        for letter, following in zip(name, f"{name[1:]} ", strict=False)
    )
    return _FRONT + made if not made[:1].isalpha() or reserved(made) else made


def _encoded(letter: str, following: str) -> str:
    if _PLAIN.fullmatch(letter):
        return letter
    # Both of these are told from the escape by what follows: a letter or a digit.
    if letter in "._" and _PLAIN.fullmatch(following):
        return "__" if letter == "." else "_"
    return f"___{ord(letter):x}_"


def decode(identifier: str) -> str:
    """The name that ``encode`` made ``identifier`` of."""

    def decoded(token: re.Match[str]) -> str:
        code, dot, letter = token.groups()
        if code:
            return chr(int(code, 16))
        return "." if dot else str(letter)

    return _TOKEN.sub(decoded, identifier.removeprefix(_FRONT))


class Names:
    """The identifiers of one exported file, in which each stands for one thing.

    ``reserved`` and ``kept`` are those of ``encode``.
    """

    def __init__(self, reserved: Reserved, kept: str = "") -> None:
        self._reserved = reserved
        self._kept = kept
        self._things: dict[str, object] = {}

    def __call__(self, name: str, thing: object) -> str:
        """The identifier of ``thing``, which is called ``name``.

        Raises CannotExport if something else has that name.
        """
        known = self._things.setdefault(name, thing)
        if known is not thing:
            raise CannotExport(f"two different things are called {name!r}; rename one of them")
        return encode(name, self._reserved, self._kept)
