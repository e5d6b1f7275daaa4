"""Other people's checkers, run on our exports, and what they answer in our terms."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from model.engines.result import Verdict
from model.engines.search import explore
from model.export import TARGETS, Subject, Wishes
from model.export.names import decode
from model.lang import Claim, Kind, System

TYPES, DEADLOCK = "type_invariant", "no_deadlock"


@dataclass(frozen=True)
class Answer:
    """What a checker says of a system.

    ``violated`` has, for each property it found broken, the steps of its shortest counterexample.
    ``transitions`` is None where a checker counts something else by it.
    """

    states: int
    transitions: int | None
    violated: Mapping[str, int]


def subject(system: System, claims: Sequence[Claim], *, named: bool = False) -> Subject:
    """What is exported of ``system``."""
    return Subject(system, claims, title=system.name, named=named)


def ours(system: System, claims: Sequence[Claim]) -> Answer:
    """What our own search says; a REACHABLE claim is "violated" by a state that meets it."""
    said = subject(system, claims).claims
    # Never decided, so that the search goes on to the end whatever is violated.
    fires = Claim("all", Kind.FIRES, (), "", "")
    report = explore(system, [*said, fires])
    assert report.states is not None
    assert report.complete
    broken = {
        claim.name: len(trace)
        for claim in said
        if report.findings[claim.name].verdict is Verdict.VIOLATED
        and (trace := report.findings[claim.name].trace) is not None
    }
    return Answer(report.states, report.transitions, broken)


def spin(asked: Subject, folder: Path) -> Answer:
    """SPIN's answer, from one breadth-first run that does not stop at errors."""
    ((name, text),) = TARGETS["promela"](asked, Wishes()).items()
    (folder / name).write_text(text, encoding="utf-8")
    _run(["spin", "-a", name], folder)
    _run(["gcc", "-O0", "-w", "-DBFS", "-DSAFETY", "-o", "pan", "pan.c"], folder)
    said = _run(["./pan", "-c0"], folder)
    assert "Search not completed" not in said
    choice = 1 if len(list(asked.system.initial_states())) > 1 else 0
    violated: dict[str, int] = {}
    for found in re.finditer(
        r"^pan:\d+: assertion violated (\S+) \(at depth (\d+)\)$", said, re.MULTILINE
    ):
        name, depth = decode(found[1]), int(found[2])
        # The step that leaves a domain is reported where it starts.
        violated.setdefault(name, depth - choice + (name == TYPES))
    assert len(re.findall(r"^pan:\d+: (?!assertion)", said, re.MULTILINE)) == 0, said
    states = _number(r"^ *(\d+) states, stored", said) - choice
    transitions = None
    if not violated:  # or the reports of errors are counted as well
        starts = len(list(asked.system.initial_states()))
        transitions = _number(r"^ *(\d+) transitions", said) - 1 - (starts if choice else 0)
    return Answer(states, transitions, violated)


def rumur(system: System, claims: Sequence[Claim], expected: Answer, folder: Path) -> Answer:
    """Rumur's answer: one run for whatever ``expected`` says holds, one for each other claim.

    Rumur does not go on behind a violation, so that only the first run counts states.
    """
    said = subject(system, claims).claims
    holding = [claim for claim in said if claim.name not in expected.violated]
    states, rules, message, _ = _rumur(system, holding, folder)
    assert message is None, message
    violated = {}
    for claim in said:
        if claim.name in expected.violated:
            _, _, message, steps = _rumur(system, [claim], folder)
            if message is not None:
                assert _about(claim) in message
                violated[claim.name] = steps
    return Answer(states, rules, violated)


def _about(claim: Claim) -> str:
    return "deadlock" if claim.kind is Kind.DEADLOCK else f'"{claim.name}"'


def _rumur(
    system: System, claims: Sequence[Claim], folder: Path
) -> tuple[int, int, str | None, int]:
    """States, rules fired, the error's message and its steps."""
    asked = subject(system, claims)
    ((name, text),) = TARGETS["murphi"](asked, Wishes()).items()
    (folder / name).write_text(text, encoding="utf-8")
    deadlocks = "stuck" if asked.has(Kind.DEADLOCK) else "off"
    options = ["--deadlock-detection", deadlocks, "--value-type", "int32_t", "--threads", "1"]
    options += ["--output-format", "machine-readable", "--output", "rumur.c"]
    _run(["rumur", *options, name], folder)
    _run(["gcc", "-O0", "-w", "-mcx16", "-o", "rumur", "rumur.c", "-lpthread"], folder)
    said = ET.fromstring(_run(["./rumur"], folder, codes=(0, 1)))  # noqa: S314  # Rumur's own
    summary = said.find("summary")
    assert summary is not None
    counts = int(summary.attrib["states"]), int(summary.attrib["rules_fired"])
    error = said.find("error")
    if error is None:
        return *counts, None, 0
    return *counts, error.findtext("message"), len(error.findall("transition")) - 1


def tlc(system: System, claims: Sequence[Claim], java: Sequence[str], folder: Path) -> Answer:
    """TLC's answer, like Rumur's: a run for each claim, and one that counts the states.

    ``java`` is the command line that starts TLC.
    """
    violated = {}
    for claim in subject(system, claims).claims:
        _, steps = _tlc(system, [claim], java, folder)
        if steps is not None:
            violated[claim.name] = steps
    states, _ = _tlc(system, [], java, folder)
    return Answer(states, None, violated)


def _tlc(
    system: System, claims: Sequence[Claim], java: Sequence[str], folder: Path
) -> tuple[int, int | None]:
    """Distinct states, and the steps of the counterexample."""
    files = TARGETS["tla"](subject(system, claims), Wishes())
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    module = next(name for name in files if name.endswith(".tla"))
    said = _run([*java, "-workers", "1", module], folder, codes=(0, 11, 12))
    found = re.findall(r"^State (\d+):", said, re.MULTILINE)
    return _number(r"(\d+) distinct states found, 0 left|(\d+) distinct states found", said), (
        max(map(int, found)) - 1 if found else None
    )


def btormc(asked: Subject, program: str, bound: int, folder: Path) -> Mapping[str, int]:
    """The least bound, up to ``bound``, at which btormc reaches each bad state."""
    ((name, text),) = TARGETS["btor2"](asked, Wishes()).items()
    (folder / name).write_text(text, encoding="utf-8")
    options = ["-v", "1", "--no-stop-first", "--no-trace-gen", "-kmax", str(bound)]
    said = _run([program, *options, name], folder)
    bad = re.findall(r"^\d+ bad \d+ (\S+)$", text, re.MULTILINE)
    reached = re.findall(r"bad state property (\d+) reachable at bound k = (\d+) SATISFIABLE", said)
    # The step that leaves a domain is bad where it starts.
    return {decode(bad[int(number)]): int(k) + (bad[int(number)] == TYPES) for number, k in reached}


def version(program: str, *options: str) -> str:
    """The first line with a digit in what ``program`` says of itself."""
    run = subprocess.run([program, *options], capture_output=True, text=True, check=False)
    lines = (run.stdout + run.stderr).splitlines()
    return next(line.strip() for line in lines if any(map(str.isdigit, line)))


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text, re.MULTILINE)
    assert found, text
    return int(found[1])


def _run(command: Sequence[str], folder: Path, codes: Sequence[int] = (0,)) -> str:
    """What ``command`` prints, run in ``folder``; it must exit with one of ``codes``."""
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode in codes, f"{command} exits with {run.returncode}: {run.stderr}"
    return run.stdout + run.stderr
