"""What became of each change: landed, reverted, brought back, on trunk and on a release branch.

A change is called by the commit that landed it first, its root. Everything that lands, reverts
or brings it back, to any depth, puts it on (+1) or takes it off (-1): the effects of a commit.
Process section 13.11.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from cockpit.release.claims import NO_CLAIMS, Named, plain, telling
from cockpit.release.lineage import Evidence, History, HistoryCommit, Origin
from cockpit.release.words import short

Effects = Mapping[int, int]
"""Roots, by their positions in trunk's history, and whether they are put on or taken off."""


class Told(NamedTuple):
    """What the commits of trunk do to changes."""

    trunk: History
    effects: Mapping[int, Effects]
    """Of each commit that does more than to land itself, by its position."""
    doings: Mapping[int, Sequence[int]]
    """Positions of the commits that did something to a root after it landed, oldest first."""
    nameless: Sequence[int]
    """Commits of trunk's own part that call themselves reverts of something not to be found."""

    def of(self, position: int) -> Effects:
        """What a commit does."""
        return self.effects.get(position, {position: 1})

    def newest(self, root: int, *, before_cut: bool = False) -> int:
        """The position of the newest commit that did something to a root, landing it included."""
        doings = self.doings.get(root, ())
        older = [p for p in doings if p >= self.trunk.own] if before_cut else doings
        return older[-1] if older else root

    def is_on(self, root: int, *, before_cut: bool = False) -> bool:
        """Whether trunk has a change, now or where the branch was cut."""
        return self.of(self.newest(root, before_cut=before_cut))[root] > 0


class Held(NamedTuple):
    """How a release branch stands to a change that it took part in."""

    on: bool
    commit: str
    """The branch's newest commit that did something to it."""
    source: int | None
    """What of trunk that commit is a pick of."""


class MissingRevert(NamedTuple):
    """A change that trunk has taken back and the branch has not."""

    revert: HistoryCommit
    reverted: HistoryCommit
    on_branch_as: str
    """The SHA of the change on the branch: of its pick, or its own."""
    why: str


def told_by(trunk: History) -> Told:
    """Follow what trunk's commits say of each other, from the oldest to the newest."""
    return _Follower(trunk).follow()


class _Follower:
    def __init__(self, trunk: History) -> None:
        self._trunk = trunk
        self._effects: dict[int, dict[int, int]] = {}
        self._doings: dict[int, list[int]] = {}
        self._nameless: list[int] = []
        self._again: set[int] = set()
        """Landings that share author and title with what was reverted before."""

    def follow(self) -> Told:
        commits = self._trunk.commits
        for position in sorted(self._speaking(), reverse=True):
            commit = commits[position]
            effects = self._undone(position, commit)
            if not effects and not commit.claims.is_revert:
                effects = self._brought_back(position, commit)
            if effects:
                self._note(position, effects)
            elif commit.claims.is_revert and position < self._trunk.own:
                self._nameless.append(position)
        return Told(self._trunk, self._effects, self._doings, tuple(self._nameless))

    def _speaking(self) -> set[int]:
        """Commits that may do something to others: by their words, or by landing a pull again."""
        found = {
            position
            for position, commit in enumerate(self._trunk.commits)
            if commit.claims is not NO_CLAIMS
            and (commit.claims.undoes or commit.claims.brings_back or commit.claims.is_revert)
        }
        if found:  # without a revert nothing is brought back
            for again in self._trunk.by_pull.values():
                found.update(again[:-1])
            self._again = set(self._alike(found))
        return found | self._again

    def _alike(self, speaking: Iterable[int]) -> Iterator[int]:
        """Second landings of what was reverted that say nothing but the same title again."""
        commits = self._trunk.commits
        reverted = {
            target: position
            for position in speaking
            for target in self._trunk.positions(commits[position].claims.undoes, position)
        }
        wanted = {_head(commits[target].title) for target in reverted}
        alike: dict[str, list[int]] = {}
        for position, commit in enumerate(commits):
            if (head := _head(commit.title)) in wanted:
                alike.setdefault(head, []).append(position)
        for target, position in reverted.items():
            bearers = alike[_head(commits[target].title)]
            if len(bearers) == 2 and bearers[0] < position < bearers[1] == target:
                again, first = (commits[at] for at in bearers)
                if again.author == first.author and telling(plain(first.title)):
                    yield bearers[0]

    def _undone(self, position: int, commit: HistoryCommit) -> dict[int, int]:
        claims = commit.claims
        targets: Sequence[int] = self._trunk.positions(claims.undoes, position)
        if not targets and claims.is_revert:
            targets = self._gone_back_over(position)
        effects: dict[int, int] = {}
        for target in targets:
            effects |= {root: -sign for root, sign in self._of(target).items()}
        return dict.fromkeys(effects, 1) if claims.is_reland else effects

    def _brought_back(self, position: int, commit: HistoryCommit) -> dict[int, int]:
        """What is off and lands again: named, by the same pull request, or by the same title."""
        named = commit.claims.brings_back
        found = list(self._trunk.positions(named, position)) if named else []
        for pull in commit.pulls:
            found += [p for p in self._trunk.by_pull[pull] if p > position][:1]
        if position in self._again:
            found += self._trunk.titled(plain(commit.title))[1:]
        roots = dict.fromkeys(root for target in found for root in self._of(target))
        return {root: 1 for root in roots if not self._is_on(root)}

    def _gone_back_over(self, position: int) -> Sequence[int]:
        """What a nameless revert took back, where its tree is that of an earlier commit."""
        tree = self._trunk.commits[position].tree
        for older in range(position + 2, min(position + _FURTHEST, len(self._trunk.commits))):
            if self._trunk.commits[older].tree == tree:
                return range(position + 1, older)
        return ()

    def _note(self, position: int, effects: dict[int, int]) -> None:
        self._effects[position] = effects
        for root in effects:
            self._doings.setdefault(root, []).append(position)

    def _of(self, position: int) -> Effects:
        return self._effects.get(position, {position: 1})

    def _is_on(self, root: int) -> bool:
        doings = self._doings.get(root)
        return self._of(doings[-1] if doings else root)[root] > 0


