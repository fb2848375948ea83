"""Every gate in every outcome; nothing is green by absence."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from cockpit.release.artifacts import Artifacts, PackageListing
from cockpit.release.branches import Branches
from cockpit.release.gates import GATES
from cockpit.release.jobs import Attempt, ContinuousIntegration, JobState
from cockpit.release.lookups import known, next_tag
from cockpit.release.milestones import Milestone
from cockpit.release.nominations import Verdict
from cockpit.release.picks import PickReading
from cockpit.release.record import CandidatePinned, Dud
from cockpit.release.schedule import Schedule
from cockpit.release.state import FeedState, ReleaseState
from cockpit.release.support import SupportMatrix
from cockpit.release.verdicts import Outcome
from tests.release.health import HEALTH_CASES
from tests.release.picking import PICK_CASES
from tests.release.preparing import PREPARATION_CASES
from tests.release.promoting import PROMOTION_CASES
from tests.release.publishing import PUBLISHING_CASES
from tests.release.readying import READY_CASES
from tests.release.states import (
    APPROVALS,
    CORE,
    CORE_BRANCH,
    CUT,
    GREEN,
    INFRA,
    INFRA_BRANCH,
    MERGED_PULLS,
    NOMINATIONS,
    PICK_1,
    PICK_2,
    PINNED,
    RC1,
    RC2,
    SPEC,
    VISION,
    VISION_BRANCH,
    answer,
    branch,
    builds,
    checks,
    commit,
    failure,
    feed,
    green_jobs,
    item,
    job,
    ledger,
    listing,
    nomination,
    on,
    pull,
    recorded,
    sha,
    tag,
    tracked,
    uncut,
    with_,
    with_branches,
)

GREEN_JOBS = green_jobs()
FINAL = tag("v2.15.0", RC2.commit_sha)
PASSED, FAILED, UNKNOWN, NOT_APPLICABLE = (
    Outcome.PASSED,
    Outcome.FAILED,
    Outcome.UNKNOWN,
    Outcome.NOT_APPLICABLE,
)


def spec_with(**changes: object) -> ReleaseState:
    return with_(spec=msgspec.structs.replace(SPEC, **changes))


def with_feed(name: str, found: FeedState[object]) -> ReleaseState:
    return msgspec.structs.replace(GREEN, **{name: found})


FAILED_ONCE = Attempt(1, 1, 1, JobState.FAILED, "failure", None, None, "")


def jobs_with(
    *changed: JobState,
    attempt: int = 1,
    conclusion: str | None = None,
    superseded: tuple[Attempt, ...] = (),
) -> ReleaseState:
    """The green candidate with its first jobs in these states."""
    jobs = list(GREEN_JOBS)
    for position, state in enumerate(changed):
        old = jobs[position]
        jobs[position] = job(
            old.id, old.name, old.workflow, state, attempt=attempt, superseded=superseded
        )
        if conclusion:
            jobs[position] = msgspec.structs.replace(jobs[position], conclusion=conclusion)
    return with_(builds=feed(builds(*jobs)))


def artifacts_with(*listings: PackageListing) -> ReleaseState:
    return with_(artifacts=feed(Artifacts(listings)))


SHORT_LISTING = msgspec.structs.replace(listing(CORE), test=listing(CORE).test[:-2])
PROMOTED = artifacts_with(listing(CORE, promoted=True), listing(VISION, promoted=True))
RESIZED = msgspec.structs.replace(
    listing(CORE, promoted=True),
    stable=tuple(
        msgspec.structs.replace(w, stored=msgspec.structs.replace(w.stored, size=7))
        for w in listing(CORE, promoted=True).stable
    ),
)
NO_MATRIX = spec_with(support=SupportMatrix())
UNTAGGED = with_branches(
    branch(CORE, commit("new", "Fix (#9)"), PICK_2, PICK_1, tags=(RC1, RC2)),
)
BARE = with_branches(branch(CORE, PICK_2, PICK_1), branch(VISION))
MOVED = with_branches(
    branch(CORE, PICK_2, PICK_1, tags=(tag(RC1.name, sha("elsewhere")), RC2)),
)
WAITING_PICK = tracked(
    (*MERGED_PULLS, pull(14, "Third")),
    (*NOMINATIONS, nomination(148603, 14)),
    (*APPROVALS, answer(14, Verdict.APPROVED)),
)
UNDECIDED_PICK = tracked((*MERGED_PULLS, pull(14, "Third")), (*NOMINATIONS, nomination(148603, 14)))

CASES: tuple[tuple[str, str, ReleaseState, Outcome, str], ...] = (
    *PREPARATION_CASES,
    *HEALTH_CASES,
    *PICK_CASES,
    *READY_CASES,
    ("schedule-set", "all", GREEN, PASSED, "release day 28 Oct 2026"),
    (
        "schedule-set",
        "one is absent",
        spec_with(schedule=Schedule(None, date(2026, 10, 19), date(2026, 10, 28))),
        FAILED,
        "no date for branch cut",
    ),
    ("schedule-set", "absent", spec_with(schedule=Schedule()), UNKNOWN, "has no [schedule]"),
    (
        "schedule-set",
        "mixed up",
        spec_with(
            schedule=Schedule(date(2026, 10, 9), date(2026, 10, 1), date(2026, 10, 28)),
        ),
        FAILED,
        "out of order",
    ),
    ("picks-closed", "before", GREEN, FAILED, "picks close in 4 d"),
    ("picks-closed", "after", on(date(2026, 10, 19)), PASSED, "picks closed on 19 Oct 2026"),
    ("picks-closed", "no date", spec_with(schedule=Schedule()), UNKNOWN, "is not set"),
    ("release-day", "before", GREEN, FAILED, "release in 13 d"),
    ("release-day", "that day", on(date(2026, 10, 28)), PASSED, "release day is 28 Oct 2026"),
    ("release-day", "no date", spec_with(schedule=Schedule()), UNKNOWN, "is not set"),
    ("core-cut", "cut", GREEN, PASSED, "pytorch release/2.15"),
    ("core-cut", "infra is not", with_branches(uncut(INFRA)), FAILED, "test-infra has no"),
    ("core-cut", "core is not", with_branches(uncut(CORE)), FAILED, "pytorch has no release/2.15"),
    ("domains-cut", "cut", GREEN, PASSED, "vision release/0.30"),
    (
        "domains-cut",
        "wheels are there",
        with_branches(uncut(VISION)),
        FAILED,
        "not cut yet",
    ),
    (
        "domains-cut",
        "no wheels",
        with_branches(uncut(VISION), state=artifacts_with()),
        FAILED,
        "cut only once wheels",
    ),
    (
        "domains-cut",
        "channels unreadable",
        with_branches(uncut(VISION), state=with_(artifacts=FeedState(failure=failure()))),
        UNKNOWN,
        "channels could not be read",
    ),
    (
        "version-file",
        "named nowhere",
        spec_with(repositories=(INFRA, msgspec.structs.replace(CORE, version_file=None))),
        NOT_APPLICABLE,
        "names a version file",
    ),
    (
        "domains-cut",
        "no domains",
        spec_with(repositories=(CORE, INFRA)),
        NOT_APPLICABLE,
        "no domain",
    ),
    ("orig-unmoved", "there", GREEN, PASSED, "where the branch left"),
    (
        "orig-unmoved",
        "moved",
        with_branches(branch(CORE, PICK_1, orig_sha=sha("other"))),
        FAILED,
        "orig/release/2.15 is at",
    ),
    (
        "orig-unmoved",
        "a commit of its own",
        with_branches(branch(CORE, PICK_1, orig_sha=sha("own"), orig_parent=CUT.sha)),
        PASSED,
        "one commit after",
    ),
    (
        "orig-unmoved",
        "absent",
        with_branches(branch(CORE, PICK_1, orig_sha=None)),
        FAILED,
        "does not exist",
    ),
    (
        "orig-unmoved",
        "cut point unknown",
        with_branches(msgspec.structs.replace(CORE_BRANCH, cut_point=None)),
        UNKNOWN,
        "is not known",
    ),
    ("version-file", "right", GREEN, PASSED, "says 2.15.0"),
    (
        "version-file",
        "still the trunk's",
        with_branches(branch(CORE, PICK_1, version_text="2.15.0a0")),
        FAILED,
        "says 2.15.0a0, not 2.15.0",
    ),
    (
        "version-file",
        "nothing cut",
        with_branches(uncut(CORE), uncut(VISION)),
        UNKNOWN,
        "no version file",
    ),
    ("ci-green", "green", GREEN, PASSED, "pytorch pull: passed"),
    ("ci-green", "red", with_(ci=feed(checks(JobState.FAILED))), FAILED, "pytorch trunk: failed"),
    ("ci-green", "running", with_(ci=feed(checks(JobState.RUNNING))), UNKNOWN, "trunk: running"),
    ("ci-green", "no run", with_(ci=feed(checks(JobState.UNKNOWN))), UNKNOWN, "trunk: no data"),
    ("ci-green", "cancelled", with_(ci=feed(checks(JobState.SKIPPED))), UNKNOWN, "trunk: skipped"),
    (
        "ci-green",
        "of an older head",
        with_(ci=feed(checks(head=PICK_1.sha))),
        UNKNOWN,
        "no checks of",
    ),
    ("ci-green", "none", with_(ci=feed(ContinuousIntegration())), UNKNOWN, "no checks of"),
    (
        "ci-green",
        "not watched",
        spec_with(repositories=(INFRA, VISION)),
        NOT_APPLICABLE,
        "blocking",
    ),
    ("tags-unmoved", "in place", GREEN, PASSED, "2 pinned tags, none moved"),
    ("tags-unmoved", "moved", MOVED, FAILED, "v2.15.0-rc1 was moved"),
    (
        "tags-unmoved",
        "deleted",
        with_branches(branch(CORE, PICK_2, PICK_1, tags=(RC2,))),
        FAILED,
        "v2.15.0-rc1 was deleted",
    ),
    (
        "tags-unmoved",
        "nothing pinned",
        with_(ledger=feed(ledger())),
        UNKNOWN,
        "no candidate is pinned",
    ),
    (
        "tags-unmoved",
        "no candidate",
        msgspec.structs.replace(BARE, ledger=feed(ledger())),
        NOT_APPLICABLE,
        "no candidate has been tagged",
    ),
    ("candidate-pinned", "pinned", GREEN, PASSED, "v2.15.0-rc2 is pinned"),
    (
        "candidate-pinned",
        "only the first",
        with_(ledger=feed(ledger(PINNED[0]))),
        FAILED,
        "v2.15.0-rc2 is not pinned",
    ),
    ("candidate-pinned", "none", BARE, FAILED, "no candidate"),
    ("core-tagged", "head", GREEN, PASSED, "v2.15.0-rc2 is the head"),
    ("core-tagged", "behind", UNTAGGED, FAILED, "1 commit of pytorch since v2.15.0-rc2, in no"),
    ("core-tagged", "none", BARE, FAILED, "pytorch has no candidate yet"),
    (
        "core-tagged",
        "elsewhere",
        with_branches(branch(CORE, PICK_1, tags=(RC2,))),
        UNKNOWN,
        "not in the history",
    ),
    ("domains-tagged", "head", GREEN, PASSED, "vision v0.30.0-rc1"),
    ("domains-tagged", "none", BARE, FAILED, "vision has no candidate yet"),
    ("domains-tagged", "uncut", with_branches(uncut(VISION)), FAILED, "vision has no release/0.30"),
    (
        "domains-tagged",
        "no domains",
        spec_with(repositories=(CORE, INFRA)),
        NOT_APPLICABLE,
        "no repository",
    ),
    ("builds-green", "green", GREEN, PASSED, "78 jobs of v2.15.0-rc2 passed"),
    ("builds-green", "red", jobs_with(JobState.FAILED), FAILED, "linux x86_64 py3.12 cpu build"),
    (
        "builds-green",
        "cancelled",
        jobs_with(JobState.SKIPPED, conclusion="cancelled"),
        FAILED,
        "cancelled",
    ),
    ("builds-green", "running", jobs_with(JobState.RUNNING), UNKNOWN, "1 of 78 jobs"),
    ("builds-green", "queued", jobs_with(JobState.QUEUED), UNKNOWN, "1 of 78 jobs"),
    ("builds-green", "a new word", jobs_with(JobState.UNKNOWN), UNKNOWN, "no data"),
    (
        "builds-green",
        "flaky",
        jobs_with(JobState.PASSED, attempt=2, superseded=(FAILED_ONCE,)),
        PASSED,
        "1 flaky, green after red",
    ),
    ("builds-green", "no jobs", with_(builds=feed(builds())), UNKNOWN, "no job of v2.15.0-rc2"),
    (
        "builds-green",
        "of the candidate before",
        with_(builds=feed(builds(*GREEN_JOBS, of=RC1))),
        UNKNOWN,
        "have not been read yet",
    ),
    (
        "builds-green",
        "a wheel without a job",
        with_(builds=feed(builds(*GREEN_JOBS[:-2]))),
        UNKNOWN,
        "never started, first ",
    ),
    (
        "builds-green",
        "all skipped",
        with_(builds=feed(builds(job(1, "docs", "nightly", JobState.SKIPPED)))),
        UNKNOWN,
        "every job of v2.15.0-rc2 was skipped",
    ),
    ("builds-green", "no candidate", BARE, FAILED, "no candidate has been tagged"),
    ("milestone-empty", "empty", GREEN, PASSED, "143 closed, none open"),
    (
        "milestone-empty",
        "open issues",
        with_(milestone=feed(Milestone("2.15.0", 62, (item(3), item(4))))),
        FAILED,
        "#3 Issue 3",
    ),
    (
        "milestone-empty",
        "no milestone",
        with_(milestone=feed(Milestone("2.15.0"))),
        UNKNOWN,
        "there is no milestone 2.15.0",
    ),
    ("picks-decided", "decided", GREEN, PASSED, "every nomination is decided"),
    ("picks-decided", "one is not", with_(picks=feed(UNDECIDED_PICK)), FAILED, "#14 nominated"),
    (
        "picks-decided",
        "no tracker",
        with_(picks=feed(PickReading())),
        UNKNOWN,
        "no release tracker",
    ),
    ("picks-merged", "merged", GREEN, PASSED, "everything approved is merged"),
    ("picks-merged", "one is not", with_(picks=feed(WAITING_PICK)), FAILED, "#14 approved"),
    ("wheels-complete", "all there", GREEN, PASSED, "27 of 27 wheels"),
    (
        "wheels-complete",
        "two missing",
        artifacts_with(SHORT_LISTING),
        FAILED,
        "25 of 27 wheels",
    ),
    ("wheels-complete", "nothing", artifacts_with(), FAILED, "0 of 27 wheels"),
    ("wheels-complete", "no matrix", NO_MATRIX, UNKNOWN, "no support matrix"),
    (
        "wheels-complete",
        "of the candidate before",
        with_(builds=feed(builds(*GREEN_JOBS, of=RC1))),
        UNKNOWN,
        "may be of an earlier one",
    ),
    (
        "wheels-complete",
        "an upload is open",
        jobs_with(JobState.PASSED, JobState.PASSED, JobState.RUNNING),
        UNKNOWN,
        "1 upload of v2.15.0-rc2 not done",
    ),
    ("wheels-complete", "no candidate", BARE, FAILED, "no candidate has been tagged"),
    ("wheels-promoted", "not yet", GREEN, FAILED, "0 of 27 wheels of torch"),
    ("wheels-promoted", "all", PROMOTED, PASSED, "27 of 27 wheels of torchvision"),
    (
        "wheels-promoted",
        "other contents",
        artifacts_with(RESIZED, listing(VISION, promoted=True)),
        FAILED,
        "differs from the promoted one",
    ),
    (
        "wheels-promoted",
        "vision is missing",
        artifacts_with(listing(CORE, promoted=True)),
        FAILED,
        "torchvision 0.30.0 is not in the test channel",
    ),
    ("final-tag", "not yet", GREEN, FAILED, "v2.15.0 has not been pushed"),
    (
        "final-tag",
        "on the candidate",
        with_branches(branch(CORE, PICK_2, PICK_1, tags=(RC1, RC2, FINAL))),
        PASSED,
        "as v2.15.0-rc2",
    ),
    (
        "final-tag",
        "elsewhere",
        with_branches(
            branch(CORE, PICK_2, PICK_1, tags=(RC1, RC2, tag("v2.15.0", PICK_1.sha))),
        ),
        FAILED,
        "the last candidate is v2.15.0-rc2",
    ),
    *PUBLISHING_CASES,
    *PROMOTION_CASES,
)


@pytest.mark.parametrize(
    ("gate", "state", "outcome", "words"),
    [pytest.param(c[0], c[2], c[3], c[4], id=f"{c[0]}: {c[1]}") for c in CASES],
)
def test_the_verdict(gate: str, state: ReleaseState, outcome: Outcome, words: str) -> None:
    verdict = GATES[gate].judge(state)

    assert verdict.outcome is outcome, verdict
    assert words in verdict.text
    assert verdict.evidence


@pytest.mark.parametrize("gate", GATES)
def test_every_gate_is_seen_to_pass_to_fail_not_to_know_and_not_to_apply(gate: str) -> None:
    states = [state for name, _, state, _, _ in CASES if name == gate]
    states += [with_feed(name, FeedState(failure=failure())) for name in GATES[gate].feeds]

    assert {GATES[gate].judge(state).outcome for state in states} == set(Outcome)


@pytest.mark.parametrize("gate", [gate.id for gate in GATES.values() if gate.feeds])
def test_a_gate_whose_backend_errors_blocks(gate: str) -> None:
    for name in GATES[gate].feeds:
        verdict = GATES[gate].judge(with_feed(name, FeedState(failure=failure())))
        assert (verdict.outcome, verdict.clear, verdict.pending) == (UNKNOWN, False, False)


READ_BY = [
    pytest.param(gate.id, name, id=f"{gate.id} without {name}")
    for gate in GATES.values()
    for name in gate.feeds
]


@pytest.mark.parametrize(("gate", "name"), READ_BY)
def test_a_feed_that_was_never_read_makes_it_unknown(gate: str, name: str) -> None:
    verdict = GATES[gate].judge(with_feed(name, FeedState()))

    assert verdict.outcome is UNKNOWN
    assert "not been read yet" in verdict.text
    assert verdict.next_action is not None
    assert verdict.next_action.action == "refresh"


@pytest.mark.parametrize(("gate", "name"), READ_BY)
def test_an_incomplete_feed_makes_it_unknown(gate: str, name: str) -> None:
    value = getattr(GREEN, name).value
    verdict = GATES[gate].judge(with_feed(name, feed(value, missing="300 of 512 were listed")))

    assert verdict.outcome is UNKNOWN
    assert "300 of 512 were listed" in verdict.text


@pytest.mark.parametrize(("gate", "name"), READ_BY)
def test_a_feed_whose_newest_look_failed_makes_it_unknown(gate: str, name: str) -> None:
    value = getattr(GREEN, name).value
    verdict = GATES[gate].judge(with_feed(name, feed(value, failure=failure())))

    assert verdict.outcome is UNKNOWN
    assert "GitHub cannot be reached: connection refused" in verdict.text
    assert verdict.taken_at is not None


@pytest.mark.parametrize("gate", [gate.id for gate in GATES.values() if gate.feeds])
def test_it_names_its_sources_and_the_age_of_the_oldest(gate: str) -> None:
    found = GATES[gate]
    verdict = found.judge(GREEN)

    sources = {getattr(GREEN, name).reading.source for name in found.feeds}
    assert set(verdict.source.split(", ")) == sources
    assert verdict.taken_at == min(getattr(GREEN, name).reading.taken_at for name in found.feeds)


def test_a_gate_may_only_look_at_feeds_it_names() -> None:
    with pytest.raises(LookupError):
        known(FeedState[Branches]())


def test_evidence_of_a_failed_job_links_to_it() -> None:
    evidence = GATES["builds-green"].judge(jobs_with(JobState.FAILED)).evidence[0]

    assert evidence.url == f"https://github.example/jobs/{GREEN_JOBS[0].id}"


def test_the_step_of_an_untagged_branch_is_the_tag_action() -> None:
    step = GATES["core-tagged"].judge(UNTAGGED).next_action

    assert step is not None
    assert (step.text, step.action) == ("tag v2.15.0-rc3", "tag-candidate")


def test_numbers_of_duds_and_deleted_tags_are_not_used_again() -> None:
    gone = CandidatePinned(CORE.name, "v2.15.0-rc5", sha("gone"), sha("gone"))
    state = with_(ledger=feed(ledger(*PINNED, recorded(gone))))
    dead = with_(ledger=feed(ledger(*PINNED, recorded(Dud(CORE.name, "v2.15.0-rc7", "broken")))))

    assert next_tag(GREEN, CORE) == "v2.15.0-rc3"
    assert next_tag(state, CORE) == "v2.15.0-rc6"
    assert next_tag(dead, CORE) == "v2.15.0-rc8"


def test_a_dud_at_the_head_leaves_the_branch_untagged() -> None:
    state = with_(ledger=feed(ledger(*PINNED, recorded(Dud(CORE.name, RC2.name, "broken")))))

    assert GATES["core-tagged"].judge(state).outcome is FAILED
    assert state.candidate is not None
    assert state.candidate.tag == RC1


def test_repositories_beside_core_do_not_have_to_hang_on_their_orig_branch() -> None:
    own_orig = msgspec.structs.replace(INFRA_BRANCH, orig_sha=sha("own"))

    assert GATES["orig-unmoved"].judge(with_branches(own_orig, VISION_BRANCH)).outcome is PASSED
