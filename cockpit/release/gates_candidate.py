"""Gates of the candidate: its builds, its wheels, their promotion, the final tag."""

from __future__ import annotations

import msgspec

from cockpit.release.candidates import Candidate
from cockpit.release.commits import short
from cockpit.release.coverage import named, unstarted, unstarted_workflows
from cockpit.release.findings import FindingKind, finding_evidence, findings
from cockpit.release.job_names import LIBTORCH
from cockpit.release.jobs import CandidateBuilds, Job, JobState
from cockpit.release.lookups import core_package, final_tag, is_red, known, listing_of
from cockpit.release.repos import Repository, Role
from cockpit.release.reruns import told
from cockpit.release.state import ReleaseState
from cockpit.release.support import SupportMatrix
from cockpit.release.verdicts import (
    Evidence,
    Gate,
    Outcome,
    Verdict,
    evidence,
    failed,
    not_applicable,
    passed,
    unknown,
    untagged,
)
from cockpit.release.words import counted, have

PIN = "pin-candidates"
FINAL = "tag-final"


def _untagged(state: ReleaseState) -> Verdict:
    """The verdict while there is no candidate."""
    if not state.spec.core.candidates:
        return not_applicable(f"{state.spec.core.short_name} has no candidates")
    return untagged()


def _candidate_pinned(state: ReleaseState) -> Verdict:
    candidate = state.candidate
    if candidate is None:
        return _untagged(state)
    tag = candidate.tag.name
    if state.record.pin(state.spec.core, tag) is not None:
        return passed(f"{tag} is pinned at {short(candidate.commit_sha)}")
    return failed(f"{tag} is not pinned in the ledger", then=f"pin {tag} in the ledger", action=PIN)


def _job_evidence(job: Job) -> Evidence:
    again = f", attempt {job.attempt}" if job.attempt > 1 else ""
    return Evidence(f"{told(job)}{again}", job.url)


def _builds_green(state: ReleaseState) -> Verdict:
    builds = known(state.builds)
    candidate = state.candidate
    if candidate is None:
        return _untagged(state)
    verdict = judge_builds(builds, candidate, state.spec.support)
    return _against_channel(state, verdict) if verdict.outcome is Outcome.PASSED else verdict


def _against_channel(state: ReleaseState, green: Verdict) -> Verdict:
    """A green upload job whose file is not there, or is older than the job, is no green job."""
    if state.artifacts.whole is None:
        note = evidence(("the test channel is not known, so nothing was compared with it",))
        return msgspec.structs.replace(green, evidence=(*green.evidence, *note))
    untrue = [
        finding
        for finding in findings(state)
        if finding.kind in (FindingKind.MISSING, FindingKind.OUTDATED)
        and finding.package in (core_package(state), LIBTORCH)
    ]
    if untrue:
        return failed(*map(finding_evidence, untrue), then=untrue[0].then.text)
    return green


def judge_builds(builds: CandidateBuilds, candidate: Candidate, support: SupportMatrix) -> Verdict:
    """Whether a candidate's builds are green, for every wheel of `support`."""
    tag = candidate.tag.name
    if builds.candidate is None or builds.candidate.commit_sha != candidate.commit_sha:
        return unknown(f"the jobs of {tag} have not been read yet", pending=True)
    if not builds.jobs:
        return unknown(f"no job of {tag} has started yet", then="wait for GitHub", pending=True)
    red = [job for job in builds.jobs if is_red(job)]
    if red:
        return failed(*map(_job_evidence, red), then=f"look into {named(red[0])}")
    return _unfinished(builds, tag, support) or _all_passed(builds, tag)