def _head(title: str) -> str:
    """A title without its number: as `plain`, for those who ask it of a whole history."""
    return title.rpartition(" (#")[0] or title


_FURTHEST = 50
"""How far back a nameless revert is compared with."""


def held_by(branch: Sequence[Origin], told: Told) -> dict[int, Held]:
    """How a branch, newest commit first, stands to the changes its commits took part in."""
    return _BranchFollower(branch, told).follow()


class _BranchFollower:
    def __init__(self, branch: Sequence[Origin], told: Told) -> None:
        self._branch = branch
        self._own = History([origin.commit for origin in branch])
        self._told = told

    def follow(self) -> dict[int, Held]:
        found: dict[int, Held] = {}
        for position in range(len(self._branch) - 1, -1, -1):
            origin = self._branch[position]
            for source in origin.sources:
                for root, sign in self._told.of(source).items():
                    found[root] = Held(sign > 0, origin.commit.sha, source)
            if not origin.sources and origin.commit.claims.undoes:
                for root, sign in self._undone(position, origin.commit.claims.undoes):
                    found[root] = Held(sign > 0, origin.commit.sha, None)
        return found

    def _undone(self, position: int, named: Named) -> Iterator[tuple[int, int]]:
        """What a revert of the branch's own takes off, or puts on when it reverts a revert."""
        for target in self._own.positions(named, position):
            origin = self._branch[target]
            if not origin.sources and origin.commit.claims.undoes:
                for root, sign in self._undone(target, origin.commit.claims.undoes):
                    yield root, -sign
            for source in origin.sources:
                yield from ((root, -sign) for root, sign in self._told.of(source).items())
            return
        for target in self._told.trunk.positions(named):
            yield from ((root, -sign) for root, sign in self._told.of(target).items())


def missing_reverts(told: Told, held: Mapping[int, Held]) -> Iterator[MissingRevert]:
    """Changes that the branch has and trunk has taken back since the cut, oldest revert first."""
    found = []
    for root in told.doings:
        standing = None if told.is_on(root) else _standing(root, told, held)
        if standing is None:
            continue
        reverts = [p for p in told.doings[root] if p < told.trunk.own and told.of(p)[root] < 0]
        after = [p for p in reverts if p < standing]
        if reverts:
            found.append((after[0] if after else reverts[-1], standing, root))
    for revert, standing, root in sorted(found, reverse=True):
        yield _missing(revert, standing, root, told, held.get(root))


def _standing(root: int, told: Told, held: Mapping[int, Held]) -> int | None:
    """The landing that makes the branch have a change; None when it does not have it."""
    own = held.get(root)
    if own is not None:
        if not own.on:
            return None
        return root if own.source is None else own.source
    from_before_cut = root >= told.trunk.own and told.is_on(root, before_cut=True)
    return told.newest(root, before_cut=True) if from_before_cut else None


def _missing(revert: int, standing: int, root: int, told: Told, held: Held | None) -> MissingRevert:
    commits = told.trunk.commits
    reverted = commits[standing]
    if held is None:
        on_branch_as, how = reverted.sha, "landed before the cut as"
    else:
        on_branch_as = held.commit
        how = "picked as" if held.source is not None else "put back on the branch by"
    why = f"{how} {short(on_branch_as)}, reverted on trunk by {short(commits[revert].sha)}"
    for later in told.doings[root]:
        if later < revert:
            word = "brought back by" if told.of(later)[root] > 0 else "reverted again by"
            why += f", {word} {short(commits[later].sha)}"
    return MissingRevert(
        commits[revert], reverted, on_branch_as, f"{why}, not undone on the branch"
    )


class CarryForward(NamedTuple):
    """A fix that an older line has, and this one lacks."""

    line: str
    """The older release branch."""
    commit: str
    """Its SHA there."""
    trunk: HistoryCommit
    why: str


def carried_by(
    line: str, older: Sequence[Origin], told: Told, held: Mapping[int, Held]
) -> Iterator[CarryForward]:
    """What an older line has of trunk's changes since the cut that this branch never had.

    What the branch took and reverted again is left out: somebody decided on it.
    """
    proven = [
        origin
        for origin in older
        if origin.by is not Evidence.TITLE
        or told.trunk.commits[origin.sources[0]].at <= origin.commit.at
    ]
    for root, there in sorted(held_by(proven, told).items(), reverse=True):
        source = there.source
        if not there.on or source is None or source >= told.trunk.own:
            continue
        if root not in held and told.is_on(root):
            landed = told.trunk.commits[source]
            yield CarryForward(
                line,
                there.commit,
                landed,
                f"on {line} as {short(there.commit)}, on trunk since the cut as"
                f" {short(landed.sha)}, not on this branch",
            )
