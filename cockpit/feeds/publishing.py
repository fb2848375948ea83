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
from cockpit.release.publishing_facts import PackageOnItsWay, Publishing, StagedWheel
from cockpit.release.repos import Repository
from cockpit.threads import gather

if TYPE_CHECKING:
    from cockpit.provider import Backends

CHECKSUM, SOURCE, SOURCE_ETAG = "checksum-sha256", "source", "source-etag"
"""A staged wheel's metadata: its own digest, and what it was made from."""
_THREADS = 8


def look_at_publishing(backends: Backends) -> Answer[Publishing]:
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
    source = f"s3://{settings.objectstore.backup_bucket}, {backends.publisher.name}"
    return Answer(Publishing(tuple(packages)), source, "; ".join(missing))


def package_on_its_way(backends: Backends, repository: Repository) -> PackageOnItsWay:
    """What waits for the index of one package, and what the index has of it."""
    package, version = repository.package or "", str(repository.version)
    return PackageOnItsWay(
        package,
        version,
        staged_wheels(backends.staging, package, version),
        backends.publisher.project(package, version),
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
