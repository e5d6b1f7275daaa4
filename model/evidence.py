"""Counterexamples as files: written for people and for tools, read back and replayed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from model.catalogue import Entry, UsageError, find, find_property
from model.checker import ExitCode, Result
from model.engines.lowering import Lowered
from model.lang import Case, Claim, Fairness, Kind, ModelError, Property
from model.lang.reference import evaluate, is_enabled
from model.linux.design import Size
from model.report.race import render
from model.traces.document import Document, TraceFileError
from model.traces.itf import dumps, read
from model.traces.lasso import objection
from model.traces.store import write_all
from model.traces.trace import NotARun, Trace, replay

_TOLD_BY_LABELS = ("stage", "ret")


def files(result: Result, folder: Path) -> dict[Path, str]:
    """The two files of a violated result's counterexample, by their path below ``folder``."""
    trace = result.finding.trace
    if trace is None:
        return {}
    stem = folder / result.asked.name
    return {
        stem.with_name(f"{stem.name}.txt"): text(trace, result.design.name, result.asked),
        stem.with_name(f"{stem.name}.itf.json"): dumps(
            trace, meta(result.design.name, result.asked, result.trace_size)
        ),
    }


def prepare(folder: Path) -> None:
    """Make ``folder``, before a long search, so that a mistyped one is known at once."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritten(folder, error) from None


def write(results: Sequence[Result], folder: Path) -> list[str]:
    """Write every counterexample below ``folder``, in one folder per design; says what it wrote.

    Where several sizes were asked about, each has a folder within the design's. All of them are
    written or none. Raises UsageError if the system refuses.
    """
    several = len({result.asked_size for result in results}) > 1
    found: dict[Path, str] = {}
    for result in results:
        home = folder / result.design.name
        found |= files(result, home / result.asked_size.short if several else home)
    try:
        write_all(found)
    except OSError as error:
        raise _unwritten(folder, error) from None
    return list(_told("wrote", found))


def update(results: Iterable[Result]) -> list[str]:
    """Make what was found the expectation; says which files it wrote and removed.

    A trace of a smaller size that is still a run stays, because it says more. Only a verdict
    removes files: an answer that is undetermined or vacuous leaves them. Raises UsageError if the
    system refuses.
    """
    found: dict[Path, str] = {}
    gone: list[Path] = []
    for result in results:
        home = result.entry.home
        if home is None:
            continue
        if result.finding.trace is not None and not _has_smaller(result):
            found |= files(result, home)
        elif result.exit_code is ExitCode.VANISHED:
            gone += [home / f"{result.asked.name}{ending}" for ending in (".txt", ".itf.json")]
    try:
        write_all(found)
        for path in gone:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritten(next(iter([*found, *gone])).parent, error) from None
    return [*_told("wrote", found), *_told("removed", gone)]


def _told(what: str, paths: Iterable[Path]) -> Iterator[str]:
    for folder, count in Counter(path.parent for path in paths).items():
        yield f"{what} {count} files in {folder}"


def _has_smaller(result: Result) -> bool:
    """Whether the committed counterexample is of a smaller size and still one."""
    try:
        document = result.entry.expectation(result.asked.name)
        if document is None:
            return False
        size = size_of(document)
        bind(document, result.entry, result.asked)
    except (TraceFileError, ModelError):
        return False
    of = result.trace_size
    groups, devices = of.groups, of.devices + of.hotplug
    counts = (size.groups, size.devices + size.hotplug)
    return counts != (groups, devices) and counts[0] <= groups and counts[1] <= devices


def _unwritten(folder: Path, error: OSError) -> UsageError:
    return UsageError(f"nothing can be written to {folder}: {error.strerror}")


def meta(design: str, asked: Property, size: Size) -> dict[str, object]:
    """What an ITF file says of itself."""
    return {
        "description": f"{design} violates {asked.name}: {asked.broken}",
        "design": design,
        "property": asked.name,
        "devices": size.devices,
        "hotplug": size.hotplug,
        "groups": size.groups,
    }


def text(trace: Trace, design: str, asked: Property) -> str:
    """A counterexample for people: a race table, ready to be pasted into a mail."""
    return render(
        trace,
        title=f"{design} violates {asked.name}",
        sentence=_sentence(trace, asked),
        hide=_hidden(trace, asked),
    )


def ending(trace: Trace, asked: Property) -> str:
    """What is wrong with ``trace``, and below it, line by line, what was assumed."""
    return "\n".join([asked.broken, *(f"assumed: {fair}" for fair in _assumed(trace, asked))])


def _sentence(trace: Trace, asked: Property) -> str:
    """What is wrong with ``trace``, and what was assumed, in its author's words only."""
    words = dict.fromkeys(fair.words for fair in _assumed(trace, asked))
    return asked.broken + (f" Assumed: {'; '.join(words)}." if words else "")


