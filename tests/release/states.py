"""Hand-made states of a release, whole and green unless a test says otherwise."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

import msgspec

from cockpit.release.artifacts import Artifacts, Contents, PackageListing, StoredObject, Wheel
from cockpit.release.branches import Branches, BranchState
from cockpit.release.candidates import Candidate, Tag
from cockpit.release.commits import Commit
from cockpit.release.dispatches import StartedRun
from cockpit.release.docs import DocsEntry, DocsSource
from cockpit.release.forecast import PredictionReading
from cockpit.release.jobs import (
    BranchHealth,
    CandidateBuilds,
    Checks,
    ContinuousIntegration,
    Job,
    JobState,
    LibraryBuilds,
    Run,
)
from cockpit.release.milestones import Milestone, MilestoneItem
from cockpit.release.nominations import Answer, Nomination, Verdict
from cockpit.release.people import Duty, Person, Team
from cockpit.release.picks import PickReading, PullSummary, Tracker
from cockpit.release.preparation import Base, Nightly, Preparation, PushedRun
from cockpit.release.promotion import Promotion
from cockpit.release.publishing_facts import Publishing
from cockpit.release.readiness import (
    Confirmation,
    Confirmations,
    CredentialLife,
    Credentials,
    Dependency,
)
from cockpit.release.record import CandidatePinned, Entry, KnownEvent, Ledger, Recorded
from cockpit.release.repos import Repository, Role
from cockpit.release.run_events import DispatchRequested, DispatchStarted
from cockpit.release.schedule import Schedule
from cockpit.release.state import Failure, FeedState, Reading, ReleaseSpec, ReleaseState
from cockpit.release.submodules import BranchSubmodules, Reach, Submodule, Submodules
from cockpit.release.support import Cell, Nightlies, SupportMatrix, Target
from cockpit.release.triton import TritonPin, TritonSource
from cockpit.release.trunk import BranchChange, Finding, TrunkChange, TrunkReading
from cockpit.release.validations import Validations
from cockpit.release.versions import Naming, Version
from cockpit.release.workflow_coverage import TargetCoverage

T = TypeVar("T")
NOW = datetime(2026, 10, 15, 14, 3, 12, tzinfo=UTC)
VERSION = Version(2, 15, 0)
SUPPORT = SupportMatrix(
    pythons=("3.12", "3.13", "3.13t"),
    targets=(
        Target("linux", "x86_64", ("cpu", "cu126", "cu130", "rocm7.2")),
        Target("linux", "aarch64", ("cpu", "cu130")),
        Target("windows", "x86_64", ("cpu", "cu130")),
        Target("macos", "arm64", ("cpu",), stages=("build", "upload")),
    ),
)
UPLOADED = NOW - timedelta(minutes=25)
"""When the wheels came, while their upload jobs ran."""
SCHEDULE = Schedule(date(2026, 10, 5), date(2026, 10, 19), date(2026, 10, 28))


def sha(seed: str) -> str:
    """Forty digits that stand for a seed."""
    return hashlib.sha1(seed.encode(), usedforsecurity=False).hexdigest()


def repository(
    name: str, role: Role, *, version: Version = VERSION, package: str | None = None
) -> Repository:
    """A repository of the release."""
    return Repository(
        name=name,
        role=role,
        package=package,
        remote=f"{name}.git",
        version=version,
        naming=Naming(),
        trunk="main",
        cut_from="viable/strict" if role is Role.CORE else "main",
        version_file="version.txt" if role is not Role.INFRA else None,
        candidates=role is not Role.INFRA,
        blocking_workflows=("pull", "trunk") if role is Role.CORE else (),
        nightlies=Nightlies(workflows=("*-binary-*",)) if role is Role.CORE else None,
    )


CORE = repository("pytorch/pytorch", Role.CORE, package="torch")
INFRA = repository("pytorch/test-infra", Role.INFRA)
VISION = repository("pytorch/vision", Role.DOMAIN, version=Version(0, 30, 0), package="torchvision")
SPEC = ReleaseSpec(
    project="pytorch",
    version=VERSION,
    repositories=(CORE, INFRA, VISION),
    team=Team((Person("Ada", "ada", "ada@example.org", (Duty.CAPTAIN, Duty.APPROVER)),)),
    schedule=SCHEDULE,
    support=SUPPORT,
    milestone="2.15.0",
    cut_labels=("high priority",),
    triton=TritonSource("triton.git"),
    docs=DocsSource("docs.git", "site", "2.15", "versions.html"),
    index="https://index.example/simple",
)


def commit(seed: str, title: str, *, hours: float = 1, body: str = "") -> Commit:
    """A commit so many hours old."""
    return Commit(sha(seed), title, "Grace", NOW - timedelta(hours=hours), body)


CUT = commit("cut", "Cut point", hours=240)
PICK_1 = commit("pick1", "Fix SDPA stride on MPS (#148601)", hours=30)
PICK_2 = commit("pick2", "Pin cudnn 9.5.1 (#148602)", hours=3)


def tag(name: str, commit_sha: str) -> Tag:
    """A lightweight tag."""
    return Tag(name, commit_sha, commit_sha)


def branch(
    repo: Repository,
    *commits: Commit,
    tags: tuple[Tag, ...] = (),
    version_text: str | None = None,
    orig_sha: str | None = CUT.sha,
    orig_parent: str | None = None,
) -> BranchState:
    """A release branch with these commits since the cut, newest first."""
    return BranchState(
        repository=repo.name,
        branch=repo.release_branch,
        head=(commits or (CUT,))[0],
        cut_point=CUT,
        orig_sha=orig_sha,
        orig_parent=orig_parent,
        trunk_sha=sha("trunk"),
        cut_from_sha=sha("viable"),
        commits=commits,
        tags=tags,
        version_text=version_text or (str(repo.version) if repo.version_file else None),
    )


def uncut(repo: Repository) -> BranchState:
    """A repository whose branch does not exist yet."""
    return msgspec.structs.replace(
        branch(repo), head=None, cut_point=None, orig_sha=None, version_text=None
    )


RC1 = tag("v2.15.0-rc1", PICK_1.sha)
RC2 = tag("v2.15.0-rc2", PICK_2.sha)
VISION_RC1 = tag("v0.30.0-rc1", PICK_1.sha)
CORE_BRANCH = branch(CORE, PICK_2, PICK_1, tags=(RC1, RC2))
INFRA_BRANCH = branch(INFRA, commit("infra", "Branch cut", hours=200))
VISION_BRANCH = branch(VISION, PICK_1, tags=(VISION_RC1,))


def candidate(of: Tag = RC2) -> Candidate:
    """A candidate of core."""
    name = CORE.naming.candidate_of(of.name)
    assert name is not None
    return Candidate(name, of)


JOB_ACCELERATORS = {"cu126": "cuda12_6", "cu130": "cuda13_0", "rocm7.2": "rocm7_2", "cpu": "cpu"}
WORKFLOWS = {
    ("linux", "x86_64"): "linux-binary-manywheel",
    ("linux", "aarch64"): "linux-aarch64-binary-manywheel",
    ("windows", "x86_64"): "windows-binary-wheel",
    ("macos", "arm64"): "macos-arm64-binary-wheel",
}


def job_name(cell: Cell, stage: str) -> str:
    """The name GitHub gives the job of one wheel and stage."""
    package = "manywheel" if cell.os == "linux" else "wheel"
    accelerator = JOB_ACCELERATORS[cell.accelerator]
    if cell.arch == "aarch64":
        accelerator = "cpu-aarch64" if cell.accelerator == "cpu" else "cuda-aarch64-13_0"
    suffix = f" / {stage}" if cell.os == "linux" else ""
    return f"{package}-py{cell.python.replace('.', '_')}-{accelerator}-{stage}{suffix}"


def job(
    number: int,
    name: str,
    workflow: str = "linux-binary-manywheel",
    state: JobState = JobState.PASSED,
    **changes: object,
) -> Job:
    """A job that took 40 minutes, or has been running for 10."""
    conclusion = {JobState.PASSED: "success", JobState.FAILED: "failure"}.get(state)
    started = None if state is JobState.QUEUED else NOW - timedelta(minutes=10)
    ended = None
    if state.finished:
        started, ended = NOW - timedelta(minutes=60), NOW - timedelta(minutes=20)
    found = Job(
        id=number,
        run_id=number // 100,
        workflow=workflow,
        name=name,
        attempt=1,
        state=state,
        conclusion=conclusion,
        created_at=NOW - timedelta(hours=2),
        started_at=started,
        completed_at=ended,
        url=f"https://github.example/jobs/{number}",
    )
    return msgspec.structs.replace(found, **changes)


def green_jobs(support: SupportMatrix = SUPPORT) -> tuple[Job, ...]:
    """Build, test and upload of every wheel, all passed."""
    wanted = [
        (cell, stage)
        for cell in support.cells()
        for stage in (("build", "upload") if cell.os == "macos" else ("build", "test", "upload"))
    ]
    return tuple(
        job(number, job_name(cell, stage), WORKFLOWS[cell.os, cell.arch])
        for number, (cell, stage) in enumerate(wanted, start=1000)
    )


def builds(*jobs: Job, of: Tag = RC2) -> CandidateBuilds:
    """The jobs of a candidate."""
    runs = tuple(
        Run(
            id=number,
            workflow=name,
            attempt=1,
            state=JobState.PASSED,
            conclusion="success",
            ended=True,
            event="push",
            created_at=NOW - timedelta(hours=2),
            url=f"https://github.example/runs/{number}",
        )
        for number, name in enumerate(dict.fromkeys(found.workflow for found in jobs), start=1)
    )
    return CandidateBuilds(candidate(of), jobs, runs, CORE.name)


def wheel(package: str, version: str, cell: Cell, *, prefix: str = "whl/test") -> Wheel:
    """A wheel of a channel."""
    number = cell.python.replace(".", "")
    name = f"{package}-{version}+{cell.accelerator}-cp{number}-{cell.os}_{cell.arch}.whl"
    stored = StoredObject(
        key=f"{prefix}/{cell.accelerator}/{name}",
        size=1000,
        etag="etag",
        last_modified=UPLOADED,
        sha256=hashlib.sha256(name.encode()).hexdigest(),
        contents=Contents((RC2 if package == "torch" else VISION_RC1).commit_sha, ("filelock",)),
    )
    return Wheel(package, version, cell, stored)


def listing(repo: Repository, *, promoted: bool = False) -> PackageListing:
    """Every wheel of a package, in the test channel alone or in both."""
    package, version = repo.package or "", str(repo.version)
    cells = SUPPORT.cells()
    stable = tuple(wheel(package, version, cell, prefix="whl") for cell in cells)
    return PackageListing(
        package,
        version,
        tuple(wheel(package, version, cell) for cell in cells),
        stable if promoted else (),
    )


def pull(number: int, title: str, *, state: str = "open", merged: str | None = None) -> PullSummary:
    """A pull request into the release branch."""
    return PullSummary(
        number=number,
        title=title,
        author="grace",
        state=state,
        merged_sha=merged,
        head_sha=sha(f"head{number}"),
        head_ref=f"cherry-pick-{number}-by-grace",
        url=f"https://github.example/pull/{number}",
        updated_at=NOW - timedelta(hours=2),
    )


def nomination(trunk: int | None, release: int | None, *, hours: float = 20) -> Nomination:
    """A comment on the tracker."""
    return Nomination(
        comment_id=(release or 0) + 1,
        author="grace",
        posted_at=NOW - timedelta(hours=hours),
        trunk_pulls=(trunk,) if trunk else (),
        trunk_commits=(),
        issue="",
        release_pull=release,
        category="Critical",
        url=f"https://github.example/issues/1#c{release}",
    )


def answer(pull_number: int, verdict: Verdict, *, hours: float = 10) -> Answer:
    """A release manager's answer."""
    return Answer(pull_number, verdict, "ada", NOW - timedelta(hours=hours))


