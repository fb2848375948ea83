"""Cases of the gates of runs and of what else has to be there, and of gates that do not apply."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec

from cockpit.release.branches import Branches
from cockpit.release.jobs import JobState
from cockpit.release.nominations import Verdict
from cockpit.release.readiness import Confirmation, Confirmations, CredentialLife, Credentials
from cockpit.release.record import Dud, Frozen
from cockpit.release.repos import Repository
from cockpit.release.run_events import DispatchRequested, DispatchStarted
from cockpit.release.schedule import Schedule
from cockpit.release.state import ReleaseState
from cockpit.release.validations import ValidationRules, Validations
from cockpit.release.verdicts import Outcome
from cockpit.release.versions import Version
from tests.release.states import (
    APPROVALS,
    CORE,
    CORE_BRANCH,
    GREEN,
    INFRA,
    MERGED_PULLS,
    NOMINATIONS,
    NOW,
    PICK_1,
    PINNED,
    RC1,
    RC2,
    SPEC,
    TRITON_FILES,
    VALIDATION,
    VISION,
    VISION_RC1,
    answer,
    branch,
    feed,
    item,
    ledger,
    nomination,
    pull,
    pushed,
    recorded,
    sha,
    tag,
    tracked,
    triton_on_index,
    uncut,
    with_,
    with_branches,
)

PASSED, FAILED, UNKNOWN, NOT_APPLICABLE = (
    Outcome.PASSED,
    Outcome.FAILED,
    Outcome.UNKNOWN,
    Outcome.NOT_APPLICABLE,
)
RUN_GATES = ("performance-run", "packages-validated", "images-validated", "images-published")
RULES = ValidationRules("pytorch/test-infra", "docker.yml", {"live": "yes"}, "")
CREATE = "Create Release"
FINAL = tag("v2.15.0", RC2.commit_sha)
FINAL_BRANCH = msgspec.structs.replace(CORE_BRANCH, tags=(RC1, RC2, FINAL))
Case = tuple[str, str, ReleaseState, Outcome, str]


def spec_with(state: ReleaseState = GREEN, **changes: object) -> ReleaseState:
    """The state under another config."""
    return with_(state, spec=msgspec.structs.replace(SPEC, **changes))


def core_with(**changes: object) -> ReleaseState:
    """The state with another core, and nothing tagged."""
    core = msgspec.structs.replace(CORE, **changes)
    bare = with_(GREEN, branches=feed(Branches((branch(CORE, PICK_1),)), "git"))
    return spec_with(bare, repositories=(core, INFRA, VISION))


def ran(gate: str, candidate: str = RC2.name, **changes: object) -> ReleaseState:
    """A run of the gate's workflow that the ledger knows, as it stands with these changes."""
    run = msgspec.structs.replace(VALIDATION, id=88, **changes)
    asked = DispatchRequested(
        "run", RULES.repository, RULES.workflow, "main", {"live": "yes"}, 0, candidate
    )
    entries = (recorded(asked), recorded(DispatchStarted("run", 88, run.url), hours=1))
    state = with_(
        GREEN,
        ledger=feed(ledger(*PINNED, *entries), "git"),
        validations=feed(Validations((run,)), "GitHub"),
    )
    return spec_with(state, runs={gate: RULES})


def run_cases(gate: str) -> tuple[Case, ...]:
    """What is said of one gate that wants a run of the candidate."""
    unread = with_(ran(gate), validations=feed(Validations(), "GitHub"))
    return (
        (gate, "passed", ran(gate), PASSED, "run 88, started by Ada: passed · 40 jobs"),
        (gate, "failed", ran(gate, state=JobState.FAILED), FAILED, "run 88"),
        (gate, "empty", ran(gate, jobs=0), FAILED, "it came up empty"),
        (gate, "of rc1", ran(gate, RC1.name), FAILED, "was not started for v2.15.0-rc2"),
        (gate, "running", ran(gate, ended=False, state=JobState.RUNNING), UNKNOWN, "of 40 jobs"),
        (gate, "not read", unread, UNKNOWN, "run 88 has not been read"),
        (gate, "not configured", GREEN, NOT_APPLICABLE, f"no [runs.{gate}]"),
        (gate, "no candidate", with_branches(branch(CORE), state=ran(gate)), FAILED, "no cand"),
    )


