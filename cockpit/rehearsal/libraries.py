"""Writes the histories of test-infra and of vision, which follow core's."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cockpit.rehearsal.fastimport import FastImport, new_repository
from cockpit.rehearsal.history import workflow_file
from cockpit.rehearsal.messages import pull_url
from cockpit.rehearsal.model import Workflow
from cockpit.rehearsal.people import MIKA, PYTORCH_BOT, WEB_FLOW, Person, someone
from cockpit.rehearsal.sources import VISION_AREAS, Slot, SourceTree, slots_of
from cockpit.rehearsal.story import (
    CANDIDATE_1,
    CUT,
    CUT_2_14,
    LAST_CANDIDATE,
    RELEASE_DAY,
    RELEASED_2_14,
)

INFRA = "pytorch/test-infra"
VISION = "pytorch/vision"

VISION_CUT = CANDIDATE_1 + timedelta(days=2)
VISION_CANDIDATE_1 = CANDIDATE_1 + timedelta(days=3)
VISION_LAST_CANDIDATE = LAST_CANDIDATE + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LibraryPull:
    """A pull request that landed in one of these repositories."""

    number: int
    title: str
    author: Person
    base: str
    landed_at: datetime
    mark: int
    parent_mark: int


class Tagged(NamedTuple):
    """A commit, and when it was tagged."""

    sha: str
    at: datetime


@dataclass(slots=True)
class LibraryHistory:
    """What has been written; SHAs by mark."""

    pulls: list[LibraryPull]
    shas: Mapping[int, str]
    head: str
    """The head of the release branch of this release; before the cut that of trunk."""
    candidates: Mapping[str, Tagged] = field(default_factory=dict)
    """The candidates of this release, by their tags."""
    nightly: str | None = None


@dataclass(slots=True)
class _Branch:
    ref: str
    tip: int
    tree: SourceTree


@dataclass(slots=True)
class _LibraryWriter:
    """Lands squashed pull requests, numbered one after the other."""

    stream: FastImport
    repository: str
    next_number: int
    pulls: list[LibraryPull] = field(default_factory=list)

    def start(self, tree: SourceTree, at: datetime) -> _Branch:
        mark = self.stream.commit(
            "refs/heads/main",
            message="Start\n",
            author=MIKA,
            at=at,
            files=tree.files(),
        )
        return _Branch("refs/heads/main", mark, tree)

    def land(
        self, branch: _Branch, title: str, author: Person, at: datetime, files: dict[str, str]
    ) -> None:
        number = self.next_number
        self.next_number += 2
        url = pull_url(number, self.repository)
        parent = branch.tip
        branch.tip = self.stream.commit(
            branch.ref,
            message=f"{title} (#{number})\n\nPull Request resolved: {url}\n",
            author=author,
            committer=WEB_FLOW,
            at=at,
            files=files,
            parent=parent,
        )
        base = branch.ref.removeprefix("refs/heads/")
        self.pulls.append(LibraryPull(number, title, author, base, at, branch.tip, parent))

    def cut(
        self, trunk: _Branch, line: str, at: datetime, infra_line: str, version: str | None
    ) -> _Branch:
        """Cut a line as the generic script does: each branch gets a cut commit of its own."""
        release = self._cut_one(trunk, f"refs/heads/release/{line}", at, infra_line, version)
        self._cut_one(
            trunk, f"refs/heads/orig/release/{line}", at + timedelta(seconds=7), infra_line, version
        )
        return release

    def _cut_one(
        self, trunk: _Branch, ref: str, at: datetime, infra_line: str, version: str | None
    ) -> _Branch:
        branch = _Branch(ref, trunk.tip, trunk.tree.copy())
        files = {
            path: text.replace("@main", f"@release/{infra_line}").replace(
                "test-infra-ref: main", f"test-infra-ref: release/{infra_line}"
            )
            for path, text in branch.tree.extra.items()
            if path.startswith(".github/workflows/")
        }
        if version is not None:
            files["version.txt"] = f"{version}\n"
        branch.tip = self.stream.commit(
            ref,
            message=f"[RELEASE-ONLY CHANGES] Branch Cut for Release {infra_line}\n",
            author=PYTORCH_BOT,
            at=at,
            files=branch.tree.write(files),
            parent=trunk.tip,
        )
        return branch


def write_infra(
    git_dir: Path, workflows: list[Workflow], rng: random.Random, *, commits: int, now: datetime
) -> LibraryHistory:
    """Write test-infra: cut together with core, no candidates."""
    files = {workflow.path: workflow_file(workflow) for workflow in workflows}
    files["README.md"] = "# Test infrastructure\n"
    files[_MATRIX_FILE] = _matrix_text("2.14.0", "2.13.0", "2.12.1")
    tree = SourceTree.of([], files)
    with new_repository(git_dir) as stream:
        writer = _LibraryWriter(stream, INFRA, 7901)
        trunk = writer.start(tree, CUT_2_14 - timedelta(days=20))
        lines: dict[str, _Branch] = {}
        for at in _landing_times(commits, now):
            for line, moment in (("2.14", CUT_2_14), ("2.15", CUT)):
                if at >= moment and line not in lines:
                    lines[line] = writer.cut(trunk, line, moment, line, None)
            title = f"[{rng.choice(_INFRA_AREAS)}] {rng.choice(_INFRA_TITLES)}"
            text = trunk.tree.extra["README.md"] + f"\n* {title}\n"
            writer.land(trunk, title, someone(rng), at, trunk.tree.write({"README.md": text}))
        for line, at, versions, title in _INFRA_RELEASE_CHANGES:
            if at > now:
                continue
            branch = lines[line]
            changed = branch.tree.write({_MATRIX_FILE: _matrix_text(*versions)})
            writer.land(branch, f"[release/{line}] {title}", MIKA, at, changed)
        head = lines.get("2.15", trunk).tip
    return LibraryHistory(writer.pulls, _shas(stream, writer), stream.sha(head))


def write_vision(
    git_dir: Path, workflows: list[Workflow], rng: random.Random, *, commits: int, now: datetime
) -> LibraryHistory:
    """Write vision: cut once core's rc1 wheels were there, and its own rc1 tagged since."""
    files = {workflow.path: workflow_file(workflow) for workflow in workflows}
    files |= {"README.md": "# torchvision\n", "version.txt": "0.29.0a0\n"}
    slots = slots_of(VISION_AREAS)
    tree = SourceTree.of(slots, files)
    with new_repository(git_dir) as stream:
        writer = _LibraryWriter(stream, VISION, 9301)
        trunk = writer.start(tree, CUT_2_14 - timedelta(days=40))
        lines: dict[str, _Branch] = {}
        for at in _landing_times(commits, now):
            for line, moment in (("0.29", CUT_2_14 + timedelta(days=8)), ("0.30", VISION_CUT)):
                if at >= moment and line not in lines:
                    torch = {"0.29": "2.14", "0.30": "2.15"}[line]
                    lines[line] = writer.cut(trunk, line, moment, torch, f"{line}.0")
                    following = {"0.29": "0.30.0a0\n", "0.30": "0.31.0a0\n"}[line]
                    bumped = trunk.tree.write({"version.txt": following})
                    writer.land(trunk, f"Bump version to {following.strip()}", MIKA, at, bumped)
            slot = rng.choice(slots)
            title = f"[{slot.area.tag}] Fix {slot.function} in {slot.module}"
            changed = trunk.tree.revise(slot, writer.next_number)
            writer.land(trunk, title, someone(rng), at, changed)
        _tag_0_29(stream, writer, lines["0.29"], slots, rng)
        branch = lines.get("0.30")
        tagged: dict[str, tuple[int, datetime]] = {}
        if branch is not None:
            tagged = _tag_0_30(stream, writer, branch, rng.choice(slots), now)
        started = now.replace(hour=7, minute=30)
        before = (p for p in writer.pulls if p.base == "main" and p.landed_at < started)
        nightly = max(before, key=lambda pull: pull.landed_at).mark
        stream.point("refs/heads/nightly", nightly)
    return LibraryHistory(
        writer.pulls,
        _shas(stream, writer),
        stream.sha((branch or trunk).tip),
        candidates={name: Tagged(stream.sha(mark), at) for name, (mark, at) in tagged.items()},
        nightly=stream.sha(nightly),
    )


