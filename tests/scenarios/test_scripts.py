"""Scripts of a user's own: what they may say, and what is said of their mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.designs import DESIGNS, alternatives, driver_managed_dma, suppress_auto_claim
from model.lang import ModelError
from model.linux.design import Design
from model.scenarios.run import play
from model.scenarios.script import Script, load, parse
from tests.cli.program import call, refused, run

MINE = """\
devices: {A: there, B: absent}
setup:
  - bind vfio-pci to A
  - open
moves:
  - set_container
  - hot-add B
  - bind e1000e to B
"""
HEAD = "devices: {A: there}\nmoves:\n"


def script(moves: str, devices: str = "{A: there, B: there}") -> Script:
    """A script of these ``moves``, one a line."""
    lines = "".join(f"  - {move}\n" for move in moves.splitlines())
    return parse(f"devices: {devices}\nmoves:\n{lines}", "mine.yaml")


def answers(moves: str, devices: str = "{A: there, B: there}") -> str:
    """What the merged design answers to ``moves``."""
    return play(script(moves, devices), driver_managed_dma.design).cell


def test_a_file_of_the_users_own_is_played_by_every_design(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(MINE, encoding="utf-8")
    ran = run("scenario", "mine.yaml", cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert "ok; ok; -EBUSY" in ran.out.replace("\n", " ")
    assert "\nunuse_in_probe_balanced:\n" in ran.out


def test_a_users_own_expectation_that_is_not_met_is_1_and_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(MINE + "expect:\n  driver_managed_dma: {answer: ok, B: e1000e}\n", "utf-8")
    ran = run("scenario", "mine.yaml", "--design", "driver_managed_dma", cwd=tmp_path)
    assert (ran.code, ran.err) == (1, "")
    assert "  mine, driver_managed_dma: answer should be `ok` and is `-EBUSY` (mine.yaml:10)\n" in (
        ran.out
    )
    assert "B should be `e1000e` and is `none`" in ran.out
    assert ran.out.splitlines()[-1] == (
        "result: NOT-as-expected met=0 unmet=1 inferred-agrees=0 inferred-disagrees=0 exit=1"
    )


def test_what_was_only_inferred_may_be_wrong(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(MINE + "inferred:\n  driver_managed_dma: ok\n", "utf-8")
    ran = run("scenario", "mine.yaml", "--design", "driver_managed_dma", cwd=tmp_path)
    assert ran.code == 0
    assert "inferred-disagrees=1 exit=0" in ran.out


@pytest.mark.parametrize(
    ("moves", "told"),
    [
        ("bind vfio-pci to A\nopen\nset_iommu\nget_device_fd A", "ok; ok; -EINVAL; -EINVAL"),
        ("bind vfio-pci to A\nopen\nset_container\nset_container", "ok; ok; ok; -EINVAL"),
        ("open", "-ENODEV"),
        ("bind vfio-pci to A\nbind pci-stub to A", "ok; -EBUSY"),
        ("unbind A", "-ENODEV"),
        ("bind vfio-pci to A\nopen\nunset_container", "ok; ok; -EINVAL"),
        ("remove A\nhot-add A matching vfio-pci", "ok; ok"),
        ("{move: bind e1000e to A, firmware: defers}", "-EPROBE_DEFER"),
        ("{move: bind e1000e to A, links: fail}", "-EIO"),
        ("{move: bind e1000e to A, attributes: fail}", "-EIO"),
        ("{move: bind e1000e to A, probe: succeeds}", "ok"),
        ("{move: bind e1000e to A, until: configured}\nbind pci-stub to A", "paused; waits"),
    ],
)
def test_what_the_kernel_answers(moves: str, told: str) -> None:
    assert answers(moves) == told


def test_unset_container_is_refused_while_a_device_fd_is_open() -> None:
    moves = "bind vfio-pci to A\nopen\nset_container\nset_iommu\nget_device_fd A\nunset_container"
    assert answers(moves).endswith("-EBUSY")


def test_a_script_may_say_which_hardware_it_meets() -> None:
    moves = "bind vfio-pci to A\nopen\n{take}"
    plain, other = (
        play(script(moves.format(take=take)), suppress_auto_claim.design).moves[-1].looks
        for take in (
            "set_container",
            "{move: set_container, take: set_container_without_detach_dev}",
        )
    )
    assert (plain["A.domain"], other["A.domain"]) == ("none", "default")


def test_a_setup_may_pause_and_go_on() -> None:
    text = """\
