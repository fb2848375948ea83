"""Asks a clone for what a release branch lacks, from the cheapest question to the dearest."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import NamedTuple

from cockpit.backends.git_history import ClonedHistory, Entry, Ranges, line_of
from cockpit.errors import CockpitError, ConfigError
from cockpit.release.branch_findings import Findings, pick_rows
from cockpit.release.claims import NO_CLAIMS, Named, Reader, plain
from cockpit.release.lineage import (
    Evidence,
    History,
    HistoryCommit,
    Origin,
    PickKind,
    by_shared_title,
    origins,
)
from cockpit.release.reach import BOTH, FIRST, OTHERS, SECOND, Reach
from cockpit.release.undoing import Held, Told, carried_by, held_by, missing_reverts, told_by
from cockpit.release.words import short

_SLOP = 50
"""How much further is read when nothing seems left: clocks may have been wrong."""
_LATE_S = 24 * 3600
"""How much later than its pick a change may land on trunk and still be compared by its patch."""


class Asked(NamedTuple):
    """What is asked for."""

    branch: str
    trunk: str
    repository: str | None = None
    """owner/name; the clone's own remote where it is not given."""
    closing: bool = False
    """Whether to read which issues commits close."""


class _Walked(NamedTuple):
    """The histories by who has what, each newest first."""

    own: list[HistoryCommit]
    """On trunk alone."""
    there: list[HistoryCommit]
    """On the branch alone."""
    before: list[HistoryCommit]
    """The newest of what both have."""
    older: Mapping[str, list[HistoryCommit]]
    """What older lines, by branch, got since the cut and neither of the two has."""
    cut: str


class Read(NamedTuple):
    """Findings, and the histories that they were found in."""

    findings: Findings
    told: Told
    branch: Sequence[Origin]
    held: dict[int, Held]


def read_findings(clone: ClonedHistory, ranges: Ranges, asked: Asked) -> Read:
    """Everything that git alone can tell; raises CockpitError where the clone cannot."""
    return _Questions(clone, ranges, asked).read()


