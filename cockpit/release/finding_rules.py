"""The rules by which a file of the test channel is judged.

Every candidate of a version brings files of the same names, so that a file that is there may be
an earlier candidate's. Its upload job, its time, its checksum, the index page that lists it and
the commit inside of it decide; process section 5.7.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import msgspec

from cockpit.release.artifacts import Artifacts, StoredObject
from cockpit.release.commits import short
from cockpit.release.finding_kinds import Finding, FindingKind, Severity
from cockpit.release.index_pages import IndexPage
from cockpit.release.job_names import LIBTORCH
from cockpit.release.jobs import Job, JobState
from cockpit.release.lookups import branch_of, is_red
from cockpit.release.remembered import remembered
from cockpit.release.staging import Staged, StagedPackage
from cockpit.release.state import ReleaseState
from cockpit.release.support import Cell
from cockpit.release.verdicts import NextStep

VERIFY = "verify-artifacts"
"""The action that reads what is inside of files."""
_CLOCKS_DIFFER = timedelta(minutes=1)
_WRITTEN_AFTER = timedelta(minutes=10)
"""How long after its upload job a file may be written without somebody else having done it."""
_REBUILT_WITHIN = timedelta(minutes=75)
"""Index pages are made anew every hour; section 8.6."""
_MEGABYTE = 1_000_000
_LOOK_INSIDE = NextStep("read the commit inside of it: release-cockpit artifacts --verify", VERIFY)


def turned(artifacts: Artifacts, now: datetime) -> int:
    """For how much of what the index has wrong the time to wait for it has passed.

    It is all that the hour has to do with what is found.
    """
    return bisect_left(_moments(artifacts), now - _REBUILT_WITHIN)


@remembered
def _moments(artifacts: Artifacts) -> tuple[datetime, ...]:
    """Since when files wait for their page to list them as they are, and pages for their files."""
    found = []
    for listing in artifacts.packages:
        there = {(wheel.cell.accelerator, wheel.stored.name) for wheel in listing.test}
        for page in artifacts.pages:
            names = ((page.folder, file.name) for file in page.files)
            if page.package == listing.package and not there.issuperset(names):
                found.append(page.built_at)
        for wheel in listing.test:
            if _amiss(artifacts.page(wheel.cell.accelerator, listing.package), wheel.stored):
                found.append(wheel.stored.last_modified)
    return tuple(sorted(filter(None, found)))


class Case(msgspec.Struct, frozen=True):
    """One place of the matrix with everything it is judged by."""

    state: ReleaseState
    artifacts: Artifacts
    package: StagedPackage
    staged: Staged

    @property
    def tag(self) -> str:
        """The candidate's name, as people say it."""
        return self.package.candidate.tag.name if self.package.candidate else "the candidate"

    @property
    def from_the_candidate(self) -> bool:
        """Whether the commit inside of the file is the candidate's, which settles its age."""
        contents = self.staged.file.contents if self.staged.file else None
        candidate = self.package.candidate
        return bool(contents and candidate and contents.git_version == candidate.commit_sha)

    @property
    def under_way(self) -> bool:
        """Whether the candidate may still bring the file, or has since the channel was listed."""
        if self.package.builds is None:
            return False
        upload = self.staged.upload
        if upload is None:
            return not self.package.settled and (self.staged.expected or bool(self.staged.jobs))
        listed_at = self.artifacts.listed_at
        late = listed_at is not None and upload.completed_at and upload.completed_at > listed_at
        return not upload.state.finished or bool(late)

    @property
    def page(self) -> IndexPage | None:
        """The index page that should list the file."""
        place = self.staged.place
        folder = place.accelerator
        return self.artifacts.page(folder, self.package.name) if isinstance(place, Cell) else None

    @property
    def page_trouble(self) -> str:
        """Why the index page is not known; empty when it is, or none is looked at."""
        where = f"{self.staged.place.accelerator}/{self.package.name}"
        return self.artifacts.unread_pages.get(where, "")

    def found(
        self, kind: FindingKind, severity: Severity, words: str, then: NextStep, url: str = ""
    ) -> Finding:
        """A finding about this place."""
        file, upload = self.staged.file, self.staged.upload
        return Finding(
            kind=kind,
            severity=severity,
            package=self.staged.package,
            place=self.staged.place,
            words=words,
            then=then,
            key=file.key if file else "",
            job_id=upload.id if upload else None,
            url=url or (upload.url if upload else ""),
        )


def found_in(case: Case) -> tuple[Finding, ...]:
    """What is found about one place; nothing while the candidate may still bring the file."""
    if case.under_way:
        return ()
    if case.staged.file is None:
        return (*_absent(case), *_gone(case, ()))
    return tuple(finding for rule in _RULES for finding in rule(case, case.staged.file))


