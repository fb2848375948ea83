"""Every finding, and that nothing is found in what is right or still to come."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import msgspec
import pytest

from cockpit.release.artifacts import Artifacts, Contents, Libtorch, LibtorchListing, StoredObject
from cockpit.release.findings import (
    CellState,
    CellStatus,
    FindingKind,
    Severity,
    coverage,
    findings,
    findings_by_cell,
)
from cockpit.release.index_pages import IndexFile, IndexPage
from cockpit.release.jobs import JobState
from cockpit.release.state import ReleaseState
from cockpit.release.support import Archive, SupportMatrix, Target
from tests.release.states import (
    CORE,
    CORE_BRANCH,
    GREEN,
    NOW,
    RC1,
    RC2,
    SPEC,
    SUPPORT,
    UPLOADED,
    VISION,
    builds,
    feed,
    green_jobs,
    job,
    listing,
    sha,
    with_,
    with_branches,
)

BLOCKS, WAITS, RISK = Severity.BLOCKS, Severity.WAITS, Severity.RISK
FIRST = SUPPORT.cells()[0]
JOBS = green_jobs()
UPLOAD = JOBS[2]
"""The upload job of the first wheel."""
WHEELS = listing(CORE).test
STORED = WHEELS[0].stored
LONG_AGO = NOW - timedelta(days=3)
OTHERWISE = Contents(RC2.commit_sha, ("filelock", "jinja2"))


def channel(
    *, pages: tuple[IndexPage, ...] = (), indexed: bool = False, **of_first: object
) -> ReleaseState:
    """The green state with another first wheel, of whose contents nothing is known."""
    stored = msgspec.structs.replace(STORED, **{"contents": None, **of_first})
    first = msgspec.structs.replace(WHEELS[0], stored=stored)
    mine = msgspec.structs.replace(listing(CORE), test=(first, *WHEELS[1:]))
    return with_(artifacts=feed(Artifacts((mine, listing(VISION)), pages=pages, indexed=indexed)))


def without_first(state: ReleaseState = GREEN, **artifacts: object) -> ReleaseState:
    mine = msgspec.structs.replace(listing(CORE), test=WHEELS[1:])
    found = msgspec.structs.replace(Artifacts((mine, listing(VISION))), **artifacts)
    return with_(state, artifacts=feed(found))


def jobs_with(state: ReleaseState, upload: JobState | None, **changes: object) -> ReleaseState:
    """The state with the first wheel's upload job changed, or not there."""
    changed = (job(UPLOAD.id, UPLOAD.name, UPLOAD.workflow, upload, **changes),) if upload else ()
    return with_(state, builds=feed(builds(*JOBS[:2], *changed, *JOBS[3:])))


def page(*files: IndexFile, built_at: datetime = NOW) -> IndexPage:
    url = "https://index.example/cpu/torch/"
    return IndexPage(FIRST.accelerator, "torch", url, built_at, files)


def listed(**first: str) -> tuple[IndexFile, ...]:
    """The files of the first wheel's folder as a right page lists them."""
    files = [
        IndexFile(w.stored.name, w.stored.sha256 or "", w.cell)
        for w in WHEELS
        if w.cell.accelerator == FIRST.accelerator
    ]
    return (msgspec.structs.replace(files[0], **first), *files[1:])


def status_of_first(state: ReleaseState) -> CellStatus:
    return next(s for s in coverage(state) if (s.package, s.place) == ("torch", FIRST))


def before(size: int) -> ReleaseState:
    """The state with a last release whose first wheel had this size."""
    old = msgspec.structs.replace(
        WHEELS[0], version="2.14.0", stored=msgspec.structs.replace(STORED, size=size)
    )
    mine = msgspec.structs.replace(listing(CORE), earlier=(old,))
    return with_(artifacts=feed(Artifacts((mine, listing(VISION)))))


REQUIRING_OTHERWISE = channel(contents=OTHERWISE)
ALONE = with_branches(
    msgspec.structs.replace(CORE_BRANCH, tags=(RC2,)),
    state=channel(last_modified=NOW - timedelta(minutes=1)),
)

