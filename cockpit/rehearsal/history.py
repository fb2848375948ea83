"""Writes core's history: trunk, the release lines, their candidates and the open picks."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cockpit.rehearsal import messages
from cockpit.rehearsal.fastimport import FastImport, new_repository
from cockpit.rehearsal.model import Workflow
from cockpit.rehearsal.people import MERGE_BOT, MIKA, PYTORCH_BOT, WEB_FLOW, Person
from cockpit.rehearsal.releasefiles import (
    TRITON_TRIGGER,
    TRITON_WORKFLOW,
    TRUNK_FILES,
    pinned,
    released,
)
from cockpit.rehearsal.sources import CORE_AREAS, SourceTree, slots_of
from cockpit.rehearsal.story import (
    BRANCH,
    CANDIDATE_1,
    CUT,
    CUT_2_14,
    RELEASED_2_14,
    VERSION,
    Nomination,
    Numbers,
    PendingPick,
    Plan,
    TrunkCommit,
)
from cockpit.rehearsal.upstream import GITMODULES, KINETO, TRITON_VERSION, Upstream
from cockpit.rehearsal.workflows import wheel_builds


@dataclass(slots=True)
class BranchPull:
    """A pull request into a release branch."""

    number: int
    title: str
    author: Person
    opened_at: datetime
    base: str
    head_ref: str
    sources: list[TrunkCommit] = field(default_factory=list)
    """What it picks from trunk; nothing for a change of the release branch alone."""
    by_bot: bool = False
    state: Nomination | None = None
    """How it stands; None once it has landed."""
    shape: str = ""
    """How an odd one is nominated."""
    said: str = ""
    """Why it is wanted, as its nomination has it."""
    landed_at: datetime | None = None
    head_mark: int = 0
    mark: int = 0
    base_mark: int = 0
    head_sha: str = ""
    sha: str = ""
    base_sha: str = ""


@dataclass(slots=True)
class CoreHistory:
    """What has been written, with every SHA known."""

    plan: Plan
    pulls: list[BranchPull]
    """Into release branches, landed and open, in the order of their making."""
    viable_strict: str
    nightly: str
    head: str
    """The head of the release branch; like the next, empty before the cut."""
    candidate_1: str
    cut_sha: str
    later: Mapping[str, str] = field(default_factory=dict)
    """The candidates after rc1: tag → SHA, in their order."""


@dataclass(slots=True)
class _Branch:
    """The tip of a branch while it is being written."""

    ref: str
    tip: int
    tree: SourceTree


def write_core(
    git_dir: Path,
    plan: Plan,
    workflows: list[Workflow],
    upstream: Upstream,
    numbers: Numbers,
    rng: random.Random,
) -> CoreHistory:
    """Write the bare repository of core."""
    with new_repository(git_dir) as stream:
        writer = _CoreWriter(stream, plan, workflows, upstream, numbers, rng)
        writer.write_trunk()
        writer.write_release_2_14()
        if plan.is_cut:
            writer.write_release_2_15()
    for commit, parent in zip(plan.trunk[1:], plan.trunk, strict=False):
        commit.parent_sha = stream.sha(parent.mark)
        commit.sha = stream.sha(commit.mark)
    for pull in writer.pulls:
        pull.base_sha = stream.sha(pull.base_mark)
        pull.head_sha = stream.sha(pull.head_mark) if pull.head_mark else ""
        pull.sha = stream.sha(pull.mark) if pull.mark else ""
    return CoreHistory(
        plan,
        writer.pulls,
        viable_strict=plan.trunk[writer.viable].sha,
        nightly=stream.sha(writer.nightly_mark),
        head=stream.sha(writer.head_mark) if plan.is_cut else "",
        candidate_1=stream.sha(writer.candidate_mark) if plan.is_cut else "",
        cut_sha=plan.trunk[plan.cut].sha,
        later={tag: stream.sha(mark) for tag, mark in writer.later.items()},
    )


class _CoreWriter:
    """Writes one branch after the other into the stream."""

    def __init__(
        self,
        stream: FastImport,
        plan: Plan,
        workflows: list[Workflow],
        upstream: Upstream,
        numbers: Numbers,
        rng: random.Random,
    ) -> None:
        self._stream = stream
        self._upstream = upstream
        self._plan = plan
        self._workflows = workflows
        self._numbers = numbers
        self._rng = rng
        self._trees: dict[int, SourceTree] = {}
        """The tree of trunk where a line was cut, by index."""
        self.pulls: list[BranchPull] = []
        self.viable = max(0, len(plan.trunk) - (9 if plan.is_cut else 3))
        self.nightly_mark = 0
        self.candidate_mark = 0
        self.later: dict[str, int] = {}
        """The marks of the candidates after rc1."""
        self.head_mark = 0

    def write_trunk(self) -> None:
        """Write `main` with all that hangs on it: orig branches, viable/strict, nightly."""
        trunk = self._plan.trunk
        files = initial_files(self._workflows, self._upstream)
        tree = SourceTree.of(slots_of(CORE_AREAS), files)
        root = trunk[0]
        root.mark = self._stream.commit(
            "refs/heads/main",
            message=messages.trunk_message(root),
            author=root.author,
            committer=MERGE_BOT,
            at=root.at,
            files=tree.files(),
            submodules=self._upstream.submodules,
        )
        root.sha = self._stream.sha(root.mark)
        needed = {id(commit.target) for commit in trunk if commit.target is not None}
        for at, commit in enumerate(trunk[1:], start=1):
            self._land(commit, tree, parent=trunk[at - 1].mark)
            if id(commit) in needed:
                commit.sha = self._stream.sha(commit.mark)
            if at in (self._plan.cut_2_14, self._plan.cut):
                self._trees[at] = tree.copy()
        nightly = max(
            (c for c in trunk if c.at < self._plan.nightly), key=lambda c: c.at, default=trunk[0]
        )
        self._stream.point("refs/heads/orig/release/2.14", trunk[self._plan.cut_2_14].mark)
        if self._plan.is_cut:
            self._stream.point(f"refs/heads/orig/{BRANCH}", trunk[self._plan.cut].mark)
        self._stream.point("refs/heads/viable/strict", trunk[self.viable].mark)
        self._stream.point("refs/heads/nightly", nightly.mark)
        self.nightly_mark = nightly.mark

    def _land(self, commit: TrunkCommit, tree: SourceTree, parent: int) -> None:
        if commit.slot is None:
            files = tree.write({"version.txt": commit.text})
        else:
            files = tree.revise(commit.slot, _revision_after(commit, tree))
        commit.mark = self._stream.commit(
            "refs/heads/main",
            message=messages.trunk_message(commit),
            author=commit.author,
            committer=commit.author if commit.flavour == "human" else MERGE_BOT,
            at=commit.at,
            files=files,
            parent=parent,
        )

    def write_release_2_14(self) -> None:
        """Write the older line: four candidates, the release, and the start of its patch."""
        branch = self._cut("2.14", "2.14.0", CUT_2_14, self._plan.cut_2_14)
        at = CUT_2_14 + timedelta(days=2)
        for number, source in enumerate(self._plan.picks_2_14, start=1):
            at = max(at + timedelta(days=2), source.at + timedelta(hours=5))
            self._land_pick(branch, source, at)
            if number <= 4:
                self._stream.point(f"refs/tags/v2.14.0-rc{number}", branch.tip)
            if number == 4:
                self._stream.point("refs/tags/v2.14.0", branch.tip)
                at = max(at, RELEASED_2_14)
        self._land_own(
            branch,
            "[release/2.14] Set version to 2.14.1",
            at + timedelta(days=14),
            {"version.txt": "2.14.1\n"},
        )

    def write_release_2_15(self) -> None:
        """Write the line being released: rc1, what landed after it, and the open picks."""
        plan = self._plan
        branch = self._cut("2.15", "2.15.0", CUT, plan.cut)
        at = CUT + timedelta(hours=26)
        for source in plan.early_picks:
            at = max(at + timedelta(minutes=25), source.at + timedelta(hours=6))
            self._land_pick(branch, source, at)
        if plan.picked_revert is not None:
            at = max(at, plan.picked_revert.at) + timedelta(hours=1)
            self._land_pick(branch, plan.picked_revert, at)
        self.candidate_mark = branch.tip
        self._stream.point("refs/tags/v2.15.0-rc1", branch.tip)
        at_candidate = _Branch(branch.ref, branch.tip, branch.tree.copy())
        at = CANDIDATE_1 + timedelta(hours=20)
        self._land_own(branch, f"[{BRANCH}] Pin validation to the 2.15 test channel", at)
        self._move_kineto(branch, at + timedelta(minutes=40))
        for source in plan.late_picks:
            at = max(at + timedelta(minutes=55), source.at + timedelta(hours=16))
            self._tag_candidates(branch, until=min(at, plan.head_landed))
            self._land_pick(branch, source, min(at, plan.head_landed))
        self._tag_candidates(branch, until=plan.now)
        self.head_mark = branch.tip
        for pick in plan.pending:
            base = at_candidate if pick.state == "stale" else branch
            self._open_pick(base, pick)

    def _tag_candidates(self, branch: _Branch, until: datetime) -> None:
        """Tag every candidate that was due; none is tagged without something new in it."""
        for number, at in enumerate(self._plan.candidates[1:], start=2):
            tag = f"v{VERSION}-rc{number}"
            if tag in self.later or at > until:
                continue
            if branch.tip in (self.candidate_mark, *self.later.values()):
                self._land_own(branch, f"[{BRANCH}] Note rc{number}", at - timedelta(minutes=40))
            self.later[tag] = branch.tip
            self._stream.point(f"refs/tags/{tag}", branch.tip)

    def _cut(self, line: str, version: str, at: datetime, position: int) -> _Branch:
        """Start a release branch at its cut point, with its release-only changes."""
        cut = self._plan.trunk[position]
        branch = _Branch(f"refs/heads/release/{line}", cut.mark, self._trees[position].copy())
        self._stream.point(branch.ref, cut.mark)
        title = f"[RELEASE-ONLY CHANGES] Branch Cut for Release {line}"
        files = {"version.txt": f"{version}\n"} | released(branch.tree.extra, line)
        self._land_release_only(
            branch, title, PYTORCH_BOT, at + timedelta(hours=5), files, f"automated/changes-{line}"
        )
        self._land_own(
            branch,
            f"[release/{line}] Pin docker images of the release",
            at + timedelta(hours=23),
            pinned(branch.tree.extra),
        )
        return branch

    def _move_kineto(self, branch: _Branch, at: datetime) -> None:
        """Land a fix of a submodule: the pin moves to the submodule's own release branch."""
        title = f"[{BRANCH}] Move kineto to its release branch"
        pins = {KINETO: self._upstream.kineto_release}
        self._land_release_only(branch, title, MIKA, at, {}, "mika-releng/kineto", pins)

    def _land_own(
        self, branch: _Branch, title: str, at: datetime, files: dict[str, str] | None = None
    ) -> None:
        """Land a small change that only the release branch has, by default to its notes."""
        slug = title.partition("] ")[2].lower().replace(" ", "-")
        if files is None:
            notes = branch.tree.extra[".ci/release-notes.txt"]
            files = {".ci/release-notes.txt": f"{notes}{slug}\n"}
        self._land_release_only(branch, title, MIKA, at, files, f"mika-releng/{slug}")

    def _land_release_only(
        self,
        branch: _Branch,
        title: str,
        author: Person,
        at: datetime,
        files: dict[str, str],
        head_ref: str,
        submodules: Mapping[str, str] | None = None,
    ) -> None:
        pull = self._new_pull(branch, title, author, at - timedelta(hours=3), head_ref)
        body = "This belongs to the release branch alone.\n"
        changed = branch.tree.write(files)
        head = f"{title}\n\n{body}"
        squash = f"{title} (#{pull.number})\n\n{body}"
        self._commit_and_squash(branch, pull, at, changed, head, squash, submodules)

    def _land_pick(self, branch: _Branch, source: TrunkCommit, at: datetime) -> None:
        """Land the pick of a trunk commit by GitHub's squash."""
        line = branch.ref.removeprefix("refs/heads/")
        by_bot = source.kind == "change" and self._rng.random() < 0.7
        pull = self._new_pull(
            branch,
            source.title,
            PYTORCH_BOT if by_bot else source.author,
            at - timedelta(hours=4),
            _pick_branch(source, by_bot=by_bot),
        )
        pull.by_bot = by_bot
        pull.sources = [source]
        source.sha = self._stream.sha(source.mark)
        if source.slot is None:
            raise ValueError(f"{source.title} changes no function")
        changed = branch.tree.revise(source.slot, source.revision)
        message = messages.pick_message(source, pull.number, with_trailer=self._rng.random() < 0.88)
        if source.kind == "revert" and source.target is not None:
            pull.title = f'[{line}] Revert "{source.target.title}"'
            pull.author = MIKA
            message = messages.picked_revert_message(source, pull.number, line)
        head = messages.pick_head_message(source)
        self._commit_and_squash(branch, pull, at, changed, head, message)

    def _commit_and_squash(
        self,
        branch: _Branch,
        pull: BranchPull,
        at: datetime,
        files: dict[str, str],
        head: str,
        squash: str,
        submodules: Mapping[str, str] | None = None,
    ) -> None:
        """Write the head of a pull request, and its squash as the branch's new tip."""
        pull.landed_at = at
        pull.head_mark = self._stream.commit(
            f"refs/pull/{pull.number}/head",
            message=head,
            author=pull.author,
            at=pull.opened_at,
            files=files,
            parent=branch.tip,
            submodules=submodules,
        )
        author = pull.sources[0].author if pull.sources else pull.author
        branch.tip = self._stream.commit(
            branch.ref,
            message=squash,
            author=author,
            committer=WEB_FLOW,
            at=at,
            files=files,
            parent=branch.tip,
            submodules=submodules,
        )
        pull.mark = branch.tip

    def _open_pick(self, branch: _Branch, pick: PendingPick) -> None:
        """Write the branch of an open pull request, unless the pick never got one."""
        if pick.state.startswith("conflict"):
            return
        by_bot = pick.state in ("approved", "undecided", "denied", "asked")
        first = pick.commits[0]
        pull = self._new_pull(
            branch,
            first.title if by_bot else f"[cherry-pick] {first.title}",
            PYTORCH_BOT if by_bot else first.author,
            pick.commits[-1].at + timedelta(minutes=self._rng.randrange(60, 360)),
            _pick_branch(first, by_bot=by_bot),
        )
        pull.sources, pull.by_bot, pull.state = pick.commits, by_bot, pick.state
        pull.shape = pick.shape
        tree, tip = branch.tree.copy(), branch.tip
        for source in pick.commits:
            source.sha = self._stream.sha(source.mark)
            if source.slot is None:
                raise ValueError(f"{source.title} changes no function")
            tip = self._stream.commit(
                f"refs/pull/{pull.number}/head",
                message=messages.pick_head_message(source),
                author=source.author,
                committer=pull.author,
                at=pull.opened_at,
                files=tree.revise(source.slot, source.revision),
                parent=tip,
            )
        pull.head_mark = tip
        self._stream.point(f"refs/heads/{pull.head_ref}", tip)

    def _new_pull(
        self, branch: _Branch, title: str, author: Person, opened_at: datetime, head_ref: str
    ) -> BranchPull:
        pull = BranchPull(
            self._numbers.at(opened_at),
            title,
            author,
            opened_at,
            branch.ref.removeprefix("refs/heads/"),
            head_ref,
            base_mark=branch.tip,
        )
        self.pulls.append(pull)
        return pull