MERGED_PULLS = (
    pull(12, "Fix SDPA stride on MPS", state="closed", merged=PICK_1.sha),
    pull(13, "Pin cudnn 9.5.1", state="closed", merged=PICK_2.sha),
)
NOMINATIONS = (nomination(148601, 12), nomination(148602, 13))
APPROVALS = (answer(12, Verdict.APPROVED), answer(13, Verdict.APPROVED))


def tracked(
    pulls: tuple[PullSummary, ...] = MERGED_PULLS,
    nominations: tuple[Nomination, ...] = NOMINATIONS,
    answers: tuple[Answer, ...] = APPROVALS,
) -> PickReading:
    """A tracker and the pull requests into the branch."""
    title = "[v.2.15.0] Release Tracker"
    url = "https://github.example/issues/1"
    return PickReading(Tracker(1, title, url, nominations, answers), pulls)


def landing(number: int, *, hours: float = 50, undone_by: str = "") -> TrunkChange:
    """A pull request that landed on trunk."""
    at = NOW - timedelta(hours=hours)
    return TrunkChange(sha(f"trunk {number}"), number, f"Change {number}", "Grace", at, undone_by)


def taken(found: Commit, number: int, *, undone_by: str = "") -> BranchChange:
    """A commit of the branch that picks a pull request of trunk."""
    return BranchChange(found.sha, sha(f"trunk {number}"), number, "pick", "trailer", undone_by)


