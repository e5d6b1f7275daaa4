"""Other people's checkers, run on our exports, and what they answer in our terms."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from benchmarks.answers import rumur_counts, spin_counts, tlc_states
from model.engines.result import Verdict
from model.engines.search import explore
from model.export import TARGETS, Subject, Wishes
from model.export.names import decode, encode
from model.lang import Claim, Kind, System
from model.lang.reference import apply, evaluate, is_enabled

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
    _build_pan(asked, folder)
    said = _run(["./pan", "-c0"], folder)
    assert "Search not completed" not in said
    starts = len(list(asked.system.initial_states()))
    violated: dict[str, int] = {}
    for found in re.finditer(
        r"^pan:\d+: assertion violated (\S+) \(at depth (\d+)\)$", said, re.MULTILINE
    ):
        name, depth = decode(found[1]), int(found[2])
        # The step that leaves a domain is reported where it starts.
        violated.setdefault(name, depth - (starts > 1) + (name == TYPES))
    assert len(re.findall(r"^pan:\d+: (?!assertion)", said, re.MULTILINE)) == 0, said
    states, transitions = spin_counts(said, starts)
    # Where there are violations, their reports are counted as well.
    return Answer(states, None if violated else transitions, violated)


def spin_steps(asked: Subject, folder: Path) -> list[str]:
    """The titles of the actions that SPIN prints for its counterexample, which is replayed."""
    name = _build_pan(asked, folder)
    _run(["./pan"], folder)
    said = _run(["spin", "-t", name], folder)
    titles = [line.strip() for line in said.splitlines() if line.strip() in asked.system.by_title]
    replayed(asked, titles)
    return titles


def _build_pan(asked: Subject, folder: Path) -> str:
    """Build SPIN's verifier; the name of the Promela file."""
    ((name, text),) = TARGETS["promela"](asked, Wishes()).items()
    (folder / name).write_text(text, encoding="utf-8")
    _run(["spin", "-a", name], folder)
    _run(["gcc", "-O0", "-w", "-DBFS", "-DSAFETY", "-o", "pan", "pan.c"], folder)
    return name


def replayed(asked: Subject, titles: Sequence[str]) -> None:
    """Check that the actions with these titles lead from a start to what must not be."""
    system = asked.system
    states = list(system.initial_states())
    for title in titles:
        action = system.by_title[title]
        states = [apply(action, system, s) for s in states if is_enabled(action, system, s)]
    (check,) = asked.checks
    assert any(evaluate(check.broken, system, state) for state in states)


@dataclass(frozen=True)
class Run:
    """A run that stops at the first error: ``broken`` tells what it is, if there is one.

    ``steps`` are the titles of the actions that lead to it.
    """

    states: int
    transitions: int | None
    broken: str | None
    steps: Sequence[str]


def _claim_by_claim(
    system: System,
    claims: Sequence[Claim],
    expected: Answer,
    run: Callable[[Subject], Run],
) -> Answer:
    """The answer of a checker that does not go on behind a violation.

    That takes one run for all that is ``expected`` to hold, which counts the states, and one for
    each other claim. Every counterexample is replayed.
    """
    said = subject(system, claims).claims
    whole = run(subject(system, [c for c in said if c.name not in expected.violated]))
    violated = {}
    if whole.broken is not None:
        violated[whole.broken] = len(whole.steps)
    for claim in said:
        if claim.name in expected.violated:
            asked = subject(system, [claim])
            alone = run(asked)
            if alone.broken is not None:
                violated[alone.broken] = len(alone.steps)
                if asked.checks:
                    replayed(asked, alone.steps)
    return Answer(whole.states, whole.transitions, violated)


def rumur(system: System, claims: Sequence[Claim], expected: Answer, folder: Path) -> Answer:
    """Rumur's answer."""
    return _claim_by_claim(system, claims, expected, lambda asked: _rumur(asked, folder))


def _rumur(asked: Subject, folder: Path) -> Run:
    ((name, text),) = TARGETS["murphi"](asked, Wishes()).items()
    (folder / name).write_text(text, encoding="utf-8")
    deadlocks = "stuck" if asked.has(Kind.DEADLOCK) else "off"
    options = ["--deadlock-detection", deadlocks, "--value-type", "int32_t", "--threads", "1"]
    options += ["--output-format", "machine-readable", "--output", "rumur.c"]
    _run(["rumur", *options, name], folder)
    _run(["gcc", "-O0", "-w", "-mcx16", "-o", "rumur", "rumur.c", "-lpthread"], folder)
    said = _run(["./rumur"], folder, codes=(0, 1))
    counts = rumur_counts(said)
    error = ET.fromstring(said).find("error")  # noqa: S314  # Rumur's own
    if error is None:
        return Run(*counts, None, ())
    message = str(error.findtext("message"))
    quoted = re.search('"(.*)"', message)
    broken = decode(quoted[1]) if quoted else DEADLOCK if "deadlock" in message else message
    _, *steps = (str(step.text) for step in error.findall("transition"))  # first the start
    return Run(*counts, broken, [s.removeprefix('Rule "').removesuffix('"') for s in steps])


def tlc(
    system: System, claims: Sequence[Claim], expected: Answer, java: Sequence[str], folder: Path
) -> Answer:
    """TLC's answer; ``java`` is the command line that starts it."""
    return _claim_by_claim(system, claims, expected, lambda asked: _tlc(asked, java, folder))


def _tlc(asked: Subject, java: Sequence[str], folder: Path) -> Run:
    files = TARGETS["tla"](asked, Wishes())
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    module = next(name for name in files if name.endswith(".tla"))
    said = _run([*java, "-workers", "1", module], folder, codes=(0, 11, 12))
    invariant = re.search(r"Invariant (\w+) is violated", said)
    broken = decode(invariant[1]) if invariant else DEADLOCK if "Deadlock" in said else None
    titles = {encode(step.name): step.action.title for step in asked.steps}
    steps = [titles[name] for name in re.findall(r"^State \d+: <(\w+) line", said, re.MULTILINE)]
    return Run(tlc_states(said), None, {"TypeOK": TYPES}.get(str(broken), broken), steps)


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


def _run(command: Sequence[str], folder: Path, codes: Sequence[int] = (0,)) -> str:
    """What ``command`` prints, run in ``folder``; it must exit with one of ``codes``."""
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode in codes, f"{command} exits with {run.returncode}: {run.stderr}"
    return run.stdout + run.stderr
