"""States before the cut, and what the gates of the preparation say of them."""

from __future__ import annotations

from datetime import date

import msgspec

from cockpit.release.jobs import JobState
from cockpit.release.milestones import Milestone
from cockpit.release.preparation import Part, Preparation
from cockpit.release.schedule import Schedule
from cockpit.release.state import ReleaseState
from cockpit.release.support import SupportMatrix
from cockpit.release.verdicts import Outcome
from tests.release.states import (
    BASE,
    CORE,
    COVERAGE,
    GREEN,
    NIGHTLY,
    PREPARED,
    SPEC,
    TRITON,
    commit,
    feed,
    item,
    pushed,
    sha,
    uncut,
    with_,
    with_branches,
)

PASSED, FAILED, UNKNOWN = Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN
BEFORE = with_branches(uncut(CORE))
"""Everything is ready and the core has not been cut."""
CUT_ALREADY = with_(GREEN, preparation=feed(Preparation()))
"""Nothing is read for the preparation any more."""


def prepared(**changes: object) -> ReleaseState:
    """Before the cut, with parts of the preparation as given."""
    value = msgspec.structs.replace(PREPARED, **changes)
    return with_(BEFORE, preparation=feed(value, "git"))


def unread(part: Part) -> ReleaseState:
    """One part could not be read."""
    return prepared(unread={part: "GitHub cannot be reached: refused"})


def base(state: JobState) -> ReleaseState:
    """One blocking workflow of viable/strict is in this state."""
    health = msgspec.structs.replace(BASE.health, workflows={"pull": state, "trunk": state})
    return prepared(bases=(msgspec.structs.replace(BASE, health=health),))


def nightly(*states: JobState, hours: float = 6) -> ReleaseState:
    """The nightly's workflows are in these states."""
    runs = tuple(pushed(f"{n}-binary-x", state, hours=hours) for n, state in enumerate(states))
    return prepared(nightlies=(msgspec.structs.replace(NIGHTLY, runs=runs),))


def triton(**changes: object) -> ReleaseState:
    """Triton's pin with these changes."""
    return prepared(triton=msgspec.structs.replace(TRITON, **changes))


def spec(**changes: object) -> ReleaseState:
    """Before the cut, under another config."""
    return with_(BEFORE, spec=msgspec.structs.replace(SPEC, **changes))


def milestone(*labels: tuple[str, ...]) -> ReleaseState:
    """Open issues with these labels."""
    items = tuple(
        msgspec.structs.replace(item(number), labels=of)
        for number, of in enumerate(labels, start=1)
    )
    return with_(BEFORE, milestone=feed(Milestone("2.15.0", 62, items, 143)))


def covered(**changes: object) -> ReleaseState:
    """The workflows of linux x86_64 with these changes."""
    first, *others = COVERAGE
    return prepared(coverage=(msgspec.structs.replace(first, **changes), *others))


LATER = Schedule(branch_cut=date(2026, 10, 26))
QUIET = msgspec.structs.replace(CORE, nightlies=None, blocking_workflows=())

