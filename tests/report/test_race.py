"""Traces drawn as races."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.lang import Action, Entity, System, action, field
from model.report.race import render
from model.traces.trace import Trace
from tests.toys import waiter
from tests.traces.toy import run, system, traces

SENTENCE = (
    "dev1 is bound to a kernel driver while user space owns group0, so the DMA it was promised "
    "goes through page tables that user space controls."
)

words = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=60)


def drawn(trace: Trace, **options: object) -> str:
    """The drawing without its title and sentence."""
    text = render(trace, title="T", sentence="S.", **options)  # type: ignore[arg-type]
    assert text.startswith("T\n\n")
    assert text.endswith("\n\nS.\n")
    return text[3:-4]


def test_a_race_is_drawn_in_columns_of_who_acts() -> None:
    trace = run(
        system(hotplug=True),
        "device_add(dev1)",
        "bind_store(dev0, vfio-pci)",
        "set_container(dev0)",
        "bind_store(dev1, nvme)",
        "use_default_domain(dev1)",
        start=1,
    )
    assert render(trace, title="toy / safe: violated", sentence=SENTENCE, hide={"stage"}) == (
        """\
toy / safe: violated

initially: dev0.stage = idle, dev1.stage = absent

    dev0                        dev1        user
    ----                        ----        ----
 1                                          device_add()
                                              dev1.stage: absent -> idle
 2  bind_store(vfio-pci)
      driver: none -> vfio-pci
 3                                          VFIO_GROUP_SET_CONTAINER
                                              dev0.stage: claim -> bound
                                              group0.user: false -> true
 4                              bind_store(nvme)
                                  driver: none -> nvme
 5                              iommu_device_use_default_domain()
                                  group0.owner_cnt: 0 -> 1
                                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

dev1 is bound to a kernel driver while user space owns group0, so the
DMA it was promised goes through page tables that user space controls.
"""
    )


def test_a_run_without_end_says_how_it_goes_on_and_underlines_no_step() -> None:
    door = waiter.system("arrive", "push", "pull")
    trace = dataclasses.replace(run(door, "arrive(w)", "push(door)", "pull(door)"), loop=1)
    assert (
        drawn(trace)
        == """\
    w                                 door
    -                                 ----
 1  arrive()
      at: outside -> waiting
 2                                    push()
                                        open: false -> true
 3                                    pull()
                                        open: true -> false

    ... and from here again from step 2, for ever.
"""
    )
    stopped = dataclasses.replace(run(door), loop=0)
    assert drawn(stopped).endswith(
        "(no step is taken)\n\n    ... and nothing has to happen any more.\n"
    )


def test_columns_are_even_where_everything_fits() -> None:
    trace = run(system(), "bind_store(dev0, nvme)", "bind_store(dev1, nvme)")
    assert (
        drawn(trace)
        == """\
    dev0                              dev1
    ----                              ----
 1  bind_store(nvme)
      stage: idle -> claim
      driver: none -> nvme
 2                                    bind_store(nvme)
                                        stage: idle -> claim
                                        driver: none -> nvme
                                      ^^^^^^^^^^^^^^^^
"""
    )


def test_a_long_name_runs_on_below_the_next_column_rather_than_being_cut() -> None:
    trace = run(
        system(devices=3),
        *(f"bind_store(dev{i}, nvme)" for i in range(3)),
        *(f"use_default_domain(dev{i})" for i in range(2)),
    )
    text = drawn(trace, hide={"stage", "driver"})
    assert text.count("iommu_device_use_default_domain()\n") == 2


def test_a_step_that_leaves_a_domain_is_the_last_one() -> None:
    made = system(devices=3)
    titles = [f"bind_store(dev{i}, nvme)" for i in range(3)]
    trace = run(made, *titles, *(f"use_default_domain(dev{i})" for i in range(3)))
    assert drawn(trace).endswith(
        """\
 6                             iommu_device_use_default_domain()
                                 group0.owner_cnt: 2 -> 3 (outside 0..2)
                               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
"""
    )


def test_more_actors_than_fit_are_named_beside_their_steps() -> None:
    made = system(devices=4)
    trace = run(made, *(f"bind_store(dev{i}, vfio-pci)" for i in range(4)), "set_container(dev2)")
    text = drawn(trace)
    assert text.startswith(
        " 1  dev0: bind_store(vfio-pci)\n      stage: idle -> claim\n"
        "      driver: none -> vfio-pci\n 2  dev1: bind_store(vfio-pci)\n"
    )
    assert " 5  user: VFIO_GROUP_SET_CONTAINER\n      dev2.stage: claim -> bound\n" in text
    assert "----" not in text


def test_a_trace_without_steps_shows_the_whole_initial_state() -> None:
    assert drawn(run(system(devices=1)), hide={"stage"}) == (
        "initially: dev0.stage = idle, dev0.driver = none, group0.owner_cnt = 0,\n"
        "    group0.user = false\n"
        "\n"
        "(no step is taken)\n"
    )


def test_a_hidden_field_is_shown_where_somebody_else_changes_it() -> None:
    trace = run(system(), "bind_store(dev0, vfio-pci)", "set_container(dev0)")
    text = drawn(trace, hide={"stage", "driver"})
    assert "idle" not in text
    assert "dev0.stage: claim -> bound" in text


def test_a_width_nothing_can_be_drawn_in_is_refused() -> None:
    with pytest.raises(ValueError, match="needs 40 columns and was given 39"):
        render(run(system()), title="T", sentence="S.", width=39)


class Lamp(Entity):
    """A thing that can be lit."""

    lit = field(bool, False)


@action
def light(lamp: Lamp) -> Action:
    """Somebody lights it."""
    return Action([~lamp.lit], [lamp.lit.becomes(True)])


@given(
    trace=traces(),
    texts=st.lists(words, min_size=14, max_size=14),
    width=st.integers(40, 100),
    hide=st.sets(st.sampled_from(["stage", "driver", "user"])),
)
@settings(deadline=None)
def test_no_line_is_too_wide_or_ends_in_blanks(
    trace: Trace, texts: list[str], width: int, hide: set[str]
) -> None:
    title, sentence, *labels = texts
    actions = tuple(
        dataclasses.replace(taken, label=label)
        for taken, label in zip(trace.actions, labels, strict=False)
    )
    relabelled = dataclasses.replace(trace, actions=actions)
    text = render(relabelled, title=title, sentence=sentence, width=width, hide=hide)
    assert text == render(relabelled, title=title, sentence=sentence, width=width, hide=hide)
    for line in text.split("\n"):
        assert len(line) <= width
        assert line == line.rstrip()


@given(
    names=st.lists(
        st.from_regex(r"[a-z]{1,30}", fullmatch=True), unique=True, min_size=1, max_size=6
    ),
    width=st.integers(40, 100),
)
@settings(deadline=None)
def test_every_actor_is_named_whatever_the_names(names: list[str], width: int) -> None:
    made = System("lamps", [Lamp(name) for name in names], [light])
    text = drawn(run(made, *(f"light({name})" for name in names)), width=width)
    assert all(len(line) <= width for line in text.split("\n"))
    assert set(names) <= set(text.replace(":", " ").split())