class _Questions:
    def __init__(self, clone: ClonedHistory, ranges: Ranges, asked: Asked) -> None:
        self._clone = clone
        self._ranges = ranges
        self._asked = asked
        self._reader = Reader(
            lambda: asked.repository or clone.repository_name(), closing=asked.closing
        )
        self._unknown: list[str] = []

    def read(self) -> Read:
        asked = self._asked
        walked = self._walk()
        own, there, cut = walked.own, walked.there, walked.cut
        alone = History(own)
        history = History(self._further(walked, alone), alone)
        told = told_by(history)
        told_of = list(origins(there, history, _line(asked.branch)))
        found = [by_shared_title(each, history) for each in self._closed(told_of, history)]
        held = held_by(found, told)
        carried = [
            entry
            for name, commits in walked.older.items()
            for entry in carried_by(name, list(origins(commits, history, _line(name))), told, held)
        ]
        findings = Findings(
            branch=asked.branch,
            trunk=asked.trunk,
            cut=cut,
            branch_commits=len(there),
            trunk_commits=len(own),
            picks=pick_rows(found, history),
            missing_reverts=tuple(missing_reverts(told, held)),
            carry_forward=None if line_of(asked.branch) is None else tuple(carried),
            nameless=[history.commits[position] for position in told.nameless],
            unknown=tuple(self._unknown),
        )
        return Read(findings, told, found, held)

    def _commit(self, entry: Entry, *, whole: bool = False) -> HistoryCommit:
        """A commit with what it claims; `whole` reads its body whatever is in it."""
        sha, _, tree, at, authored, author, raw_title, raw_body = entry
        title = raw_title.decode("utf-8", "replace")
        body, claims = "", NO_CLAIMS
        if whole or self._reader.may_matter(title, raw_body):
            body = raw_body.decode("utf-8", "replace")
            claims = self._reader.claims(title, body)
        return HistoryCommit(
            sha.decode(),
            tree.decode(),
            int(at or 0),
            int(authored or 0),
            sys.intern(author.decode("utf-8", "replace")),
            title if title.isprintable() else _harmless(title),
            self._reader.pulls(title, body),
            claims,
        )

    def _walk(self) -> "_Walked":
        """Read all that only trunk or only the branch has, and a little more."""
        ranges = self._ranges
        tips = [(ranges.trunk, FIRST), (ranges.branch, SECOND)]
        tips += [(sha, OTHERS << at) for at, sha in enumerate(ranges.older.values())]
        reach = Reach((sha.encode(), paint) for sha, paint in tips)
        told: list[tuple[bytes, HistoryCommit]] = []
        further = _SLOP
        for entry in ranges.entries:
            paint = reach.tell(entry[0], entry[1]) & BOTH
            told.append((entry[0], self._commit(entry, whole=paint in (SECOND, 0))))
            if reach.is_whole:
                further -= 1
                if not further:
                    break
        sides: dict[int, list[HistoryCommit]] = {FIRST: [], SECOND: [], BOTH: []}
        older: dict[str, list[HistoryCommit]] = {name: [] for name in ranges.older}
        for sha, commit in told:
            paint = reach.of(sha)
            if paint & BOTH:
                sides[paint & BOTH].append(commit)
                continue
            for at, name in enumerate(older):
                if paint & OTHERS << at:
                    older[name].append(commit)
        own, there = sides[FIRST], sides[SECOND]
        walked = _Walked(own, there, sides[BOTH], older, self._cut(reach, own, there))
        if line_of(self._asked.branch) is None:
            self._unknown.append(
                f"{self._asked.branch} is called like no release line, so which are older"
                " than it cannot be told, nor what is to be carried forward from them"
            )
        return walked

    def _cut(
        self, reach: Reach, own: Sequence[HistoryCommit], there: Sequence[HistoryCommit]
    ) -> str:
        """The newest commit that trunk and the branch share."""
        shas = {commit.sha.encode() for commit in there}
        left = {parent for sha in shas for parent in reach.parents(sha)} - shas
        base = next(iter(left)).decode() if len(left) == 1 else self._ranges.branch
        if len(left) > 1:
            base = self._clone.merge_base(self._ranges.branch, self._ranges.trunk) or ""
        roots = self._clone.shallow_roots
        if roots and (not base or any(commit.sha in roots for commit in (*own, *there))):
            raise ConfigError(
                "The clone is shallow",
                f"its history ends before {self._asked.branch} left {self._asked.trunk}",
                "git fetch --unshallow",
            )
        if not base or (there and not left):
            raise ConfigError(
                f"{self._asked.branch} and {self._asked.trunk} have no commit in common",
                "so the branch was not cut from there",
                "name the branch it was cut from with --trunk",
            )
        given = self._ranges.cut
        cut = base if given is None else self._clone.merge_base(given, self._ranges.trunk)
        if cut != base:
            self._unknown.append(
                f"the cut that was given left {self._asked.trunk} at {short(cut or 'no commit')},"
                f" but {self._asked.branch} left it at {short(base)}, which is what counts"
            )
        return base

    def _further(self, walked: "_Walked", own: History) -> list[HistoryCommit]:
        """As much of the history before the cut as reverts since then speak of."""
        needs = self._needs(own, History(walked.there))
        found = walked.before
        needs = [need for need in needs if not any(_meets(commit, need) for commit in found)]
        with closing(self._ranges.entries) as entries:
            while needs and len(found) < _FURTHEST:
                entry = next(entries, None)
                if entry is None:
                    break
                found.append(self._commit(entry))
                needs = [need for need in needs if not _meets(found[-1], need)]
        return found

    def _needs(self, own: History, there: History) -> list[Named]:
        """What reverts name, and neither trunk nor the branch has since the cut."""
        open_ones = [
            commit.claims.undoes
            for history in (own, there)
            for position, commit in enumerate(history.commits)
            if commit.claims is not NO_CLAIMS
            and commit.claims.undoes
            and not _has(history, commit.claims.undoes, position)
            if history is own or not _has(own, commit.claims.undoes, -1)
        ]
        shas = [sha for named in open_ones for sha in named.shas]
        existing = self._clone.existing(shas) if shas else {}
        return [need for named in open_ones for need in _best(named, existing)]

    def _closed(self, found: list[Origin], history: History) -> list[Origin]:
        """The same with patches compared for what no message tells.

        First with what its author made at the same second, as a cherry-pick keeps that, wherever
        it is; then with what landed shortly before and touches the same files.
        """
        for compare in (self._made_together, self._landed_near):
            left = [origin.commit for origin in found if origin.kind is PickKind.UNKNOWN]
            if not left:
                break
            try:
                patches = compare(left, history)
            except CockpitError as err:
                self._unknown.append(
                    f"the patches of {len(left)} commits could not be compared with those of"
                    f" {self._asked.trunk}: {err.detail}"
                )
                break
            alike = {sha: shas for shas in patches.values() for sha in shas}
            found = [_by_patch(each, alike.get(each.commit.sha, ()), history) for each in found]
        return found

    def _made_together(
        self, left: Sequence[HistoryCommit], history: History
    ) -> dict[str, list[str]]:
        made = {(commit.author, commit.authored) for commit in left}
        own = history.commits[: history.own]
        shas = [commit.sha for commit in own if (commit.author, commit.authored) in made]
        return self._clone.patch_ids_of([*(c.sha for c in left), *shas]) if shas else {}

    def _landed_near(self, left: Sequence[HistoryCommit], history: History) -> dict[str, list[str]]:
        own = history.commits[: history.own]
        latest = max(commit.at for commit in left) + _LATE_S
        earliest = min(commit.at for commit in left)
        newest = next((at for at, commit in enumerate(own) if commit.at <= latest), len(own))
        before = next((at for at, commit in enumerate(own) if commit.at <= earliest), len(own))
        oldest = min(before + _NEAR, newest + _MOST)
        near = own[newest:oldest]
        if not near:
            return {}
        if oldest < len(own):
            self._unknown.append(
                f"the patches of {len(left)} commits were compared with those of the"
                f" {len(near)} before them on {self._asked.trunk} alone"
            )
        return self._clone.patch_ids([c.sha for c in left], [c.sha for c in near])


