"""Candidates fill the channels as their upload jobs end, and index pages follow every hour."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
import pytest

from cockpit.rehearsal.builds import attempt_jobs, ends_at, job_conclusion, notice_pushes, rerun
from cockpit.rehearsal.channels import published_before
from cockpit.rehearsal.fastimport import git
from cockpit.rehearsal.libraries import VISION
from cockpit.rehearsal.matrix import Wheel, wheels
from cockpit.rehearsal.model import Repository, Run
from cockpit.rehearsal.packages import wheel_name
from cockpit.rehearsal.s3 import REGION, AccessKey
from cockpit.rehearsal.scenario import CORE
from cockpit.rehearsal.world import World

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TAG = "v2.15.0-rc2"
_STAMP = re.compile(r"<!--TIMESTAMP (\d+)-->")


def connect(url: str) -> S3Client:
    key = AccessKey()
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=key.id,
        aws_secret_access_key=key.secret,
    )


class Site:
    """A small world on which the next candidate of core and of vision has been tagged."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.s3 = connect(world.s3_url)
        self.core = world.forge.repositories[CORE]
        self.vision = world.forge.repositories[VISION]
        self.tagged = {
            repository.name: self._tag(repository, tag, branch)
            for repository, tag, branch in (
                (self.core, TAG, "release/2.15"),
                (self.vision, "v0.30.0-rc2", "release/0.30"),
            )
        }

    def _tag(self, repository: Repository, tag: str, branch: str) -> str:
        git(repository.git_dir, "update-ref", f"refs/tags/{tag}", f"refs/heads/{branch}")
        notice_pushes(self.world.forge, repository)
        return git(repository.git_dir, "rev-parse", tag).strip()

    def go_to(self, moment: datetime) -> None:
        self.world.clock.advance(max(moment - self.world.clock.now(), timedelta()))

    def runs(self, repository: Repository, tag: str) -> list[Run]:
        return [run for run in repository.runs.values() if run.head_branch == tag]

    def wheels(self) -> list[Wheel]:
        matrix = self.world.scenario.matrix
        return [wheel for target in matrix.targets for wheel in wheels(matrix, target)]

    def uploads(self) -> dict[str, tuple[datetime, bool]]:
        """By the key of the wheel: when its job of rc2 ends, and whether it brings anything."""
        jobs = {
            (run.name, job.name): job
            for run in self.runs(self.core, TAG)
            for job in attempt_jobs(run, run.attempt)
        }
        return {
            key_of(wheel): (job.ends_at, job_conclusion(job) == "success")
            for wheel in self.wheels()
            for job in [jobs[wheel.workflow, wheel.upload_job]]
        }

    def built_from(self, key: str, bucket: str = "pytorch") -> str:
        """The commit a wheel names, checked against its checksum."""
        got = self.s3.get_object(Bucket=bucket, Key=key)
        body = got["Body"].read()
        checksum = got["Metadata"].get("checksum-sha256")
        assert checksum in (None, hashlib.sha256(body).hexdigest())
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            [module] = [name for name in archive.namelist() if name.endswith("/version.py")]
            said = archive.read(module).decode()
        return said.partition('git_version = "')[2].partition('"')[0]

    def has(self, key: str) -> bool:
        return "Contents" in self.s3.list_objects_v2(Bucket="pytorch", Prefix=key)

    def come(self, keys: Iterable[str]) -> set[str]:
        """Those that rc2 has brought."""
        return {
            key for key in keys if self.has(key) and self.built_from(key) == self.tagged["pytorch"]
        }

    def page(self, key: str) -> tuple[datetime, str]:
        text = self.s3.get_object(Bucket="pytorch", Key=key)["Body"].read().decode()
        stamp = _STAMP.search(text)
        assert stamp is not None
        return datetime.fromtimestamp(int(stamp[1]), UTC), text


def key_of(wheel: Wheel) -> str:
    return f"whl/test/{wheel.accelerator}/{wheel_name('torch', '2.15.0', wheel)}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with World.start(tmp_path_factory.mktemp("channels") / "world", scenario="small") as world:
        yield Site(world)


def test_each_wheel_comes_with_its_job_and_the_others_stay(site: Site) -> None:
    uploads = site.uploads()
    first = min(at for at, green in uploads.values() if green)
    site.go_to(first - timedelta(minutes=1))
    assert site.come(uploads) == set()
    site.go_to(first)
    come = site.come(uploads)
    assert come == {key for key, (at, green) in uploads.items() if green and at == first}
    [key] = come
    head = site.s3.head_object(Bucket="pytorch", Key=key)
    assert head["LastModified"] == first.replace(microsecond=0)
    backup = f"{TAG}/{key}"
    assert site.built_from(backup, "pytorch-backup") == site.tagged["pytorch"]


