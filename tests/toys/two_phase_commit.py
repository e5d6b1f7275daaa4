"""Two-phase commit, after TwoPhase.tla and TCommit.tla of Gray and Lamport (2004).

The set of messages only grows, so that each message is a truth value: has it been sent?
"""

from __future__ import annotations

import enum

from model.lang import (
    Action,
    Entity,
    Expr,
    System,
    action,
    all_of,
    field,
    implies,
    invariant,
    reachable,
)


class Work(enum.Enum):
    """The state of a resource manager."""

    WORKING = "working"
    PREPARED = "prepared"
    COMMITTED = "committed"
    ABORTED = "aborted"


class Decision(enum.Enum):
    """The state of the transaction manager."""

    INIT = "init"
    COMMITTED = "committed"
    ABORTED = "aborted"


class Manager(Entity):
    """The transaction manager TM and the messages that it sends to all."""

    state = field(Decision, Decision.INIT)
    commit_sent = field(bool, False)
    abort_sent = field(bool, False)

    resources: list[Resource]


class Resource(Entity):
    """A resource manager RM."""

    state = field(Work, Work.WORKING)
    prepared_sent = field(bool, False)
    prepared_seen = field(bool, False, "whether it is in tmPrepared")

    manager: Manager


@action
def tm_rcv_prepared(r: Resource) -> Action:
    """The TM receives a Prepared message; again is no harm."""
    return Action(
        guard=[r.manager.state == Decision.INIT, r.prepared_sent],
        update=[r.prepared_seen.becomes(True)],
    )


@action
def tm_commit(m: Manager) -> Action:
    """The TM commits once all are prepared."""
    return Action(
        guard=[m.state == Decision.INIT, all_of(r.prepared_seen for r in m.resources)],
        update=[m.state.becomes(Decision.COMMITTED), m.commit_sent.becomes(True)],
    )


@action
def tm_abort(m: Manager) -> Action:
    """The TM aborts whenever it likes, as long as it has not decided."""
    return Action(
        guard=[m.state == Decision.INIT],
        update=[m.state.becomes(Decision.ABORTED), m.abort_sent.becomes(True)],
    )


@action
def rm_prepare(r: Resource) -> Action:
    """An RM is ready to commit and says so."""
    return Action(
        guard=[r.state == Work.WORKING],
        update=[r.state.becomes(Work.PREPARED), r.prepared_sent.becomes(True)],
    )


@action
def rm_choose_to_abort(r: Resource) -> Action:
    """An RM that has promised nothing aborts and sends no message."""
    return Action(guard=[r.state == Work.WORKING], update=[r.state.becomes(Work.ABORTED)])


@action
def rm_rcv_commit(r: Resource) -> Action:
    """An RM is told to commit."""
    return Action(guard=[r.manager.commit_sent], update=[r.state.becomes(Work.COMMITTED)])


@action
def rm_rcv_abort(r: Resource) -> Action:
    """An RM is told to abort."""
    return Action(guard=[r.manager.abort_sent], update=[r.state.becomes(Work.ABORTED)])


@invariant(broken="One has committed, another has aborted.", about=[Resource.state])
def consistent(r: Resource, other: Resource) -> Expr[bool]:
    """No two resource managers arrive at conflicting decisions."""
    return implies(r.state == Work.COMMITTED, other.state != Work.ABORTED)


@reachable(broken="None ever commits.", about=[Resource.state])
def commits(r: Resource) -> Expr[bool]:
    """A resource manager can commit."""
    return r.state == Work.COMMITTED


def protocol(resources: int) -> System:
    """The protocol with so many resource managers."""
    manager = Manager("tm")
    manager.resources = [Resource(f"rm{i}") for i in range(resources)]
    for resource in manager.resources:
        resource.manager = manager
    return System(
        "two-phase-commit",
        [manager, *manager.resources],
        [
            tm_rcv_prepared,
            tm_commit,
            tm_abort,
            rm_prepare,
            rm_choose_to_abort,
            rm_rcv_commit,
            rm_rcv_abort,
        ],
    )
