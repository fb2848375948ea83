"""Gates of a candidate's health: its files, its libraries, its validation and documentation."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.release.commits import short
from cockpit.release.findings import (
    CellState,
    CellStatus,
    Finding,
    Severity,
    coverage,
    finding_evidence,
)
from cockpit.release.gates_candidate import judge_builds
from cockpit.release.job_names import LIBTORCH
from cockpit.release.jobs import Check, JobState
from cockpit.release.lookups import core_package, known, repositories_of
from cockpit.release.repos import Role
from cockpit.release.required_checks import hold_against, told
from cockpit.release.state import ReleaseState
from cockpit.release.support import SupportMatrix
from cockpit.release.verdicts import (
    Evidence,
    Gate,
    Outcome,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
    untagged,
)
from cockpit.release.words import counted


def core_files(state: ReleaseState) -> tuple[CellStatus, ...]:
    """Every file that the core's candidate is expected to bring, or has brought."""
    packages = (core_package(state), LIBTORCH)
    return tuple(status for status in coverage(state) if status.package in packages)


def _wheels_complete(state: ReleaseState) -> Verdict:
    known(state.artifacts)
    core, candidate = state.spec.core, state.candidate
    if core.package is None:
        return not_applicable(f"{core.short_name} publishes no package")
    if not state.spec.support.cells():
        return unknown("the config names no support matrix", then="fill in [support]")
    if candidate is None:
        return untagged()
    files = core_files(state)
    expected = [status for status in files if status.staged.expected]
    there = [status for status in expected if status.staged.file is not None]
    kinds = "wheels and archives" if state.spec.support.archives() else "wheels"
    counts = f"{len(there)} of {len(expected)} {kinds}"
    builds = known(state.builds)
    if builds.candidate is None or builds.candidate.commit_sha != candidate.commit_sha:
        tag = candidate.tag.name
        return unknown(
            f"the jobs of {tag} have not been read, so the wheels may be of an earlier one",
            counts,
            pending=True,
        )
    blocking = _of(files, Severity.BLOCKS)
    if blocking:
        return failed(
            f"{counts} of {core.package} {core.version} are in the test channel",
            *map(finding_evidence, blocking),
            then=f"{blocking[0].text.partition(': ')[0]}: {blocking[0].then.text}",
            pending=any(not job.state.finished for job in builds.jobs),
        )
    return _unsettled(files, candidate.tag.name) or _complete(files, counts)


def _unsettled(files: tuple[CellStatus, ...], tag: str) -> Verdict | None:
    """What is not known yet of files that nothing speaks against."""
    late = [status for status in files if status.state is CellState.WAITING]
    open_ones = [status for status in late if not status.findings]
    if open_ones:
        uploads = counted(len(open_ones), "upload")
        text = f"{uploads} of {tag} not done, so wheels may be of an earlier one"
        return unknown(text, then="wait for the uploads", pending=True)
    waiting = _of(late, Severity.WAITS)
    if waiting:
        return unknown(*map(finding_evidence, waiting), then=waiting[0].then.text, pending=True)
    untold = [status for status in files if status.unknown]
    if untold:
        return unknown(
            *_counted_reasons(untold), then="look at the channels again", action="refresh"
        )
    unread = [s for s in files if s.staged.file is not None and s.staged.file.contents is None]
    if unread:
        return unknown(
            f"nobody looked into {len(unread)} of {counted(len(files), 'file')}: only the commit"
            " inside tells which candidate built them",
            then="look inside: release-cockpit artifacts --verify",
            action="verify-artifacts",
            pending=True,
        )
    return None


def _counted_reasons(statuses: Iterable[CellStatus]) -> Iterable[str]:
    """Each reason once, with how many files it concerns."""
    reasons: dict[str, int] = {}
    for status in statuses:
        reasons[status.unknown] = reasons.get(status.unknown, 0) + 1
    return (f"{counted(number, 'file')}: {why}" for why, number in reasons.items())


def _complete(files: tuple[CellStatus, ...], counts: str) -> Verdict:
    risks = _of(files, Severity.RISK)
    return passed(f"{counts} are in the test channel", *map(finding_evidence, risks))


def _of(files: Iterable[CellStatus], severity: Severity) -> list[Finding]:
    return [f for status in files for f in status.findings if f.severity is severity]