CASES: tuple[tuple[str, ReleaseState, FindingKind, Severity, str], ...] = (
    ("green job, no file", without_first(), FindingKind.MISSING, BLOCKS, "is green, but no file"),
    (
        "red job, no file",
        jobs_with(without_first(), JobState.FAILED),
        FindingKind.MISSING,
        BLOCKS,
        "ended as failure",
    ),
    (
        "skipped job, no file",
        jobs_with(without_first(), JobState.SKIPPED, conclusion="skipped"),
        FindingKind.MISSING,
        BLOCKS,
        "was skipped",
    ),
    (
        "no job, no file",
        jobs_with(without_first(), None),
        FindingKind.MISSING,
        BLOCKS,
        "v2.15.0-rc2 started no upload job",
    ),
    (
        "a file without a job",
        jobs_with(channel(), None),
        FindingKind.NO_JOB,
        BLOCKS,
        "a file is there, although",
    ),
    (
        "an old file behind a red job",
        jobs_with(channel(last_modified=LONG_AGO), JobState.FAILED),
        FindingKind.OUTDATED,
        BLOCKS,
        "of an earlier candidate",
    ),
    (
        "older than its own job",
        channel(last_modified=LONG_AGO),
        FindingKind.OUTDATED,
        BLOCKS,
        "before its own upload job of v2.15.0-rc2",
    ),
    (
        "written again",
        channel(last_modified=NOW - timedelta(minutes=1)),
        FindingKind.REWRITTEN,
        RISK,
        "after its upload job",
    ),
    (
        "of an earlier candidate's commit",
        channel(contents=Contents(RC1.commit_sha, ("filelock",))),
        FindingKind.OTHER_COMMIT,
        BLOCKS,
        "(v2.15.0-rc1), not from v2.15.0-rc2",
    ),
    (
        "of a commit of nobody",
        channel(contents=Contents(sha("other"), ("filelock",))),
        FindingKind.OTHER_COMMIT,
        BLOCKS,
        f"built from {sha('other')[:7]}, not",
    ),
    (
        "names no commit",
        channel(contents=Contents("", ("filelock",))),
        FindingKind.NO_COMMIT,
        RISK,
        "names no commit",
    ),
    (
        "half an upload",
        channel(contents=Contents(problem="File is not a zip file")),
        FindingKind.UNREADABLE,
        BLOCKS,
        "not a zip file",
    ),
    (
        "requires something else",
        REQUIRING_OTHERWISE,
        FindingKind.REQUIREMENTS,
        RISK,
        "with jinja2",
    ),
    ("no checksum", channel(sha256=""), FindingKind.NO_CHECKSUM, RISK, "no SHA-256"),
    ("empty", channel(size=0), FindingKind.EMPTY, BLOCKS, "it is empty"),
    ("too large", channel(size=851_000_000), FindingKind.SIZE, BLOCKS, "851 MB, more than the 850"),
    ("grown", before(600), FindingKind.SIZE, RISK, "1000 B, where 2.14.0 has 600 B"),
    ("shrunk", before(2100), FindingKind.SIZE, RISK, "where 2.14.0 has 2100 B"),
    (
        "not listed yet",
        channel(pages=(page(*listed()[1:]),), indexed=True),
        FindingKind.UNLISTED,
        WAITS,
        "yet: it is made anew every hour",
    ),
    (
        "never listed",
        channel(pages=(page(*listed()[1:]),), last_modified=LONG_AGO, indexed=True),
        FindingKind.UNLISTED,
        BLOCKS,
        "does not list it",
    ),
    ("no page", channel(indexed=True), FindingKind.UNLISTED, WAITS, "it has no index page"),
    (
        "listed with another checksum",
        channel(pages=(page(*listed(sha256="0" * 64)),), last_modified=LONG_AGO, indexed=True),
        FindingKind.LISTED_OTHERWISE,
        BLOCKS,
        "gives another checksum",
    ),
    (
        "an old page without checksums",
        channel(pages=(page(*listed(sha256=""), built_at=LONG_AGO),), indexed=True),
        FindingKind.PAGE_TOO_OLD,
        WAITS,
        "older than the file",
    ),
    (
        "listed but gone",
        without_first(pages=(page(*listed(), built_at=LONG_AGO),), indexed=True),
        FindingKind.GONE,
        BLOCKS,
        "lists torch-2.15.0+cpu",
    ),
)


