"""What a design has answered to a script, and how that compares with what was expected."""

from __future__ import annotations

from dataclasses import dataclass

from model.lang import ModelError, did_you_mean
from model.scenarios.moves import Move
from model.scenarios.script import Expectation

OK = "ok"


@dataclass(frozen=True)
class Observed:
    """What there was to be seen after a ``move``: its mover's answer, and ``looks`` by name."""

    move: Move
    answer: str
    looks: dict[str, str]


@dataclass(frozen=True)
class Played:
    """How a design played a script.

    ``stopped`` tells why it did not come to the moves: something is missing, or the setup was
    refused.
    """

    setup: tuple[Observed, ...]
    moves: tuple[Observed, ...]
    stopped: str = ""

    @property
    def cell(self) -> str:
        """All answers in a few words."""
        return self.stopped or "; ".join(seen.answer for seen in self.moves)

    def differences(self, expected: Expectation) -> list[tuple[str, str, str]]:
        """What was expected and is not so: where to look, what should be there, and what is."""
        if self.stopped:
            return [("setup", OK, self.stopped)]
        last = self.moves[-1]
        known = {**last.looks, "answer": last.answer, "answers": self.cell}
        for look in expected.looks:
            if look not in known:
                raise ModelError(
                    f"there is nothing called {look!r} to look at",
                    did_you_mean(look, known),
                    where=expected.where,
                    subject="",
                )
        return [(k, said, known[k]) for k, said in expected.looks.items() if known[k] != said]
