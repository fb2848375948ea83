"""Gates before the core is cut: process section 2."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from cockpit.release.commits import short
from cockpit.release.gates_workflows import SortedEvidence
from cockpit.release.jobs import JobState
from cockpit.release.lookups import branch_of, known, repositories_of
from cockpit.release.preparation import Base, Nightly, Part, Preparation, PushedRun
from cockpit.release.repos import Repository, Role
from cockpit.release.state import ReleaseState
from cockpit.release.support import Nightlies
from cockpit.release.triton import TritonPin, TritonSource
from cockpit.release.verdicts import (
    Evidence,
    Gate,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
)
from cockpit.release.words import counted, few
from cockpit.release.workflow_coverage import TargetCoverage

NIGHTLY_EVERY = timedelta(days=2)
"""Nightlies are built every day; after two, nobody started one."""
_LOOKED_AT = "the preparation"

_Rule = Callable[[ReleaseState], Verdict]


def _before_the_cut(rule: _Rule) -> _Rule:
    """A rule that concerns nobody once the core's branch exists."""

    def judged(state: ReleaseState) -> Verdict:
        core = state.spec.core
        if branch_of(state, core) is not None:
            return not_applicable(f"{core.release_branch} is cut")
        return rule(state)

    return judged


def _from(part: Part, rule: Callable[[ReleaseState, Preparation], Verdict]) -> _Rule:
    """A rule over one part of what is read for the cut."""

    def judged(state: ReleaseState) -> Verdict:
        found = known(state.preparation)
        if part in found.unread:
            return _look_again(found.unread[part])
        return rule(state, found)

    return _before_the_cut(judged)


def _look_again(*texts: str | Evidence) -> Verdict:
    return unknown(*texts, then=f"look at {_LOOKED_AT} again", action="refresh")


def _milestone_ready(state: ReleaseState) -> Verdict:
    milestone = known(state.milestone)
    if milestone.number is None:
        return unknown(f"there is no milestone {milestone.title}", then="create the milestone")
    labels = set(state.spec.cut_labels)
    lines = {
        item.number: Evidence(f"#{item.number} {item.title}", item.url)
        for item in milestone.open_items
    }
    blocking = [item for item in milestone.open_items if not labels or labels & set(item.labels)]
    if blocking:
        return failed(
            *(lines[item.number] for item in blocking),
            then=f"resolve or move {few((f'#{item.number}' for item in blocking), 1)}",
        )
    left = f", {len(lines)} open that the cut does not wait for" if lines else ", none open"
    summary = f"{milestone.closed_count} closed{left} in {milestone.title}"
    return passed(Evidence(summary, milestone.url), *lines.values())


def _base_green(state: ReleaseState, found: Preparation) -> Verdict:
    asked = [r for r in repositories_of(state, Role.CORE, Role.INFRA) if r.blocking_workflows]
    if not asked:
        return not_applicable("no repository names blocking workflows")
    sorted_by = SortedEvidence()
    for repository in asked:
        base = found.base_of(repository.name)
        cut_from = _cut_from(state, repository)
        if base is None or base.commit.sha != cut_from:
            at = short(cut_from) if cut_from else "nothing"
            sorted_by.unread.append(
                f"{repository.short_name} {repository.cut_from} is at {at}, not read yet"
            )
            continue
        _sort_base(state, repository, base, sorted_by)
    return sorted_by.verdict(_LOOKED_AT, "the blocking workflows")


def _cut_from(state: ReleaseState, repository: Repository) -> str | None:
    branch = state.branches.value.of(repository) if state.branches.value else None
    return branch.cut_from_sha if branch else None


def _sort_base(
    state: ReleaseState, repository: Repository, base: Base, into: SortedEvidence
) -> None:
    sha = short(base.commit.sha)
    age = _days_or_hours(state.now - base.commit.committed_at)
    into.green.append(
        f"{repository.short_name} {base.branch} is at {sha}, {age} old: {base.commit.title}"
    )
    into.add_health(repository, base.health)


def _nightlies_green(state: ReleaseState, found: Preparation) -> Verdict:
    asked = [(r, r.nightlies) for r in state.spec.repositories if r.nightlies is not None]
    if not asked:
        return not_applicable("no repository names its nightlies")
    sorted_by = SortedEvidence()
    for repository, expected in asked:
        nightly = found.nightly_of(repository.name)
        if nightly is None or nightly.sha is None:
            sorted_by.unread.append(f"{repository.short_name} has no branch {expected.branch}")
            continue
        _sort_nightly(state, repository, nightly, expected, sorted_by)
    return sorted_by.verdict(_LOOKED_AT, "the nightlies")


