"""A candidate's builds as plain text: what failed first, by platform, what is done folded."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase

import msgspec

from cockpit.release.candidate_checks import CandidateChecks
from cockpit.release.commits import short
from cockpit.release.coverage import SEVERITY, WHEELS, elapsed
from cockpit.release.jobs import Check, Job, JobState
from cockpit.release.picture import Picture
from cockpit.release.support import Slot
from cockpit.views.ages import duration, grouped, time_left
from cockpit.views.framing import line, marked
from cockpit.views.hud import hud_url
from cockpit.views.marks import (
    CANCELLED,
    EXPECTED,
    FAILED,
    JOB_MARKS,
    NEEDS_YOU,
    NEVER_STARTED,
    NO_DATA,
    PASSED,
    QUEUED,
    RUNNING,
    SKIPPED,
    Mark,
    Tone,
    job_mark,
)
from cockpit.views.table import Line, Span
from cockpit.views.width import cell_width

_FOLDED = frozenset({JobState.PASSED, JobState.SKIPPED})
_NAMED = 3
"""Expected jobs that are named; the rest is counted."""
_NAME_WIDTH = 34
FLAKY_ONES, CANCELLED_ONES = "flaky", "cancelled"
"""What may be asked for beside the states: some that passed, and some that were not skipped."""
STATES = {state.value.replace(" ", "-"): state for state in JobState}
"""Every state by the word that the command line takes."""


class Selection(msgspec.Struct, frozen=True):
    """Which jobs are asked for; empty asks for all."""

    state: str = ""
    """A key of `STATES`, `flaky` or `cancelled`."""
    workflow: str = ""
    """A pattern of workflow names."""

    def has(self, job: Job) -> bool:
        """Whether a job is asked for."""
        return self._of_workflow(job.workflow) and self._of_state(job)

    def jobs(self, picture: Picture) -> tuple[Job, ...]:
        """The jobs asked for, worst first."""
        return tuple(sorted(filter(self.has, picture.builds.jobs), key=_order))

    def slots(self, picture: Picture) -> tuple[Slot, ...]:
        """The expected jobs asked for; of no known workflow, so a pattern leaves them out."""
        asked = not self.workflow and self.state in ("", "expected")
        return picture.expected if asked else ()

    def silent(self, picture: Picture) -> tuple[str, ...]:
        """Workflows without a run that are asked for."""
        return picture.silent if self.state in ("", "expected") else ()

    def checks(self, checks: CandidateChecks) -> tuple[Check, ...]:
        """The checks of others asked for; of no workflow, so a pattern leaves them out."""
        if self.workflow:
            return ()
        if not self.state:
            return tuple(
                check
                for check in checks.found
                if check.state not in _FOLDED
                or (check.id in checks.required and check.state is not JobState.PASSED)
            )
        return tuple(filter(self._of_state, checks.found))

    def unreported(self, checks: CandidateChecks) -> tuple[str, ...]:
        """Required checks of which nothing was reported, where they are asked for."""
        asked = not self.workflow and self.state in ("", "expected")
        known = not checks.trouble and not checks.missing
        return checks.held.silent if asked and known else ()

    def _of_state(self, job: Job | Check) -> bool:
        if self.state == FLAKY_ONES:
            return isinstance(job, Job) and job.flaky
        if self.state == CANCELLED_ONES:
            return job.conclusion == "cancelled"
        return not self.state or job.state is STATES[self.state]

    def _of_workflow(self, name: str) -> bool:
        return not self.workflow or fnmatchcase(name.lower(), self.workflow.lower())


def counts_text(picture: Picture) -> str:
    """How many jobs there are of each state, in marks: `✔ 431  ◐ 12  ✖ 3`."""
    return _tallied(_tally(_jobs(picture), picture.expected, picture.never))


_SHOWN = (
    PASSED,
    RUNNING,
    FAILED,
    CANCELLED,
    QUEUED,
    EXPECTED,
    NEVER_STARTED,
    SKIPPED,
    NO_DATA,
)


def _jobs(picture: Picture) -> tuple[Job, ...]:
    return picture.builds.jobs if picture.read else ()


def _tally(jobs: Iterable[Job], slots: Iterable[Slot], never: Container[Slot]) -> Counter[Mark]:
    """How many there are of each mark; what is flaky is counted beside."""
    marks = Counter(
        CANCELLED if job.conclusion == "cancelled" else JOB_MARKS[job.state] for job in jobs
    )
    marks.update(_slot_mark(slot, never) for slot in slots)
    return marks


def _tallied(tally: Mapping[Mark, int]) -> str:
    return "  ".join(f"{mark.shape} {grouped(tally[mark])}" for mark in _SHOWN if tally[mark])


def _slot_mark(slot: Slot, never: Container[Slot]) -> Mark:
    return NEVER_STARTED if slot in never else EXPECTED


def report(
    picture: Picture,
    selection: Selection,
    age: str,
    hud: str,
    checks: CandidateChecks | None = None,
) -> tuple[Line, ...]:
    """The whole report; `age` is how old the reading is, `hud` the template of its address."""
    if picture.candidate is None:
        return (line(f"{picture.repository}: no candidate has been tagged"),)
    jobs = selection.jobs(picture)
    groups = _by_platform(jobs, selection.slots(picture))
    silent = selection.silent(picture)
    lines = [*head(picture, age), *_link(picture, hud), Line(())]
    for name, (members, slots) in groups:
        lines += _group(name, members, slots, picture, fold=not selection.state)
    if silent:
        lines.append(line(Span(f"no run of: {', '.join(silent)}", Tone.WARN)))
    if not groups and not silent:
        lines.append(line(Span(_nothing(picture, selection), Tone.DIM)))
    return (*lines, *(_checks(checks, selection) if checks else ()))


def _checks(checks: CandidateChecks, selection: Selection) -> Iterator[Line]:
    """What others than Actions say of the commit: how many, what is not green, what is unknown."""
    rows = [
        _check_row(check, required=check.id in checks.required)
        for check in selection.checks(checks)
    ]
    if silent := selection.unreported(checks):
        rows.append(line("  ", *marked(EXPECTED, f"required, not reported: {', '.join(silent)}")))
    if rows or (checks.found and selection == Selection()):
        tallied = _tallied(Counter(JOB_MARKS[check.state] for check in checks.found))
        yield line(Span(f"{'other checks':<{_NAME_WIDTH + 2}} ", Tone.ACCENT), tallied)
    yield from rows
    if told := checks.trouble or (checks.missing and f"not whole: {checks.missing}"):
        yield line(*marked(NEEDS_YOU, f"other checks are unknown: {told}"))


def _check_row(check: Check, *, required: bool) -> Line:
    mark = JOB_MARKS[check.state]
    facts = (check.conclusion or check.state.value, check.app, "required" if required else "")
    told = "  ".join(fact for fact in facts if fact)
    link = f"  {check.url}" if check.url and check.state is JobState.FAILED else ""
    return line(
        Span(f"  {mark.shape} ", mark.tone),
        f"{check.name:<{_NAME_WIDTH}} ",
        Span(told, mark.tone if check.state is JobState.FAILED else Tone.DIM),
        Span(link, Tone.DIM),
    )


def head(picture: Picture, age: str, width: int | None = None) -> tuple[Line, ...]:
    """Which candidate it is, how old the reading is, and the counts of every state.

    Where all of these in words are wider than `width`, they are told in marks alone.
    """
    commit = short(picture.candidate.commit_sha) if picture.candidate else ""
    title = line(
        Span(f"{picture.repository} {picture.tag}", Tone.ACCENT),
        Span(f" · {commit} · {age}", Tone.DIM),
    )
    counts = _counts(picture, words=True)
    if width is not None and sum(cell_width(span.text) for span in counts) > width:
        counts = _counts(picture, words=False)
    lines = [title, line(*counts)]
    warnings = [picture.moved, picture.trouble, picture.missing and f"not whole: {picture.missing}"]
    lines += [line(*marked(NEEDS_YOU, text)) for text in warnings if text]
    return tuple(lines)


def _counts(picture: Picture, *, words: bool) -> tuple[Span, ...]:
    tally = _tally(_jobs(picture), picture.expected, picture.never)
    flaky = Span(f"({len(picture.flaky)} flaky)", Tone.WARN)
    spans: list[Span] = []
    for mark in _SHOWN:
        if tally[mark]:
            word = f" {mark.word}" if words else ""
            spans.append(Span(f"{mark.shape} {grouped(tally[mark])}{word}", mark.tone))
            if picture.flaky and mark is PASSED:
                spans += [Span(" "), flaky]
            spans.append(Span("   "))
    if ahead := time_left(picture.ahead):
        spans.append(Span(f"{ahead} left", Tone.DIM))
    return tuple(spans) or (Span("no job has started", Tone.DIM),)


def _link(picture: Picture, hud: str) -> tuple[Line, ...]:
    ref = picture.candidate.commit_sha if picture.candidate else ""
    address = hud_url(hud, picture.repository, ref)
    return (line(Span(f"HUD {address}", Tone.DIM)),) if address else ()


Group = tuple[list[Job], list[Slot]]


def _by_platform(jobs: Iterable[Job], slots: Iterable[Slot]) -> list[tuple[str, Group]]:
    """Jobs and expected jobs of one system each, else of one workflow; the worst group first."""
    groups: dict[str, Group] = defaultdict(lambda: ([], []))
    for job in jobs:
        key = job.key
        groups[f"{key.os} {key.arch}" if key else job.workflow][0].append(job)
    for slot in slots:
        groups[f"{slot.os} {slot.arch}"][1].append(slot)
    return sorted(groups.items(), key=lambda entry: (_worst(entry[1]), entry[0]))


def _worst(group: Group) -> int:
    ranks = [_order(job)[0] for job in group[0]]
    return min([*ranks, *(SEVERITY.index(JobState.EXPECTED) for _ in group[1][:1])])


def _group(
    name: str, jobs: Sequence[Job], slots: Sequence[Slot], picture: Picture, *, fold: bool
) -> list[Line]:
    tallied = _tallied(_tally(jobs, slots, picture.never))
    lines = [line(Span(f"{name:<{_NAME_WIDTH + 2}} ", Tone.ACCENT), tallied)]
    shown = [job for job in jobs if not fold or _needs_a_line(job)]
    lines += [_row(job, picture.now) for job in shown]
    for mark, told in ((EXPECTED, "not started"), (NEVER_STARTED, "never started")):
        absent = [slot for slot in slots if _slot_mark(slot, picture.never) is mark]
        if absent:
            lines.append(line("  ", *marked(mark, f"{told}: {_slot_names(absent, fold=fold)}")))
    return lines


def _slot_names(slots: Sequence[Slot], *, fold: bool) -> str:
    named = slots[:_NAMED] if fold else slots
    more = f" and {len(slots) - len(named)} more" if len(slots) > len(named) else ""
    return ", ".join(map(_slot_name, named)) + more


def _needs_a_line(job: Job) -> bool:
    return job.state not in _FOLDED or job.conclusion == "cancelled" or job.flaky


def _row(job: Job, now: datetime) -> Line:
    mark = job_mark(job)
    spent = elapsed(job, now)
    facts = [
        duration(spent) if spent is not None else "",
        f"try {job.attempt}" if job.attempt > 1 or job.superseded else "",
        "cancelled" if job.conclusion == "cancelled" else "",
        "flaky: green after red" if job.flaky else "",
        f"failed in {job.failed_step}" if job.failed_step else "",
    ]
    told = "  ".join(fact for fact in facts if fact)
    link = f"  {job.url}" if job.state is JobState.FAILED else ""
    return line(
        Span(f"  {mark.shape} ", mark.tone),
        f"{job_words(job):<{_NAME_WIDTH}} ",
        Span(told, mark.tone if job.state is JobState.FAILED else Tone.DIM),
        Span(link, Tone.DIM),
    )


def job_words(job: Job) -> str:
    """A job's configuration without its platform, else its own name."""
    key = job.key
    if key is None or not key.tells_which:
        return job.name
    package = "" if key.package in WHEELS else key.package
    return _words(package, key.python, key.accelerator, key.stage)


def _slot_name(slot: Slot) -> str:
    package = "" if slot.package == "wheel" else slot.package
    return _words(package, slot.python, slot.accelerator, slot.stage)


def _words(package: str, python: str | None, accelerator: str, stage: str) -> str:
    parts = (package, f"py{python}" if python else "", accelerator, stage)
    return " ".join(part for part in parts if part)


def _nothing(picture: Picture, selection: Selection) -> str:
    if selection != Selection():
        return "no such job"
    return f"GitHub has started no job of {picture.tag} yet"


def _order(job: Job) -> tuple[int, str, str]:
    rank = 0 if job.conclusion == "cancelled" else SEVERITY.index(job.state)
    return rank, job.workflow, job.name
