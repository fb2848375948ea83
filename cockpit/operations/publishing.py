"""Publish the staged wheels to the package index: once, file by file, settled by hash."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from cockpit.backends.ports import ObjectStorePort, PackageIndexPort, Taken, Upload
from cockpit.errors import CockpitError, Conflict, Unreachable
from cockpit.operations.awaiting import awaited
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
from cockpit.operations.publishing_blockers import publishing_blockers
from cockpit.release.publishing_facts import StagedWheel
from cockpit.release.words import counted, sized

if TYPE_CHECKING:
    from cockpit.backends.provider import Backends

_LISTED_WITHIN_S = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0)
"""How long the index may take to list what it has taken."""
_UNCLEAR_WITHIN_S = (0.0, 1.0, 2.0)
"""How long it is looked for when nobody knows whether it was taken."""


class PublishFile:
    """Upload one wheel, unless the index has exactly these bytes under this name already."""

    def __init__(
        self,
        area: ObjectStorePort,
        index: PackageIndexPort,
        package: str,
        version: str,
        wheel: StagedWheel,
    ) -> None:
        self._area = area
        self._index = index
        self._package = package
        self._version = version
        self._wheel = wheel
        self.facts = StepFacts(
            key=f"publish/{index.name}/{wheel.name}/{wheel.sha256}",
            summary=f"Publish {wheel.name} ({sized(wheel.stored.size)})",
            command=f"twine upload --repository {index.name} -- {wheel.name}",
            expects=(
                Expectation(f"SHA-256 of {wheel.name}", wheel.sha256),
                Expectation(f"{wheel.name} on {index.name}", "absent"),
            ),
        )

    def probe(self) -> Probe:
        """What the index has under this name, told by its hash."""
        project = self._index.project(self._package, self._version)
        found = project.file(self._wheel.name) if project else None
        if found is None:
            return Probe(StepState.TODO, f"{self._index.name} does not list it")
        if found.sha256 == self._wheel.sha256:
            return Probe(StepState.DONE, f"{self._index.name} has exactly this file")
        return Probe(
            StepState.CONFLICT,
            f"{self._index.name} has another file of this name: {found.sha256[:12]}, not"
            f" {self._wheel.sha256[:12]}; the name is used up, and only a new version can be"
            " published",
        )

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Fetch, compare with what was inspected, look once more, and upload it once."""
        from cockpit.backends.spool import digest_of, fetch, scratch

        def told(what: str) -> Callable[[int, int], None]:
            return lambda done, total: report(Progress(done, total, "bytes", what))

        stored = self._wheel.stored
        with scratch(stored.size) as folder:
            fetching = told("fetching")
            path = fetch(
                self._area, stored, folder, lambda done: fetching(done, stored.size), cancel
            )
            if digest_of(path) != self._wheel.sha256:
                raise Conflict(
                    f"{self._wheel.name} is not the wheel that was inspected",
                    "its bytes have another checksum than the store tells",
                    "stage it anew: release-cockpit do stage --replace",
                )
            if self.probe().state is not StepState.TODO:
                # Somebody else was faster; whether with the same bytes, `verify` tells.
                return
            self._settle(self._index.upload(path, told("uploading")), report)

    def verify(self) -> Probe:
        """Look until the index lists it."""
        return awaited(self._listed, _LISTED_WITHIN_S, threading.Event()) or self.probe()

    def _settle(self, answer: Upload, report: Callable[[Progress], None]) -> None:
        """What was not plainly taken is decided by what the index lists."""
        if answer.taken is Taken.YES:
            return
        report(Progress(note=f"{answer.said}: asking the index by hash"))
        found = awaited(self._listed, _UNCLEAR_WITHIN_S, threading.Event())
        if found is not None and found.state is StepState.DONE:
            return
        if found is not None:
            raise Conflict(
                f"{self._wheel.name} is published as another file",
                found.detail,
                "stop: find out who published it before anything else goes out",
            )
        if answer.taken is Taken.NAME_USED:
            raise Conflict(
                f"The name {self._wheel.name} is used up",
                f"{answer.said}; the index refuses it and lists no such file: it was deleted, or"
                " an upload broke off",
                "ask the index's administrators, or publish a new version",
            )
        raise Unreachable(
            f"Whether {self._wheel.name} was taken is not known",
            f"{answer.said}; the index does not list it",
            "run the same plan again in a moment: it looks by hash before it uploads",
        )

    def _listed(self) -> Probe | None:
        found = self.probe()
        return None if found.state is StepState.TODO else found


class PublishWheels:
    """Plans to publish the staged wheels of a package, or of all, in the order of the config.

    Packages that a workflow publishes as a trusted publisher are left to it.
    """

    name = "publish"

    def __init__(self, backends: Backends, package: str = "") -> None:
        self._backends = backends
        self._package = package

    def plan(self) -> Plan:
        """Read ledger, channels, staging area and index, and say what would go out."""
        backends = self._backends
        record = backends.ledger.read()
        index, rules = backends.package_index, backends.config.settings.index
        wanted = repositories_for(backends, self._package)
        by_hand = [repo for repo in wanted if repo.package not in rules.by_workflow]
        if not by_hand:
            workflow = rules.by_workflow[wanted[0].package or ""]
            raise CockpitError(
                f"{wanted[0].package} is published by the workflow {workflow}",
                "the config names it as its trusted publisher",
                f"release-cockpit plan dispatch {workflow}",
            )
        found = [on_its_way(backends, repository, record) for repository in by_hand]
        names = " and ".join(f"{one.package} {one.version}" for one in found)
        place = "PyPI" if index.name == "pypi" else index.name
        steps = tuple(
            PublishFile(backends.staging, index, one.package, one.version, wheel.staged)
            for one in found
            for wheel in one.wheels
            if wheel.staged is not None
        )
        return Plan(
            operation=self.name,
            subject=names,
            sentence=f"Publish {counted(len(steps), 'wheel')} of {names} to {place}, for ever:"
            " a file name can be used once.",
            danger=Danger.IRREVERSIBLE,
            target=f"{names} → {place}",
            steps=steps,
            sections=tuple(_section(one) for one in found),
            blockers=tuple(publishing_blockers(backends, found, record)),
            warnings=tuple(
                f"{package} is left to the workflow {workflow}, its trusted publisher"
                for package, workflow in rules.by_workflow.items()
                if any(repo.package == package for repo in wanted)
            ),
        )


def _section(one: OnItsWay) -> Section:
    staged = [wheel.staged for wheel in one.wheels if wheel.staged is not None]
    total = sum(wheel.stored.size for wheel in staged)
    lines = tuple(
        f"{wheel.name}  {sized(wheel.stored.size)}  sha256 {wheel.sha256[:12]}" for wheel in staged
    )
    return Section(f"{one.package} {one.version}, in this order: {sized(total)}", lines)
