"""Traces written as ITF JSON and read again."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.traces import itf
from model.traces.trace import NotARun, Trace, replay
from tests.traces.toy import run, system, traces

META = {"description": "A kernel driver is bound while user space owns the group.", "devices": 2}


def written(change: Callable[[Any], None] | None = None) -> str:
    """A good file, or one that ``change`` has spoilt."""
    trace = run(system(), "bind_store(dev0, nvme)", "use_default_domain(dev0)")
    text = itf.dumps(trace, META)
    if change is None:
        return text
    parsed = json.loads(text)
    change(parsed)
    return json.dumps(parsed)


def refusal(text: str | bytes) -> str:
    """What reading and binding ``text`` is refused with."""
    with pytest.raises(itf.TraceFileError) as caught:
        itf.read(text, "made.itf.json").bind(system())
    assert str(caught.value) == f"made.itf.json: {caught.value.why}"
    return caught.value.why


def same(one: Trace, other: Trace) -> bool:
    """Whether two traces tell of the same run."""
    return (one.states, one.actions, one.stuck_on, one.loop) == (
        other.states,
        other.actions,
        other.stuck_on,
        other.loop,
    )


@given(traces())
@settings(deadline=None)
def test_a_written_trace_is_read_back_as_the_same_trace(trace: Trace) -> None:
    text = itf.dumps(trace, META)
    back = itf.read(text, "made.itf.json").bind(trace.system)
    assert same(back, trace)
    assert itf.dumps(back, META) == text
    replay(back)


def test_a_file_has_one_line_per_state_and_the_keys_of_the_format() -> None:
    trace = run(system(devices=1), "bind_store(dev0, nvme)")
    assert itf.dumps(trace, META) == (
        "{\n"
        '  "#meta": {\n'
        '    "format": "ITF",\n'
        '    "format-description": "https://apalache-mc.org/docs/adr/015adr-trace.html",\n'
        '    "description": "A kernel driver is bound while user space owns the group.",\n'
        '    "devices": 2\n'
        "  },\n"
        '  "vars": ["dev0.stage", "dev0.driver", "group0.owner_cnt", "group0.user"],\n'
        '  "states": [\n'
        '    {"#meta": {"index": 0}, "dev0.stage": "idle", "dev0.driver": "none", '
        '"group0.owner_cnt": {"#bigint": "0"}, "group0.user": false},\n'
        '    {"#meta": {"index": 1, "action": "bind_store(dev0, nvme)"}, '
        '"dev0.stage": "claim", "dev0.driver": "nvme", '
        '"group0.owner_cnt": {"#bigint": "0"}, "group0.user": false}\n'
        "  ]\n"
        "}\n"
    )


def test_a_step_that_leaves_a_domain_is_kept() -> None:
    made = system(devices=3)
    titles = [f"bind_store(dev{i}, nvme)" for i in range(3)]
    trace = run(made, *titles, *(f"use_default_domain(dev{i})" for i in range(3)))
    document = itf.read(itf.dumps(trace, META), "made.itf.json")
    assert document.stuck_on == "use_default_domain(dev2)"
    assert same(document.bind(made), trace)


def test_the_metadata_of_a_file_can_be_asked_for_by_type() -> None:
    document = itf.read(written(), "made.itf.json")
    assert document.about("devices", int) == 2
    assert document.about("description", str) == META["description"]
    with pytest.raises(itf.TraceFileError, match='"design" in "#meta" is missing, not str'):
        document.about("design", str)
    with pytest.raises(itf.TraceFileError, match='"devices" in "#meta" is 2, not bool'):
        document.about("devices", bool)


def test_integers_may_also_be_written_plainly() -> None:
    def plain(file: Any) -> None:
        file["states"][2]["group0.owner_cnt"] = 1

    assert itf.read(written(plain), "made.itf.json").bind(system()).states[2][4] == 1


def test_binding_does_not_replay() -> None:
    def lie(file: Any) -> None:
        file["states"][2]["group0.owner_cnt"] = {"#bigint": "2"}

    with pytest.raises(NotARun, match="step 2"):
        replay(itf.read(written(lie), "made.itf.json").bind(system()))


def test_metadata_without_a_description_is_not_written() -> None:
    with pytest.raises(ValueError, match="description"):
        itf.dumps(run(system()), {"design": "merged"})


@pytest.mark.parametrize("key", ["format", "format-description", "stuck_on"])
def test_metadata_cannot_set_a_key_of_the_format(key: str) -> None:
    with pytest.raises(ValueError, match=f'"{key}" belongs to the format'):
        itf.dumps(run(system()), {**META, key: "mine"})


def test_every_truncated_file_is_refused() -> None:
    whole = written()
    for length in range(len(whole.rstrip())):
        why = refusal(whole[:length])
        assert "empty" in why or "truncated" in why or "not JSON" in why


def test_a_file_cut_inside_a_state_is_called_truncated() -> None:
    whole = written()
    assert refusal(whole[: whole.index("nvme")]) == "it is truncated: it ends in line 11"


@given(st.binary() | st.text())
@settings(deadline=None)
def test_rubbish_is_refused_and_never_a_traceback(text: str | bytes) -> None:
    refusal(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("#meta"), inner),
        max_leaves=8,
    ),
    st.sampled_from(
        [
            ("vars",),
            ("states",),
            ("#meta",),
            ("states", 1),
            ("vars", 0),
            ("states", 1, "#meta"),
            ("states", 1, "#meta", "action"),
            ("states", 1, "#meta", "index"),
            ("states", 0, "dev0.stage"),
            ("states", 0, "group0.user"),
            ("#meta", "format"),
            ("#meta", "stuck_on"),
        ]
    ),
)
@settings(deadline=None)
def test_any_value_in_any_place_is_read_or_refused(value: Any, place: tuple[Any, ...]) -> None:
    def spoil(file: Any) -> None:
        *way, last = place
        for key in way:
            file = file[key]
        file[last] = value

    text = written(spoil)
    try:
        trace = itf.read(text, "made.itf.json").bind(system())
    except itf.TraceFileError:
        return
    assert len(trace.states) == len(trace.actions) + 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        (" \n", "it is empty"),
        ("states:\n- 1\n", "it is not JSON at line 1, column 1 (Expecting value)"),
        ("[1, 2]", 'it is JSON, but no ITF trace: it has no "vars" and "states"'),
        ('{"traces": []}', 'it is JSON, but no ITF trace: it has no "vars" and "states"'),
        ('{"a": 1, "a": 2}', "the key 'a' stands twice in one object"),
        (b"\xff\xfe", "it is not text in UTF-8 (byte 0)"),
        ("[" * 100_000, "it is no ITF trace: it nests too deeply or has too long a number"),
        ("1" * 10_000, "it is no ITF trace: it nests too deeply or has too long a number"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_its_reason(text: str | bytes, why: str) -> None:
    assert refusal(text) == why


def put(*place: Any) -> Callable[[Any], None]:
    """The change that puts the last item where the others lead; ``...`` takes it away."""
    *way, last, value = place

    def change(file: Any) -> None:
        for key in way:
            file = file[key]
        if value is ...:
            del file[last]
        else:
            file[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (put("#meta", ...), 'it has no "#meta" object that says what the trace is about'),
        (put("#meta", "format", ...), '"#meta" has no text for "format"'),
        (put("#meta", "description", 3), '"#meta" has no text for "description"'),
        (put("#meta", "format", "TLC"), '"#meta" gives its format as \'TLC\' and not as "ITF"'),
        (put("#meta", "stuck_on", 1), '"stuck_on" in "#meta" is not the title of an action'),
        (put("loop", 3), '"loop" is 3 and not the number of a state'),
        (put("loop", -1), '"loop" is -1 and not the number of a state'),
        (put("loop", True), '"loop" is True and not the number of a state'),
        (put("loop", None), '"loop" is None and not the number of a state'),
        (put("vars", 0, 7), '"vars" is not a list of variable names'),
        (put("vars", 1, "dev0.stage"), '"vars" names a variable twice'),
        (put("states", []), '"states" is not a list of at least one state'),
        (put("states", 1, "idle"), 'state 1 is not an object with a "#meta" of its own'),
        (put("states", 1, ...), "state 1 has the index 2: states are missing or out of order"),
        (put("states", 1, "#meta", "action", 5), "the action of state 1 is not text"),
        (
            put("states", 0, "#meta", "action", "a()"),
            "state 0 names the action 'a()', but no step leads to it",
        ),
        (
            put("states", 2, "dev0.stage", ...),
            "state 2 lacks the variable 'dev0.stage' that \"vars\" lists",
        ),
        (
            put("states", 2, "dev0.x", 1),
            "state 2 has a variable 'dev0.x' that \"vars\" does not list",
        ),
        (
            put("states", 1, "dev0.stage", {"#set": []}),
            "state 1 has {'#set': []} for 'dev0.stage': no text, truth value or \"#bigint\"",
        ),
        (
            put("states", 1, "group0.owner_cnt", {"#bigint": "1.5"}),
            "state 1 has {'#bigint': '1.5'} for 'group0.owner_cnt': "
            'no text, truth value or "#bigint"',
        ),
    ],
)
def test_a_file_with_a_wrong_shape_is_refused_with_its_reason(
    change: Callable[[Any], None], why: str
) -> None:
    assert refusal(written(change)) == why


def rename(old: str, new: str | None) -> Callable[[Any], None]:
    """The change that gives a variable another name throughout, or takes it away."""

    def change(file: Any) -> None:
        file["vars"].remove(old)
        file["vars"] += [new] if new else []
        for state in file["states"]:
            value = state.pop(old)
            if new:
                state[new] = value

    return change


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            rename("dev1.stage", "dev1.stagge"),
            "\"vars\" and state 0 have a variable 'dev1.stagge' that toy lacks; "
            "did you mean dev1.stage or dev0.stage?",
        ),
        (rename("dev1.stage", None), '"vars" and state 0 lack the variable dev1.stage of toy'),
        (
            put("states", 1, "dev0.stage", "clam"),
            "state 1 has 'clam' for dev0.stage, which is outside Stage; did you mean claim?",
        ),
        (
            put("states", 1, "group0.owner_cnt", {"#bigint": "9"}),
            "state 1 has 9 for group0.owner_cnt, which is outside 0..2; known are: 0, 1, 2",
        ),
        (
            put("states", 1, "group0.owner_cnt", True),
            "state 1 has True for group0.owner_cnt, which is outside 0..2; known are: 0, 1, 2",
        ),
        (
            put("states", 1, "group0.user", 1),
            "state 1 has 1 for group0.user, which is outside bool; known are: false, true",
        ),
        (put("states", 1, "#meta", "action", ...), "state 1 names no action that led to it"),
        (
            put("#meta", "stuck_on", "none"),
            '"stuck_on" in "#meta" names an action \'none\' that toy lacks; known are: ',
        ),
        (
            put("states", 1, "#meta", "action", "bind_store(dev0, nvmee)"),
            "state 1 names an action 'bind_store(dev0, nvmee)' that toy lacks; "
            "did you mean bind_store(dev0, nvme) or bind_store(dev1, nvme) or ",
        ),
    ],
)
def test_a_file_for_another_system_is_refused_with_its_reason(
    change: Callable[[Any], None], why: str
) -> None:
    assert refusal(written(change)).startswith(why)