def final_runs(*states: JobState, sha: str = FINAL.commit_sha) -> ReleaseState:
    """The final tag is pushed, and its runs are in these states."""
    runs = tuple(pushed(CREATE, state) for state in states)
    read = with_branches(FINAL_BRANCH, state=spec_with(final_workflows=("Create *",)))
    return with_(read, validations=feed(Validations((), runs, sha), "GitHub"))


def confirmed(*by: str, commit: str = RC2.commit_sha, milestone: bool = True) -> ReleaseState:
    """Closed items, each with who confirmed it."""
    items = tuple(Confirmation(item(number), name, NOW) for number, name in enumerate(by, start=40))
    return with_(confirmations=feed(Confirmations(commit, milestone, items), "GitHub"))


def living(*lives: CredentialLife) -> ReleaseState:
    """These credentials."""
    return with_(credentials=feed(Credentials(lives), "here"))


def frozen(repository: Repository, *, waiting: bool) -> ReleaseState:
    """A frozen branch, with or without an approved pick that waits for it."""
    event = recorded(Frozen(repository.name, repository.release_branch, "final candidate"))
    picks = tracked(
        (*MERGED_PULLS, pull(14, "Third")),
        (*NOMINATIONS, nomination(148603, 14)),
        (*APPROVALS, answer(14, Verdict.APPROVED)),
    )
    state = with_(ledger=feed(ledger(*PINNED, event), "git"))
    return with_(state, picks=feed(picks, "GitHub")) if waiting else state


def vision_final(commit: str = VISION_RC1.commit_sha) -> ReleaseState:
    """Vision's final tag is at a commit."""
    tags = (VISION_RC1, tag("v0.30.0", commit))
    return with_branches(branch(VISION, PICK_1, tags=tags))


def patch() -> ReleaseState:
    """The same as a patch release without dates, and its core as it was."""
    return spec_with(version=Version(2, 15, 1), schedule=Schedule())