PREPARATION_CASES: tuple[tuple[str, str, ReleaseState, Outcome, str], ...] = (
    *(
        (gate, "after the cut", CUT_ALREADY, Outcome.NOT_APPLICABLE, "release/2.15 is cut")
        for gate in (
            "milestone-ready",
            "triton-pinned",
            "workflows-cover",
            "base-green",
            "nightlies-green",
        )
    ),
    ("milestone-ready", "nothing open", BEFORE, PASSED, "143 closed, none open in 2.15.0"),
    (
        "milestone-ready",
        "only what can wait",
        milestone(("triaged",), ()),
        PASSED,
        "2 open that the cut does not wait for",
    ),
    (
        "milestone-ready",
        "a blocker",
        milestone(("triaged",), ("high priority",)),
        FAILED,
        "#2 Issue 2",
    ),
    (
        "milestone-ready",
        "every open issue, where no label is named",
        with_(milestone(("triaged",)), spec=msgspec.structs.replace(SPEC, cut_labels=())),
        FAILED,
        "#1 Issue 1",
    ),
    (
        "milestone-ready",
        "no milestone",
        with_(BEFORE, milestone=feed(Milestone("2.15.0"))),
        UNKNOWN,
        "there is no milestone 2.15.0",
    ),
    ("base-green", "green", BEFORE, PASSED, "viable/strict is at"),
    ("base-green", "red", base(JobState.FAILED), FAILED, "pytorch pull: failed on"),
    ("base-green", "running", base(JobState.RUNNING), UNKNOWN, "pytorch pull: running on"),
    ("base-green", "cancelled", base(JobState.SKIPPED), UNKNOWN, "pytorch pull: skipped on"),
    ("base-green", "no run", base(JobState.UNKNOWN), UNKNOWN, "pytorch pull: no data on"),
    ("base-green", "not read", prepared(bases=()), UNKNOWN, "not read yet"),
    ("base-green", "unreachable", unread(Part.BASES), UNKNOWN, "cannot be reached"),
    (
        "base-green",
        "moved since",
        with_branches(
            msgspec.structs.replace(uncut(CORE), cut_from_sha=sha("newer")), state=BEFORE
        ),
        UNKNOWN,
        f"viable/strict is at {sha('newer')[:7]}, not read yet",
    ),
    (
        "base-green",
        "no workflows named",
        spec(repositories=(QUIET,)),
        Outcome.NOT_APPLICABLE,
        "names blocking workflows",
    ),
    ("nightlies-green", "green", BEFORE, PASSED, "pytorch nightly: 2 workflows passed on"),
    (
        "nightlies-green",
        "red",
        nightly(JobState.PASSED, JobState.FAILED),
        FAILED,
        "pytorch nightly 1-binary-x: failed on",
    ),
    (
        "nightlies-green",
        "running",
        nightly(JobState.PASSED, JobState.RUNNING),
        UNKNOWN,
        "1-binary-x: running",
    ),
    ("nightlies-green", "cancelled", nightly(JobState.SKIPPED), UNKNOWN, "0-binary-x: skipped"),
    (
        "nightlies-green",
        "green but old",
        nightly(JobState.PASSED, hours=73),
        FAILED,
        "the last was started 3 d ago",
    ),
    ("nightlies-green", "nothing ran", nightly(), UNKNOWN, "no run of *-binary-*"),
    (
        "nightlies-green",
        "no branch",
        prepared(nightlies=(msgspec.structs.replace(NIGHTLY, sha=None),)),
        UNKNOWN,
        "pytorch has no branch nightly",
    ),
    ("nightlies-green", "unreachable", unread(Part.NIGHTLIES), UNKNOWN, "cannot be reached"),
    (
        "nightlies-green",
        "none named",
        spec(repositories=(QUIET,)),
        Outcome.NOT_APPLICABLE,
        "names its nightlies",
    ),
    ("workflows-cover", "covered", BEFORE, PASSED, "generated-linux-binary-manywheel-nightly.yml"),
    (
        "workflows-cover",
        "a Python is absent",
        covered(absent=("Python 3.13t", "xpu")),
        FAILED,
        "pytorch linux x86_64: Python 3.13t · pytorch linux x86_64: xpu",
    ),
    ("workflows-cover", "no file", covered(files=()), FAILED, "pytorch linux x86_64: no workflow"),
    ("workflows-cover", "made at run time", covered(unread="x.yml"), UNKNOWN, "x86_64: x.yml"),
    ("workflows-cover", "unreachable", unread(Part.WORKFLOWS), UNKNOWN, "cannot be reached"),
    ("workflows-cover", "not read", prepared(coverage=()), UNKNOWN, "no workflow has been read"),
    (
        "workflows-cover",
        "no matrix",
        spec(support=SupportMatrix()),
        Outcome.NOT_APPLICABLE,
        "no support matrix",
    ),
    ("triton-pinned", "pinned", BEFORE, PASSED, "is on release/3.8.x of Triton"),
    ("triton-pinned", "no branch", triton(branch_sha=None), FAILED, "Triton has no release/3.8.x"),
    (
        "triton-pinned",
        "a pin of the trunk",
        triton(holders=("main",)),
        FAILED,
        "is not on release/3.8.x of Triton: it is on main",
    ),
    ("triton-pinned", "a pin of nowhere", triton(holders=()), FAILED, "it is on no branch"),
    ("triton-pinned", "no pin", triton(pinned=""), UNKNOWN, "pins no commit"),
    ("triton-pinned", "no version", triton(version="?", branch=None), UNKNOWN, "says ?"),
    ("triton-pinned", "never landed", triton(landed=None), UNKNOWN, "cannot be told"),
    (
        "triton-pinned",
        "landed in the week of the cut",
        triton(landed=commit("pin", "Pin", hours=72)),
        FAILED,
        "3 days before the cut; it needs 7",
    ),
    (
        "triton-pinned",
        "landed well before a later cut",
        with_(
            triton(landed=commit("pin", "Pin", hours=72)),
            spec=msgspec.structs.replace(SPEC, schedule=LATER),
        ),
        PASSED,
        "14 days before the cut",
    ),
    ("triton-pinned", "unreachable", unread(Part.TRITON), UNKNOWN, "cannot be reached"),
    ("triton-pinned", "not read", prepared(triton=None), UNKNOWN, "has not been read"),
    ("triton-pinned", "no Triton", spec(triton=None), Outcome.NOT_APPLICABLE, "no [triton]"),
)