def initial_files(workflows: list[Workflow], upstream: Upstream) -> dict[str, str]:
    """The files beside the source code that a repository starts with."""
    files = {
        "README.md": "# PyTorch\n\nTensors and dynamic neural networks.\n",
        "version.txt": "2.14.0a0\n",
        ".ci/docker/build.sh": '#!/bin/bash\nset -ex\ndocker build "$@"\n',
        ".ci/docker/triton_version.txt": f"{TRITON_VERSION}\n",
        ".ci/docker/ci_commit_pins/triton.txt": f"{upstream.triton}\n",
        ".gitmodules": GITMODULES,
        ".ci/release-notes.txt": "Changes that a release branch has to itself:\n",
        "RELEASE.md": "# Releasing PyTorch\n",
        **TRUNK_FILES,
    }
    return files | {workflow.path: workflow_file(workflow) for workflow in workflows}


def workflow_file(workflow: Workflow) -> str:
    """A workflow's YAML, with the reference that a branch cut rewrites."""
    pushed = TRITON_TRIGGER if workflow.path == TRITON_WORKFLOW else ""
    return (
        f"name: {workflow.name}\n\non:\n  workflow_dispatch:\n{_inputs(workflow)}{pushed}\n"
        "jobs:\n  main:\n"
        "    uses: pytorch/test-infra/.github/workflows/linux_job_v2.yml@main\n"
        "    with:\n      test-infra-ref: main\n" + "".join(map(_build_job, wheel_builds(workflow)))
    )


