"""Drafts of changes by pull request: what becomes of a branch's files, and as which commit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec

from cockpit.backends.ports import CommitRecipe
from cockpit.errors import CockpitError
from cockpit.operations.plan import Section, Step
from cockpit.operations.pull_request_steps import BranchDraft, OpenOrUpdate, PushDraft
from cockpit.release.cuts import described, infra_branch, printable, with_branch
from cockpit.release.pullrequests import PullDraft
from cockpit.release.releasechanges import (
    FileChange,
    FileState,
    PinObjects,
    PureChange,
    Script,
    merged,
)
from cockpit.release.releasechanges_rules import (
    Applied,
    Effect,
    Surroundings,
    apply,
    needed_paths,
    title_of,
    unpinned,
)
from cockpit.release.repos import Repository
from cockpit.release.rewrites import Rewritten, RuleSet, applies_to, leftovers, unified_diff
from cockpit.release.words import counted

if TYPE_CHECKING:
    from cockpit.provider import Backends

_PINNED_NOW = "changes at the same time, so its tree is not known yet: pin it afterwards"


class Worked(msgspec.Struct, frozen=True):
    """Changes applied one after the other to the files of a commit."""

    applied: tuple[Applied, ...] = ()
    changes: tuple[FileChange, ...] = ()
    """What they come to together, by path."""

    @classmethod
    def of(cls, applied: Applied) -> Worked:
        """One change alone."""
        return cls((applied,), tuple(map(_of, applied.changes)))

    @property
    def impossible(self) -> tuple[Applied, ...]:
        """Those that found nothing to hold on to."""
        return tuple(one for one in self.applied if one.effect is Effect.IMPOSSIBLE)


class Purpose(msgspec.Struct, frozen=True):
    """What a pull request is for: its branches, its title, and what is said around the list."""

    branch: str
    base_branch: str
    base: str
    title: str
    intro: str
    outro: str = ""


class ProposedChange(msgspec.Struct, frozen=True):
    """One repository's part of a plan."""

    repository: Repository
    steps: tuple[Step, ...] = ()
    sections: tuple[Section, ...] = ()
    blockers: tuple[str, ...] = ()


class Workbench:
    """Applies a repository's release changes to the head of its release branch; reads only."""

    def __init__(self, backends: Backends, repository: Repository, sha: str) -> None:
        self._backends = backends
        self._git = backends.git
        self._repository = repository
        self._sha = sha
        target = infra_branch(repository, backends.config.repositories)
        pin = repository.docker_pin
        self._around = Surroundings(
            version=repository.version,
            branch=repository.release_branch,
            infra_branch=target,
            own=with_branch(target, backends.config.repositories),
            version_file=repository.version_file,
            docker_pin=pin,
            docker_tree=self._git.tree_id(repository, sha, pin.folder) if pin else None,
        )

    def work(self) -> Worked:
        """Apply all of them in their order; a failed one leaves the files as it found them."""
        applied: list[Applied] = []
        changes: tuple[FileChange, ...] = ()
        for change in self._repository.release_changes:
            if isinstance(change, Script):
                one, changes = self._run(change, changes)
            else:
                one = self._apply(change, self._files(change, changes))
                changes = merged((*changes, *map(_of, one.changes)))
            applied.append(one)
        return Worked(tuple(applied) + tuple(self._outdated_pin(applied, changes)), changes)

    def left(self, changes: tuple[FileChange, ...]) -> tuple[str, ...]:
        """Lines of workflows that point at main once the changes are in."""
        own = self._around.own
        files = _overlaid(self._git.files(self._repository, self._sha, ".github"), changes)
        return tuple(
            described(one)
            for path, content in sorted(files.items())
            if applies_to(RuleSet.FIXED, path)
            for one in leftovers(path, content, own)
        )

    def _apply(self, change: PureChange, files: dict[str, bytes]) -> Applied:
        if not isinstance(change, PinObjects):
            return apply(change, files, self._around)
        try:
            versions = self._versions(change.bucket, unpinned(change, files))
        except CockpitError as err:
            title = title_of(change, self._around)
            return Applied(title, Effect.IMPOSSIBLE, problem=f"{err.title}: {err.detail}")
        around = msgspec.structs.replace(self._around, object_versions=versions)
        return apply(change, files, around)

    def _versions(self, bucket: str, keys: Iterable[str]) -> dict[str, str]:
        """The newest version of each; those without one are left out."""
        store = self._backends.store
        found = {f"{bucket}/{key}": store.newest_version(bucket, key) for key in keys}
        return {name: version for name, version in found.items() if version is not None}

    def _run(
        self, script: Script, changes: tuple[FileChange, ...]
    ) -> tuple[Applied, tuple[FileChange, ...]]:
        filled = self._around.filled
        script = msgspec.structs.replace(
            script,
            arguments=tuple(map(filled, script.arguments)),
            environment={name: filled(text) for name, text in script.environment.items()},
        )
        title = title_of(script, self._around)
        run = self._git.run_script(self._repository, self._sha, changes, script)
        if run.problem:
            problem = "; ".join((run.problem, *run.said))
            return Applied(title, Effect.IMPOSSIBLE, problem=problem), changes
        before = {change.path: change.after for change in changes}
        touched = tuple(
            Rewritten(change.path, _content(change.before), _content(change.after))
            for change in run.changes
            if change.path not in before or _content(before[change.path]) != _content(change.after)
        )
        return Applied(title, Effect.CHANGED if touched else Effect.ALREADY, touched), run.changes

    def _files(self, change: PureChange, changes: tuple[FileChange, ...]) -> dict[str, bytes]:
        files: dict[str, bytes] = {}
        for path in needed_paths(change, self._around):
            files |= self._git.files(self._repository, self._sha, path)
        return _overlaid(files, changes)

    def _outdated_pin(
        self, applied: list[Applied], changes: tuple[FileChange, ...]
    ) -> Iterator[Applied]:
        pin = self._around.docker_pin
        if pin and any(change.path.startswith(f"{pin.folder}/") for change in changes):
            yield Applied(pin.folder, Effect.IMPOSSIBLE, problem=_PINNED_NOW)


