"""A session: contenders in turn, the same counts or nothing, and nothing left running."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.answers import Answer, Unlike
from benchmarks.contenders import CONTENDERS, HERE, OURS, Contender
from benchmarks.process import run
from benchmarks.session import absent, compare, grow
from benchmarks.subject import Exported, Failed, Subject

SUBJECT = Subject("some_design", 2, ("safe", "sound"))
EXPECTED = Answer(12, 34, 12, None)
ASKED = Exported(SUBJECT, None, "some_model", 1, EXPECTED)


FOLDED = Answer(7, 9, 5, None)


def playing(name: str, answer: Answer, program: str = "pass", checker: str = "SPIN") -> Contender:
    """A contender that runs ``program`` and then says ``answer``."""
    command = f"{{python}} -c '{program}'"
    return Contender(name, checker, ("{python} -c pass", command), lambda *_: answer)


def quiet(_: str) -> None:
    """Say nothing."""


def test_all_are_asked_in_turn_and_each_round_begins_with_another() -> None:
    asked = [playing(name, EXPECTED) for name in "abc"]
    told: list[str] = []
    found = list(compare(asked, ASKED, 3, 60, told.append))
    assert "".join(one.contender for one in found) == "abcbcacab"
    assert [one.round for one in found] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert told[3] == "2 devices, round 2 of 3: b"
    assert all(one.whole_seconds > one.build_seconds > 0 for one in found)
    assert all((one.states, one.transitions, one.stored) == (12, 34, 12) for one in found)


@pytest.mark.parametrize("wrong", [replace(EXPECTED, states=13), replace(EXPECTED, transitions=35)])
def test_other_counts_are_refused(wrong: Answer) -> None:
    asked = [playing("right", EXPECTED), playing("wrong", wrong)]
    counts = (
        f"wrong counts {wrong.states} states and {wrong.transitions} transitions with 2 devices"
    )
    with pytest.raises(Unlike, match=f"{counts}, not 12 and 34"):
        list(compare(asked, ASKED, 1, 60, quiet))


def test_who_counts_no_transitions_is_not_held_to_them() -> None:
    asked = [playing("TLC", replace(EXPECTED, transitions=None))]
    assert len(list(compare(asked, ASKED, 1, 60, quiet))) == 1


def test_who_stores_less_has_to_stand_for_as_many() -> None:
    asked = [playing("reduced", replace(EXPECTED, stored=5))]
    (one,) = compare(asked, ASKED, 1, 60, quiet)
    assert (one.states, one.stored) == (12, 5)


FOLDS = frozenset({"fold"})
HURRIES = FOLDS | {"partial-order"}


def leaving_out(fewer: frozenset[str], name: str, answer: Answer) -> Contender:
    """A contender of ours that counts fewer states."""
    return replace(playing(name, answer, checker=OURS), fewer=fewer)


def test_who_leaves_something_out_counts_the_same_as_others_that_do() -> None:
    folding = [leaving_out(FOLDS, name, FOLDED) for name in "ab"]
    hurrying = leaving_out(HURRIES, "c", replace(FOLDED, states=6, transitions=7))
    asked = [playing("all", EXPECTED), *folding, hurrying]
    found = list(compare(asked, ASKED, 2, 60, quiet))
    assert [one.states for one in found] == [12, 7, 7, 6, 7, 7, 6, 12]
    for fewer in (FOLDS, HURRIES):
        right = leaving_out(fewer, "right", FOLDED)
        other = leaving_out(fewer, "other", replace(FOLDED, states=6))
        with pytest.raises(Unlike, match=r"other counts 6 states and 9 .* not 7 and 9"):
            list(compare([right, other], ASKED, 1, 60, quiet))


def test_who_leaves_out_more_may_not_count_more() -> None:
    more = leaving_out(FOLDS, "more", replace(FOLDED, states=13))
    with pytest.raises(Unlike, match="more counts more states than without fold: 13"):
        list(compare([more], ASKED, 1, 60, quiet))
    less = leaving_out(FOLDS, "less", FOLDED)
    more = leaving_out(HURRIES, "more", replace(FOLDED, states=8))
    with pytest.raises(Unlike, match="more counts more states than without partial-order: 8"):
        list(compare([less, more], ASKED, 1, 60, quiet))


@pytest.mark.parametrize("fewer", [frozenset[str](), HURRIES])
def test_other_verdicts_are_refused(fewer: frozenset[str]) -> None:
    other = leaving_out(fewer, "other", replace(EXPECTED, vacuous="safe"))
    with pytest.raises(Unlike, match="other calls safe vacuous, others nothing"):
        list(compare([other], ASKED, 1, 60, quiet))


def test_who_is_out_of_time_is_not_asked_again() -> None:
    slow = playing("slow", EXPECTED, "import time; time.sleep(60)")
    found = list(compare([slow, playing("fast", EXPECTED)], ASKED, 2, 1.5, quiet))
    assert [one.contender for one in found] == ["slow", "fast", "fast"]
    assert found[0].stopped == "more than 1.5 s"
    assert not found[1].stopped


def test_who_is_killed_is_told_as_that() -> None:
    killed = playing("killed", EXPECTED, "import os; os.kill(os.getpid(), 9)")
    (one,) = compare([killed], ASKED, 2, 60, quiet)
    assert one.stopped == "killed by SIGKILL"


def test_a_program_that_fails_ends_the_session_with_what_it_said() -> None:
    failing = playing("failing", EXPECTED, 'raise SystemExit("no such thing")')
    with pytest.raises(Failed, match="exits with 1: no such thing"):
        list(compare([failing], ASKED, 1, 60, quiet))


def test_a_contender_reads_what_was_printed_and_the_subject() -> None:
    told = 'print("{design} {size} {properties} {model} {states}")'
    seen: list[str] = []

    def read(said: str, starts: int) -> Answer:
        seen.append(f"{said.strip()} {starts}")
        return EXPECTED

    list(compare([Contender("a", "SPIN", (f"{{python}} -c '{told}'",), read)], ASKED, 1, 60, quiet))
    size = "--devices 2 --hotplug 0 --property safe --property sound"
    assert seen == [f"some_design {size} some_model 12 1"]


def test_growth_goes_on_until_each_of_ours_is_out_of_time() -> None:
    program = 'import time; time.sleep(60 * ("{size}".split()[1] == "2"))'
    subjects = [Subject("some_design", devices, ()) for devices in (1, 2, 3)]
    contenders = [
        playing("fast", EXPECTED, checker=OURS),
        playing("slow", EXPECTED, program, OURS),
        playing("SPIN", EXPECTED),
    ]
    found = list(grow(contenders, subjects, 2, quiet))
    assert [(one.contender, one.devices, bool(one.stopped)) for one in found] == [
        ("fast", 1, False),
        ("slow", 1, False),
        ("fast", 2, False),
        ("slow", 2, True),
        ("fast", 3, False),
    ]


def test_growth_is_refused_where_reductions_differ() -> None:
    contenders = [
        playing("all", EXPECTED, checker=OURS),
        playing("reduced", replace(EXPECTED, states=11), checker=OURS),
    ]
    with pytest.raises(Unlike):
        list(grow(contenders, [SUBJECT], 60, quiet))


def test_what_is_not_installed_is_left_out_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("TLC_JARS", raising=False)
    peers = [contender for contender in CONTENDERS if contender.checker != OURS]
    told = dict(absent(peers, SUBJECT))
    assert told["SPIN, as exported"] == "not there: gcc, spin"
    assert told["TLC"] == "not there: java, TLC_JARS"


def test_a_machine_that_is_not_to_be_had_is_left_out_with_the_reason() -> None:
    wish = Contender("no", OURS, (f"{HERE[0].commands[0]} --machine steam",), HERE[0].read)
    ((name, why),) = absent([wish], Subject("driver_managed_dma", 1, ()))
    assert name == "no"
    assert "steam" in why


def test_what_a_program_has_started_ends_with_it(tmp_path: Path) -> None:
    child = f"open({str(tmp_path / 'child')!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    program = (
        "import os, subprocess, sys, time\n"
        f"subprocess.Popen([sys.executable, '-c', {'import os, time; ' + child!r}])\n"
        "time.sleep(60)"
    )
    ran = run([sys.executable, "-c", program], tmp_path, 2)
    assert ran.code is None
    pid = int((tmp_path / "child").read_text())
    for _ in range(100):
        if not alive(pid):
            break
        time.sleep(0.05)
    assert not alive(pid)


def alive(pid: int) -> bool:
    """Whether a process runs; one that waits to be reaped does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False


def test_the_peak_of_memory_is_the_programs_own(tmp_path: Path) -> None:
    mebibytes = 300
    ran = run([sys.executable, "-c", f"bytearray(b'x') * ({mebibytes} << 20)"], tmp_path, 60)
    assert ran.code == 0
    assert mebibytes << 20 < ran.peak_bytes < (mebibytes + 200) << 20
    assert ran.peak_bytes >= ran.floor_bytes