devices: {A: there}
setup:
  - {move: bind e1000e to A, until: probe}
  - continue A
  - {move: unbind A, until: devres}
  - continue A
moves:
  - bind pci-stub to A
"""
    assert play(parse(text, "mine.yaml"), driver_managed_dma.design).cell == "ok"


def by_name(name: str) -> Design:
    """A design of the gallery."""
    return next(design for design in DESIGNS if design.name == name)


@pytest.mark.parametrize(
    ("design", "moves", "told"),
    [
        (
            "claim_per_device",
            "bind vfio-pci to A\nbind_iommufd A for context A\nopen\nattach_iommufd A\n"
            "bind_iommufd A for context B\nattach_iommufd A\ndetach_iommufd A\n"
            "close_iommufd A\nopen",
            "ok; ok; -EBUSY; ok; -EINVAL; -EBUSY; ok; ok; ok",
        ),
        (
            "claim_per_device",
            "bind vfio-pci to A\nopen\nattach_iommufd A\nbind_iommufd A for context A",
            "ok; ok; -EINVAL; -EBUSY",
        ),
        (
            "reset_lets_release_pass",
            "begin_reset B\nbind pci-stub to B\nbegin_reset B\nend_reset B",
            "ok; waits; waits; ok (bind pci-stub to B: ok, begin_reset B: ok)",
        ),
        (
            "change_type_of_lone_device",
            "remove B\n{move: bind e1000e to A, until: probe}\nwrite_type\ncontinue A",
            "ok; paused; waits; ok (write_type: -EBUSY)",
        ),
        ("change_type_of_lone_device", "write_type", "-EINVAL"),
        ("driver_managed_dma", "bind vfio-pci to A\nopen\nget_status", "ok; ok; viable"),
        (
            "viability_check",
            "bind vfio-pci to A\nopen\nset_container\nget_status\nbind pci-stub to B\nget_status",
            "ok; ok; ok; viable; ok; viable",
        ),
    ],
)
def test_what_the_kernel_answers_in_other_designs(design: str, moves: str, told: str) -> None:
    assert play(script(moves), by_name(design)).cell == told


@pytest.mark.parametrize(
    ("design", "move", "told"),
    [
        ("claim_per_device", "close_iommufd A", "userspace does not hold the file of A"),
        ("reset_lets_release_pass", "end_reset A", "A is not being reset"),
        ("change_type_of_lone_device", "remove A\nremove B\nwrite_type", "the group has no member"),
    ],
)
def test_a_move_that_is_not_possible_in_another_design_is_a_mistake(
    design: str, move: str, told: str
) -> None:
    with pytest.raises(ModelError) as raised:
        play(script(move), by_name(design))
    assert told in str(raised.value)


def test_a_late_device_needs_a_design_that_knows_late_groups() -> None:
    late = script("bind e1000e to A", "{A: late}")
    assert play(late, driver_managed_dma.design).cell == "(no late group)"
    seen = play(late, by_name("claim_last")).moves[-1].looks
    assert (seen["A.in_group"], seen["owner_cnt"]) == ("true", "1")
    idle = play(script("bind pci-stub to B", "{A: late, B: there}"), by_name("claim_last"))
    assert [idle.moves[-1].looks[f"{role}.in_group"] for role in "AB"] == ["false", "true"]


def test_a_driver_that_a_design_lacks_is_said() -> None:
    assert answers("bind e1000e-converted to A") == "(no e1000e-converted)"


def test_a_system_call_of_several_steps_is_told_its_end() -> None:
    locked = next(d for d in alternatives.DESIGNS if d.name == "scan_at_claim_locked")
    moves = "bind vfio-pci to A\nopen\n{move: bind e1000e to B, until: probe}\nset_container"
    told = play(script(f"{moves}\ncontinue B"), locked)
    assert told.cell == "ok; ok; paused; waits; ok (set_container: -EPERM)"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "mine.yaml:1: the file is empty; write `moves:` in it"),
        ("devices: {A: there}\n", "mine.yaml:1: the scenario has no 'moves'; write `moves:`"),
        ("moves: [open]\n", "mine.yaml:1: the scenario has no 'devices'; write `devices:`"),
        ("move: [open]\n", "mine.yaml:1: a scenario has no 'move'; did you mean moves?"),
        ("devices: [\n", "this is no YAML: "),
        ("- open\n", "mine.yaml:1: a scenario is no mapping; write `key: value` lines"),
        ("row: 1\nrow: 2\n", "mine.yaml:2: 'row' is written twice; keep one of the two"),
        (
            "devices: {A: here}\nmoves: [open]\n",
            "device A is 'here'; write one of there, absent, late,",
        ),
        ("devices: {a b: there}\nmoves: [open]\n", "a device is called 'a b'; give it a capital"),
        (HEAD + "  opne\n", "mine.yaml:3: the moves are no list; write each behind a dash"),
        ("devices: {A: there}\nmoves: []\n", "mine.yaml:2: there is no move; write one, such as"),
        ("devices: {}\nmoves: [open]\n", "mine.yaml:1: there is no device; name one: {A: there}"),
        (HEAD + "  - opne\n", "mine.yaml:3: there is no move 'opne'; did you mean open?"),
        (HEAD + "  - bind A\n", "mine.yaml:3: 'bind A' cannot be read; write it as: bind DRIVER"),
        (HEAD + "  - unbind B\n", "mine.yaml:3: there is no device 'B'; known are: A"),
        (HEAD + "  - bind vfio to A\n", "there is no driver 'vfio'; did you mean vfio-pci?"),
        (HEAD + "  - bind_iommufd A for context C\n", "there is no context 'C'; known are: A, B"),
        (HEAD + "  - {move: unbind A, till: x}\n", "a move has no 'till'; did you mean until?"),
        (HEAD + "  - {until: probe}\n", "mine.yaml:3: a move says nothing of what is done"),
        (HEAD + "  - {move: unbind A, until: bound}\n", "there is no stage 'bound'"),
        (
            HEAD + "  - {move: bind e1000e to A, probe: fail}\n",
            "there is no fate of probe 'fail'; did you mean fails?",
        ),
        (
            HEAD + "  - open\nexpect:\n  x, x: ok\n",
            "mine.yaml:5: x has two expectations; write one for each",
        ),
        (HEAD + "  - open\nexpect:\n  x: {C.fd: 1}\n", "there is no device 'C'; known are: A"),
        (HEAD + "  - open\nexpect:\n  x: [ok]\n", "an expectation is no mapping"),
        (HEAD + "  - open\nabout: [x]\n", "a list or mapping stands here; write one text"),
    ],
)
def test_a_mistake_in_a_script_is_told_with_its_line(text: str, told: str) -> None:
    with pytest.raises(ModelError) as raised:
        parse(text, "mine.yaml")
    assert told in str(raised.value)
    assert str(raised.value).startswith("mine.yaml:")


@pytest.mark.parametrize(
    ("moves", "told"),
    [
        ("hot-add A", "`hot-add A` is not possible here: A is there; mend the script's order"),
        ("remove A\nremove A", "`remove A` is not possible here: A is absent"),
        ("remove A\nbind e1000e to A", "`bind e1000e to A` is not possible here: A is absent"),
        ("set_container", "`set_container` is not possible here: the group's file is not open"),
        ("close_group_fd", "the group's file is not open"),
        ("exit", "the group's file is not open"),
        ("close_device_fd A", "the fd of A is not open"),
        ("get_status", "the group's file is not open"),
        ("continue A", "nothing is paused on A; hold a move first, with `until: STAGE` beside it"),
    ],
)
def test_a_move_that_is_not_possible_is_a_mistake(moves: str, told: str) -> None:
    with pytest.raises(ModelError) as raised:
        answers(moves)
    assert told in str(raised.value)
    line = 2 + len(moves.splitlines())
    assert str(raised.value).startswith(f"mine.yaml:{line}: design driver_managed_dma: ")


@pytest.mark.parametrize(
    ("tail", "told"),
    [
        ("expect: {driver_managed_dmz: ok}\n", ":9: there is no design 'driver_managed_dmz'; did"),
        ("expect: {driver_managed_dma: {ownr: x}}\n", "nothing called 'ownr' to look at; did you"),
        ("  - {move: open, take: opne}\n", ":9: there is no action 'opne'"),
    ],
)
def test_names_that_no_design_has_are_refused(tmp_path: Path, tail: str, told: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(MINE + tail, encoding="utf-8")
    refused(call("scenario", path), told)


def test_files_that_are_no_scripts_are_refused(tmp_path: Path) -> None:
    refused(call("scenario", tmp_path / "none.yaml"), "No such file")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    refused(call("scenario", tmp_path / "bytes.yaml"), "bytes.yaml:1: this is no text")
    with pytest.raises(ModelError):
        load(tmp_path / "bytes.yaml")


def test_the_verb_has_its_help_and_the_program_lists_it() -> None:
    ran = call("scenario", "--help")
    assert (ran.code, ran.err) == (0, "")
    assert max(map(len, ran.out.splitlines())) <= 80
    assert "\n  scenario  Play scripts of moves: who is told what.\n" in call("--help").out


def test_an_unknown_scenario_is_refused_with_the_nearest_names() -> None:
    refused(call("scenario", "open_twise"), "no scenario 'open_twise'; did you mean open_twice?")


def test_an_unknown_design_or_format_is_refused() -> None:
    refused(call("scenario", "--design", "x"), "`python -m model list` names them")
    refused(call("scenario", "--format", "tabel"), "there is no format 'tabel'")


def test_the_table_has_a_row_for_each_scenario_and_ends_in_a_line_for_grep() -> None:
    ran = call("scenario")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    first = next(line for line in lines if line.startswith("1 "))
    assert first.split()[1:] == [
        "bind_kernel_driver",
        *("BUG_ON", "after"),
        *("success", "but", "not"),
        *("ok", "-EBUSY", "-EBUSY", "-EBUSY"),
    ]
    assert max(len(line) for line in lines if not line.startswith("  ")) <= 150
    assert "success but" in ran.out
    assert lines[-1].startswith("result: as-expected met=")
    assert lines[-1].endswith(" inferred-disagrees=1 exit=0")


def test_a_named_scenario_is_told_move_by_move() -> None:
    ran = call("scenario", "bind_vfio_driver", "--design", "unuse_in_probe", "--format", "github")
    assert ran.code == 0
    told = [" ".join(line.split()) for line in ran.out.splitlines()]
    assert "| setup | set_container | ok | vfio-pci | none | vfio | 1 | blocking |" in told
    assert "| | bind vfio-pci to B | -EBUSY | vfio-pci | none | vfio | 1 | user |" in told


def test_a_family_and_a_variant_of_the_users_own_can_be_asked(tmp_path: Path) -> None:
    assert "claim_last" in call("scenario", "open_twice", "--family", "series").out
    path = tmp_path / "own.py"
    path.write_text(
        "from model.designs import driver_managed_dma\n"
        'design = driver_managed_dma.design.variant("own", but="it is a copy")\n',
        encoding="utf-8",
    )
    assert "own:\n" in call("scenario", "open_twice", "--design", path).out