def trunk(
    *changes: TrunkChange,
    picks: tuple[BranchChange, ...] = (),
    findings: tuple[Finding, ...] = (),
) -> TrunkReading:
    """What trunk and core's branch have of each other, beside the two picks that landed."""
    own = (landing(148601), landing(148602))
    there = (*picks, taken(PICK_2, 148602), taken(PICK_1, 148601))
    return TrunkReading(PICK_2.sha, sha("trunk"), CUT.sha, (*changes, *own), there, findings)


def recorded(
    event: KnownEvent, *, hours: float = 2, by: str = "Ada", email: str = "ada@example.org"
) -> Recorded:
    """An entry of the ledger."""
    at = NOW - timedelta(hours=hours)
    entry = Entry(at, by, email, "bridge", "0.1.0", event)
    return Recorded(sha(f"{hours}{event.describe()}"), by, email, at, "", entry)


def ledger(*entries: Recorded) -> Ledger:
    """A ledger of these entries."""
    return Ledger(entries, tip=entries[-1].sha if entries else None)


PINNED = tuple(
    recorded(CandidatePinned(CORE.name, found.name, found.object_sha, found.commit_sha))
    for found in (RC1, RC2)
)


VALIDATION_INPUTS = {"channel": "test", "os": "all", "version": "2.15.0"}
VALIDATION = StartedRun(
    id=77,
    url="https://github.example/runs/77",
    actor="ada",
    created_at=NOW - timedelta(minutes=15),
    state=JobState.PASSED,
    ended=True,
    jobs_ended=40,
    jobs=40,
)


