"""Gates of the package index: what waits for it, what was inspected, what is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from cockpit.release.lookups import known
from cockpit.release.publishing import Publication, Way, inspection_of, publications
from cockpit.release.state import ReleaseState
from cockpit.release.verdicts import (
    Gate,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
)
from cockpit.release.words import counted

STAGE, INSPECT, PUBLISH = "stage", "inspect-staged", "publish"
_NOTHING = "the config names no wheels for the package index"


def _staged(state: ReleaseState, alone: str = "") -> Verdict:
    """Every wheel the index is to get waits for it, made from what the channel holds now."""
    lines: list[str] = []
    absent: list[str] = []
    stale: list[str] = []
    for package, wheels in _meant(state, alone).items():
        there = [w for w in wheels if w.staged is not None and w.way is not Way.STALE]
        stale += [f"{w.name} was staged from a file since replaced" for w in _at(wheels, Way.STALE)]
        line = f"{len(there)} of {len(wheels)} wheels of {package} are staged"
        (lines if wheels and len(there) == len(wheels) else absent).append(line)
    if stale:
        return failed(*stale, *absent, then="stage them anew: do stage --replace", action=STAGE)
    if absent:
        return failed(
            *absent, *lines, then="stage the wheels for the index", action=STAGE, pending=True
        )
    return passed(*lines) if lines else not_applicable(_NOTHING)


def _valid(state: ReleaseState, alone: str = "") -> Verdict:
    """Somebody read exactly these bytes, and found nothing against them."""
    fine: list[str] = []
    for package, wheels in _meant(state, alone).items():
        way = known(state.publishing).of(package)
        if not wheels or way is None:
            continue
        if not way.staged:
            return unknown(
                f"nothing of {package} is staged", then="stage the wheels first", pending=True
            )
        inspection = inspection_of(state.record, package, way.version)
        if inspection is None or not inspection.covers(way.staged):
            before = "" if inspection is None else f"; {inspection.by} inspected others"
            return unknown(
                f"the staged wheels of {package} have not been inspected{before}",
                then=f"inspect what is staged of {package}",
                action=INSPECT,
                pending=True,
            )
        if inspection.flaws:
            then = f"look at release-cockpit inspect --package {package}"
            return failed(*inspection.flaws, then=then)
        fine.append(
            f"{counted(len(inspection.files), 'wheel')} of {package} inspected by {inspection.by},"
            f" {inspection.at:%d %b %H:%M} UTC"
        )
    return passed(*fine) if fine else not_applicable(_NOTHING)


def _published(state: ReleaseState) -> Verdict:
    """The index has every wheel, and by its hash the one that was inspected."""
    lines: list[str] = []
    absent: list[str] = []
    other: list[str] = []
    for package, wheels in publications(state).items():
        other += [
            f"{w.name} is on the index as another file than the staged one"
            for w in _at(wheels, Way.OTHER_PUBLISHED)
        ]
        there = _at(wheels, Way.PUBLISHED)
        yanked = [w.name for w in there if w.indexed is not None and w.indexed.yanked]
        other += [f"{name} is yanked" for name in yanked]
        line = f"{len(there)} of {len(wheels)} wheels of {package} are on the index, by hash"
        (lines if wheels and len(there) == len(wheels) else absent).append(line)
    if other:
        return failed(*other, *absent, then="stop: a name on the index can be used once")
    if absent:
        return failed(
            *absent, *lines, then="publish what is inspected", action=PUBLISH, pending=True
        )
    return passed(*lines) if lines else not_applicable(_NOTHING)


def _meant(state: ReleaseState, alone: str) -> Mapping[str, Sequence[Publication]]:
    """The wheels of one package; without its name those of all."""
    found = publications(state)
    return {name: wheels for name, wheels in found.items() if alone in ("", name)}


def _at(wheels: Sequence[Publication], way: Way) -> list[Publication]:
    return [wheel for wheel in wheels if wheel.way is way]


_LOOKED_AT = ("branches", "ledger", "artifacts", "publishing")


def staging_gates(package: str = "") -> tuple[Gate, Gate]:
    """What has to hold before anything is published; of one package alone where it is named."""
    staged, valid = partial(_staged, alone=package), partial(_valid, alone=package)
    return (
        Gate("wheels-staged", "the wheels for the index are staged", "staging", _LOOKED_AT, staged),
        Gate(
            "staged-wheels-valid",
            "the staged wheels are inspected",
            "staging",
            _LOOKED_AT,
            valid,
        ),
    )


PUBLISHING_GATES = (
    *staging_gates(),
    Gate(
        "index-published",
        "the wheels are on the package index",
        "package index",
        _LOOKED_AT,
        _published,
    ),
)
