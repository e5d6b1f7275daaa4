"""Transaction commit, after TCommit.tla of Gray and Lamport (2004): what two_phase_commit does.

There is no transaction manager; each resource manager looks at all the others at once.
"""

from __future__ import annotations

from model.lang import Action, Entity, Expr, System, action, all_of, field, invariant
from tests.toys.two_phase_commit import Work


class Participant(Entity):
    """A resource manager that sees everybody, itself included."""

    state = field(Work, Work.WORKING)

    all: list[Participant]


@action
def prepare(p: Participant) -> Action:
    """Be ready to commit."""
    return Action(guard=[p.state == Work.WORKING], update=[p.state.becomes(Work.PREPARED)])


@action
def decide_commit(p: Participant) -> Action:
    """Commit once all are prepared or have committed."""
    return Action(
        guard=[
            p.state == Work.PREPARED,
            all_of(q.state.is_in(Work.PREPARED, Work.COMMITTED) for q in p.all),
        ],
        update=[p.state.becomes(Work.COMMITTED)],
    )


@action
def decide_abort(p: Participant) -> Action:
    """Abort as long as none has committed."""
    return Action(
        guard=[
            p.state.is_in(Work.WORKING, Work.PREPARED),
            all_of(q.state != Work.COMMITTED for q in p.all),
        ],
        update=[p.state.becomes(Work.ABORTED)],
    )


@invariant(broken="One has committed, another has aborted.", about=[Participant.state])
def agree(p: Participant, q: Participant) -> Expr[bool]:
    """No two arrive at conflicting decisions."""
    return ~((p.state == Work.COMMITTED) & (q.state == Work.ABORTED))


def transaction(participants: int) -> System:
    """A transaction of so many resource managers."""
    everybody = [Participant(f"rm{i}") for i in range(participants)]
    for participant in everybody:
        participant.all = everybody
    return System("transaction-commit", everybody, [prepare, decide_commit, decide_abort])