def unknown_of(case: Case) -> str:
    """What is not known of a place yet, in words."""
    if case.package.builds is None:
        return f"the jobs of {case.tag} are not known"
    file = case.staged.file
    if file is None:
        return ""
    if isinstance(case.staged.place, Cell):
        if file.sha256 is None:
            why = case.artifacts.untold.get(file.key, "")
            return f"its checksum was not read{f' ({why})' if why else ' yet'}"
        if case.page_trouble:
            return case.page_trouble
    return ""


def _absent(case: Case) -> Iterator[Finding]:
    staged, builds = case.staged, case.package.builds
    if builds is None or not staged.expected:
        return
    upload = staged.upload
    if upload is not None and upload.state is JobState.UNKNOWN:
        return
    if upload is not None and upload.state is JobState.PASSED:
        words = f"the upload job of {case.tag} is green, but no file is in the channel"
        then = NextStep("read the log of the upload job, and run it again")
    else:
        red = next((job for _, job in staged.jobs if is_red(job)), None)
        words = f"missing: {_why_no_upload(case, red)}"
        then = NextStep(f"look into {red.name}" if red else "find out why no job was started")
    yield case.found(FindingKind.MISSING, Severity.BLOCKS, words, then)


def _why_no_upload(case: Case, red: Job | None) -> str:
    if red is not None:
        return f"{red.name} of {case.tag} ended as {(red.conclusion or red.state.value)}"
    upload = case.staged.upload
    if upload is not None:
        return f"the upload job of {case.tag} was {upload.conclusion or upload.state.value}"
    return f"{case.tag} started no upload job for it"


def _job(case: Case, file: StoredObject) -> Iterator[Finding]:
    """A file that no green job of the candidate has brought."""
    upload, package = case.staged.upload, case.package
    green = upload is not None and upload.state in (JobState.PASSED, JobState.UNKNOWN)
    if green or package.builds is None or case.from_the_candidate or not _has_uploads(package):
        return
    red = next((job for _, job in case.staged.jobs if is_red(job)), None)
    why = _why_no_upload(case, red)
    begun_at = package.begun_at
    if begun_at is not None and file.last_modified < begun_at - _CLOCKS_DIFFER:
        words = f"of an earlier candidate: {why}"
        yield case.found(
            FindingKind.OUTDATED, Severity.BLOCKS, words, NextStep("run the job again")
        )
    else:
        words = f"a file is there, although {why}"
        yield case.found(FindingKind.NO_JOB, Severity.BLOCKS, words, _LOOK_INSIDE)


def _has_uploads(package: StagedPackage) -> bool:
    """Whether the names of its jobs tell what they upload; without, no job can be missed."""
    return any(staged.upload is not None for staged in package.places)


def _age(case: Case, file: StoredObject) -> Iterator[Finding]:
    upload = case.staged.upload
    if upload is None or upload.state is not JobState.PASSED or case.from_the_candidate:
        return
    if upload.started_at and file.last_modified < upload.started_at - _CLOCKS_DIFFER:
        yield case.found(
            FindingKind.OUTDATED,
            Severity.BLOCKS,
            f"changed {file.last_modified:%d %b %H:%M}, before its own upload job of {case.tag}"
            f" started {upload.started_at:%d %b %H:%M} UTC",
            _LOOK_INSIDE,
        )
    elif _others_write(case) and (
        upload.completed_at and file.last_modified > upload.completed_at + _WRITTEN_AFTER
    ):
        yield case.found(
            FindingKind.REWRITTEN,
            Severity.RISK,
            f"changed {file.last_modified:%d %b %H:%M}, after its upload job of {case.tag}"
            f" had ended {upload.completed_at:%d %b %H:%M} UTC",
            _LOOK_INSIDE,
        )


def _others_write(case: Case) -> bool:
    """Whether another candidate's jobs, run again, could have written the same name.

    Setting a checksum changes a file's time as well, and is no reason to doubt it.
    """
    branch = branch_of(case.state, case.package.repository)
    return branch is not None and len(branch.candidates(case.package.repository)) > 1


def _commit(case: Case, file: StoredObject) -> Iterator[Finding]:
    contents, candidate = file.contents, case.package.candidate
    if contents is None or candidate is None or case.from_the_candidate:
        return
    again = NextStep("run its upload job again")
    if contents.problem:
        words = f"cannot be read: {contents.problem}"
        yield case.found(FindingKind.UNREADABLE, Severity.BLOCKS, words, again)
    elif contents.git_version:
        words = f"built from {_named(case, contents.git_version)}, not from {case.tag}"
        words += f" ({short(candidate.commit_sha)})"
        yield case.found(FindingKind.OTHER_COMMIT, Severity.BLOCKS, words, again)
    elif case.package.repository == case.state.spec.core:
        words = "names no commit it was built from"
        then = NextStep("find out which build it came from")
        yield case.found(FindingKind.NO_COMMIT, Severity.RISK, words, then)


def _named(case: Case, sha: str) -> str:
    """A commit, with the candidate it was where it was one."""
    candidates = case.state.candidates_of(case.package.repository)
    tag = next((c.tag.name for c in candidates if c.commit_sha == sha), "")
    return f"{short(sha)} ({tag})" if tag else short(sha)