TOKEN = CredentialLife("the GitHub token", NOW + timedelta(days=9))
READY_CASES: tuple[Case, ...] = (
    *(case for gate in RUN_GATES for case in run_cases(gate)),
    ("source-released", "passed", final_runs(JobState.PASSED), PASSED, "Create Release: passed"),
    ("source-released", "red", final_runs(JobState.FAILED), FAILED, "Create Release: failed"),
    ("source-released", "running", final_runs(JobState.RUNNING), UNKNOWN, "running"),
    ("source-released", "silent", final_runs(), UNKNOWN, "no run of Create *"),
    ("source-released", "of another", final_runs(sha=sha("x")), UNKNOWN, "not been read yet"),
    ("source-released", "no tag", spec_with(final_workflows=("x",)), FAILED, "v2.15.0 has not"),
    ("source-released", "not configured", GREEN, NOT_APPLICABLE, "names no workflow"),
    ("milestone-validated", "all", GREEN, PASSED, "2 closed items validated on v2.15.0-rc2"),
    ("milestone-validated", "one is not", confirmed("ada", ""), FAILED, "1 of 2 closed items"),
    ("milestone-validated", "no milestone", confirmed(milestone=False), UNKNOWN, "no milestone"),
    ("milestone-validated", "of rc1", confirmed("ada", commit=sha("rc1")), UNKNOWN, "not been"),
    ("milestone-validated", "nothing closed", confirmed(), NOT_APPLICABLE, "no closed item"),
    ("milestone-validated", "not named", spec_with(milestone=""), NOT_APPLICABLE, "no milestone"),
    ("milestone-validated", "no candidate", with_branches(branch(CORE)), FAILED, "no candidate"),
    ("unfrozen", "open", GREEN, PASSED, "no release branch is frozen"),
    ("unfrozen", "nothing waits", frozen(CORE, waiting=False), PASSED, "nothing waits for it"),
    ("unfrozen", "a library", frozen(VISION, waiting=True), PASSED, "vision release/0.30 is"),
    ("unfrozen", "a pick waits", frozen(CORE, waiting=True), FAILED, "1 approved pick waits"),
    ("unfrozen", "uncut", with_branches(uncut(CORE)), NOT_APPLICABLE, "has not been cut"),
    ("triton-on-index", "there", GREEN, PASSED, "3 wheels of triton 3.8.0"),
    ("triton-on-index", "absent", triton_on_index(), FAILED, "triton 3.8.0 is not on the"),
    ("triton-on-index", "no 3.13t", triton_on_index(*TRITON_FILES[:2]), FAILED, "Python 3.13t"),
    ("triton-on-index", "no version", triton_on_index(version=""), UNKNOWN, "could not be read"),
    ("triton-on-index", "no Triton", spec_with(triton=None), NOT_APPLICABLE, "no [triton]"),
    ("triton-on-index", "no index", spec_with(index=""), NOT_APPLICABLE, "no pages"),
    ("credentials-alive", "long", living(TOKEN), PASSED, "the GitHub token ends in 9 d"),
    ("credentials-alive", "for ever", living(CredentialLife("keys")), PASSED, "keys has no end"),
    (
        "credentials-alive",
        "an hour",
        living(TOKEN, CredentialLife("the session", NOW + timedelta(hours=1))),
        FAILED,
        "the session ends in 1 h 00 min",
    ),
    ("credentials-alive", "over", living(CredentialLife("keys", NOW)), FAILED, "keys ended"),
    (
        "credentials-alive",
        "nobody can tell",
        living(TOKEN, CredentialLife("the session", unknown="it does not say when it ends")),
        UNKNOWN,
        "the session: it does not say",
    ),
    ("credentials-alive", "none", living(), NOT_APPLICABLE, "names nothing"),
    ("domains-final", "tagged", vision_final(), PASSED, "vision v0.30.0 is at v0.30.0-rc1"),
    ("domains-final", "not yet", GREEN, FAILED, "v0.30.0 has not been pushed"),
    ("domains-final", "elsewhere", vision_final(sha("x")), FAILED, "not on the commit"),
    ("domains-final", "none", spec_with(repositories=(CORE, INFRA)), NOT_APPLICABLE, "no lib"),
    ("schedule-set", "optional", patch(), NOT_APPLICABLE, "a patch release needs none"),
    ("picks-closed", "optional", patch(), NOT_APPLICABLE, "a patch release needs none"),
    ("release-day", "optional", patch(), NOT_APPLICABLE, "a patch release needs none"),
    (
        "schedule-set",
        "without the cut",
        spec_with(
            version=Version(2, 15, 1),
            schedule=Schedule(None, date(2026, 11, 19), date(2026, 11, 28)),
        ),
        PASSED,
        "release day 28 Nov 2026",
    ),
    ("core-cut", "of the minor one", patch(), NOT_APPLICABLE, "goes on with pytorch release/2.15"),
    ("orig-unmoved", "uncut", with_branches(uncut(CORE)), NOT_APPLICABLE, "has not been cut"),
    ("candidate-pinned", "none", core_with(candidates=False), NOT_APPLICABLE, "no candidates"),
    ("builds-green", "none", core_with(candidates=False), NOT_APPLICABLE, "no candidates"),
    ("core-tagged", "none", core_with(candidates=False), NOT_APPLICABLE, "no repository has"),
    ("wheels-complete", "no package", core_with(package=None), NOT_APPLICABLE, "no package"),
    (
        "wheels-promoted",
        "no package",
        spec_with(repositories=(msgspec.structs.replace(CORE, package=None), INFRA)),
        NOT_APPLICABLE,
        "no repository",
    ),
    (
        "final-tag",
        "a dud",
        with_(ledger=feed(ledger(*PINNED, recorded(Dud(CORE.name, "2.15.0", "broken"))), "git")),
        NOT_APPLICABLE,
        "was declared a dud",
    ),
    ("milestone-empty", "not named", spec_with(milestone=""), NOT_APPLICABLE, "no milestone"),
    ("picks-decided", "uncut", with_branches(uncut(CORE)), NOT_APPLICABLE, "begin with the cut"),
    ("picks-merged", "uncut", with_branches(uncut(CORE)), NOT_APPLICABLE, "begin with the cut"),
    (
        "binaries-validated",
        "not configured",
        spec_with(validation=ValidationRules(workflow="")),
        NOT_APPLICABLE,
        "names no workflow",
    ),
)