def _tag_0_29(
    stream: FastImport,
    writer: _LibraryWriter,
    older: _Branch,
    slots: list[Slot],
    rng: random.Random,
) -> None:
    """Annotated tags, unlike core's."""
    at = CUT_2_14 + timedelta(days=10)
    for number in (1, 2):
        slot = rng.choice(slots)
        changed = older.tree.revise(slot, writer.next_number)
        writer.land(older, f"[release/0.29] Fix {slot.function}", MIKA, at, changed)
        name = f"v0.29.0-rc{number}"
        stream.annotate(name, older.tip, message=f"{name}\n", tagger=MIKA, at=at)
        at += timedelta(days=5)
    stream.annotate(
        "v0.29.0", older.tip, message="torchvision 0.29.0\n", tagger=MIKA, at=RELEASED_2_14
    )


def _tag_0_30(
    stream: FastImport, writer: _LibraryWriter, branch: _Branch, slot: Slot, now: datetime
) -> dict[str, tuple[int, datetime]]:
    """The first candidate, what has landed since, and on release day the final candidate too."""
    tagged = {"v0.30.0-rc1": (branch.tip, VISION_CANDIDATE_1)}
    at = VISION_CANDIDATE_1 + timedelta(hours=19)
    changed = branch.tree.revise(slot, writer.next_number)
    writer.land(branch, f"[release/0.30] Fix {slot.function} on Windows", MIKA, at, changed)
    if now >= RELEASE_DAY:
        tagged["v0.30.0-rc2"] = (branch.tip, VISION_LAST_CANDIDATE)
    for name, (mark, moment) in tagged.items():
        stream.annotate(name, mark, message=f"{name}\n", tagger=MIKA, at=moment)
    return tagged


