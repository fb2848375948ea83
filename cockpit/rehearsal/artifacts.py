"""What lies in the S3 channels when the world starts: the wheels of rc1 and of the last release.

Wheels are real but tiny: their metadata can be read, repacked and checked like any other.
"""

from __future__ import annotations

import base64
import hashlib
import io
import random
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cockpit.rehearsal.builds import attempt_jobs
from cockpit.rehearsal.matrix import Matrix, Target, Wheel, wheels
from cockpit.rehearsal.model import Forge, Job, Repository
from cockpit.rehearsal.scenario import Scenario
from cockpit.rehearsal.story import CANDIDATE_1, CUT, EPOCH, RELEASED_2_14, VERSION

BUCKET = "pytorch"
BACKUP_BUCKET = "pytorch-backup"
BUCKETS = (BUCKET, BACKUP_BUCKET)

_CANDIDATE = "v2.15.0-rc1"
_PREVIOUS = "2.14.0"
_TRITON = "3.8.0"


@dataclass(frozen=True, slots=True)
class SeededObject:
    """One object that is there from the start."""

    bucket: str
    key: str
    body: bytes
    content_type: str
    last_modified: datetime
    metadata: dict[str, str] = field(default_factory=dict)
    git_sha: str = ""
    """The commit it was built from; empty for what is not built from one."""


@dataclass(frozen=True, slots=True)
class _Build:
    """One build of the whole matrix."""

    version: str
    sha: str
    at: datetime


def seeded_objects(scenario: Scenario, forge: Forge, seed: int) -> Iterator[SeededObject]:
    """Every object of every channel; the index pages come last."""
    core = forge.repositories["pytorch/pytorch"]
    candidate = _Build(VERSION, core.seen_refs[f"refs/tags/{_CANDIDATE}"], CANDIDATE_1)
    previous = _Build(_PREVIOUS, core.seen_refs[f"refs/tags/v{_PREVIOUS}"], RELEASED_2_14)
    rng = random.Random(f"{seed} artifacts")
    test = list(_candidate_channel(scenario.matrix, core, candidate, rng))
    stable = list(_full_channel(scenario.matrix, previous, prefix=""))
    yield from test
    yield from _copies(test, f"{_CANDIDATE}/")
    yield from stable
    yield from _staging(stable)
    extra = list(_others(scenario.matrix, candidate))
    yield from extra
    yield from _indices("whl/test", [*test, *extra])
    yield from _indices("whl", stable)


def wheel_name(package: str, version: str, wheel: Wheel) -> str:
    """The file name of a wheel in the channels; process section 8.10."""
    python = "cp" + wheel.python.replace(".", "").removesuffix("t")
    abi = python + ("t" if wheel.python.endswith("t") else "")
    local = "" if wheel.target.os == "macos" else f"+{wheel.accelerator}"
    return f"{package}-{version}{local}-{python}-{abi}-{_platform(wheel.target)}.whl"


def libtorch_name(version: str, target: Target, accelerator: str) -> str:
    """The file name of a libtorch archive; process section 8.10."""
    if target.os == "macos":
        return f"libtorch-macos-arm64-{version}.zip"
    system = "win-" if target.os == "windows" else ""
    return f"libtorch-{system}shared-with-deps-{version}+{accelerator}.zip"


def _platform(target: Target) -> str:
    return {
        ("linux", "x86_64"): "manylinux_2_28_x86_64",
        ("linux", "aarch64"): "manylinux_2_28_aarch64",
        ("linux", "s390x"): "linux_s390x",
        ("windows", "x86_64"): "win_amd64",
        ("macos", "arm64"): "macosx_14_0_arm64",
    }[target.os, target.arch]


def _candidate_channel(
    matrix: Matrix, core: Repository, build: _Build, rng: random.Random
) -> Iterator[SeededObject]:
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
    old = _Build(build.version, core.seen_refs["refs/heads/orig/release/2.15"], CUT)
    for wheel in present:
        at = uploads[wheel.workflow, wheel.upload_job].ends_at
        made = _wheel_object(
            "torch",
            _Build(build.version, build.sha, at)
            if wheel is not stale
            else _Build(build.version, old.sha, at),
            wheel,
            prefix="test/",
            requires=_REQUIRES[:-1] if wheel is mismatched else _REQUIRES,
            with_checksum=wheel is not bare,
        )
        yield made
    yield from _libtorch(matrix, build, "test/")