@pytest.mark.parametrize(
    ("state", "kind", "severity", "words"), [pytest.param(*c[1:], id=c[0]) for c in CASES]
)
def test_it_is_found_at_its_wheel_with_words_and_a_next_step(
    state: ReleaseState, kind: FindingKind, severity: Severity, words: str
) -> None:
    found = [f for f in findings_by_cell(state).get(FIRST, ()) if f.kind is kind]

    assert len(found) == 1, findings(state)
    assert found[0].severity is severity
    assert words in found[0].text
    assert found[0].text.startswith(f"torch {FIRST}: ")
    assert found[0].then.text


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(channel(pages=(page(*listed()[1:]),), indexed=True), id="not listed"),
        pytest.param(channel(indexed=True), id="no page"),
        pytest.param(
            channel(pages=(page(*listed(sha256="0" * 64)),), indexed=True), id="other checksum"
        ),
        pytest.param(without_first(pages=(page(*listed()),), indexed=True), id="gone"),
    ],
)
def test_what_waits_for_the_index_blocks_after_its_hour(state: ReleaseState) -> None:
    about_index = (
        FindingKind.UNLISTED,
        FindingKind.LISTED_OTHERWISE,
        FindingKind.GONE,
    )

    def severities(at: datetime) -> set[Severity]:
        found = findings_by_cell(with_(state, now=at))[FIRST]
        return {each.severity for each in found if each.kind in about_index}

    assert severities(NOW) == {WAITS}
    assert severities(NOW + timedelta(minutes=80)) == {BLOCKS}


def test_where_nothing_waits_the_hour_has_nothing_judged_anew() -> None:
    by_folder: dict[str, list[IndexFile]] = {}
    for wheel in WHEELS:
        file = IndexFile(wheel.stored.name, wheel.stored.sha256 or "", wheel.cell)
        by_folder.setdefault(wheel.cell.accelerator, []).append(file)
    pages = tuple(IndexPage(f, "torch", "", NOW, tuple(all_)) for f, all_ in by_folder.items())
    read = feed(Artifacts((listing(CORE),), pages=pages, indexed=True))
    now, later = (with_(artifacts=read, now=NOW + timedelta(minutes=m)) for m in (0, 90))
    assert coverage(later) is coverage(now)


def test_every_kind_is_seen() -> None:
    assert {case[2] for case in CASES} == set(FindingKind)


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(jobs_with(without_first(), JobState.RUNNING), id="its upload runs"),
        pytest.param(
            jobs_with(channel(last_modified=LONG_AGO), JobState.QUEUED), id="an old file waits"
        ),
        pytest.param(
            without_first(listed_at=NOW - timedelta(hours=2)), id="listed before its upload"
        ),
        pytest.param(
            channel(last_modified=LONG_AGO, contents=Contents(RC2.commit_sha, ("filelock",))),
            id="its commit settles its age",
        ),
        pytest.param(ALONE, id="only one candidate can have written it"),
        pytest.param(with_(without_first(), builds=feed(builds(*JOBS, of=RC1))), id="other jobs"),
        pytest.param(
            channel(pages=(page(*listed()),), indexed=True, last_modified=UPLOADED), id="listed"
        ),
        pytest.param(
            with_(channel(sha256=None), spec=SPEC), id="a checksum that was not read is not missing"
        ),
    ],
)
def test_nothing_is_found_in_what_is_right_or_unknown(state: ReleaseState) -> None:
    assert findings_by_cell(state).get(FIRST, ()) == ()


