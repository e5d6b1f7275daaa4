"""recompute_at_unbind with a hook that reads the members' drivers before it takes the mutex."""

from __future__ import annotations

from model.designs.alternatives import recompute_at_unbind
from model.designs.alternatives.recompute_at_unbind import core, needed_by_others
from model.lang import Action, Expr, Update, action
from model.linux.scanning import UnlockedReader
from model.linux.state import Driver, Ret, Stage


def _at_hook(d: UnlockedReader) -> list[Expr[bool]]:
    return [d.stage == Stage.DEVRES, d.driver == Driver.NONE]


def _recomputed(d: UnlockedReader) -> list[Update]:
    g = d.group
    return [g.kernel.becomes(g.kernel & ~d.alone), d.alone.becomes(False)]


@action(source=core("iommu_device_unuse_default_domain"), label="the hook reads the drivers")
def read_others(d: UnlockedReader) -> Action:
    """The hook finds nobody else who needs the token, and takes group->mutex after that."""
    return Action(
        guard=[*_at_hook(d), ~needed_by_others(d), ~d.alone], update=[d.alone.becomes(True)]
    )


@action(source=core("iommu_device_unuse_default_domain"), label="the hook recomputes")
def recompute_owner(d: UnlockedReader) -> Action:
    """The token goes if nobody else had been found, and stays if somebody is found now."""
    return Action(
        guard=[*_at_hook(d), d.ret == Ret.NONE, d.alone | needed_by_others(d)],
        update=[d.stage.becomes(Stage.IDLE), *_recomputed(d)],
    )


@action(source=core("iommu_device_unuse_default_domain"), label="the hook recomputes")
def recompute_owner_unwind(d: UnlockedReader) -> Action:
    """The same at the end of a failed probe's unwinding."""
    return Action(
        guard=[*_at_hook(d), d.ret != Ret.NONE, d.alone | needed_by_others(d)],
        update=[d.stage.becomes(Stage.RETURN), *_recomputed(d)],
    )


design = recompute_at_unbind.design.variant(
    "recompute_unlocked",
    but="the hook has read the members' drivers before it takes group->mutex",
    source="D-recomp, with Jason Gunthorpe's doubt about the order of the stores (4.9-f)",
    fate="never posted",
    actions=[read_others, recompute_owner, recompute_owner_unwind],
    device=UnlockedReader,
)
