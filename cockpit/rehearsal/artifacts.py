"""What lies in the S3 channels when the world starts: the wheels of rc1 and of the last release.

Before the cut there is no rc1, and the test channel still holds what the last release came from.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from cockpit.rehearsal.builds import attempt_jobs
from cockpit.rehearsal.indexpages import index_pages, listed
from cockpit.rehearsal.matrix import (
    BINARY_WORKFLOWS,
    Matrix,
    Target,
    Wheel,
    libtorch_upload_job,
    vision_wheels,
    wheels,
)
from cockpit.rehearsal.model import Forge, Job, Repository
from cockpit.rehearsal.packages import (
    BACKUP_BUCKET,
    BUCKET,
    MIRROR_BUCKET,
    TORCH_REQUIRES,
    Build,
    ChannelObject,
    backup_of,
    libtorch_archive,
    other_wheel,
    sidecar_of,
    source_archive,
    torch_wheel,
    triton_wheel,
    vision_wheel,
)
from cockpit.rehearsal.releasefiles import STATE_BUCKET, STATE_READERS
from cockpit.rehearsal.scenario import VISION, Scenario
from cockpit.rehearsal.story import CANDIDATE_1, RELEASED_2_14, VERSION
from cockpit.rehearsal.upstream import TRITON_VERSION

BUCKETS = (BUCKET, BACKUP_BUCKET)

_CANDIDATE = f"v{VERSION}-rc1"
_PREVIOUS = "2.14.0"
_VISION, _PREVIOUS_VISION = "0.30.0", "0.29.0"

LAST_INDEXED = timedelta(minutes=40)
"""How long before the world's start the index pages were last built."""


def seeded_objects(scenario: Scenario, forge: Forge, seed: int) -> Iterator[ChannelObject]:
    """Every object of every channel; the index pages come last."""
    core = forge.repositories["pytorch/pytorch"]
    previous = Build(_PREVIOUS, core.seen_refs[f"refs/tags/v{_PREVIOUS}"], RELEASED_2_14)
    stable = list(_full_channel(scenario.matrix, previous, prefix=""))
    if scenario.is_cut:
        candidate = Build(VERSION, core.seen_refs[f"refs/tags/{_CANDIDATE}"], CANDIDATE_1)
        rng = random.Random(f"{seed} artifacts")
        test = list(_candidate_channel(scenario.matrix, core, candidate, rng))
        yield from (backup_of(item, _CANDIDATE) for item in test)
        vision = _commit_of(forge.repositories[VISION], f"v{_VISION}-rc1")
        extra = [
            *_others(scenario.matrix, candidate, vision),
            _nightly(scenario, "2.16.0.dev20261013"),
        ]
    else:
        test = list(_full_channel(scenario.matrix, previous, prefix="test/"))
        extra = [_nightly(scenario, "2.15.0.dev20261005")]
    yield from test
    yield from stable
    yield from _staging(stable)
    yield from extra
    yield from _ci_state(scenario.epoch - timedelta(minutes=15))
    yield from index_pages(listed([*test, *extra, *stable]), scenario.epoch - LAST_INDEXED)


def mirrored(objects: Iterable[ChannelObject], at: datetime) -> Iterator[ChannelObject]:
    """The mirror: what the stable channel holds, with index pages of its own."""
    held = [
        replace(item, bucket=MIRROR_BUCKET)
        for item in objects
        if item.bucket == BUCKET and item.key.endswith((".whl", ".zip")) and _is_stable(item.key)
    ]
    yield from held
    yield from index_pages(listed(held), at - LAST_INDEXED, MIRROR_BUCKET)


def _is_stable(key: str) -> bool:
    return key.split("/")[1] not in ("test", "nightly", "preview")