def test_a_green_release_has_no_findings() -> None:
    assert findings(GREEN) == ()


def test_what_is_not_known_is_unknown_and_not_missing() -> None:
    silent = feed(builds(*JOBS), missing="GitHub listed 70 of 78 jobs")
    assert status_of_first(with_(builds=silent)).state is CellState.UNKNOWN
    assert "not known" in status_of_first(with_(builds=silent)).unknown
    untold = status_of_first(channel(sha256=None))
    assert (untold.state, untold.unknown) == (CellState.UNKNOWN, "its checksum was not read yet")
    artifacts = msgspec.structs.replace(
        channel(indexed=True).artifacts.value or Artifacts(),
        unread_pages={"cpu/torch": "The index cannot be reached: no connection"},
    )
    unreached = status_of_first(with_(artifacts=feed(artifacts)))
    assert unreached.state is CellState.UNKNOWN
    assert "cannot be reached" in unreached.unknown
    assert coverage(with_(artifacts=feed(None))) == ()


@pytest.mark.parametrize(
    ("state", "cell_state"),
    [
        (GREEN, CellState.VERIFIED),
        (channel(), CellState.PRESENT),
        (channel(sha256=""), CellState.DOUBTFUL),
        (channel(size=0), CellState.WRONG),
        (without_first(), CellState.MISSING),
        (jobs_with(channel(), JobState.RUNNING), CellState.WAITING),
        (channel(indexed=True), CellState.WAITING),
    ],
)
def test_a_cell_has_one_state(state: ReleaseState, cell_state: CellState) -> None:
    assert status_of_first(state).state is cell_state


def test_a_cell_knows_its_jobs_and_its_file() -> None:
    status = status_of_first(GREEN)

    assert [stage for stage, _ in status.staged.jobs] == ["build", "test", "upload"]
    assert status.staged.upload == UPLOAD
    assert status.staged.file == STORED


def test_every_wheel_of_a_library_is_covered_by_its_jobs() -> None:
    found = Counter(status.package for status in coverage(GREEN))

    assert found == {"torch": len(SUPPORT.cells()), "torchvision": len(SUPPORT.cells())}


def test_one_upload_for_every_python_brings_all_their_wheels() -> None:
    rest = [j for j in JOBS if "manywheel" not in j.name or "aarch64" in j.workflow]
    matrix = [
        job(number, f"{stage} ({accelerator})", "linux-binary-manywheel")
        for number, (stage, accelerator) in enumerate(
            [(s, a) for s in ("build", "upload") for a in ("cpu", "cu126", "cu130", "rocm7.2")]
        )
    ]

    status = status_of_first(with_(builds=feed(builds(*rest, *matrix))))

    assert status.staged.upload is not None
    assert status.state is CellState.VERIFIED


def test_an_archive_of_libtorch_is_judged_by_its_own_jobs() -> None:
    target = Target("linux", "x86_64", ("cpu",), libtorch=("cpu",))
    support = SupportMatrix(("3.12",), (target,))
    archive = Archive("linux", "x86_64", "cpu")
    name = "libtorch-shared-with-deps-2.15.0+cpu.zip"
    stored = StoredObject(f"libtorch/test/cpu/{name}", 9, "e", UPLOADED, "", Contents(sha("old")))
    found = Artifacts((listing(CORE),), LibtorchListing((Libtorch("2.15.0", archive, stored),)))
    jobs = [
        job(n, f"libtorch-cpu-shared-with-deps-release-{stage}")
        for n, stage in ((1, "extract"), (2, "upload"))
    ]
    state = with_(
        spec=msgspec.structs.replace(SPEC, support=support),
        artifacts=feed(found),
        builds=feed(builds(*JOBS, *jobs)),
    )

    (status,) = [s for s in coverage(state) if s.package == "libtorch"]

    assert status.staged.upload == jobs[1]
    assert [f.kind for f in status.findings] == [FindingKind.OTHER_COMMIT]
    assert status.findings[0].text.startswith("libtorch linux x86_64 cpu: ")
