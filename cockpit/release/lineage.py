"""Which commit of trunk each commit of a release branch comes from, and by what evidence."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from functools import cached_property
from typing import NamedTuple, TypeVar

from cockpit.release.claims import (
    NO_CLAIMS,
    Claims,
    Named,
    is_release_only,
    plain,
    plain_pick,
    says_pick,
    telling,
    title_pulls,
)

K = TypeVar("K")


class HistoryCommit(NamedTuple):
    """One commit of a history, and what its message claims."""

    sha: str
    tree: str
    at: int
    """When it was committed, in seconds since the epoch."""
    authored: int
    """When its author made it, which a cherry-pick keeps."""
    author: str
    title: str
    pulls: tuple[int, ...] = ()
    """The pull requests it landed by."""
    claims: Claims = NO_CLAIMS

    @property
    def pull(self) -> int | None:
        """The pull request it landed by."""
        return self.pulls[-1] if self.pulls else None


class Evidence(Enum):
    """How a commit was recognised, the best first."""

    TRAILER = "trailer"
    PR = "pr"
    TITLE = "title"
    PATCH = "patch-id"


class PickKind(Enum):
    """What a commit is on a release branch for."""

    PICK = "pick"
    RELEASE_ONLY = "release-only"
    REVERT = "revert"
    UNKNOWN = "unknown"


class Origin(NamedTuple):
    """One commit of a release branch with where it comes from."""

    commit: HistoryCommit
    kind: PickKind
    sources: tuple[int, ...] = ()
    """Positions in the history of trunk."""
    by: Evidence | None = None


class History:
    """Commits of one line of development, newest first, found by whatever they are called by.

    Positions count from the newest commit. Those from `own` on are in the other history too:
    they are from before the cut.
    """

    def __init__(self, commits: Sequence[HistoryCommit], newer: "History | None" = None) -> None:
        """`newer` is what the history has to itself, and `commits` follow it, where it is given."""
        self._newer = newer
        self.commits: Sequence[HistoryCommit] = (
            commits if newer is None else [*newer.commits, *commits]
        )
        self.own = len(commits if newer is None else newer.commits)

    @cached_property
    def by_sha(self) -> Mapping[str, int]:
        """Positions by whole SHA."""
        return {commit.sha: position for position, commit in enumerate(self.commits)}

    @cached_property
    def by_pull(self) -> Mapping[int, Sequence[int]]:
        """Positions by pull request, newest first."""
        known = {} if self._newer is None else self._newer.by_pull
        return self._grouped(known, lambda commit: commit.pulls)

    @cached_property
    def _by_diff(self) -> Mapping[int, Sequence[int]]:
        known = {} if self._newer is None else self._newer._by_diff
        return self._grouped(known, lambda c: () if c.claims.diff is None else (c.claims.diff,))

    @cached_property
    def _by_title(self) -> Mapping[str, Sequence[int]]:
        known = {} if self._newer is None else self._newer._by_title
        return self._grouped(known, lambda commit: (plain(commit.title),))

    def _grouped(
        self, known: Mapping[K, Sequence[int]], keys: Callable[[HistoryCommit], Iterable[K]]
    ) -> Mapping[K, Sequence[int]]:
        """Positions by what `keys` names of each commit; `known` are those of what is newer."""
        found: dict[K, list[int]] = {}
        start = 0 if self._newer is None else self.own
        for position, commit in enumerate(self.commits[start:], start):
            for key in keys(commit):
                found.setdefault(key, []).append(position)
        if not known:
            return found
        return {**known, **{key: [*known.get(key, ()), *at] for key, at in found.items()}}

    @cached_property
    def _sorted_shas(self) -> Sequence[str]:
        return sorted(self.by_sha)

    def titled(self, title: str) -> Sequence[int]:
        """Positions of commits with a title, as `plain` makes it; none where it says nothing."""
        return self._by_title.get(title, ()) if telling(title) else ()

    def position(self, sha: str) -> int | None:
        """Where a whole or abbreviated SHA is; None where it is nowhere or ambiguous."""
        if len(sha) == 40:
            return self.by_sha.get(sha)
        at = bisect_left(self._sorted_shas, sha)
        found = [s for s in self._sorted_shas[at : at + 2] if s.startswith(sha)]
        return self.by_sha[found[0]] if len(found) == 1 else None

    def positions(self, named: Named, older_than: int = -1) -> tuple[int, ...]:
        """What is named, by the best evidence that finds something older than a position.

        Of several landings of one pull request it is the newest, which is what stood then.
        """
        by_sha = (p for sha in named.shas if (p := self.position(sha)) is not None)
        if found := tuple(dict.fromkeys(p for p in by_sha if p > older_than)):
            return found
        for numbers, index in ((named.pulls, self.by_pull), (named.diffs, self._by_diff)):
            newest = (_first_after(index.get(number, ()), older_than) for number in numbers)
            if found := tuple(dict.fromkeys(p for p in newest if p is not None)):
                return found
        for title in filter(None, (named.title, named.guess)):
            if (at := _first_after(self.titled(title), older_than)) is not None:
                return (at,)
        return ()


def origins(branch: Sequence[HistoryCommit], trunk: History, line: str = "") -> Iterator[Origin]:
    """Where each commit of a branch comes from, told by its message and by trunk's messages.

    `line` is the branch's, such as 2.15.
    """
    forward = _forward_ports(trunk)
    for commit in branch:
        for by, find in _EVIDENCE:
            if found := find(commit, trunk, forward):
                yield Origin(commit, PickKind.PICK, found, by)
                break
        else:
            yield Origin(commit, _kind(commit, line))


def by_shared_title(origin: Origin, trunk: History) -> Origin:
    """The same, where it says that it is a pick: of the newest change that bears its title."""
    commit = origin.commit
    if origin.by is not None or not says_pick(commit.title):
        return origin
    found = _landed_before(trunk, trunk.titled(plain_pick(commit.title)), commit)
    if found is None:
        return origin
    return Origin(commit, PickKind.PICK, (found,), Evidence.TITLE)


def _by_trailer(
    commit: HistoryCommit, trunk: History, forward: Mapping[str, int]
) -> tuple[int, ...]:
    found = [trunk.position(sha) for sha in commit.claims.picked_from]
    found.append(forward.get(commit.sha))
    return tuple(dict.fromkeys(position for position in found if position is not None))


def _by_pull(commit: HistoryCommit, trunk: History, _: Mapping[str, int]) -> tuple[int, ...]:
    numbers = (*title_pulls(commit.title), *commit.pulls, *commit.claims.picked_pulls)
    found = (_landed_before(trunk, trunk.by_pull.get(number, ()), commit) for number in numbers)
    return tuple(dict.fromkeys(position for position in found if position is not None))


def _by_title(commit: HistoryCommit, trunk: History, _: Mapping[str, int]) -> tuple[int, ...]:
    """A title proves something when one change alone bears it, however often that landed."""
    alike = trunk.titled(plain_pick(commit.title))
    if len({trunk.commits[position].pulls for position in alike}) != 1:
        return ()
    found = _landed_before(trunk, alike, commit)
    return () if found is None else (found,)


_EVIDENCE = (
    (Evidence.TRAILER, _by_trailer),
    (Evidence.PR, _by_pull),
    (Evidence.TITLE, _by_title),
)


def _landed_before(trunk: History, positions: Sequence[int], commit: HistoryCommit) -> int | None:
    """The landing that was newest when a commit was made; else the first one after it."""
    before = (p for p in positions if trunk.commits[p].at <= commit.at)
    return next(before, positions[-1] if positions else None)


def _forward_ports(trunk: History) -> dict[str, int]:
    """Trunk commits that say which commit of a branch they were picked from, by its SHA."""
    return {
        sha: position
        for position, commit in enumerate(trunk.commits)
        if commit.claims is not NO_CLAIMS
        for sha in commit.claims.picked_from
    }


def _kind(commit: HistoryCommit, line: str) -> PickKind:
    if commit.claims.is_revert or commit.claims.undoes:
        return PickKind.REVERT
    return PickKind.RELEASE_ONLY if is_release_only(commit.title, line) else PickKind.UNKNOWN


def _first_after(positions: Sequence[int], position: int) -> int | None:
    return next((found for found in positions if found > position), None)