def propose(
    backends: Backends,
    repository: Repository,
    purpose: Purpose,
    worked: Worked,
    *,
    left: tuple[str, ...] = (),
    replaces: str = "",
) -> ProposedChange:
    """The part of a plan that brings changes to a branch by pull request; none without changes."""
    blockers = [f"{repository.name}: {one.describe()}" for one in worked.impossible]
    lines = [
        f"{purpose.branch} → {purpose.base_branch} at {purpose.base}",
        *(one.describe() for one in worked.applied),
    ]
    sections = [Section(f"{repository.name}: {purpose.title}", tuple(lines))]
    if left:
        title = f"{repository.name}: {counted(len(left), 'reference')} to main that stay"
        sections.append(Section(title, left))
    if not worked.changes:
        return ProposedChange(repository, (), tuple(sections), tuple(blockers))
    sections.insert(1, Section(f"{repository.name}: what changes", tuple(_diff(worked.changes))))
    draft, trouble = _draft(backends, repository, purpose, worked, replaces)
    pull = PullDraft(purpose.branch, purpose.base_branch, purpose.title, _body(purpose, worked))
    steps = (
        PushDraft(backends.git, repository, draft),
        OpenOrUpdate(backends.github, repository, pull),
    )
    blockers += trouble + _unreadable(backends, repository, purpose.branch)
    return ProposedChange(repository, steps, tuple(sections), tuple(blockers))


def _draft(
    backends: Backends, repository: Repository, purpose: Purpose, worked: Worked, replaces: str
) -> tuple[BranchDraft, list[str]]:
    """The commit, and what stands in its way; the same change by somebody else is taken for it."""
    git = backends.git
    recipe = CommitRecipe(
        parent=purpose.base,
        message=purpose.title,
        author=git.identity(),
        files={c.path: c.after.content for c in worked.changes if c.after and not c.after.mode},
        made={c.path: c.after for c in worked.changes if c.after is None or c.after.mode},
    )
    made = git.draft_commit(repository, recipe)
    draft = BranchDraft(purpose.branch, purpose.base_branch, recipe, made.sha, replaces)
    head = git.branch_head(repository, purpose.branch, purpose.base)
    if head is None:
        return draft, []
    if (head.node.tree, head.node.parents) == (made.tree, made.parents):
        return msgspec.structs.replace(draft, commit=head.node.sha), []
    if draft.may_replace(head):
        return draft, []
    hint = f"--replace {head.node.sha} takes its place"
    return draft, [f"{PushDraft(git, repository, draft).in_the_way(head)}; {hint}"]


def _unreadable(backends: Backends, repository: Repository, branch: str) -> list[str]:
    """Why it cannot be told whether there is a pull request already."""
    try:
        answer = backends.github.pulls_from(repository, branch)
    except CockpitError as err:
        return [f"the pull requests of {repository.name} could not be read: {err.title}"]
    if answer.missing:
        return [f"the pull requests of {repository.name} could not be read: {answer.missing}"]
    return []


def _body(purpose: Purpose, worked: Worked) -> str:
    listed = [f"* {one.describe()}" for one in worked.applied if one.effect is Effect.CHANGED]
    return "\n\n".join(part for part in (purpose.intro, "\n".join(listed), purpose.outro) if part)


def _diff(changes: tuple[FileChange, ...]) -> Iterator[str]:
    """A unified diff, after what it cannot say: files that appear, go or change their mode."""
    for change in changes:
        path = printable(change.path)
        if change.before is None and change.after is not None:
            yield f"new file {path}, mode {change.after.mode}"
        elif change.after is None:
            yield f"deleted {path}"
        elif change.before is not None and change.before.mode != change.after.mode:
            yield f"{path}: mode {change.before.mode} becomes {change.after.mode}"
    rewritten = [
        Rewritten(change.path, _content(change.before), _content(change.after))
        for change in changes
        if _content(change.before) != _content(change.after)
    ]
    yield from unified_diff(rewritten).removesuffix("\n").split("\n") if rewritten else ()


def _overlaid(files: dict[str, bytes], changes: tuple[FileChange, ...]) -> dict[str, bytes]:
    """Files as they are once the changes are in."""
    gone = {change.path for change in changes if change.after is None}
    there = {change.path: change.after.content for change in changes if change.after}
    kept = {path: content for path, content in files.items() if path not in gone}
    return kept | there


def _of(rewritten: Rewritten) -> FileChange:
    before, after = FileState(rewritten.before), FileState(rewritten.after)
    return FileChange(rewritten.path, before, after)


def _content(state: FileState | None) -> bytes:
    return state.content if state else b""