def _requirements(case: Case, file: StoredObject) -> Iterator[Finding]:
    """Installers resolve by one wheel's requirements for all; section 10.7."""
    if file.contents is None or file.contents.problem or not isinstance(case.staged.place, Cell):
        return
    usual = case.package.usual_requirements(case.staged.place)
    if usual is None or file.contents.requires == usual:
        return
    own = set(file.contents.requires)
    lacks = [f"without {line}" for line in usual if line not in own]
    has = [f"with {line}" for line in sorted(own.difference(usual))]
    words = f"requires something else than wheels like it: {', '.join([*lacks, *has][:3])}"
    then = NextStep("compare the METADATA of both builds")
    yield case.found(FindingKind.REQUIREMENTS, Severity.RISK, words, then)


def _checksum(case: Case, file: StoredObject) -> Iterator[Finding]:
    """Archives of libtorch never get one; section 9.10."""
    if file.sha256 == "" and case.package.name != LIBTORCH:
        words = "the store has no SHA-256 of it, so its index page gives none either"
        then = NextStep("have its checksum set: release-post-promotion, or upload it again")
        yield case.found(FindingKind.NO_CHECKSUM, Severity.RISK, words, then)


def _size(case: Case, file: StoredObject) -> Iterator[Finding]:
    rules, place = case.state.spec.artifacts, case.staged.place
    again = NextStep("run its upload job again")
    if file.size == 0:
        yield case.found(FindingKind.EMPTY, Severity.BLOCKS, "it is empty", again)
        return
    published = isinstance(place, Cell) and place.os == "linux"
    if published and not place.accelerator.startswith("rocm"):
        size = file.size / _MEGABYTE
        if size > rules.ceiling_mb:
            words = f"{size:.0f} MB, more than the {rules.ceiling_mb:g} MB that validation allows"
            then = NextStep("find out what has grown")
            yield case.found(FindingKind.SIZE, Severity.BLOCKS, words, then)
    if case.staged.before is not None:
        version, before = case.staged.before
        share = file.size / before.size if before.size else 1.0
        if not rules.smallest <= share <= rules.largest:
            words = f"{_size_of(file)}, where {version} has {_size_of(before)}"
            then = NextStep("compare it with the last release's")
            yield case.found(FindingKind.SIZE, Severity.RISK, words, then)


def _size_of(file: StoredObject) -> str:
    if file.size < _MEGABYTE:
        return f"{file.size} B"
    return f"{file.size / _MEGABYTE:.1f} MB"


def _listing(case: Case, file: StoredObject) -> Iterator[Finding]:
    """What the index page says of the file, which is what installers go by; section 8.4."""
    page = case.page
    if not case.artifacts.indexed or case.page_trouble or not isinstance(case.staged.place, Cell):
        return
    kind = _amiss(page, file)
    if kind is None:
        return
    waits = case.state.now - file.last_modified <= _REBUILT_WITHIN
    if kind is FindingKind.UNLISTED:
        words = "its index page does not list it" if page else "it has no index page"
        words += " yet: it is made anew every hour" if waits else ""
    elif kind is FindingKind.LISTED_OTHERWISE:
        words = "its index page gives another checksum, so that no installer takes it"
    else:
        words = "its index page is older than the file"
    late = Severity.WAITS if waits else Severity.BLOCKS
    then = NextStep("wait for the hourly index" if waits else "find out why the index is not made")
    yield case.found(kind, late, words, then, page.url if page else "")


def _amiss(page: IndexPage | None, file: StoredObject) -> FindingKind | None:
    """What is wrong with how a page lists a file."""
    listed = page.of(file.name) if page else None
    if page is None or listed is None:
        return FindingKind.UNLISTED
    if listed.sha256 == file.sha256:
        return None
    if listed.sha256 and file.sha256:
        return FindingKind.LISTED_OTHERWISE
    older = page.built_at is not None and page.built_at < file.last_modified
    return FindingKind.PAGE_TOO_OLD if older else None


def _gone(case: Case, names: tuple[str, ...]) -> Iterator[Finding]:
    """Files that the index page lists for this place, and that are not there."""
    page = case.page
    listed = [f for f in page.files if f.cell == case.staged.place] if page else []
    for file in listed:
        if page is not None and file.name not in names:
            fresh = page.built_at and case.state.now - page.built_at <= _REBUILT_WITHIN
            severity = Severity.WAITS if fresh else Severity.BLOCKS
            words = f"the index page lists {file.name}, which is not in the channel"
            then = NextStep("find out who removed it, or wait for the hourly index")
            yield case.found(FindingKind.GONE, severity, words, then, page.url)


def _gone_beside(case: Case, file: StoredObject) -> Iterator[Finding]:
    yield from _gone(case, (file.name,))


_RULES: tuple[Callable[[Case, StoredObject], Iterator[Finding]], ...] = (
    _job,
    _age,
    _commit,
    _size,
    _requirements,
    _listing,
    _gone_beside,
    _checksum,
)
