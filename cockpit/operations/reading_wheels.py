"""Staged wheels read whole, one at a time, and each of them only once on this machine."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from cockpit.operations.index_reads import OnItsWay
from cockpit.operations.runs import newest_candidate
from cockpit.release.inspection import Flaw, Inspected, WheelFacts, exact_pins, flaws
from cockpit.release.publishing import published_repositories
from cockpit.release.publishing_facts import StagedWheel
from cockpit.release.repos import Role

if TYPE_CHECKING:
    from cockpit.provider import Backends

Report = Callable[[int, int, str], None]
"""Bytes read, bytes altogether, and which wheel it is at."""


class WheelReader:
    """Reads staged wheels and keeps what it found by their ETag: other bytes get another one."""

    def __init__(self, backends: Backends) -> None:
        self._backends = backends
        self._file = backends.config.folders.cache / "wheel-facts"
        self._facts = _kept(self._file)

    def inspect(
        self, one: OnItsWay, report: Report, cancel: threading.Event | None = None
    ) -> tuple[Inspected, tuple[Flaw, ...]]:
        """Read what was not read before, and judge the whole package."""
        staged = one.way.staged
        total = sum(wheel.stored.size for wheel in staged)
        done = 0
        facts: dict[str, WheelFacts] = {}
        for wheel in staged:
            before = done

            def told(read: int, before: int = before, name: str = wheel.name) -> None:
                report(before + read, total, name)

            facts[wheel.name] = self._read(wheel, told, cancel)
            done += wheel.stored.size
            report(done, total, wheel.name)
        requires = {line for found in facts.values() for line in found.requires}
        found = Inspected(
            one.package,
            one.version,
            one.wheels,
            staged,
            facts,
            one.indexed,
            self._absent_pins(exact_pins(requires)),
            self._commit(one),
            names_commit=one.repository.role is Role.CORE,
        )
        return found, flaws(found, self._backends.config.settings.index)

    def _read(
        self, wheel: StagedWheel, report: Callable[[int], None], cancel: threading.Event | None
    ) -> WheelFacts:
        from cockpit.backends.spool import fetch, scratch
        from cockpit.backends.wheel_contents import read_wheel_facts

        identity = f"{wheel.stored.etag} {wheel.stored.key}"
        if identity not in self._facts:
            with scratch(wheel.stored.size) as folder:
                path = fetch(self._backends.staging, wheel.stored, folder, report, cancel)
                self._facts[identity] = read_wheel_facts(path)
            self._keep()
        return self._facts[identity]

    def _absent_pins(self, pins: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
        """Exact requirements without a file; those of this release are published with it."""
        config = self._backends.config
        ours = {
            ((repo.package or "").replace("_", "-"), str(repo.version))
            for repo in published_repositories(config.repositories)
        }
        absent = []
        for package, version in pins:
            if (package, version) in ours:
                continue
            project = self._backends.publisher.project(package, version)
            if project is None or not project.files:
                absent.append(f"{package}=={version}")
        return tuple(absent)

    def _commit(self, one: OnItsWay) -> str:
        candidate = newest_candidate(self._backends, one.repository)
        return candidate.commit_sha if candidate else ""

    def _keep(self) -> None:
        """On disk, so that a second look costs nothing; a disk that refuses costs only time."""
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            draft = self._file.with_name(f".{self._file.name}-{os.getpid()}")
            draft.write_bytes(msgspec.msgpack.encode(self._facts))
            draft.replace(self._file)


def _kept(file: Path) -> dict[str, WheelFacts]:
    try:
        return msgspec.msgpack.decode(file.read_bytes(), type=dict[str, WheelFacts])
    except (OSError, msgspec.DecodeError):
        return {}