def _full_channel(matrix: Matrix, build: _Build, *, prefix: str) -> Iterator[SeededObject]:
    for target in matrix.targets:
        for wheel in wheels(matrix, target):
            yield _wheel_object("torch", build, wheel, prefix=prefix)
    yield from _libtorch(matrix, build, prefix)
    for wheel in _vision_wheels(matrix):
        vision = _Build("0.29.0", "", build.at)
        yield _wheel_object("torchvision", vision, wheel, prefix=prefix)


def _libtorch(matrix: Matrix, build: _Build, prefix: str) -> Iterator[SeededObject]:
    for target in matrix.targets:
        for accelerator in target.libtorch:
            name = libtorch_name(build.version, target, accelerator)
            yield SeededObject(
                BUCKET,
                f"libtorch/{prefix}{accelerator}/{name}",
                _archive({"libtorch/build-hash": f"{build.sha}\n"}, build.at),
                "application/zip",
                build.at,
                git_sha=build.sha,
            )


def _others(matrix: Matrix, build: _Build) -> Iterator[SeededObject]:
    """Packages that lie beside torch, one of them with a name that ends like it."""
    linux = next(target for target in matrix.targets if target.os == "linux")
    first = Wheel(linux, "cpu", matrix.pythons[0])
    for wheel in _vision_wheels(matrix):
        vision = _Build("0.30.0", "", build.at + timedelta(days=4))
        yield _wheel_object("torchvision", vision, wheel, prefix="test/")
    yield _wheel_object("executorch", _Build(VERSION, "", build.at), first, prefix="test/")
    for python in matrix.pythons:
        wheel = Wheel(linux, "cpu", python)
        name = wheel_name("triton", _TRITON, wheel).replace("+cpu", "")
        yield _object(
            f"whl/test/{name}",
            _wheel_body("triton", _Build(_TRITON, "", build.at), wheel),
            build.at,
        )
    nightly = _Build("2.16.0.dev20261013", "", EPOCH - timedelta(hours=8))
    yield _wheel_object("torch", nightly, first, prefix="nightly/")
    yield SeededObject(
        BUCKET,
        f"source_code/test/pytorch-{_CANDIDATE}.tar.gz",
        b"a source archive\n",
        "application/gzip",
        build.at,
        git_sha=build.sha,
    )


def _vision_wheels(matrix: Matrix) -> list[Wheel]:
    return [
        wheel
        for target in matrix.targets
        if target.arch != "s390x"
        for wheel in wheels(matrix, target)
        if wheel.accelerator in ("cpu", "cu130")
    ]


def _staging(stable: Iterable[SeededObject]) -> Iterator[SeededObject]:
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
        yield SeededObject(
            BACKUP_BUCKET, key, item.body, item.content_type, item.last_modified, item.metadata
        )


def _copies(items: Iterable[SeededObject], prefix: str) -> Iterator[SeededObject]:
    for item in items:
        yield SeededObject(
            BACKUP_BUCKET,
            prefix + item.key,
            item.body,
            item.content_type,
            item.last_modified,
            item.metadata,
            item.git_sha,
        )


def _green_uploads(core: Repository, ref: str) -> dict[tuple[str, str], Job]:
    """By workflow and job: Windows and macOS have jobs of the same name."""
    return {
        (run.name, job.name): job
        for run in core.runs.values()
        if run.head_branch == ref
        for job in attempt_jobs(run, run.attempt)
        if job.conclusion == "success"
    }


_REQUIRES = ("filelock", "typing-extensions>=4.10.0", "sympy>=1.13.3", "networkx>=2.5.1", "jinja2")


