"""Reads a release branch of the cockpit's own clones against the trunk it was cut from."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from cockpit.backends.git_clones import Clones
from cockpit.backends.git_findings import Asked, Read, read_findings
from cockpit.backends.git_history import ClonedHistory, Ranges, line_of, older_lines
from cockpit.backends.git_names import HEADS, checked_ref, checked_sha
from cockpit.backends.git_runner import Clone, GitRunner
from cockpit.backends.git_trees import Trees
from cockpit.backends.ports import Answer, ClosedBy, TrunkQuestions
from cockpit.backends.text import clean, mask
from cockpit.errors import CockpitError
from cockpit.release.lineage import PickKind
from cockpit.release.missing_fixes import Fixes
from cockpit.release.repos import Repository
from cockpit.release.trunk import BranchChange, Finding, FindingKind, TrunkChange, TrunkReading
from cockpit.release.undoing import Told

_OLDER_LINES = 3
"""How many older release branches are looked at for what was not carried forward."""


class _Known(msgspec.Struct, frozen=True):
    """What was read last, valid while branches and the questions' kind stay."""

    key: object
    read: Read


class TrunkReader:
    """Remembers the last reading of each repository, so that nothing is walked twice."""

    def __init__(self, git: GitRunner, clones: Clones, trees: Trees) -> None:
        self._git = git
        self._clones = clones
        self._trees = trees
        self._known: dict[str, _Known] = {}
        self._reading = threading.Lock()

    def read(
        self, clone: Clone, repository: Repository, asked: TrunkQuestions, closed_by: ClosedBy
    ) -> Answer[TrunkReading]:
        """The branch and trunk of the questions, which were fetched, with everything found."""
        with self._reading:
            read = self._findings(clone, repository, asked)
        items = asked.items
        findings = [*_reverts(read), *_forward(read), *_never_landed(read)]
        fixes_unknown = asked.items_unknown
        if items is not None:
            found, fixes_unknown = _missing_fixes(read, asked, closed_by, repository.name)
            findings += found
        told = read.told
        wanted = {finding.commit for finding in findings}
        wanted.update(row.trunk.sha for row in read.findings.picks if row.trunk is not None)
        reading = TrunkReading(
            branch_sha=asked.branch_sha,
            trunk_sha=asked.trunk_sha,
            cut=read.findings.cut,
            changes=tuple(_changes(told, asked, wanted)),
            picks=tuple(_picks(read)),
            findings=tuple(findings),
            nameless=tuple(_change(told, told.trunk.by_sha[c.sha]) for c in read.findings.nameless),
            unknown=tuple(read.findings.unknown),
            fixes_unknown=fixes_unknown,
        )
        return Answer(reading, mask(clean(repository.remote)))

    def _findings(self, clone: Clone, repository: Repository, asked: TrunkQuestions) -> Read:
        older = self._older_lines(clone, repository, asked.cut_at)
        closing = asked.items is not None
        key = (asked.branch_sha, asked.trunk_sha, older, repository.name, closing)
        known = self._known.get(repository.name)
        if known is not None and known.key == key:
            return known.read
        history = _OwnHistory(clone, self._trees)
        ranges = history.between(checked_sha(asked.branch_sha), checked_sha(asked.trunk_sha), older)
        question = Asked(
            repository.release_branch, repository.trunk, repository.name, closing=closing
        )
        read = read_findings(history, ranges, question)
        self._known[repository.name] = _Known(key, read)
        return read

    def _older_lines(
        self, clone: Clone, repository: Repository, since: datetime | None
    ) -> dict[str, str]:
        """The newest of the older lines that went on since the cut, fetched where they moved."""
        own = line_of(repository.release_branch)
        if own is None:
            return {}
        listed = self._clones.listed(clone, "--heads", [f"{HEADS}{own[0]}*"])
        lines = older_lines(repository.release_branch, (r.removeprefix(HEADS) for r in listed))
        newest = sorted(lines, key=lines.__getitem__, reverse=True)[:_OLDER_LINES]
        refs = {checked_ref(HEADS + name): listed[HEADS + name] for name in newest}
        if not refs:
            return {}
        with self._clones.lock(clone):
            held = self._clones.fetched(clone)
            if any(held.get(ref) != sha for ref, sha in refs.items()):
                gone = self._clones.fetch(clone, tuple(refs), ())
                held = self._clones.fetched(clone)
                refs = {ref: held[ref] for ref in refs if ref not in gone and ref in held}
        dates = self._dates(clone, refs.values())
        return {
            ref.removeprefix(HEADS): sha
            for ref, sha in refs.items()
            if since is None or dates[sha] >= since.timestamp()
        }

    def _dates(self, clone: Clone, shas: Iterable[str]) -> dict[str, int]:
        words = ("log", "--no-walk=unsorted", "--format=%H %ct", "--end-of-options")
        listed = self._git.run(clone, *words, *shas, "--").decode().split()
        return {sha: int(at) for sha, at in zip(listed[::2], listed[1::2], strict=True)}


