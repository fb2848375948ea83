"""Gates of runs: the workflows that validate a release, or that its final tag starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from fnmatch import fnmatchcase

from cockpit.release.commits import short
from cockpit.release.dispatches import Dispatched
from cockpit.release.findings import CellState
from cockpit.release.gates_health import core_files
from cockpit.release.jobs import JobState
from cockpit.release.lookups import final_tag, known
from cockpit.release.state import ReleaseState
from cockpit.release.validations import ValidationRules, validations_of
from cockpit.release.verdicts import (
    Evidence,
    Gate,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
    untagged,
)
from cockpit.release.words import counted

VALIDATE = "binaries-validated"
DISPATCH = "dispatch"


def _binaries_validated(state: ReleaseState) -> Verdict:
    rules, candidate = state.spec.validation, state.candidate
    if not rules.workflow:
        return not_applicable("the config names no workflow that validates binaries")
    if candidate is None:
        return untagged()
    complete_at = _complete_at(state)
    if complete_at is None:
        return unknown("the wheels of the test channel are not complete yet", pending=True)
    found = validations_of(state.record, rules, str(state.spec.version))
    late = (
        f"{rules.workflow} was not started after the last file of {candidate.tag.name}"
        f" came, {complete_at:%d %b %H:%M} UTC"
    )
    return _judged(state, rules, found, complete_at, late)


def _complete_at(state: ReleaseState) -> datetime | None:
    """When the last of the candidate's files came; None while one is missing or may be old."""
    files = [status for status in core_files(state) if status.staged.expected]
    settled = (CellState.DOUBTFUL, CellState.PRESENT, CellState.VERIFIED)
    if not files or any(status.state not in settled for status in files):
        return None
    return max(s.staged.file.last_modified for s in files if s.staged.file is not None)


def _of_candidate(gate: str) -> Callable[[ReleaseState], Verdict]:
    """A rule that wants a run of the config's workflow, started for the present candidate."""

    def rule(state: ReleaseState) -> Verdict:
        rules, candidate = state.spec.runs.get(gate), state.candidate
        if rules is None:
            return not_applicable(f"the config has no [runs.{gate}]")
        if candidate is None:
            return untagged()
        tag = candidate.tag.name
        found = validations_of(state.record, rules, str(state.spec.version))
        mine = tuple(run for run in found if run.candidate == tag)
        return _judged(state, rules, mine, None, f"{rules.workflow} was not started for {tag}")

    return rule


def _judged(
    state: ReleaseState,
    rules: ValidationRules,
    found: tuple[Dispatched, ...],
    not_before: datetime | None,
    absent: str,
) -> Verdict:
    """How the newest run stands; `absent` says what is lacking where there is none."""
    then = f"start {rules.workflow} with {', '.join(_inputs(state, rules)) or 'its defaults'}"
    run = known(state.validations).of(found[0].run) if found else None
    if found and run is None:
        text = f"run {found[0].run} has not been read"
        return unknown(text, then="look at the validation runs again", action="refresh")
    if run is None or (not_before is not None and run.created_at < not_before):
        older = f", run {run.id} before" if run else ""
        missing = Evidence(f"{absent}{older}", run.url if run else "")
        return failed(missing, then=then, action=DISPATCH, pending=True)
    shown = Evidence(f"run {run.id}, started by {found[0].by}: {run.state.value}", run.url)
    if not run.ended:
        text = f"{run.jobs_ended} of {run.jobs} jobs have ended"
        return unknown(shown, text, then=f"wait for run {run.id}", pending=True)
    if run.state is not JobState.PASSED:
        return failed(shown, then=f"look into run {run.id}")
    if run.jobs < rules.least_jobs:
        text = f"it had {counted(run.jobs, 'job')}, fewer than {rules.least_jobs}: it came up empty"
        return failed(shown, text, then=then, action=DISPATCH)
    return passed(shown, f"{counted(run.jobs, 'job')}, started {run.created_at:%d %b %H:%M} UTC")


def _inputs(state: ReleaseState, rules: ValidationRules) -> Iterable[str]:
    wanted = {**rules.inputs, rules.version_input: str(state.spec.version)}
    return (f"{name}={text}" for name, text in wanted.items() if name)


def _source_released(state: ReleaseState) -> Verdict:
    """Process section 5.4: what the final tag starts builds the source archive and the images."""
    patterns, core = state.spec.final_workflows, state.spec.core
    if not patterns:
        return not_applicable("the config names no workflow that the final tag starts")
    name, tag = core.final_tag, final_tag(state, core)
    if tag is None:
        return failed(f"{name} has not been pushed", then=f"push {name} first", pending=True)
    read = known(state.validations)
    if read.final_sha != tag.commit_sha:
        return unknown(f"the runs of {name} have not been read yet", pending=True)
    runs = [r for r in read.of_final_tag if any(fnmatchcase(r.workflow, p) for p in patterns)]
    silent = [p for p in patterns if not any(fnmatchcase(r.workflow, p) for r in runs)]
    shown = [Evidence(f"{r.workflow}: {r.state.value} on {name}", r.url) for r in runs]
    red = [run for run in runs if run.state in (JobState.FAILED, JobState.SKIPPED)]
    if red:
        return failed(*shown, then=f"re-run {red[0].workflow} of {name}")
    if silent:
        return unknown(*(f"no run of {pattern} on {short(tag.commit_sha)}" for pattern in silent))
    if any(run.state is not JobState.PASSED for run in runs):
        return unknown(*shown, then=f"wait for the runs of {name}", pending=True)
    return passed(*shown)


_TAGS = ("branches", "ledger")
_RUNS = (*_TAGS, "validations")
_OF_CANDIDATE = {
    "performance-run": ("the performance run of the candidate passed", "performance run"),
    "packages-validated": ("published packages install on every system", "published packages"),
    "images-validated": ("the release images are validated", "release images"),
    "images-published": ("the release images are published", "published images"),
}
RUN_GATES = (
    Gate(
        VALIDATE,
        "the test channel's binaries are validated",
        "validation",
        (*_TAGS, "builds", "artifacts", "validations"),
        _binaries_validated,
    ),
    *(
        Gate(gate, title, subject, _RUNS, _of_candidate(gate))
        for gate, (title, subject) in _OF_CANDIDATE.items()
    ),
    Gate(
        "source-released",
        "what the final tag starts has passed",
        "runs of the final tag",
        _RUNS,
        _source_released,
    ),
)
CONFIGURED_RUNS = tuple(_OF_CANDIDATE)
"""The gates that `[runs.GATE]` of the config is for."""