def _unfinished(builds: CandidateBuilds, tag: str, support: SupportMatrix) -> Verdict | None:
    """Why builds without a red job are not green yet."""
    strange = [job for job in builds.jobs if job.state is JobState.UNKNOWN]
    if strange:
        return unknown(*map(_job_evidence, strange), then="look at these jobs on GitHub")
    busy = [job for job in builds.jobs if not job.state.finished]
    if busy:
        jobs = f"{len(busy)} of {counted(len(builds.jobs), 'job')} of {tag}"
        text = f"{jobs} {have(len(busy))} not finished"
        return unknown(text, then=f"wait for {counted(len(busy), 'job')} of {tag}", pending=True)
    if builds.unfinished_runs:
        runs = counted(builds.unfinished_runs, "workflow")
        return unknown(
            f"{runs} of {tag} may still start jobs", then=f"wait for {runs}", pending=True
        )
    silent = unstarted_workflows(builds, support)
    if silent:
        return unknown(
            *(f"no workflow {pattern} was started for {tag}" for pattern in silent),
            then=f"find out why {silent[0]} did not start",
        )
    absent = unstarted(builds, support)
    if absent:
        return unknown(
            f"{counted(len(absent), 'job')} of the support matrix never started, first {absent[0]}",
            then="find out why they did not start",
        )
    return None


def _all_passed(builds: CandidateBuilds, tag: str) -> Verdict:
    green = builds.counts[JobState.PASSED]
    if not green:
        return unknown(f"every job of {tag} was skipped")
    flaky = [job for job in builds.jobs if job.flaky]
    notes = [f"{len(flaky)} flaky, green after red: {named(flaky[0])}"] if flaky else []
    return passed(f"{counted(green, 'job')} of {tag} passed", *notes)


def _promoted_packages(state: ReleaseState) -> tuple[Repository, ...]:
    return tuple(r for r in state.spec.repositories if r.package and r.role is not Role.INFRA)


def _wheels_promoted(state: ReleaseState) -> Verdict:
    absent: list[str] = []
    differing: list[str] = []
    counted: list[str] = []
    packages = _promoted_packages(state)
    if not packages:
        return not_applicable("no repository of the release has a package")
    for repo in packages:
        listing = listing_of(state, repo)
        if listing is None or not listing.test:
            absent.append(f"{repo.package} {repo.version} is not in the test channel")
            continue
        differing += [f"{w.stored.name} differs from the promoted one" for w in listing.differing()]
        there = len(listing.promoted())
        line = f"{there} of {len(listing.test)} wheels of {repo.package} are in the stable channel"
        (counted if there == len(listing.test) else absent).append(line)
    if differing:
        return failed(*differing, *absent, then="compare the two channels file by file")
    if absent:
        return failed(*absent, then="promote the wheels to the stable channel", pending=True)
    return passed(*counted)


def _final_tag(state: ReleaseState) -> Verdict:
    core = state.spec.core
    dead = state.record.dud_version(core)
    if dead is not None:
        return not_applicable(f"{dead.name} was declared a dud {dead.describe()}")
    name, tag = core.final_tag, final_tag(state, core)
    candidate = state.candidate
    if tag is None:
        return failed(
            f"{name} has not been pushed", then=f"push {name}", action=FINAL, pending=True
        )
    if candidate is None or tag.commit_sha != candidate.commit_sha:
        at = f"{candidate.tag.name} at {short(candidate.commit_sha)}" if candidate else "none"
        return failed(
            f"{name} is at {short(tag.commit_sha)}, the last candidate is {at}",
            then="stop: what was validated is not what is tagged",
        )
    return passed(f"{name} is at {short(tag.commit_sha)}, as {candidate.tag.name}")


_TAGS = ("branches", "ledger")
CANDIDATE_GATES = (
    Gate("candidate-pinned", "the candidate is pinned", "candidate", _TAGS, _candidate_pinned),
    Gate("builds-green", "candidate builds are green", "builds", (*_TAGS, "builds"), _builds_green),
    Gate(
        "wheels-promoted",
        "the wheels are in the stable channel",
        "stable channel",
        ("artifacts",),
        _wheels_promoted,
    ),
    Gate("final-tag", "the final tag is on the candidate", "final tag", _TAGS, _final_tag),
)