def _sort_nightly(
    state: ReleaseState,
    repository: Repository,
    nightly: Nightly,
    expected: Nightlies,
    into: SortedEvidence,
) -> None:
    name, at = f"{repository.short_name} {nightly.branch}", short(nightly.sha or "")
    runs: dict[str, PushedRun] = {}
    for pattern in expected.workflows:
        matching = nightly.runs_of(pattern)
        runs |= {run.workflow: run for run in matching}
        if not matching:
            into.unread.append(f"{name}: no run of {pattern} on {at}")
    if not runs:
        return
    newest = max(run.started_at for run in runs.values())
    age = state.now - newest
    if age > NIGHTLY_EVERY:
        into.red.append(f"{name}: the last was started {_days_or_hours(age)} ago")
    for run in runs.values():
        if run.state is not JobState.PASSED:
            text = f"{name} {run.workflow}: {run.state.value} on {at}"
            into.add(run.state, Evidence(text, run.url))
    green = [run for run in runs.values() if run.state is JobState.PASSED]
    if green:
        text = f"{name}: {counted(len(green), 'workflow')} passed on {at}"
        into.green.append(Evidence(f"{text}, started {_days_or_hours(age)} ago", green[0].url))


def _days_or_hours(age: timedelta) -> str:
    hours = max(int(age.total_seconds()) // 3600, 0)
    return f"{hours // 24} d" if hours >= 48 else f"{hours} h"


def _workflows_cover(state: ReleaseState, found: Preparation) -> Verdict:
    if not state.spec.support.targets:
        return not_applicable("the config names no support matrix")
    if not found.coverage:
        return _look_again("no workflow has been read")
    absent = [
        f"{_target(entry)}: {gap}"
        for entry in found.coverage
        for gap in (entry.absent if entry.files else (f"no workflow {entry.pattern}",))
    ]
    if absent:
        return failed(
            *absent,
            then=f"land the workflow on the trunk, or correct the support matrix: {absent[0]}",
        )
    unread = [f"{_target(entry)}: {entry.unread}" for entry in found.coverage if entry.unread]
    if unread:
        return unknown(*unread, then="name the generator in [support] of the config")
    return passed(
        f"{counted(len(found.coverage), 'target')} covered",
        *(f"{_target(entry)}: {_files(state, entry)}" for entry in found.coverage),
    )


def _target(entry: TargetCoverage) -> str:
    return f"{entry.repository.rpartition('/')[2]} {entry.os} {entry.arch}"


def _files(state: ReleaseState, entry: TargetCoverage) -> str:
    names = ", ".join(entry.files)
    return f"{names}, by {state.spec.support.generator}" if entry.generated else names


def _triton_pinned(state: ReleaseState, found: Preparation) -> Verdict:
    source, pin = state.spec.triton, found.triton
    if source is None:
        return not_applicable("the config names no [triton]")
    if pin is None:
        return _look_again("the pin of Triton has not been read")
    if pin.branch is None:
        said = pin.version or "nothing"
        return unknown(f"{source.version_file} says {said}, which is no version")
    if pin.branch_sha is None:
        return failed(
            f"Triton has no {pin.branch} for {pin.version}",
            then=f"ask Triton's maintainers for {pin.branch}",
        )
    if not pin.pinned:
        return unknown(f"{source.pin_file} pins no commit")
    if pin.branch not in pin.holders:
        where = f"it is on {', '.join(pin.holders[:3])}" if pin.holders else "it is on no branch"
        return failed(
            f"the pin {short(pin.pinned)} is not on {pin.branch} of Triton: {where}",
            then=f"pin a commit of {pin.branch}",
        )
    return _triton_settled(state, source, pin)


def _triton_settled(state: ReleaseState, source: TritonSource, pin: TritonPin) -> Verdict:
    """The pin must have been on the trunk for some days on the day of the cut."""
    held = f"{short(pin.pinned)} is on {pin.branch} of Triton, which is {pin.version}"
    if pin.landed is None:
        return unknown(held, "when the pin landed cannot be told")
    landed, today = pin.landed.committed_at.date(), state.now.date()
    cut = max(state.spec.schedule.branch_cut or today, today)
    days = (cut - landed).days
    when = f"the pin landed on {landed:%d %b}, {counted(days, 'day')} before the cut"
    if days < source.settled_days:
        earliest = landed + timedelta(days=source.settled_days)
        return failed(
            f"{when}; it needs {source.settled_days}",
            held,
            then=f"cut on {earliest:%d %b} or later",
        )
    return passed(held, when)


_PREPARED = ("branches", "preparation")
PREPARATION_GATES = (
    Gate(
        "milestone-ready",
        "no feature or blocker of the milestone is open",
        "milestone",
        ("branches", "milestone"),
        _before_the_cut(_milestone_ready),
    ),
    Gate(
        "triton-pinned",
        "Triton's release is branched and pinned",
        "Triton",
        _PREPARED,
        _from(Part.TRITON, _triton_pinned),
    ),
    Gate(
        "workflows-cover",
        "workflows exist for the whole support matrix",
        "workflows",
        _PREPARED,
        _from(Part.WORKFLOWS, _workflows_cover),
    ),
    Gate(
        "base-green",
        "what is cut from is green",
        "base of the cut",
        _PREPARED,
        _from(Part.BASES, _base_green),
    ),
    Gate(
        "nightlies-green",
        "nightlies are green",
        "nightlies",
        _PREPARED,
        _from(Part.NIGHTLIES, _nightlies_green),
    ),
)
