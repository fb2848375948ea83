"""Writes the repositories that core takes commits of: Triton, and its submodules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cockpit.rehearsal.fastimport import FastImport, new_repository
from cockpit.rehearsal.people import MIKA
from cockpit.rehearsal.story import CUT

TRITON = "triton-lang/triton"
TRITON_VERSION = "3.8.0"
KINETO = "third_party/kineto"
IDEEP = "third_party/ideep"

GITMODULES = f"""\
[submodule "{KINETO}"]
\tpath = {KINETO}
\turl = ../kineto.git
[submodule "{IDEEP}"]
\tpath = {IDEEP}
\turl = ../../intel/ideep.git
"""


@dataclass(frozen=True, slots=True)
class Upstream:
    """The commits that core pins."""

    triton: str
    """On Triton's release branch."""
    kineto: str
    ideep: str
    """On no branch: somebody's pull request that never landed."""
    kineto_release: str
    """What the release branch moves kineto to; empty before the cut."""

    @property
    def submodules(self) -> Mapping[str, str]:
        """The pins of trunk, by path."""
        return {KINETO: self.kineto, IDEEP: self.ideep}


def write_upstream(remotes: Path, *, is_cut: bool) -> Upstream:
    """Write the bare repositories beside core's, as they are before the cut or after it."""
    with new_repository(remotes / f"{TRITON}.git") as stream:
        trunk = _commits(stream, "refs/heads/main", 2, CUT - timedelta(days=70))
        triton = _commits(stream, "refs/heads/release/3.8.x", 1, CUT - timedelta(days=50), trunk)
        _commits(stream, "refs/heads/main", 2, CUT - timedelta(days=40), trunk)
    with new_repository(remotes / "pytorch" / "kineto.git") as kineto:
        pinned = _commits(kineto, "refs/heads/main", 2, CUT - timedelta(days=90))
        _commits(kineto, "refs/heads/main", 2, CUT - timedelta(days=60), pinned)
        for_release = 0
        if is_cut:
            at = CUT + timedelta(days=4)
            for_release = _commits(kineto, "refs/heads/release/2.15", 1, at, pinned)
            _commits(kineto, "refs/heads/release/2.15", 1, at + timedelta(days=1), for_release)
    with new_repository(remotes / "intel" / "ideep.git") as ideep:
        landed = _commits(ideep, "refs/heads/main", 2, CUT - timedelta(days=80))
        stray = _commits(ideep, "refs/pull/12/head", 1, CUT - timedelta(days=75), landed)
    return Upstream(
        triton=stream.sha(triton),
        kineto=kineto.sha(pinned),
        ideep=ideep.sha(stray),
        kineto_release=kineto.sha(for_release) if for_release else "",
    )


def _commits(
    stream: FastImport, ref: str, number: int, at: datetime, parent: int | None = None
) -> int:
    """Put so many commits on a branch; gives the mark of the last."""
    mark = parent or 0
    for count in range(number):
        moment = at + timedelta(days=count)
        mark = stream.commit(
            ref,
            message=f"Change of {moment:%d %B}\n",
            author=MIKA,
            at=moment,
            files={"CHANGES": f"{moment:%Y-%m-%d}\n"},
            parent=mark or None,
        )
    return mark