def _wheel_object(
    package: str,
    build: _Build,
    wheel: Wheel,
    *,
    prefix: str,
    requires: tuple[str, ...] = _REQUIRES,
    with_checksum: bool = True,
) -> SeededObject:
    name = wheel_name(package, build.version, wheel)
    key = f"whl/{prefix}{wheel.accelerator}/{name}"
    body = _wheel_body(package, build, wheel, requires)
    return _object(key, body, build.at, with_checksum=with_checksum, git_sha=build.sha)


def _object(
    key: str, body: bytes, at: datetime, *, with_checksum: bool = True, git_sha: str = ""
) -> SeededObject:
    checksum = {"checksum-sha256": hashlib.sha256(body).hexdigest()} if with_checksum else {}
    return SeededObject(
        BUCKET, key, body, "binary/octet-stream", at, metadata=checksum, git_sha=git_sha
    )


def _wheel_body(
    package: str, build: _Build, wheel: Wheel, requires: tuple[str, ...] = _REQUIRES
) -> bytes:
    """A wheel with metadata, a version module and a record, and nothing else."""
    local = "" if wheel.target.os == "macos" else f"+{wheel.accelerator}"
    version = f"{build.version}{local}"
    _, _, python, abi, platform = wheel_name(package, build.version, wheel)[:-4].split("-")
    info = f"{package}-{version}.dist-info"
    files = {
        f"{package}/version.py": f'__version__ = "{version}"\ngit_version = "{build.sha}"\n',
        f"{info}/METADATA": "Metadata-Version: 2.4\n"
        f"Name: {package}\nVersion: {version}\nSummary: A rehearsal's wheel\n"
        f"Requires-Python: >=3.10\n"
        f"Classifier: Programming Language :: Python :: {wheel.python.removesuffix('t')}\n"
        + "".join(f"Requires-Dist: {need}\n" for need in requires),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: rehearsal\nRoot-Is-Purelib: false\n"
        f"Tag: {python}-{abi}-{platform}\n",
    }
    record = "".join(_record_line(path, text) for path, text in files.items())
    return _archive(files | {f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}, build.at)


def _record_line(path: str, text: str) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(text.encode())}\n"


def _archive(files: dict[str, str], at: datetime) -> bytes:
    buffer = io.BytesIO()
    when = (at.year, at.month, at.day, at.hour, at.minute, 0)
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path, when), text)
    return buffer.getvalue()


def _indices(prefix: str, items: Iterable[SeededObject]) -> Iterator[SeededObject]:
    """The pages that pip reads: packages of the prefix and of each of its folders."""
    pages: dict[str, dict[str, list[SeededObject]]] = {}
    for item in items:
        if not (item.key.startswith(f"{prefix}/") and item.key.endswith(".whl")):
            continue
        folder, _, name = item.key.rpartition("/")
        package = name.partition("-")[0].replace("_", "-")
        for page in {folder, prefix}:
            pages.setdefault(page, {}).setdefault(package, []).append(item)
    at = EPOCH - timedelta(minutes=40)
    stamp = f"<!--TIMESTAMP {int(at.timestamp())}-->\n"
    for folder, packages in sorted(pages.items()):
        links = "".join(f'<a href="{name}/">{name}</a><br/>\n' for name in sorted(packages))
        yield _page(f"{folder}/index.html", f"<!DOCTYPE html>\n{links}{stamp}", at)
        for package, found in sorted(packages.items()):
            links = "".join(_link(item) for item in sorted(found, key=lambda item: item.key))
            text = f"<!DOCTYPE html>\n<h1>Links for {package}</h1>\n{links}{stamp}"
            yield _page(f"{folder}/{package}/index.html", text, at)


def _link(item: SeededObject) -> str:
    name = item.key.rpartition("/")[2]
    checksum = item.metadata.get("checksum-sha256")
    fragment = f"#sha256={checksum}" if checksum else ""
    return f'<a href="/{item.key.replace("+", "%2B")}{fragment}">{name}</a><br/>\n'


def _page(key: str, text: str, at: datetime) -> SeededObject:
    return SeededObject(BUCKET, key, text.encode(), "text/html", at)