def _assumed(trace: Trace, asked: Property) -> list[Fairness]:
    """The weakly fair sets that a run without end, which breaks ``asked``, does not starve."""
    cases = asked.ground(trace.system).cases if trace.loop is not None else ()
    return [fair for case in cases if not objection(trace, case) for fair in case.fair]


def _hidden(trace: Trace, asked: Property) -> list[str]:
    """The fields that a race table leaves out, because the functions and errnos say the same.

    A pending result is shown all the same where the property is about it.
    """
    claimed = [case.that for case in asked.ground(trace.system).cases]
    about = {variable.name.rpartition(".")[2] for c in claimed for variable in c.variables()}
    return [name for name in _TOLD_BY_LABELS if name == "stage" or name not in about]


def size_of(document: Document) -> Size:
    """The size that a trace was found at. Raises TraceFileError and ModelError."""
    return Size(*(document.about(key, int) for key in ("devices", "hotplug", "groups")))


def load(file: Path, design: str | None) -> tuple[Entry, Property, Trace]:
    """The counterexample in ``file``, with its design, or the variant ``design``, and property.

    Raises UsageError, ModelError and TraceFileError for what is none.
    """
    if file.is_dir():
        raise UsageError(f"{file} is a folder; name one of the .itf.json files in it")
    if not file.is_file():
        raise UsageError(f"there is no file {file}")
    document = read(file.read_bytes(), file)
    try:
        entry = find(design or document.about("design", str))
        asked = find_property(document.about("property", str), entry.own)
    except UsageError as error:
        told = "" if design else "; --design names the file of a variant"
        raise UsageError(f"{file}: {error}{told}") from None
    return entry, asked, bind(document, entry, asked)


def bind(document: Document, entry: Entry, asked: Property) -> Trace:
    """The trace of ``document`` as a run of its design that breaks ``asked``.

    Every step is taken again. Raises TraceFileError if it is no run, naming the step, or if it
    does not break the property, saying why.
    """
    size = size_of(document)
    # A file of somebody else's may give any number: a system of a billion devices is not built.
    if size.groups * (size.devices + size.hotplug) > len(document.variables):
        raise TraceFileError(document.path, f"it has too few variables for {size}")
    trace = document.bind(entry.design.system(size))
    try:
        replay(trace)
    except NotARun as error:
        raise TraceFileError(
            document.path, f"it is no run of {entry.design.name}: {error}"
        ) from None
    why = _objection(trace, asked.ground(trace.system))
    if why:
        raise TraceFileError(document.path, f"it is a run of {entry.design.name}, but {why}")
    return trace


def _objection(trace: Trace, claim: Claim) -> str:
    """Why ``trace`` does not break ``claim``; empty if it does."""
    if claim.kind is Kind.LEADS_TO:
        found = [(case.title, objection(trace, case)) for case in claim.cases]
        if all(why for _, why in found):
            told = "; ".join(f"{title}: {why}" if title else why for title, why in found)
            return f"it does not break {claim.name}: {told}"
        return ""
    if trace.loop is not None:
        return f"it has no end, and what breaks {claim.name} has one"
    return "" if _breaks(trace, claim) else f"its end does not break {claim.name}"


def _breaks(trace: Trace, claim: Claim) -> bool:
    system, last = trace.system, trace.states[-1]
    if claim.kind is Kind.INVARIANT:
        return not evaluate(claim.that, system, last)
    if claim.kind is Kind.DEADLOCK:
        return not any(is_enabled(action, system, last) for action in system.actions)
    if claim.kind is Kind.TYPES:
        return trace.stuck_on is not None
    if claim.kind is Kind.POSSIBLE:
        return any(_is_lost(case, trace) for case in claim.cases)
    return False  # that something is never reached or never taken is nothing one run can show


def _is_lost(case: Case, trace: Trace) -> bool:
    """Whether the end of ``trace`` is where the goal must be reachable, and no run gets there."""
    system, last = trace.system, trace.states[-1]
    if not evaluate(case.when, system, last):
        return False
    lowered = Lowered(system)
    goal, during = lowered.condition(case.that), lowered.condition(case.during)
    seen = {lowered.pack(last)}
    work = list(seen)
    while work:
        state = work.pop()
        if goal(state):
            return False
        if during(state):
            after = {j for number, j in lowered.successors(state) if number >= 0} - seen
            seen |= after
            work += after
    return True
