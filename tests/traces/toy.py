"""Two devices that share a group, for tests of traces and their drawings."""

from __future__ import annotations

import enum

from hypothesis import strategies as st

from model.lang import Action, Entity, GroundAction, Source, System, action, counter, field
from model.lang.reference import OutOfDomain, apply, is_enabled
from model.traces.trace import Trace


class Stage(enum.Enum):
    """Where a device is."""

    ABSENT = "absent"
    IDLE = "idle"
    CLAIM = "claim"
    BOUND = "bound"


class Driver(enum.Enum):
    """What it is bound to."""

    NONE = "none"
    NVME = "nvme"
    VFIO = "vfio-pci"


class Group(Entity):
    """What the devices share."""

    owner_cnt = counter(0, 2, 0, "how many claims are held")
    user = field(bool, False, "whether user space owns the group")


class Device(Entity):
    """A device."""

    stage = field(Stage, Stage.IDLE)
    driver = field(Driver, Driver.NONE)
    group: Group


@action
def device_add(d: Device) -> Action:
    """The device appears."""
    return Action([d.stage == Stage.ABSENT], [d.stage.becomes(Stage.IDLE)], actor="user")


@action(source=Source("bind_store", "drivers/base/bus.c", "v6.12", lock="device_lock"))
def bind_store(d: Device, driver: Driver) -> Action | None:
    """User space asks for a driver."""
    if driver is Driver.NONE:
        return None
    return Action([d.stage == Stage.IDLE], [d.stage.becomes(Stage.CLAIM), d.driver.becomes(driver)])


@action(source=Source("iommu_device_use_default_domain", "drivers/iommu/iommu.c", "v6.12"))
def use_default_domain(d: Device) -> Action:
    """The claim for kernel DMA; this one forgets to look at the owner."""
    return Action(
        [d.stage == Stage.CLAIM, d.driver == Driver.NVME],
        [d.stage.becomes(Stage.BOUND), d.group.owner_cnt.becomes(d.group.owner_cnt + 1)],
    )


@action(
    source=Source(
        "iommu_device_use_default_domain", "drivers/iommu/iommu.c", "v6.12", errno="-EBUSY"
    )
)
def use_default_domain_busy(d: Device) -> Action:
    """The claim is refused."""
    return Action(
        [d.stage == Stage.CLAIM, d.group.user],
        [d.stage.becomes(Stage.IDLE), d.driver.becomes(Driver.NONE)],
    )


@action(label="VFIO_GROUP_SET_CONTAINER")
def set_container(d: Device) -> Action:
    """User space takes the group by way of one of its devices."""
    return Action(
        [d.stage == Stage.CLAIM, d.driver == Driver.VFIO],
        [d.stage.becomes(Stage.BOUND), d.group.user.becomes(True)],
        actor="user",
    )


def system(*, hotplug: bool = False, devices: int = 2) -> System:
    """The devices ``dev0``, ``dev1``, ... in one group; with ``hotplug`` any may be absent."""
    group = Group("group0")
    stages = (Stage.IDLE, Stage.ABSENT) if hotplug else (Stage.IDLE,)
    found = [Device(f"dev{i}", {"stage": stages}) for i in range(devices)]
    for device in found:
        device.group = group
    actions = [
        device_add,
        bind_store,
        use_default_domain,
        use_default_domain_busy,
        set_container,
    ]
    return System("toy", [*found, group], actions)


def run(made: System, *titles: str, start: int = 0) -> Trace:
    """The run that takes the actions ``titles``; the last may leave a domain."""
    state = list(made.initial_states())[start]
    states = [state]
    taken: list[GroundAction] = []
    for title in titles:
        step = made.by_title[title]
        assert is_enabled(step, made, state), title
        try:
            state = apply(step, made, state)
        except OutOfDomain:
            return Trace(made, tuple(states), tuple(taken), stuck_on=step)
        states.append(state)
        taken.append(step)
    return Trace(made, tuple(states), tuple(taken))


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    """Any run of a small system."""
    made = system(hotplug=draw(st.booleans()), devices=draw(st.integers(1, 3)))
    starts = list(made.initial_states())
    titles: list[str] = []
    start = draw(st.integers(0, len(starts) - 1))
    for _ in range(draw(st.integers(0, 12))):
        trace = run(made, *titles, start=start)
        choices: list[GroundAction] = [
            a for a in made.actions if is_enabled(a, made, trace.states[-1])
        ]
        if trace.stuck_on is not None or not choices:
            break
        titles.append(draw(st.sampled_from(choices)).title)
    return run(made, *titles, start=start)
