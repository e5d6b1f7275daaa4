"""Every mistake of a design author is told with its place, its subject, what is wrong and a mend.

The wording is part of the language: the messages stand in mistakes/*.txt and are compared in full.
"""

from __future__ import annotations

import enum
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

import model.lang
from model.lang import Action, Entity, Expr, ModelError, System, action, counter, field

HERE = Path(__file__).parent

STEP = """\
@action
def step(d: Device) -> Action:
    return Action(guard=[{guard}], update=[{update}])

System('toy', [dev0, group0], [step])
"""


class Stage(enum.Enum):
    IDLE = "idle"
    PROBE = "probe"
    BOUND = "bound"


class Owner(enum.Enum):
    NONE = "none"
    USER = "user"


class Group(Entity):
    owner = field(Owner, Owner.NONE)
    owner_cnt = counter(0, lambda g: len(g.devices), 0)

    devices: list[Device]


class Device(Entity):
    stage = field(Stage, Stage.IDLE)
    last = field(Stage, Stage.IDLE)
    dead = field(bool, init=False)
    busy = field(bool, init=False)
    count = counter(0, 3, 0)

    group: Group


@action
def known(d: Device) -> Action:
    """The one step of the system that the claims are about."""
    return Action(guard=[d.dead], update=[])


def author_told(source: str) -> str:
    """What the author of ``source`` is told, who has saved it as design.py."""
    group0, dev0 = Group("group0"), Device("dev0")
    dev0.group, group0.devices = group0, [dev0]
    names = {
        **{name: getattr(model.lang, name) for name in model.lang.__all__},
        "Device": Device,
        "Group": Group,
        "Owner": Owner,
        "Stage": Stage,
        "dev0": dev0,
        "enum": enum,
        "group0": group0,
        "known": known,
        "stray": Device("stray"),
        "toy": System("toy", [dev0, group0], [known]),
    }
    with pytest.raises(ModelError) as error:
        exec(compile(source, "design.py", "exec", dont_inherit=True), names)
    return str(error.value)


def mistakes(name: str) -> list[ParameterSet]:
    """The mistakes of mistakes/``name``.txt: each a sentence, the author's lines and the answer."""
    blocks = (HERE / "mistakes" / f"{name}.txt").read_text(encoding="utf-8").split("\n# ")[1:]
    found = []
    for block in blocks:
        sentence, rest = block.split("\n", 1)
        written, told = rest.rstrip("\n").split("\n=> ")
        found.append(pytest.param(written, told, id=sentence))
    return found


@pytest.mark.parametrize(("guard", "told"), mistakes("guards"))
def test_a_guard_is_refused_for(guard: str, told: str) -> None:
    assert author_told(STEP.format(guard=f"d.busy, {guard}", update="")) == told


@pytest.mark.parametrize(("update", "told"), mistakes("updates"))
def test_an_update_is_refused_for(update: str, told: str) -> None:
    assert author_told(STEP.format(guard="d.busy", update=update)) == told


@pytest.mark.parametrize(("source", "told"), mistakes("models"))
def test_a_model_is_refused_for(source: str, told: str) -> None:
    assert author_told(source) == told


@pytest.mark.parametrize(("source", "told"), mistakes("properties"))
def test_a_property_is_refused_for(source: str, told: str) -> None:
    assert author_told(source) == told


def test_an_expression_of_a_finished_model_has_no_truth_value_either() -> None:
    condition: Expr[bool] = Device("dev0").dead == True
    with pytest.raises(ModelError, match=r"`dev0\.dead == true` was used as a Python truth value"):
        bool(condition)


def test_an_error_keeps_its_parts_for_those_who_print_it_otherwise() -> None:
    with pytest.raises(ModelError) as error:
        counter(3, 0, 0)
    assert error.value.wrong == "the range 3..0 is empty"
    assert error.value.instead == "write the lower bound first, then the upper one"
    assert error.value.subject == ""
    assert error.value.where is not None
    assert error.value.where.file == __file__


def test_an_action_without_guard_and_update_is_a_step_that_changes_nothing() -> None:
    @action
    def idle(d: Device) -> Action:
        return Action(guard=[], update=[], actor=d.name)

    (made,) = System("toy", [Device("dev0")], [idle]).actions
    assert (made.guard, made.updates, made.actor) == ((), (), "dev0")


def test_a_variable_may_become_itself() -> None:
    @action
    def keep(d: Device) -> Action:
        return Action(guard=[], update=[d.stage.becomes(d.stage)])

    assert str(System("toy", [Device("dev0")], [keep]).actions[0].updates[0]) == (
        "dev0.stage := dev0.stage"
    )


def test_a_subclass_may_define_a_field_anew_and_it_stays_one_variable() -> None:
    class Eager(Device):
        dead = field(bool, init=True)

    dev0 = Eager("dev0")
    assert [str(variable) for variable in dev0.variables()] == [
        "dev0.stage",
        "dev0.last",
        "dev0.dead",
        "dev0.busy",
        "dev0.count",
    ]
    assert dev0.dead.initial == (True,)


def test_a_parameter_that_only_an_inner_function_reads_counts_as_used() -> None:
    @action
    def step(d: Device, wanted: Owner) -> Action:
        def holds() -> Expr[bool]:
            return d.group.owner == wanted

        return Action(guard=[holds()], update=[])

    group0, dev0 = Group("group0"), Device("dev0")
    dev0.group, group0.devices = group0, [dev0]
    system = System("toy", [group0, dev0], [step])
    assert list(system.by_title) == ["step(dev0, none)", "step(dev0, user)"]


def test_an_unused_parameter_is_noticed_even_if_an_attribute_has_its_name() -> None:
    @action
    def step(d: Device, busy: Owner) -> Action:  # noqa: ARG001 - the mistake
        return Action(guard=[d.busy], update=[])

    with pytest.raises(ModelError, match="parameter 'busy' is never used"):
        System("toy", [Device("dev0")], [step])


def test_a_misspelt_part_of_an_action_is_told_in_pythons_own_words() -> None:
    told = author_told(STEP.format(guard="d.busy", update="").replace("guard=", "guards="))
    assert told.startswith(
        "design.py:3: action step: Python cannot run this line: TypeError: "
        "Action.__init__() got an unexpected keyword argument 'guards'"
    )