def _candidate_channel(
    matrix: Matrix, core: Repository, build: Build, rng: random.Random
) -> Iterator[ChannelObject]:
    """The test channel: what rc1's upload jobs have brought, with what is wrong with some."""
    uploads = _green_uploads(core, _CANDIDATE)
    present = [
        wheel
        for target in matrix.targets
        for wheel in wheels(matrix, target)
        if (wheel.workflow, wheel.upload_job) in uploads
    ]
    plain = [wheel for wheel in present if wheel.target.os == "linux"]
    bare, stale, mismatched = rng.sample(plain, 3)
    old = core.seen_refs["refs/heads/orig/release/2.15"]
    for wheel in present:
        at = uploads[wheel.workflow, wheel.upload_job].ends_at
        yield torch_wheel(
            Build(build.version, build.sha if wheel is not stale else old, at),
            wheel,
            prefix="test/",
            requires=TORCH_REQUIRES[:-1] if wheel is mismatched else TORCH_REQUIRES,
            with_checksum=wheel is not bare,
        )
    for target in matrix.targets:
        workflow = BINARY_WORKFLOWS[target.os, target.arch]
        for accelerator in target.libtorch:
            job = uploads.get((workflow, libtorch_upload_job(target, accelerator)))
            if job is not None:
                made = Build(build.version, build.sha, job.ends_at)
                yield libtorch_archive(made, target, accelerator, prefix="test/")


def _full_channel(matrix: Matrix, build: Build, *, prefix: str) -> Iterator[ChannelObject]:
    for target in matrix.targets:
        for wheel in wheels(matrix, target):
            yield torch_wheel(build, wheel, prefix=prefix)
    for target in matrix.targets:
        for accelerator in target.libtorch:
            yield libtorch_archive(build, target, accelerator, prefix=prefix)
    for wheel in vision_wheels(matrix):
        vision = Build(_PREVIOUS_VISION, "", build.at)
        yield vision_wheel(vision, wheel, torch=build.version, prefix=prefix)


def _others(matrix: Matrix, build: Build, vision_sha: str) -> Iterator[ChannelObject]:
    """Packages that lie beside torch, one of them with a name that ends like it."""
    linux, first = _first_wheel(matrix)
    for wheel in vision_wheels(matrix):
        vision = Build(_VISION, vision_sha, build.at + timedelta(days=4))
        made = vision_wheel(vision, wheel, torch=VERSION, prefix="test/")
        for item in (made, sidecar_of(made)):
            yield item
            yield backup_of(item, f"v{_VISION}-rc1")
    yield other_wheel("executorch", Build(VERSION, "", build.at), first, "test/")
    for python in matrix.pythons:
        triton = Build(TRITON_VERSION, "", build.at)
        yield triton_wheel(triton, Wheel(linux, "cpu", python), prefix="test/")
    yield source_archive(_CANDIDATE, build)


def _ci_state(at: datetime) -> Iterator[ChannelObject]:
    """What CI knows of jobs and tests, as it was last written."""
    for keys in STATE_READERS.values():
        for key in keys:
            yield ChannelObject(STATE_BUCKET, key, b"{}\n", "application/json", at)


def _nightly(scenario: Scenario, version: str) -> ChannelObject:
    build = Build(version, "", scenario.epoch - timedelta(hours=8))
    return torch_wheel(build, _first_wheel(scenario.matrix)[1], prefix="nightly/")


def _first_wheel(matrix: Matrix) -> tuple[Target, Wheel]:
    linux = next(target for target in matrix.targets if target.os == "linux")
    return linux, Wheel(linux, "cpu", matrix.pythons[0])


def _staging(stable: Iterable[ChannelObject]) -> Iterator[ChannelObject]:
    """The folder that the last release was published from; one wheel never got there."""
    published = [
        item
        for item in stable
        if "/torch-" in item.key
        and item.key.endswith(".whl")
        and any(part in item.key for part in ("+cu130-", "+cpu-", "macosx"))
        and ("+cpu-" not in item.key or "win_amd64" in item.key)
        and not ("+cu130-" in item.key and "win_amd64" in item.key)
    ]
    for item in published[:-1]:
        name = item.key.rpartition("/")[2]
        bare = name.replace("+cu130", "").replace("+cpu", "")
        key = f"torch-{_PREVIOUS}-pypi-staging/{bare}"
        yield replace(item, bucket=BACKUP_BUCKET, key=key, git_sha="")


def _commit_of(repository: Repository, tag: str) -> str:
    """What a candidate's runs were started on; its tag may be an object of its own."""
    runs = repository.runs.values()
    return next((run.head_sha for run in runs if run.head_branch == tag), "")


def _green_uploads(core: Repository, ref: str) -> dict[tuple[str, str], Job]:
    """By workflow and job: Windows and macOS have jobs of the same name."""
    return {
        (run.name, job.name): job
        for run in core.runs.values()
        if run.head_branch == ref
        for job in attempt_jobs(run, run.attempt)
        if job.conclusion == "success"
    }
