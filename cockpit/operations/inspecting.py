"""Inspect what is staged for the package index, and record for everybody what was found."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from cockpit.ledger.store import LedgerStore
from cockpit.operations.index_reads import OnItsWay, on_its_way, repositories_for
from cockpit.operations.plan import (
    Danger,
    Expectation,
    Plan,
    Probe,
    Progress,
    Section,
    StepFacts,
    StepState,
)
from cockpit.operations.reading_wheels import WheelReader
from cockpit.release.publishing import inspection_of
from cockpit.release.record import WheelsInspected
from cockpit.release.words import counted, few, size

if TYPE_CHECKING:
    from cockpit.provider import Backends


class InspectPackage:
    """Read every staged wheel of a package whole, and say in the ledger what is wrong with them.

    What was found wrong is no failure of the step: the gate and `publish` judge the record.
    """

    def __init__(self, reader: WheelReader, ledger: LedgerStore, one: OnItsWay) -> None:
        self._reader = reader
        self._ledger = ledger
        self._one = one
        staged = one.way.staged
        total = sum(wheel.stored.size for wheel in staged)
        what = "-".join(sorted(f"{wheel.name}={wheel.stored.etag}" for wheel in staged))
        self.facts = StepFacts(
            key=f"inspect/{one.package}/{one.version}/{what}",
            summary=f"Inspect {counted(len(staged), 'staged wheel')} of {one.package} {one.version}"
            f" ({size(total)})",
            command=f"release-cockpit inspect --package {one.package}",
            expects=tuple(Expectation(wheel.name, f"ETag {wheel.stored.etag}") for wheel in staged),
        )

    def probe(self) -> Probe:
        """Whether the ledger knows of a good inspection of exactly these bytes."""
        known = inspection_of(self._ledger.read(), self._one.package, self._one.version)
        if known is None or not known.covers(self._one.way.staged):
            return Probe(StepState.TODO, "these wheels have not been inspected")
        if known.flaws:
            return Probe(StepState.TODO, f"{counted(len(known.flaws), 'flaw')} found last time")
        return Probe(StepState.DONE, f"inspected by {known.by}, {known.at:%d %b %H:%M} UTC")

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Read and record."""

        def told(done: int, total: int, name: str) -> None:
            report(Progress(done, total, "bytes", name))

        found, wrong = self._reader.inspect(self._one, told, cancel)
        files = {wheel.name: wheel.sha256 for wheel in found.staged}
        self._ledger.append(
            WheelsInspected(found.package, found.version, files, tuple(map(str, wrong)))
        )

    def verify(self) -> Probe:
        """Whether the ledger has it; what stands in it is told."""
        known = inspection_of(self._ledger.read(), self._one.package, self._one.version)
        if known is None or not known.covers(self._one.way.staged):
            return Probe(StepState.CONFLICT, "the ledger has no such inspection")
        if not known.flaws:
            return Probe(StepState.DONE, "nothing stands against publishing")
        return Probe(StepState.DONE, f"not to be published: {few(known.flaws, 1)}")


class InspectStaged:
    """Plans to inspect the staged wheels of a package, or of all."""

    name = "inspect"

    def __init__(self, backends: Backends, package: str = "") -> None:
        self._backends = backends
        self._package = package

    def plan(self) -> Plan:
        """List what is staged."""
        backends = self._backends
        record = backends.ledger.read()
        repositories = repositories_for(backends, self._package)
        found = [on_its_way(backends, repository, record) for repository in repositories]
        reader = WheelReader(backends)
        names = " and ".join(f"{one.package} {one.version}" for one in found)
        return Plan(
            operation=self.name,
            subject=names,
            sentence=f"Read every staged wheel of {names} whole, and record in the ledger what is"
            " wrong with them.",
            danger=Danger.REMOTE,
            target=names,
            steps=tuple(
                InspectPackage(reader, backends.ledger, one) for one in found if one.way.staged
            ),
            sections=tuple(
                Section(
                    f"{one.package} {one.version}",
                    tuple(f"{wheel.name}  {size(wheel.stored.size)}" for wheel in one.way.staged),
                )
                for one in found
            ),
            blockers=tuple(
                f"nothing of {one.package} is staged: release-cockpit do stage"
                for one in found
                if not one.way.staged
            ),
        )
