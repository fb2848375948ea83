"""Expected against present: every file that a candidate brings, with the jobs that bring it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property

import msgspec

from cockpit.release.artifacts import Libtorch, PackageListing, Place, StoredObject, Wheel
from cockpit.release.candidates import Candidate
from cockpit.release.coverage import cell_of
from cockpit.release.job_names import LIBTORCH, STAGES, UPLOAD, JobKey
from cockpit.release.jobs import CandidateBuilds, Job
from cockpit.release.lookups import listing_of
from cockpit.release.remembered import remembered_by
from cockpit.release.repos import Repository
from cockpit.release.state import ReleaseState
from cockpit.release.support import Archive, Cell, SupportMatrix


class Staged(msgspec.Struct, frozen=True, dict=True):
    """One place of the matrix: what should fill it, and what does."""

    package: str
    place: Place
    expected: bool
    """Whether the support matrix or a job of the candidate asks for it."""
    jobs: tuple[tuple[str, Job], ...] = ()
    """Stage and job, in the order in which they happen."""
    file: StoredObject | None = None
    before: tuple[str, StoredObject] | None = None
    """Version and file of the newest release before this one."""

    @cached_property
    def upload(self) -> Job | None:
        """The job that puts the file into the channel; the newest, where there are several."""
        found = [job for stage, job in self.jobs if stage == UPLOAD]
        return max(found, key=lambda job: job.id, default=None)


class StagedPackage(msgspec.Struct, frozen=True, dict=True):
    """The places of one package, and what they are judged by."""

    name: str
    version: str
    repository: Repository
    candidate: Candidate | None
    builds: CandidateBuilds | None
    """None while the jobs of this candidate are not known."""
    places: tuple[Staged, ...]

    @cached_property
    def begun_at(self) -> datetime | None:
        """When the tag started its first workflow; nothing of the candidate is older."""
        runs = self.builds.runs if self.builds else ()
        return min((run.created_at for run in runs if run.event == "push"), default=None)

    @property
    def settled(self) -> bool:
        """Whether no further job will start."""
        return self.builds is not None and not self.builds.unfinished_runs

    def usual_requirements(self, cell: Cell) -> tuple[str, ...] | None:
        """What most wheels like one require: of its target, else its accelerator, else all."""
        for group in _groups(cell):
            counted = self._requirements.get(group, Counter())
            if counted.total() > 1:
                usual, count = counted.most_common(1)[0]
                if count * 2 > counted.total():
                    return usual
        return None

    @cached_property
    def _requirements(self) -> Mapping[tuple[str, ...], Counter[tuple[str, ...]]]:
        found: dict[tuple[str, ...], Counter[tuple[str, ...]]] = defaultdict(Counter)
        for staged in self.places:
            contents = staged.file.contents if staged.file else None
            if isinstance(staged.place, Cell) and contents and not contents.problem:
                for group in _groups(staged.place):
                    found[group][contents.requires] += 1
        return found


def _groups(cell: Cell) -> tuple[tuple[str, ...], ...]:
    return (cell.os, cell.arch, cell.accelerator), (cell.accelerator,), ()


def rests_on(state: ReleaseState) -> tuple[object, ...]:
    """All of a state that the packages are made from."""
    return (
        state.spec,
        state.artifacts.value,
        state.branches.value,
        state.builds.whole,
        state.libraries.whole,
        state.ledger.value,
    )


@remembered_by(rests_on)
def staged_packages(state: ReleaseState) -> tuple[StagedPackage, ...]:
    """Every package of the release, libtorch beside the core's."""
    return tuple(
        package
        for repository in state.spec.repositories
        if repository.package
        for package in _packages(state, repository)
    )


def _packages(state: ReleaseState, repository: Repository) -> Iterator[StagedPackage]:
    candidate = state.candidate_of(repository)
    builds = _builds(state, repository, candidate)
    jobs = _jobs(builds)
    core = repository == state.spec.core
    support = state.spec.support
    listing = listing_of(state, repository) or PackageListing("", "")
    name = (repository.package or "").replace("_", "-")
    version = str(repository.version)
    wheels = _places(
        name,
        (*(support.cells() if core else ()), *_made(jobs, support)),
        jobs,
        listing.test,
        listing.earlier,
        _listed(state, name),
    )
    yield StagedPackage(name, version, repository, candidate, builds, wheels)
    if core:
        found = state.artifacts.value.libtorch if state.artifacts.value else None
        archives = _places(
            LIBTORCH,
            support.archives(),
            jobs,
            found.test if found else (),
            found.earlier if found else (),
        )
        yield StagedPackage(LIBTORCH, version, repository, candidate, builds, archives)


def _builds(
    state: ReleaseState, repository: Repository, candidate: Candidate | None
) -> CandidateBuilds | None:
    """The jobs of exactly this candidate, once they were read whole."""
    if repository == state.spec.core:
        found = state.builds.whole
    else:
        found = state.libraries.whole.of(repository.name) if state.libraries.whole else None
    if candidate is None or found is None or found.candidate is None:
        return None
    return found if found.candidate.commit_sha == candidate.commit_sha else None


Jobs = Mapping[Place, list[tuple[str, Job]]]


def _jobs(builds: CandidateBuilds | None) -> Jobs:
    """Stage and job of everything that works on one file.

    A job that names no Python works on the wheels of all of them, and is kept by a place without.
    """
    found: dict[Place, list[tuple[str, Job]]] = defaultdict(list)
    for job in builds.jobs if builds else ():
        key = job.key
        if key is not None and (place := _place_of(key)) is not None:
            found[place].append((key.stage, job))
    return found


def _place_of(key: JobKey) -> Place | None:
    if key.package == LIBTORCH:
        return Archive(key.os, key.arch, key.accelerator)
    return cell_of(msgspec.structs.replace(key, python=key.python or ""))


def _made(jobs: Jobs, support: SupportMatrix) -> tuple[Place, ...]:
    """Wheels that a job uploads, in folders of the channel that are looked at."""
    looked_at = {name for target in support.targets for name in target.accelerators}
    return tuple(
        place
        for place, stages in jobs.items()
        if not isinstance(place, Archive)
        and place.python
        and place.accelerator in looked_at
        and any(stage == UPLOAD for stage, _ in stages)
    )


def _listed(state: ReleaseState, package: str) -> Iterator[Place]:
    """Wheels that an index page lists, whether they are there or not."""
    for page in state.artifacts.value.pages if state.artifacts.value else ():
        if page.package == package:
            yield from (file.cell for file in page.files if file.cell is not None)


def _places(
    package: str,
    expected: Iterable[Place],
    jobs: Jobs,
    present: Iterable[Wheel | Libtorch],
    before: Iterable[Wheel | Libtorch],
    listed: Iterable[Place] = (),
) -> tuple[Staged, ...]:
    wanted = dict.fromkeys(expected)
    files = {found.place: found.stored for found in present}
    earlier = {found.place: (found.version, found.stored) for found in before}
    return tuple(
        Staged(
            package,
            place,
            place in wanted,
            _stages(jobs, place),
            files.get(place),
            earlier.get(place),
        )
        for place in dict.fromkeys((*wanted, *sorted((*files, *listed), key=str)))
    )


def _stages(jobs: Jobs, place: Place) -> tuple[tuple[str, Job], ...]:
    found = list(jobs.get(place, ()))
    if not isinstance(place, Archive):
        found += jobs.get(msgspec.structs.replace(place, python=""), ())
    return tuple(sorted(found, key=lambda entry: (STAGES.index(entry[0]), entry[1].id)))
