"""The steps of publishing: one file through twine, or all of a package by a workflow."""

from __future__ import annotations

import threading
from collections.abc import Callable

from cockpit.backends.ports import ObjectStorePort, PackageIndexPort, Taken, UploadAnswer
from cockpit.errors import Conflict, Unreachable
from cockpit.operations.awaiting import awaited
from cockpit.operations.index_reads import OnItsWay
from cockpit.operations.plan import Expectation, Probe, Progress, Step, StepFacts, StepState
from cockpit.release.publishing_facts import StagedWheel
from cockpit.release.words import counted, size

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
            summary=f"Publish {wheel.name} ({size(wheel.stored.size)})",
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

    def _settle(self, answer: UploadAnswer, report: Callable[[Progress], None]) -> None:
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


class ListedByHash:
    """See that the index has every staged wheel of a package, whoever has published it."""

    def __init__(self, index: PackageIndexPort, one: OnItsWay) -> None:
        self._index = index
        self._one = one
        staged = one.way.staged
        digests = "-".join(sorted(wheel.sha256 for wheel in staged))
        self.facts = StepFacts(
            key=f"listed/{index.name}/{one.package}/{one.version}/{digests}",
            summary=f"See {counted(len(staged), 'wheel')} of {one.package} {one.version} on"
            f" {index.name}, by hash",
            command=f"release-cockpit inspect --package {one.package}",
            expects=tuple(Expectation(f"SHA-256 of {w.name}", w.sha256) for w in staged),
        )

    def probe(self) -> Probe:
        """Compare everything that is listed with what is staged."""
        project = self._index.project(self._one.package, self._one.version)
        listed = {file.name: file.sha256 for file in project.files} if project else {}
        staged = self._one.way.staged
        other = [w.name for w in staged if listed.get(w.name, w.sha256) != w.sha256]
        if other:
            return Probe(StepState.CONFLICT, f"{self._index.name} has another {other[0]}")
        there = sum(wheel.name in listed for wheel in staged)
        state = StepState.DONE if staged and there == len(staged) else StepState.TODO
        return Probe(state, f"{there} of {len(staged)} are listed")

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """Wait for the index; nothing is uploaded here."""
        report(Progress(note=f"waiting for {self._index.name}"))
        if awaited(self._settled, _LISTED_WITHIN_S, cancel) is None:
            raise Unreachable(
                f"{self._one.package} is not whole on {self._index.name}",
                self.probe().detail,
                "look at the workflow's run; running the same plan again looks anew",
            )

    def verify(self) -> Probe:
        """Compare again."""
        return self.probe()

    def _settled(self) -> Probe | None:
        found = self.probe()
        return None if found.state is StepState.TODO else found


class UnlessListed:
    """A step that has nothing to do any more once the index has everything."""

    def __init__(self, step: Step, listed: ListedByHash) -> None:
        self._step = step
        self._listed = listed
        self.facts = step.facts

    def probe(self) -> Probe:
        """The index first: what is published is never asked for once more."""
        found = self._listed.probe()
        return self._step.probe() if found.state is StepState.TODO else found

    def apply(self, report: Callable[[Progress], None], cancel: threading.Event) -> None:
        """As the step does it."""
        self._step.apply(report, cancel)

    def verify(self) -> Probe:
        """As the step does it."""
        return self._step.verify()
