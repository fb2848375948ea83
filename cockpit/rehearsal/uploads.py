"""What the upload jobs of candidates bring into the channels, and when; process section 5.5.

How a job ends is decided when its run starts. So nothing has to tick here: whoever asks what is
due gets what the jobs have brought since the last time, oldest first.
"""

from __future__ import annotations

import heapq
import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial

from cockpit.rehearsal.builds import attempt_jobs, job_conclusion
from cockpit.rehearsal.libraries import VISION
from cockpit.rehearsal.matrix import (
    BINARY_WORKFLOWS,
    Matrix,
    Target,
    Wheel,
    libtorch_upload_job,
    vision_wheels,
    wheels,
)
from cockpit.rehearsal.model import Forge, Job, Run
from cockpit.rehearsal.packages import (
    Build,
    ChannelObject,
    backup_of,
    libtorch_archive,
    sidecar_of,
    source_archive,
    torch_wheel,
    triton_wheel,
    vision_wheel,
)
from cockpit.rehearsal.scenario import CORE, Scenario
from cockpit.rehearsal.upstream import TRITON_VERSION
from cockpit.rehearsal.workflows import (
    SOURCE_BUILDS,
    SOURCE_UPLOAD,
    TRITON_BUILDS,
    TRITON_UPLOAD,
    vision_upload_job,
    vision_workflow,
)

_CANDIDATE_TAG = re.compile(r"v(\d+\.\d+\.\d+)-rc\d+")
_TEST = "test/"

_Place = tuple[str, str]
"""A workflow and one of its jobs: Windows and macOS have jobs of the same name."""
_Maker = Callable[[str, Build], list[ChannelObject]]
"""What a job brings, by the tag it runs on."""


class Uploads:
    """The upload jobs of every candidate, in the order in which they end."""

    def __init__(self, forge: Forge, scenario: Scenario) -> None:
        self._forge = forge
        self._makers: Mapping[str, Mapping[_Place, _Maker]] = {
            CORE: _by_place(_core_makers(scenario.matrix)),
            VISION: _by_place(_vision_makers(scenario.matrix, scenario.version)),
        }
        self._since = scenario.channels_since
        """What ended before this lay in the channels when the world started."""
        self._attempts: dict[int, int] = {}
        """Run → the attempt whose jobs are known."""
        self._known: set[tuple[int, str, datetime]] = set()
        self._pending: list[tuple[datetime, int, Run, Job, _Maker]] = []
        self._order = itertools.count()

    def due(self, until: datetime) -> list[ChannelObject]:
        """What the jobs that have ended by then brought, since this was last asked."""
        with self._forge.lock:
            self._notice()
            found: list[ChannelObject] = []
            while self._pending and self._pending[0][0] <= until:
                at, _, run, job, make = heapq.heappop(self._pending)
                tag = _CANDIDATE_TAG.fullmatch(run.head_branch)
                if tag is not None and job_conclusion(job) == "success":
                    found += make(run.head_branch, Build(tag[1], run.head_sha, at))
            return found

    def _notice(self) -> None:
        for name, makers in self._makers.items():
            for run in self._forge.repositories[name].runs.values():
                if self._attempts.get(run.id) == run.attempt:
                    continue
                self._attempts[run.id] = run.attempt
                if _CANDIDATE_TAG.fullmatch(run.head_branch):
                    self._add(run, makers)

    def _add(self, run: Run, makers: Mapping[_Place, _Maker]) -> None:
        for job in attempt_jobs(run, run.attempt):
            make = makers.get((run.name, job.name))
            # A job that a new attempt has carried over ended when it did, and uploads no more.
            identity = (run.id, job.name, job.ends_at)
            if make is None or job.ends_at <= self._since or identity in self._known:
                continue
            self._known.add(identity)
            heapq.heappush(self._pending, (job.ends_at, next(self._order), run, job, make))


def _by_place(makers: Iterable[tuple[_Place, _Maker]]) -> dict[_Place, _Maker]:
    """One maker for each job, also where a job brings several wheels."""
    found: dict[_Place, list[_Maker]] = defaultdict(list)
    for place, make in makers:
        found[place].append(make)
    return {place: partial(_all_of, several) for place, several in found.items()}


def _all_of(makers: list[_Maker], tag: str, build: Build) -> list[ChannelObject]:
    return [item for make in makers for item in make(tag, build)]


def _core_makers(matrix: Matrix) -> Iterator[tuple[_Place, _Maker]]:
    for target in matrix.targets:
        for wheel in wheels(matrix, target):
            yield (wheel.workflow, wheel.upload_job), partial(_torch, wheel)
        for accelerator in target.libtorch:
            workflow = BINARY_WORKFLOWS[target.os, target.arch]
            job = libtorch_upload_job(target, accelerator)
            yield (workflow, job), partial(_libtorch, target, accelerator)
    yield (TRITON_BUILDS, TRITON_UPLOAD), partial(_triton, matrix)
    yield (SOURCE_BUILDS, SOURCE_UPLOAD), lambda tag, build: [source_archive(tag, build)]


def _vision_makers(matrix: Matrix, torch: str) -> Iterator[tuple[_Place, _Maker]]:
    for wheel in vision_wheels(matrix):
        place = vision_workflow(wheel.target), vision_upload_job(wheel)
        yield place, partial(_vision, wheel, torch)


def _torch(wheel: Wheel, tag: str, build: Build) -> list[ChannelObject]:
    made = torch_wheel(build, wheel, prefix=_TEST)
    return [made, backup_of(made, tag)]


def _libtorch(target: Target, accelerator: str, tag: str, build: Build) -> list[ChannelObject]:
    made = libtorch_archive(build, target, accelerator, prefix=_TEST)
    return [made, backup_of(made, tag)]


def _triton(matrix: Matrix, _tag: str, build: Build) -> list[ChannelObject]:
    linux = next(target for target in matrix.targets if target.os == "linux")
    triton = Build(TRITON_VERSION, "", build.at)
    made = (Wheel(linux, "cpu", python) for python in matrix.pythons)
    return [triton_wheel(triton, wheel, prefix=_TEST) for wheel in made]


def _vision(wheel: Wheel, torch: str, tag: str, build: Build) -> list[ChannelObject]:
    made = vision_wheel(build, wheel, torch=torch, prefix=_TEST)
    sidecar = sidecar_of(made)
    return [made, sidecar, backup_of(made, tag), backup_of(sidecar, tag)]
