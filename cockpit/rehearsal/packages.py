"""The files of the channels: wheels, libtorch archives and whatever lies beside them.

Wheels are real but tiny: their metadata can be read, repacked and checked like any other.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from dataclasses import dataclass, field, replace
from datetime import datetime

from cockpit.rehearsal.matrix import Target, Wheel
from cockpit.rehearsal.upstream import TRITON_VERSION

BUCKET = "pytorch"
BACKUP_BUCKET = "pytorch-backup"
MIRROR_BUCKET = "pytorch-downloads"
"""On a store of its own, with a credential of its own."""

CHECKSUM = "checksum-sha256"
"""The metadata that carries a file's digest; process section 8.8."""
SIDECAR = ".metadata"
"""What is appended to a wheel's name for what installers read first; process section 8.4."""

TORCH_REQUIRES = (
    *("filelock", "typing-extensions>=4.10.0", "sympy>=1.13.3", "networkx>=2.5.1"),
    f'triton=={TRITON_VERSION}; platform_system == "Linux" and platform_machine == "x86_64"',
    "jinja2",
)
CLASSIFIED = ("3.10", "3.11", "3.12", "3.13", "3.14", "3.15")
"""The Pythons that every wheel names, also the one that has not been released."""


@dataclass(frozen=True, slots=True)
class ChannelObject:
    """One object that the world puts into a bucket."""

    bucket: str
    key: str
    body: bytes
    content_type: str
    last_modified: datetime
    metadata: dict[str, str] = field(default_factory=dict)
    git_sha: str = ""
    """The commit it was built from; empty for what is not built from one."""


@dataclass(frozen=True, slots=True)
class Build:
    """What is built from which commit, and when it was uploaded."""

    version: str
    sha: str
    at: datetime


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


def torch_wheel(
    build: Build,
    wheel: Wheel,
    *,
    prefix: str,
    requires: tuple[str, ...] = TORCH_REQUIRES,
    with_checksum: bool = True,
) -> ChannelObject:
    """A wheel of torch below `whl/` and a prefix such as `test/`."""
    return other_wheel("torch", build, wheel, prefix, requires, with_checksum=with_checksum)


def vision_wheel(build: Build, wheel: Wheel, *, torch: str, prefix: str) -> ChannelObject:
    """A wheel of torchvision that needs exactly this version of torch."""
    requires = ("numpy", f"torch=={torch}", "pillow>=5.3.0,!=8.3.*")
    return other_wheel("torchvision", build, wheel, prefix, requires)


def other_wheel(
    package: str,
    build: Build,
    wheel: Wheel,
    prefix: str,
    requires: tuple[str, ...] = (),
    *,
    with_checksum: bool = True,
) -> ChannelObject:
    """A wheel of any package, in the folder of its accelerator."""
    name = wheel_name(package, build.version, wheel)
    body = _wheel_body(package, build, wheel, requires)
    key = f"whl/{prefix}{wheel.accelerator}/{name}"
    return _wheel_object(key, body, build, with_checksum=with_checksum)


def triton_wheel(build: Build, wheel: Wheel, *, prefix: str) -> ChannelObject:
    """A wheel of Triton, which lies at the top of a channel."""
    name = wheel_name("triton", build.version, wheel).replace(f"+{wheel.accelerator}", "")
    body = _wheel_body("triton", build, wheel, (), local="")
    return _wheel_object(f"whl/{prefix}{name}", body, build)


def libtorch_archive(
    build: Build, target: Target, accelerator: str, *, prefix: str
) -> ChannelObject:
    """A libtorch archive below `libtorch/` and a prefix such as `test/`."""
    name = libtorch_name(build.version, target, accelerator)
    return ChannelObject(
        BUCKET,
        f"libtorch/{prefix}{accelerator}/{name}",
        _archive({"libtorch/build-hash": f"{build.sha}\n"}, build.at),
        "application/zip",
        build.at,
        git_sha=build.sha,
    )


def source_archive(tag: str, build: Build) -> ChannelObject:
    """The source of a candidate."""
    return ChannelObject(
        BUCKET,
        f"source_code/test/pytorch-{tag}.tar.gz",
        b"a source archive\n",
        "application/gzip",
        build.at,
        git_sha=build.sha,
    )


def backup_of(item: ChannelObject, prefix: str) -> ChannelObject:
    """The same object in the backup bucket, below a prefix; process section 8.3."""
    return replace(item, bucket=BACKUP_BUCKET, key=f"{prefix}/{item.key}")


def sidecar_of(wheel: ChannelObject) -> ChannelObject:
    """The wheel's own metadata as a file beside it."""
    with zipfile.ZipFile(io.BytesIO(wheel.body)) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        body = archive.read(name)
    checksum = {CHECKSUM: hashlib.sha256(body).hexdigest()}
    key = wheel.key + SIDECAR
    return ChannelObject(wheel.bucket, key, body, "text/plain", wheel.last_modified, checksum)


def _wheel_object(
    key: str, body: bytes, build: Build, *, with_checksum: bool = True
) -> ChannelObject:
    checksum = {CHECKSUM: hashlib.sha256(body).hexdigest()} if with_checksum else {}
    return ChannelObject(
        BUCKET, key, body, "binary/octet-stream", build.at, checksum, git_sha=build.sha
    )


def _wheel_body(
    package: str,
    build: Build,
    wheel: Wheel,
    requires: tuple[str, ...],
    local: str | None = None,
) -> bytes:
    """A wheel with metadata, a version module and a record, and nothing else."""
    if local is None:
        local = "" if wheel.target.os == "macos" else f"+{wheel.accelerator}"
    version = f"{build.version}{local}"
    _, _, python, abi, platform = wheel_name(package, build.version, wheel)[:-4].split("-")
    info = f"{package}-{version}.dist-info"
    files = {
        f"{package}/version.py": f'__version__ = "{version}"\ngit_version = "{build.sha}"\n',
        f"{info}/METADATA": "Metadata-Version: 2.4\n"
        f"Name: {package}\nVersion: {version}\nSummary: A rehearsal's wheel\n"
        f"Requires-Python: >=3.10\n"
        + "".join(f"Classifier: Programming Language :: Python :: {each}\n" for each in CLASSIFIED)
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