def _landing_times(commits: int, now: datetime) -> list[datetime]:
    step = (now - CUT_2_14) / (commits + 1)
    return [CUT_2_14 + step * at for at in range(commits)] + [now - timedelta(hours=2)]


def _shas(stream: FastImport, writer: _LibraryWriter) -> dict[int, str]:
    marks = {mark for pull in writer.pulls for mark in (pull.mark, pull.parent_mark)}
    return {mark: stream.sha(mark) for mark in marks}


_MATRIX_FILE = "tools/scripts/generate_binary_build_matrix.py"


def _matrix_text(nightly: str, candidate: str, stable: str) -> str:
    return (
        f'CURRENT_NIGHTLY_VERSION = "{nightly}"\n'
        f'CURRENT_CANDIDATE_VERSION = "{candidate}"\n'
        f'CURRENT_STABLE_VERSION = "{stable}"\n'
    )


_INFRA_RELEASE_CHANGES = (
    (
        "2.14",
        CUT_2_14 + timedelta(days=1),
        ("2.15.0", "2.14.0", "2.13.0"),
        "Bump CURRENT_CANDIDATE_VERSION",
    ),
    (
        "2.14",
        RELEASED_2_14,
        ("2.15.0", "2.14.0", "2.14.0"),
        "Move stable version to release/2.14",
    ),
    (
        "2.15",
        CUT + timedelta(days=1),
        ("2.16.0", "2.14.0", "2.14.0"),
        "Remove CUDA 13.4 from the binary build matrix",
    ),
    (
        "2.15",
        CUT + timedelta(days=3),
        ("2.16.0", "2.15.0", "2.14.0"),
        "Pin validation to release/2.15 and bump CURRENT_CANDIDATE_VERSION",
    ),
)
_INFRA_AREAS = ("HUD", "runners", "build matrix", "lambda", "release", "validation")
_INFRA_TITLES = (
    "Retry when the API answers slowly",
    "Add the new Windows runners",
    "Show the queue time of every label",
    "Update the dependencies",
    "Fix the link of the failing job",
    "Do not fail when a log is missing",
)
