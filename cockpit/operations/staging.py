"""Stage wheels for the package index: the channel's, without their local version; section 10."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from cockpit.backends.ports import Delivery, ObjectStorePort, TransferPort
from cockpit.errors import CockpitError
from cockpit.feeds.publishing import SOURCE, SOURCE_ETAG
from cockpit.operations.index_reads import OnItsWay, on_its_way, repositories_for
from cockpit.operations.plan import (
    Danger,
    Expectation,
    Plan,
    Probe,
    Progress,
    Section,
    Step,
    StepFacts,
    StepState,
)
from cockpit.release.artifacts import Wheel
from cockpit.release.index_rules import bare_name, staging_prefix
from cockpit.release.publishing_facts import StagedWheel
from cockpit.release.words import counted, size

if TYPE_CHECKING:
    from cockpit.provider import Backends


class StageWheel:
    """Make one wheel of the channel into the one for the index, and put it where it waits."""

    def __init__(
        self,
        channel: ObjectStorePort,
        area: TransferPort,
        source: Wheel,
        pre_releases: tuple[str, ...],
        replaces: StagedWheel | None = None,
    ) -> None:
        self._channel = channel
        self._area = area
        self._source = source
        self._pre_releases = pre_releases
        self._replaces = replaces
        stored, version = source.stored, source.version
        name = bare_name(stored.name, version)
        self._key = staging_prefix(source.package, version) + name
        found = f"ETag {replaces.stored.etag}" if replaces else "absent"
        self.facts = StepFacts(
            key=f"stage/{self._key}/{stored.etag}",
            summary=f"Stage {name} ({size(stored.size)}) from {stored.key}",
            command=f"aws s3api put-object --bucket {area.bucket} --key {self._key} --body {name}"
            + (f" --if-match {replaces.stored.etag}" if replaces else " --if-none-match '*'"),
            expects=(
                Expectation(stored.key, f"ETag {stored.etag}"),
                Expectation(self._key, found),
            ),
        )

    def probe(self) -> Probe:
        """Whether it waits there already, made from this very file."""
        labels = self._area.labels(self._key)
        if labels is None:
            return Probe(StepState.TODO, "it is not staged")
        made_from = labels.get(SOURCE_ETAG, "")
        if made_from == self._source.stored.etag:
            return Probe(StepState.DONE, f"staged from {labels.get(SOURCE)}")
        if self._replaces is not None and made_from == self._replaces.source_etag:
            return Probe(StepState.TODO, f"staged from an earlier {labels.get(SOURCE)}")
        return Probe(
            StepState.CONFLICT,
            f"{self._key} was staged from another file ({made_from or 'nobody said which'});"
            " --replace stages it anew",
        )

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Fetch, repack, upload: one wheel on disk at a time, and on the store's own condition."""
        from cockpit.backends.repacking import repack
        from cockpit.backends.spool import digest_of, fetch, scratch

        stored = self._source.stored

        def told(what: str, total: int) -> Callable[[int], None]:
            return lambda done: report(Progress(done, total, "bytes", what))

        with scratch(stored.size) as folder:
            path = fetch(self._channel, stored, folder, told("fetching", stored.size), cancel)
            self._refuse_damage(digest_of(path))
            report(Progress(note="repacking"))
            ready = folder / "ready"
            ready.mkdir()
            made = repack(path, ready, self._source.version, self._pre_releases)
            delivery = Delivery(
                digest_of(made),
                {SOURCE: stored.key, SOURCE_ETAG: stored.etag},
                self._replaces.stored.etag if self._replaces else "",
                told("uploading", made.stat().st_size),
            )
            self._area.put_new(self._key, made, delivery)

    def verify(self) -> Probe:
        """Ask the store again."""
        return self.probe()

    def _refuse_damage(self, digest: str) -> None:
        described = self._channel.describe(self._source.stored.key)
        told = described.sha256 if described else ""
        if told and told != digest:
            raise CockpitError(
                f"{self._source.stored.name} is not what its checksum says",
                f"it has {digest[:12]}, the store tells {told[:12]}",
                "have it uploaded again by its build",
            )


class StageWheels:
    """Plans to stage every wheel that the index is to get of a package, or of all."""

    name = "stage"

    def __init__(self, backends: Backends, package: str = "", *, replace: bool = False) -> None:
        self._backends = backends
        self._package = package
        self._replace = replace

    def plan(self) -> Plan:
        """List channel and staging area, and say which file comes from which."""
        backends = self._backends
        record = backends.ledger.read()
        repositories = repositories_for(backends, self._package)
        found = [on_its_way(backends, repository, record) for repository in repositories]
        steps = [step for one in found for step in self._steps(one)]
        names = " and ".join(f"{one.package} {one.version}" for one in found)
        channel = backends.config.settings.index.channel
        table = backends.config.settings.objectstore
        bucket = table.backup_bucket if table else ""
        return Plan(
            operation=self.name,
            subject=names,
            sentence=f"Stage {counted(len(steps), 'wheel')} of {names} for the package index,"
            f" from the {channel} channel into s3://{bucket}.",
            danger=Danger.REMOTE,
            target=names,
            steps=tuple(steps),
            sections=tuple(_section(one) for one in found),
            blockers=tuple(text for one in found for text in self._blockers(one)),
        )

    def _steps(self, one: OnItsWay) -> list[Step]:
        backends, rules = self._backends, self._backends.config.settings.index
        return [
            StageWheel(
                backends.store,
                backends.staging,
                wheel.source,
                rules.pre_releases,
                wheel.staged if self._replace and _stale(wheel.source, wheel.staged) else None,
            )
            for wheel in one.wheels
            if wheel.source is not None
        ]

    def _blockers(self, one: OnItsWay) -> list[str]:
        rules = self._backends.config.settings.index
        if not one.wheels:
            return [f"no wheels of {one.package} are named for the index: set [[index.wheels]]"]
        blockers = [
            f"{one.package} {wheel.cell} is not in the {rules.channel} channel"
            for wheel in one.wheels
            if wheel.source is None
        ]
        for wheel in one.wheels:
            if wheel.indexed is not None and _stale(wheel.source, wheel.staged):
                blockers.append(f"{wheel.name} is published: it cannot be staged from another file")
        return blockers


def _stale(source: Wheel | None, staged: StagedWheel | None) -> bool:
    return bool(source and staged and staged.source_etag != source.stored.etag)


def _section(one: OnItsWay) -> Section:
    """Every source with its target; nothing of how far an earlier run came."""
    found = [wheel.source for wheel in one.wheels if wheel.source is not None]
    total = sum(wheel.stored.size for wheel in found)
    lines = tuple(
        f"{wheel.stored.key} → {bare_name(wheel.stored.name, wheel.version)}"
        f"  {size(wheel.stored.size)}"
        for wheel in found
    )
    title = f"{one.package} {one.version}: {len(found)} of {len(one.wheels)}, {size(total)}"
    return Section(title, lines)