def test_in_the_end_everything_green_has_overwritten_the_last_candidate(site: Site) -> None:
    site.go_to(max(ends_at(run) for run in site.runs(site.core, TAG)))
    uploads = site.uploads()
    assert not all(green for _, green in uploads.values())
    for key, (_, green) in uploads.items():
        if green:
            assert site.built_from(key) == site.tagged["pytorch"]
        elif site.has(key):
            assert site.built_from(key) != site.tagged["pytorch"]
    listed = site.s3.list_objects_v2(Bucket="pytorch", Prefix="libtorch/test/")["Contents"]
    began = site.runs(site.core, TAG)[0].created_at
    assert any(item["LastModified"] > began for item in listed)
    copies = site.s3.list_objects_v2(Bucket="pytorch-backup", Prefix=f"{TAG}/")["Contents"]
    assert {item["Key"].split("/")[1] for item in copies} == {"whl", "libtorch"}
    assert site.has(f"source_code/test/pytorch-{TAG}.tar.gz")


def test_vision_brings_wheels_that_need_this_torch_with_metadata_beside_them(site: Site) -> None:
    site.go_to(max(ends_at(run) for run in site.runs(site.vision, "v0.30.0-rc2")))
    found = site.s3.list_objects_v2(Bucket="pytorch", Prefix="whl/test/cpu/torchvision-0.30.0")
    keys = [item["Key"] for item in found["Contents"] if item["Key"].endswith(".whl")]
    from_here = [key for key in keys if site.built_from(key) == site.tagged["vision"]]
    assert from_here
    body = site.s3.get_object(Bucket="pytorch", Key=from_here[0])["Body"].read()
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        [name] = [name for name in archive.namelist() if name.endswith("METADATA")]
        metadata = archive.read(name)
    assert "Requires-Dist: torch==2.15.0\n" in metadata.decode()
    beside = f"{from_here[0]}.metadata"
    assert site.s3.get_object(Bucket="pytorch", Key=beside)["Body"].read() == metadata
    site.go_to(site.world.clock.now() + timedelta(hours=1))
    _, text = site.page("whl/test/cpu/torchvision/index.html")
    announced = f'="sha256={hashlib.sha256(metadata).hexdigest()}"'
    assert f"data-dist-info-metadata{announced} data-core-metadata{announced}>" in text
    assert "metadata" not in site.page("whl/test/cpu/torch/index.html")[1]


def test_a_rerun_brings_what_had_failed(site: Site) -> None:
    red = {key for key, (_, green) in site.uploads().items() if not green}
    site.go_to(max(ends_at(run) for run in site.runs(site.core, TAG)) + timedelta(minutes=1))
    for run in site.runs(site.core, TAG):
        if any(job_conclusion(job) != "success" for job in attempt_jobs(run, run.attempt)):
            rerun(site.world.forge, site.core, run, failed_only=True, outcomes={})
    site.go_to(max(ends_at(run) for run in site.runs(site.core, TAG)))
    assert red
    assert {site.built_from(key) for key in red} == {site.tagged["pytorch"]}


def test_a_wheel_is_in_the_index_within_the_hour(site: Site) -> None:
    late = "whl/test/cpu/torch-2.15.0+cpu-cp315-cp315-win_amd64.whl"
    page = "whl/test/cpu/torch/index.html"
    hour = site.world.clock.now().replace(minute=30, second=0, microsecond=0) + timedelta(hours=1)
    site.go_to(hour)
    site.s3.put_object(
        Bucket="pytorch", Key=late, Body=b"wheel", Metadata={"checksum-sha256": "ab" * 32}
    )
    built, text = site.page(page)
    assert built == hour.replace(minute=20)
    assert late.rpartition("/")[2] not in text
    site.go_to(hour + timedelta(minutes=51))
    built, text = site.page(page)
    assert built == hour.replace(minute=20) + timedelta(hours=1)
    assert f'%2Bcpu-cp315-cp315-win_amd64.whl#sha256={"ab" * 32}">' in text
    assert site.page("whl/cpu/torch/index.html")[0] == built


@pytest.mark.parametrize(("minute", "hour"), [(0, 13), (19, 13), (20, 14), (59, 14)])
def test_pages_are_built_once_an_hour(minute: int, hour: int) -> None:
    now = datetime(2026, 10, 14, 14, minute, tzinfo=UTC)
    assert published_before(now) == datetime(2026, 10, 14, hour, 20, tzinfo=UTC)