class _OwnHistory(ClonedHistory):
    """A clone of our own: what a partial one lacks is fetched at once, before it is compared."""

    def __init__(self, clone: Clone, trees: Trees) -> None:
        super().__init__(clone.git_dir)
        self._clone = clone
        self._trees = trees

    def between(self, branch: str, trunk: str, older: Mapping[str, str]) -> Ranges:
        """Let git begin to tell histories of these tips, as `ranges` does for names."""
        return Ranges(branch, trunk, None, older, self._log(trunk, branch, *older.values(), "--"))

    def patch_ids(self, shas: Sequence[str], others: Sequence[str]) -> dict[str, list[str]]:
        if self._clone.far:
            self._bring([*shas, *others])
        return super().patch_ids(shas, others)

    def patch_ids_of(self, shas: Sequence[str]) -> dict[str, list[str]]:
        if self._clone.far:
            self._bring(shas)
        return super().patch_ids_of(shas)

    def _bring(self, shas: Sequence[str]) -> None:
        """Contents of commits and their parents, without which patches cannot be compared."""
        self._trees.bring_for_merges(self._clone, shas)


def _changes(told: Told, asked: TrunkQuestions, wanted: Iterable[str]) -> Iterator[TrunkChange]:
    """What was asked for and what took that back, newest first."""
    trunk = told.trunk
    landings = (at for number in asked.pulls for at in trunk.by_pull.get(number, ()))
    named = (trunk.position(sha) for sha in (*asked.commits, *wanted))
    positions = {*landings, *(at for at in named if at is not None)}
    undone = [trunk.by_sha[sha] for at in positions if (sha := _undone_by(told, at))]
    positions.update(undone)
    return (_change(told, at) for at in sorted(positions))


def _change(told: Told, at: int) -> TrunkChange:
    commit = told.trunk.commits[at]
    return TrunkChange(
        sha=commit.sha,
        pull=commit.pull,
        title=commit.title,
        author=clean(commit.author),
        at=datetime.fromtimestamp(commit.at, UTC),
        undone_by=_undone_by(told, at),
    )


def _undone_by(told: Told, at: int) -> str:
    """The commit of trunk that took back what another one did, where that still holds."""
    for root, sign in told.of(at).items():
        if told.is_on(root) != (sign > 0):
            return told.trunk.commits[told.newest(root)].sha
    return ""


def _picks(read: Read) -> Iterator[BranchChange]:
    trunk = read.told.trunk
    for row in read.findings.picks:
        source = None if row.trunk is None else trunk.by_sha[row.trunk.sha]
        yield BranchChange(
            commit=row.commit.sha,
            trunk=row.trunk.sha if row.trunk else None,
            pull=row.trunk.pull if row.trunk else row.commit.pull,
            kind=row.kind.value,
            by=row.by.value if row.by else None,
            undone_by="" if source is None else _undone_on_branch(read, source),
        )


def _undone_on_branch(read: Read, source: int) -> str:
    for root, sign in read.told.of(source).items():
        held = read.held.get(root)
        if held is not None and held.on != (sign > 0):
            return held.commit
    return ""


def _reverts(read: Read) -> Iterator[Finding]:
    for found in read.findings.missing_reverts:
        revert = found.revert
        own = revert.pull if revert.pull not in found.reverted.pulls else None
        yield Finding(
            FindingKind.MISSING_REVERT,
            revert.sha,
            own,
            revert.title,
            found.why,
            reverts=found.reverted.pull,
        )


def _forward(read: Read) -> Iterator[Finding]:
    for found in read.findings.carry_forward or ():
        trunk = found.trunk
        yield Finding(FindingKind.CARRY_FORWARD, trunk.sha, trunk.pull, trunk.title, found.why)


def _never_landed(read: Read) -> Iterator[Finding]:
    for row in read.findings.picks:
        if row.kind is PickKind.UNKNOWN:
            why = "on the branch, in no form on trunk, and not said to be release-only"
            commit = row.commit
            yield Finding(FindingKind.NEVER_LANDED, commit.sha, commit.pull, commit.title, why)


def _missing_fixes(
    read: Read, asked: TrunkQuestions, closed_by: ClosedBy, repository: str
) -> tuple[list[Finding], str]:
    """What of the milestone is fixed on trunk alone, and why that may not be all."""
    items = asked.items or ()
    fixes = Fixes(read.told, read.branch, read.held)
    questions = fixes.open_questions(items, fixes.since, asked.ignored)
    recorded: Mapping[int, tuple[str, ...]] = {}
    missing = [asked.items_unknown]
    if questions:
        try:
            answer = closed_by(questions)
        except CockpitError as err:
            missing.append(f"what closed {len(questions)} issues is not known: {err.title}")
        else:
            recorded = answer.value
            missing.append(answer.missing)
    found = [
        Finding(
            FindingKind.MISSING_FIX,
            each.fix.sha,
            each.fix.pull,
            each.fix.title,
            f"#{each.item.number} of the milestone: {each.why}",
            f"{repository}#{each.item.number}",
            each.item.url,
        )
        for each in fixes.missing(items, recorded, asked.ignored)
    ]
    return found, "; ".join(filter(None, missing))