def _libraries_green(state: ReleaseState) -> Verdict:
    libraries = known(state.libraries)
    wanted = [repo for repo in repositories_of(state, Role.DOMAIN) if repo.candidates]
    if not wanted:
        return not_applicable("no library of the release has candidates")
    verdicts: list[Verdict] = []
    for repository in wanted:
        candidate = state.candidate_of(repository)
        builds = libraries.of(repository.name)
        name = repository.short_name
        if candidate is None:
            verdicts.append(failed(f"{name} has no candidate yet", pending=True))
        elif builds is None:
            tag = candidate.tag.name
            verdicts.append(unknown(f"the jobs of {name} {tag} have not been read", pending=True))
        else:
            verdicts.append(_named(name, judge_builds(builds, candidate, SupportMatrix())))
    return _together(verdicts)


def _named(name: str, verdict: Verdict) -> Verdict:
    texts = tuple(Evidence(f"{name}: {entry.text}", entry.url) for entry in verdict.evidence)
    return Verdict(verdict.outcome, texts, verdict.next_action, verdict.pending)


def _together(verdicts: list[Verdict]) -> Verdict:
    """The worst of several: what failed, then what cannot be told, then what is still to come."""
    order = [
        [v for v in verdicts if v.outcome is Outcome.FAILED and not v.pending],
        [v for v in verdicts if v.outcome is Outcome.UNKNOWN],
        [v for v in verdicts if v.outcome is Outcome.FAILED],
        verdicts,
    ]
    worst = next(group for group in order if group)
    first = worst[0]
    texts = tuple(entry for verdict in worst for entry in verdict.evidence)
    pending = all(verdict.pending for verdict in worst)
    return Verdict(first.outcome, texts, first.next_action, pending)


def _checks_green(state: ReleaseState) -> Verdict:
    checks = known(state.checks)
    candidate, required = state.candidate, state.spec.core.required_checks
    if not required:
        return not_applicable("the config requires no checks of others than Actions")
    if candidate is None:
        return untagged()
    if checks.sha != candidate.commit_sha:
        return unknown(f"the checks of {candidate.tag.name} have not been read yet", pending=True)
    held = hold_against(checks.found, required)
    if held.red:
        return failed(*map(_check_evidence, held.red), then=f"look into {held.red[0].name}")
    if held.silent:
        return unknown(*(f"no check {p} was reported on {candidate.tag.name}" for p in held.silent))
    if held.unsettled:
        busy = any(check.state in (JobState.RUNNING, JobState.QUEUED) for check in held.unsettled)
        return unknown(*map(_check_evidence, held.unsettled), pending=busy)
    return passed(*map(_check_evidence, held.passed))


def unrequired_red(state: ReleaseState) -> tuple[Check, ...]:
    """Red checks of others on the candidate's commit that nobody required: a risk."""
    checks, candidate = state.checks.value, state.candidate
    if checks is None or candidate is None or checks.sha != candidate.commit_sha:
        return ()
    return hold_against(checks.found, state.spec.core.required_checks).red_others


def _check_evidence(check: Check) -> Evidence:
    return Evidence(told(check), check.url)


def _docs_entry(state: ReleaseState) -> Verdict:
    source = state.spec.docs
    entry = known(state.docs)
    if source is None:
        return not_applicable("the config names no repository of published documentation")
    if entry.sha is None:
        return failed(f"{source.remote} has no branch {source.branch}", then="correct [docs]")
    where = f"{source.branch} at {short(entry.sha)}"
    if not entry.files:
        return failed(
            f"{where} has no folder {source.folder}",
            then=f"publish the documentation into {source.folder}",
            pending=True,
        )
    if entry.listed is None:
        return unknown(f"{where} has no {source.listing}", then="correct [docs].listing")
    if not entry.listed:
        return failed(
            f"{source.listing} of {where} does not link to {source.folder}",
            then=f"add {source.folder} to {source.listing}",
            pending=True,
        )
    return passed(f"{where} has {source.folder}, and {source.listing} links to it")


_TAGS = ("branches", "ledger")
HEALTH_GATES = (
    Gate(
        "wheels-complete",
        "the candidate's files are in the test channel",
        "test channel",
        (*_TAGS, "builds", "artifacts"),
        _wheels_complete,
    ),
    Gate(
        "libraries-green",
        "builds of the libraries are green",
        "library builds",
        (*_TAGS, "libraries"),
        _libraries_green,
    ),
    Gate(
        "checks-green",
        "required checks of the candidate passed",
        "required checks",
        (*_TAGS, "checks"),
        _checks_green,
    ),
    Gate("docs-entry", "the documentation is published", "documentation", ("docs",), _docs_entry),
)