_NEAR = 500
_MOST = 1_000
"""Commits of trunk that a patch is compared with: to look at files of each takes its time."""
_FURTHEST = 20_000
"""How many commits before the cut are searched for what a revert names."""


def _line(branch: str) -> str:
    named = line_of(branch)
    return ".".join(map(str, named[1][:2])) if named else ""


def _harmless(text: str) -> str:
    """A title as it may be shown; nearly every one is already, and needs no look at this."""
    from cockpit.backends.text import clean

    return clean(text)


def _has(history: History, named: Named, older_than: int) -> bool:
    """Whether a history has what is named, by its SHA when that is said."""
    sought = Named(named.shas) if named.shas else named
    return bool(history.positions(sought, older_than))


def _best(named: Named, existing: dict[str, str]) -> Iterator[Named]:
    """The best evidence of each thing named alone, since worse would end the search too early."""
    shas = [existing[sha] for sha in named.shas if sha in existing]
    if shas:
        yield from (Named(shas=(sha,)) for sha in shas)
    elif named.pulls:
        yield from (Named(pulls=(pull,)) for pull in named.pulls)
    elif named.diffs:
        yield from (Named(diffs=(diff,)) for diff in named.diffs)
    elif named.title:
        yield Named(title=named.title)


def _meets(commit: HistoryCommit, need: Named) -> bool:
    return (
        commit.sha in need.shas
        or any(pull in need.pulls for pull in commit.pulls)
        or commit.claims.diff in need.diffs
        or (bool(need.title) and plain(commit.title) == need.title)
    )


def _by_patch(origin: Origin, alike: Sequence[str], history: History) -> Origin:
    positions = [history.by_sha[sha] for sha in alike if sha in history.by_sha]
    if origin.by is not None or not positions:
        return origin
    return Origin(origin.commit, PickKind.PICK, (min(positions),), Evidence.PATCH)