def validated(*, hours: float = 0.3, **inputs: str) -> tuple[Recorded, Recorded]:
    """What the ledger holds of a validating run that was started so long ago."""
    request = f"{hours} {inputs}"
    asked = DispatchRequested(
        *(request, "pytorch/test-infra", "validate-binaries.yml", "main"),
        *(VALIDATION_INPUTS | inputs, 0),
    )
    started = DispatchStarted(request, VALIDATION.id, VALIDATION.url)
    return recorded(asked, hours=hours), recorded(started, hours=hours)


def feed(
    value: T,
    source: str = "somewhere",
    *,
    missing: str = "",
    failure: Failure | None = None,
    age: timedelta = timedelta(seconds=12),
) -> FeedState[T]:
    """A feed that read this value a moment ago."""
    reading = Reading(value, NOW - age, source, missing)
    return FeedState(reading, failure, interval=timedelta(seconds=60))


def failure(title: str = "GitHub cannot be reached", detail: str = "connection refused") -> Failure:
    """A failed look."""
    return Failure(title, detail, "check the network, then press r", NOW)


def item(number: int) -> MilestoneItem:
    """An open issue of the milestone."""
    url = f"https://github.example/issues/{number}"
    return MilestoneItem(number, f"Issue {number}", is_pull=False, labels=(), assignees=(), url=url)


def checks(state: JobState = JobState.PASSED, head: str = PICK_2.sha) -> ContinuousIntegration:
    """The blocking workflows of core's head: one in this state, one passed."""
    urls = {"pull": "https://github.example/runs/1", "trunk": "https://github.example/runs/2"}
    workflows = {"pull": JobState.PASSED, "trunk": state}
    return ContinuousIntegration((BranchHealth(CORE.name, head, workflows, urls),))


def pushed(workflow: str, state: JobState = JobState.PASSED, *, hours: float = 6) -> PushedRun:
    """The run of a nightly."""
    url = f"https://github.example/nightly/{workflow}"
    return PushedRun(workflow, state, NOW - timedelta(hours=hours), url)