def _inputs(workflow: Workflow) -> str:
    """What the workflow takes when it is dispatched; JSON writes the values as YAML reads them."""
    said = []
    for one in workflow.inputs:
        default = one.default == "true" if one.kind == "boolean" else one.default
        said.append(f"      {one.name}:")
        said.append(f"        type: {one.kind}")
        said.append(f"        required: {json.dumps(one.required)}")
        said.append(f"        default: {json.dumps(default)}")
        said += [f"        options: {json.dumps(one.options)}"] if one.options else []
    return "\n".join(["    inputs:", *said, ""]) if said else ""


def _build_job(name: str) -> str:
    return f"  {name}:\n    needs: main\n    uses: ./.github/workflows/_binary-build.yml\n"


def _revision_after(commit: TrunkCommit, tree: SourceTree) -> int:
    """The revision a change leaves: its own number, or what a revert goes back to."""
    if commit.slot is None:
        raise ValueError(f"{commit.title} changes no function")
    before = tree.revisions[commit.slot]
    if commit.kind == "revert" and commit.target is not None:
        commit.revision = commit.target.before
    elif commit.kind == "reland" and commit.target is not None:
        commit.revision = commit.target.revision
    else:
        commit.revision = commit.number
    commit.before = before
    return commit.revision


def _pick_branch(source: TrunkCommit, *, by_bot: bool) -> str:
    login = source.author.login.replace("-", "_")
    if source.kind == "revert":
        return f"cherry-pick-revert-{source.number}-2.15"
    return f"cherry-pick-{source.number}-by-{login}" if by_bot else f"{login}/pick-{source.number}"
