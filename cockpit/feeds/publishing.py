"""The look at what is on its way to the package index: staged, and published."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from cockpit.backends.ports import Answer, ObjectStorePort
from cockpit.errors import CockpitError
from cockpit.feeds.attempting import attempt_all
from cockpit.release.artifacts import StoredObject
from cockpit.release.index_rules import staging_prefix
from cockpit.release.publishing import published_repositories
from cockpit.release.publishing_facts import PackageOnItsWay, Pinned, Publishing, StagedWheel
from cockpit.release.repos import Repository
from cockpit.release.state import ReleaseState
from cockpit.threads import gather

if TYPE_CHECKING:
    from cockpit.backends.provider import Backends

CHECKSUM, SOURCE, SOURCE_ETAG = "checksum-sha256", "source", "source-etag"
"""A staged wheel's metadata: its own digest, and what it was made from."""
_TRITON = "triton"
_LONGEST_VERSION = 100
_THREADS = 8


def look_at_publishing(backends: Backends, state: ReleaseState) -> Answer[Publishing]:
    """Staging area and index for every package; one that cannot be read does not hide others."""
    settings = backends.config.settings
    if not settings.index.wheels:
        return Answer(Publishing(), "")
    if settings.objectstore is None or settings.objectstore.backup_bucket is None:
        return Answer(Publishing(), "", "no [objectstore].backup_bucket is configured")
    repositories = published_repositories(backends.config.repositories)
    answers = attempt_all([partial(package_on_its_way, backends, one) for one in repositories])
    packages: list[PackageOnItsWay] = []
    missing: list[str] = []
    for repository, answer in zip(repositories, answers, strict=True):
        if isinstance(answer, CockpitError):
            missing.append(f"{repository.package}: {answer}")
        else:
            packages.append(answer)
    triton = None
    try:
        commit = state.candidate.commit_sha if state.candidate else ""
        triton = pinned_triton(backends, commit)
    except CockpitError as err:
        missing.append(f"{_TRITON}: {err}")
    source = f"s3://{settings.objectstore.backup_bucket}, {backends.package_index.name}"
    return Answer(Publishing(tuple(packages), triton), source, "; ".join(missing))


def package_on_its_way(backends: Backends, repository: Repository) -> PackageOnItsWay:
    """What waits for the index of one package, and what the index has of it."""
    package, version = repository.package or "", str(repository.version)
    return PackageOnItsWay(
        package,
        version,
        staged_wheels(backends.staging, package, version),
        backends.package_index.project(package, version),
    )


def staged_wheels(store: ObjectStorePort, package: str, version: str) -> tuple[StagedWheel, ...]:
    """What waits for the index, each with its checksum and what it was made from."""
    prefix = staging_prefix(package, version)
    listed = [found for found in store.list_objects(prefix) if found.name.endswith(".whl")]

    def told(stored: StoredObject) -> StagedWheel:
        labels = store.labels(stored.key) or {}
        full = msgspec.structs.replace(stored, sha256=labels.get(CHECKSUM, ""))
        return StagedWheel(full, labels.get(SOURCE, ""), labels.get(SOURCE_ETAG, ""))

    return tuple(gather([partial(told, stored) for stored in listed], threads=_THREADS))


def pinned_triton(backends: Backends, commit: str) -> Pinned | None:
    """The Triton that a commit of the core needs, and how many files of it the index has.

    None where the config does not say where the version is pinned.
    """
    source, core = backends.config.triton, backends.config.core
    if source is None:
        return None
    text = backends.git.read_file(core, commit, source.version_file) if commit else None
    version = (text or "").strip()[:_LONGEST_VERSION]
    project = backends.package_index.project(_TRITON, version) if version else None
    return Pinned(_TRITON, version, len(project.files) if project else 0)