TRITON_BRANCH = "release/3.8.x"
TRITON = TritonPin(
    version="3.8.0",
    branch=TRITON_BRANCH,
    branch_sha=sha("triton head"),
    pinned=sha("triton"),
    holders=("main", TRITON_BRANCH),
    landed=commit("pin", "Pin Triton 3.8 (#148001)", hours=24 * 30),
)
BASE = Base(
    CORE.name,
    CORE.cut_from,
    Commit(sha("viable"), "Fix a test (#148900)", "Grace", NOW - timedelta(hours=5)),
    BranchHealth(CORE.name, sha("viable"), {"pull": JobState.PASSED, "trunk": JobState.PASSED}),
)
NIGHTLY = Nightly(
    CORE.name,
    "nightly",
    sha("nightly"),
    (pushed("linux-binary-manywheel"), pushed("windows-binary-wheel"), pushed("docs")),
)
COVERAGE = tuple(
    TargetCoverage(CORE.name, *target, f"*{name}*", (f"generated-{name}-nightly.yml",))
    for target, name in WORKFLOWS.items()
)
PREPARED = Preparation((BASE,), (NIGHTLY,), COVERAGE, TRITON)
KINETO = Submodule(
    "third_party/kineto",
    "https://github.example/kineto.git",
    sha("kineto"),
    sha("kineto"),
    Reach.ON_BRANCH,
    ("main",),
)
SUBMODULES = Submodules(
    (BranchSubmodules(CORE.name, CORE.release_branch, PICK_2.sha, CUT.sha, (KINETO,)),)
)


TRITON_FILES = tuple(
    f"triton-3.8.0-{tags}-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl"
    for tags in ("cp312-cp312", "cp313-cp313", "cp313-cp313t")
)
CONFIRMED = Confirmations(
    RC2.commit_sha,
    True,
    tuple(Confirmation(item(number), "grace", NOW - timedelta(hours=1)) for number in (40, 41)),
)


VISION_BUILDS = msgspec.structs.replace(
    builds(*green_jobs(), of=VISION_RC1), repository=VISION.name
)
GREEN = ReleaseState(
    spec=SPEC,
    now=NOW,
    wall=NOW,
    branches=feed(Branches((CORE_BRANCH, INFRA_BRANCH, VISION_BRANCH)), "git"),
    ci=feed(checks(), "GitHub"),
    builds=feed(builds(*green_jobs()), "GitHub"),
    picks=feed(tracked(), "GitHub"),
    trunk=feed(trunk(), "git"),
    predictions=feed(PredictionReading(PICK_2.sha), "git"),
    milestone=feed(Milestone("2.15.0", 62, (), 143, "https://github.example/milestone/62")),
    artifacts=feed(Artifacts((listing(CORE), listing(VISION))), "s3"),
    publishing=feed(Publishing(), "index"),
    promotion=feed(Promotion(), "s3"),
    libraries=feed(LibraryBuilds((VISION_BUILDS,)), "GitHub"),
    checks=feed(Checks(RC2.commit_sha), "GitHub"),
    docs=feed(DocsEntry(sha("site"), files=9, listed=True), "git"),
    validations=feed(Validations((VALIDATION,)), "GitHub"),
    ledger=feed(ledger(*PINNED, *validated()), "git"),
    preparation=feed(PREPARED, "git"),
    submodules=feed(SUBMODULES, "git"),
    me="ada@example.org",
    confirmations=feed(CONFIRMED, "GitHub"),
    dependencies=feed(
        Dependency("triton", "3.8.0", TRITON_FILES, "https://index.example/simple/triton/"),
        "https://index.example/simple/triton/",
    ),
    credentials=feed(Credentials((CredentialLife("the GitHub token"),)), "this machine"),
)
"""rc2 is tagged at the head, everything is green, nothing is promoted; picks close in 4 days."""


def triton_on_index(*files: str, version: str = "3.8.0") -> ReleaseState:
    """The package index has these files of Triton."""
    found = Dependency("triton", version, files, "https://index.example/simple/triton/")
    return with_(dependencies=feed(found, "index"))


def on(day: date, state: ReleaseState = GREEN) -> ReleaseState:
    """A state as it would be at noon of another day."""
    return with_(state, now=datetime(day.year, day.month, day.day, 12, tzinfo=UTC))


def with_(state: ReleaseState = GREEN, **changes: object) -> ReleaseState:
    """The state with other feeds or times."""
    return msgspec.structs.replace(state, **changes)


def with_branches(*branches: BranchState, state: ReleaseState = GREEN) -> ReleaseState:
    """The state with these branches instead of their repositories' own."""
    given = {found.repository: found for found in branches}
    present = state.branches.value.states if state.branches.value else ()
    states = tuple(given.get(found.repository, found) for found in present)
    return with_(state, branches=feed(Branches(states), "git"))
