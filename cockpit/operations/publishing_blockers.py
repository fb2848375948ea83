"""Why nothing may be published yet: every one of these cannot be made good afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cockpit.errors import CockpitError
from cockpit.operations.channel_reads import promotion_blockers
from cockpit.operations.grounds import Grounds
from cockpit.operations.index_reads import OnItsWay
from cockpit.release.publishing import Way, inspection_of
from cockpit.release.record import Ledger
from cockpit.release.repos import Role
from cockpit.release.words import are, counted, few

if TYPE_CHECKING:
    from cockpit.provider import Backends


_TRITON = "triton"
_LONGEST_VERSION = 100


def publishing_blockers(
    backends: Backends, grounds: Grounds, found: Sequence[OnItsWay]
) -> Iterator[str]:
    """What stands in the way, first what a person decides, then what the world holds."""
    yield from grounds.no_go()
    yield from _too_early(backends)
    for one in found:
        yield from promotion_blockers(backends, one.repository)
        yield from _staged(one)
        yield from _inspected(one, grounds.ledger)
    yield from _triton(backends, grounds)
    yield from _before_the_core(backends, found)


def _staged(one: OnItsWay) -> Iterator[str]:
    if not one.wheels:
        yield f"no wheels of {one.package} are named for the index: set [[index.wheels]]"
    absent = [wheel for wheel in one.wheels if wheel.staged is None]
    if absent:
        yield (
            f"{len(absent)} of {counted(len(one.wheels), 'wheel')} of {one.package}"
            f" {are(len(absent))} not staged, such as {absent[0].cell}"
        )
    for wheel in one.wheels:
        if wheel.way is Way.STALE:
            yield f"{wheel.name} was staged from a file that has been replaced since"
        elif wheel.way is Way.OTHER_PUBLISHED:
            yield f"{wheel.name} is on the index as another file"


def _inspected(one: OnItsWay, record: Ledger) -> Iterator[str]:
    known = inspection_of(record, one.package, one.version)
    if known is None or not known.covers(one.way.staged):
        earlier = "" if known is None else f"; {known.by} inspected others"
        yield (
            f"the staged wheels of {one.package} have not been inspected{earlier}:"
            f" release-cockpit do inspect {one.package}"
        )
    elif known.flaws:
        yield f"inspection of {one.package}: {few(known.flaws, 1)}"


def _too_early(backends: Backends) -> list[str]:
    """Why it is too early by the calendar."""
    left = backends.config.settings.schedule.days_until_release(backends.clock.now().date())
    if left is None:
        return ["release day is not set: edit [schedule] in the config"]
    return [f"release day is in {left} d"] if left > 0 else []


def _triton(backends: Backends, grounds: Grounds) -> list[str]:
    """Why torch could not be installed from the index: what it pins of Triton is not there."""
    source, core = backends.config.triton, backends.config.core
    if source is None:
        return []
    try:
        candidate = grounds.candidate(core)
        text = (
            backends.git.read_file(core, candidate.commit_sha, source.version_file)
            if candidate
            else None
        )
        version = (text or "").strip()[:_LONGEST_VERSION]
        project = backends.publisher.project(_TRITON, version) if version else None
    except CockpitError as err:
        return [f"whether Triton is published could not be read: {err}"]
    if not version:
        return ["the candidate does not say which version of Triton it needs"]
    if project is None or not project.files:
        return [f"{_TRITON} {version} is not on {backends.publisher.name}"]
    return []


def _before_the_core(backends: Backends, found: Sequence[OnItsWay]) -> Iterator[str]:
    """A library pins the core's version: alone on the index it cannot be installed."""
    core = backends.config.core
    if core.package is None or any(one.repository.role is Role.CORE for one in found):
        return
    project = backends.publisher.project(core.package, str(core.version))
    listed = len(project.files) if project else 0
    wanted = len(backends.config.settings.index.cells(backends.config.settings.support))
    if listed < wanted:
        of = f"of {core.package} {core.version}"
        yield f"{listed} of {wanted} wheels {of} are published: it goes first"
