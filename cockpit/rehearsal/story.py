"""The story of a release line: what landed on trunk, when, by whom, and what became of it.

Only decisions are made here; `history` writes them into git and `records` into GitHub's issues.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from cockpit.rehearsal.people import CONTRIBUTORS, MERGE_BOT, Person, someone
from cockpit.rehearsal.sources import CORE_AREAS, Slot, slots_of

EPOCH = datetime(2026, 10, 14, 14, 0, tzinfo=UTC)
"""Where the world's clock starts; everything in the story lies before it."""

CUT_2_14 = datetime(2026, 8, 11, 17, 0, tzinfo=UTC)
RELEASED_2_14 = datetime(2026, 9, 2, 16, 0, tzinfo=UTC)
CUT = datetime(2026, 10, 5, 17, 0, tzinfo=UTC)
CANDIDATE_1 = datetime(2026, 10, 9, 16, 0, tzinfo=UTC)
HEAD_LANDED = datetime(2026, 10, 13, 20, 0, tzinfo=UTC)
LAST_HEAD_LANDED = datetime(2026, 10, 16, 15, 0, tzinfo=UTC)
LAST_CANDIDATE = datetime(2026, 10, 16, 17, 0, tzinfo=UTC)
"""When the last pick landed and the final candidate was tagged, where the story goes on so far."""
RELEASE_DAY = datetime(2026, 10, 21, 8, 0, tzinfo=UTC)

VERSION = "2.15.0"
LINE = "2.15"
BRANCH = f"release/{LINE}"

PREFIX_PAIRS = ((19123, 191234), (19941, 199412))
"""Two issues each: the first is still broken on the branch, the second was fixed by a pick.

Whoever looks for `#19123` as a piece of text finds it in `#191234`.
"""

Kind = Literal["change", "bump", "revert", "reland"]
Flavour = Literal["bot", "human", "phabricator"]
Nomination = Literal[
    "approved",
    "undecided",
    "human",
    "asked",
    "denied",
    "conflict",
    "conflict-approved",
    "stale",
    "dispensation",
    "incomplete",
    "several",
    "unnominated",
    "odd",
]
"""How a pick that has not landed stands; `conflict*` does not apply, `stale` needs a rebase.

An `odd` one is nominated in a shape of its own.
"""

PENDING: tuple[Nomination, ...] = (
    *("approved", "approved", "undecided", "undecided", "human", "asked", "denied"),
    *("conflict", "conflict-approved", "stale", "dispensation", "incomplete", "several"),
    "unnominated",
)


@dataclass(slots=True)
class TrunkCommit:
    """One commit of trunk, with the pull request it came from."""

    at: datetime
    kind: Kind
    number: int
    """The pull request; for a revert that of the reverted change."""
    title: str
    author: Person
    opened_at: datetime
    slot: Slot | None = None
    fixes: int | None = None
    target: TrunkCommit | None = None
    """What a revert undoes or a reland brings back."""
    flavour: Flavour = "bot"
    text: str = ""
    """The new content of version.txt, for a bump."""
    phabricator: int | None = None
    before: int = 0
    """The revision of the function that it found."""
    revision: int = 0
    """The revision that it left."""
    mark: int = 0
    sha: str = ""
    parent_sha: str = ""

    @property
    def subject(self) -> str:
        """The first line of its commit message."""
        if self.kind == "revert" and self.target is not None:
            return f'{_REVERT_WORDS[self.flavour]} "{self.target.subject}"'
        return f"{self.title} (#{self.number})"


_REVERT_WORDS = {"bot": "Revert", "human": "Revert", "phabricator": "Back out"}


@dataclass(slots=True)
class PendingPick:
    """A cherry-pick that somebody wants and that has not landed."""

    state: Nomination
    commits: list[TrunkCommit]
    shape: str = ""
    """How an odd one is nominated."""


@dataclass(slots=True)
class Plan:
    """Everything that happened on trunk, oldest first, and what the release made of it."""

    trunk: list[TrunkCommit] = field(default_factory=list)
    cut_2_14: int = 0
    cut: int = 0
    """Index of the commit that 2.15 was cut from."""
    picks_2_14: list[TrunkCommit] = field(default_factory=list)
    early_picks: list[TrunkCommit] = field(default_factory=list)
    """Landed on the release branch before rc1."""
    late_picks: list[TrunkCommit] = field(default_factory=list)
    pending: list[PendingPick] = field(default_factory=list)
    picked_revert: TrunkCommit | None = None
    """The revert of a commit from before the cut that the branch has taken over."""
    missing_reverts: list[TrunkCommit] = field(default_factory=list)
    """Reverts of what is on the branch that the branch lacks."""
    missing_fixes: list[TrunkCommit] = field(default_factory=list)
    """Fixes of milestone issues that nobody has nominated."""
    candidates: tuple[datetime, ...] = (CANDIDATE_1,)
    """When each candidate was tagged."""
    head_landed: datetime = HEAD_LANDED
    """By when the newest pick had landed on the release branch."""
    now: datetime = EPOCH
    """Up to when the story is told; what comes later has not happened."""

    @property
    def is_final(self) -> bool:
        """Whether the newest candidate is the final one."""
        return self.now >= RELEASE_DAY

    @property
    def is_cut(self) -> bool:
        """Whether 2.15 has been cut."""
        return self.now > CUT

    @property
    def nightly(self) -> datetime:
        """When the newest nightlies were started."""
        return self.now.replace(hour=7, minute=30)

    def on_the_day_of_the_cut(self) -> Plan:
        """The same story, told up to the hour in which 2.15 is to be cut."""
        return Plan(
            trunk=self.trunk[: self.cut + 1],
            cut_2_14=self.cut_2_14,
            cut=self.cut,
            picks_2_14=self.picks_2_14,
            now=CUT,
        )

    def on_release_day(self) -> Plan:
        """The same story to its end: what was wanted has landed, and is in a final candidate.

        Nobody nominated what could not be picked.
        """
        wanted = [
            commit
            for pick in self.pending
            if not pick.state.startswith("conflict")
            for commit in pick.commits
        ]
        late = [*self.late_picks, *wanted, *self.missing_fixes, *self.missing_reverts]
        return replace(
            self,
            late_picks=sorted(late, key=lambda commit: commit.at),
            pending=[],
            missing_fixes=[],
            missing_reverts=[],
            candidates=(CANDIDATE_1, LAST_CANDIDATE),
            head_landed=LAST_HEAD_LANDED,
            now=RELEASE_DAY,
        )


class Numbers:
    """Numbers of issues and pull requests: they grow with time, and none is used twice."""

    def __init__(self, per_day: float) -> None:
        self._per_day = per_day
        self._used: set[int] = {number for pair in PREFIX_PAIRS for number in pair}

    def at(self, when: datetime) -> int:
        """The next free number for something opened at this time."""
        days = (when - CUT) / timedelta(days=1)
        number = 199_100 + int(days * self._per_day)
        while number in self._used:
            number += 1
        self._used.add(number)
        return number

    def when(self, number: int) -> datetime:
        """About when something with this number was opened."""
        return CUT + timedelta(days=(number - 199_100) / self._per_day)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much happens in a story."""

    start: datetime
    commits_before_cut: int
    commits_after_cut: int
    picks: int
    harmless_reverts: int
    numbers_per_day: float
    candidates: int = 1
    until: datetime = EPOCH
    """Up to when trunk goes on; what matters to the release has landed by `EPOCH`."""
    odd_shapes: tuple[str, ...] = ()
    """Shapes in which further picks are nominated, one each."""


def plan_story(sizes: Sizes, rng: random.Random, numbers: Numbers) -> Plan:
    """Decide the whole story."""
    return _Planner(sizes, rng, numbers).plan()


class _Planner:
    """Deals out the positions of trunk, then writes what stands at each."""

    def __init__(self, sizes: Sizes, rng: random.Random, numbers: Numbers) -> None:
        self._sizes = sizes
        self._rng = rng
        self._numbers = numbers
        self._times = _trunk_times(sizes, rng)
        slots = slots_of(CORE_AREAS)
        rng.shuffle(slots)
        half = len(slots) // 2
        self._ordinary, self._reserved = slots[:half], slots[half:]
        self._planned: dict[int, TrunkCommit] = {}

    def plan(self) -> Plan:
        plan = Plan(candidates=candidate_times(self._sizes.candidates))
        plan.cut_2_14 = _last_before(self._times, CUT_2_14)
        plan.cut = _last_before(self._times, CUT)
        self._bump(plan.cut_2_14 + 1, "2.15.0a0")
        self._bump(plan.cut + 1, "2.16.0a0")
        self._plan_picks(plan)
        self._plan_reverts(plan)
        self._plan_pending(plan)
        self._plan_missing(plan)
        plan.trunk = [
            self._planned.get(at) or self._change(at, self._rng.choice(self._ordinary))
            for at in range(len(self._times))
        ]
        return plan

    def _plan_picks(self, plan: Plan) -> None:
        rc1 = CANDIDATE_1 - timedelta(hours=24)
        late = max(2, self._sizes.picks // 6)
        plan.picks_2_14 = self._tracked(6, CUT_2_14, CUT_2_14 + timedelta(days=21))
        plan.early_picks = self._tracked(self._sizes.picks - late, CUT, rc1)
        plan.late_picks = self._tracked(late, rc1, HEAD_LANDED - timedelta(hours=30))
        self._maybe_fixes(plan.early_picks + plan.late_picks)

    def _plan_pending(self, plan: Plan) -> None:
        latest = EPOCH - timedelta(hours=9)
        for state in PENDING:
            since = CUT + timedelta(days=2)
            if state == "stale":
                since = plan.late_picks[0].at
            commits = self._tracked(2 if state == "several" else 1, since, latest)
            if state == "stale":
                commits[0].slot = plan.late_picks[0].slot
            if state.startswith("conflict"):
                self._precede(commits[0])
            self._maybe_fixes(commits)
            plan.pending.append(PendingPick(state, commits))
        for shape in self._sizes.odd_shapes:
            commits = self._tracked(1, CUT + timedelta(days=2), latest)
            plan.pending.append(PendingPick("odd", commits, shape))

    def _plan_missing(self, plan: Plan) -> None:
        plan.missing_fixes = self._tracked(3, CUT, EPOCH - timedelta(days=2))
        for commit in plan.missing_fixes:
            commit.fixes = self._numbers.at(commit.opened_at - timedelta(days=4))
        for (short, long), missing, picked in zip(
            PREFIX_PAIRS, plan.missing_fixes, plan.early_picks[2:], strict=False
        ):
            missing.fixes, picked.fixes = short, long

    def _plan_reverts(self, plan: Plan) -> None:
        before = self._tracked(5, CUT - timedelta(days=20), CUT)
        missed, relanded, taken_over, by_hand, backed_out = before
        backed_out.phabricator = 84_000_000 + self._rng.randrange(900_000)
        plan.missing_reverts = [
            self._revert(missed, "bot"),
            self._revert(by_hand, "human"),
            self._revert(backed_out, "phabricator"),
            self._revert(plan.early_picks[1], "bot"),
        ]
        plan.picked_revert = self._revert(taken_over, "bot", until=CUT + timedelta(days=3))
        self._reland(self._revert(relanded, "bot", until=CUT + timedelta(days=3)))
        harmless = self._tracked(self._sizes.harmless_reverts + 1, CUT, EPOCH - timedelta(days=2))
        self._revert(harmless[0], "human")
        for commit in harmless[1:]:
            self._revert(commit, "bot")

    def _tracked(self, count: int, since: datetime, until: datetime) -> list[TrunkCommit]:
        """Changes to functions that nothing else touches, at free positions in this time."""
        free = self._free(since, until)
        return [
            self._plan_change(at, self._reserved.pop())
            for at in sorted(self._rng.sample(free, count))
        ]

    def _free(self, since: datetime, until: datetime) -> list[int]:
        return [
            at
            for at, when in enumerate(self._times)
            if since < when < until and at not in self._planned and at > 0
        ]

    def _plan_change(self, at: int, slot: Slot) -> TrunkCommit:
        self._planned[at] = self._change(at, slot)
        return self._planned[at]

    def _change(self, at: int, slot: Slot) -> TrunkCommit:
        when = self._times[at]
        opened = when - timedelta(minutes=self._rng.randrange(180, 5400))
        number = self._numbers.at(opened)
        return TrunkCommit(
            when, "change", number, _title(slot, self._rng), someone(self._rng), opened, slot
        )

    def _bump(self, at: int, version: str) -> None:
        when = self._times[at]
        opened = when - timedelta(hours=1)
        title = f"Bump version to {version}"
        self._planned[at] = TrunkCommit(
            when, "bump", self._numbers.at(opened), title, MERGE_BOT, opened, text=f"{version}\n"
        )

    def _precede(self, commit: TrunkCommit) -> None:
        """Put an unpicked change to the same function before this one, so that it conflicts."""
        if commit.slot is None:
            raise ValueError("only a change to a function can be in another's way")
        self._plan_change(self._rng.choice(self._free(CUT, commit.at)), commit.slot)

    def _revert(
        self, target: TrunkCommit, flavour: Flavour, until: datetime | None = None
    ) -> TrunkCommit:
        earliest = max(target.at, CUT) + timedelta(hours=2)
        at = self._rng.choice(self._free(earliest, until or EPOCH))
        author = MERGE_BOT if flavour == "bot" else self._rng.choice(CONTRIBUTORS)
        when = self._times[at]
        revert = TrunkCommit(
            when,
            "revert",
            target.number,
            target.title,
            author,
            when,
            target.slot,
            target=target,
            flavour=flavour,
        )
        self._planned[at] = revert
        return revert

    def _reland(self, revert: TrunkCommit) -> None:
        target = revert.target
        if target is None:
            raise ValueError("only a revert can be made undone")
        at = self._rng.choice(self._free(revert.at, EPOCH))
        when = self._times[at]
        opened = when - timedelta(hours=5)
        self._planned[at] = TrunkCommit(
            when,
            "reland",
            self._numbers.at(opened),
            f'Reland "{target.title}"',
            target.author,
            opened,
            target.slot,
            target=target,
        )

    def _maybe_fixes(self, commits: Iterable[TrunkCommit]) -> None:
        for commit in commits:
            if self._rng.random() < 0.6:
                reported = commit.opened_at - timedelta(days=self._rng.uniform(0.3, 9))
                commit.fixes = self._numbers.at(reported)


def _trunk_times(sizes: Sizes, rng: random.Random) -> list[datetime]:
    def spread(count: int, since: datetime, until: datetime) -> list[datetime]:
        step = (until - since) / (count + 1)
        times = [since + step * (at + rng.uniform(0.55, 1.45)) for at in range(count)]
        return [time.replace(microsecond=0) for time in sorted(times)]

    last = sizes.until - timedelta(minutes=25)
    before = spread(sizes.commits_before_cut, sizes.start, CUT - timedelta(hours=1))
    return before + spread(sizes.commits_after_cut, CUT + timedelta(minutes=20), last)


def candidate_times(count: int) -> tuple[datetime, ...]:
    """rc1, then one after the other; the newest two are still being built."""
    newest = (EPOCH - timedelta(hours=5), EPOCH - timedelta(minutes=50))[: count - 1]
    built = count - len(newest)
    step = (EPOCH - timedelta(hours=16) - CANDIDATE_1) / max(built - 1, 1)
    return (*(CANDIDATE_1 + step * at for at in range(built)), *newest)


def _last_before(times: list[datetime], moment: datetime) -> int:
    return max(at for at, when in enumerate(times) if when <= moment)


_TITLES = (
    "Fix strides of {f} for non-contiguous inputs",
    "Fix crash in {f} with an empty batch",
    "Fix silent wrong result of {f} in half precision",
    "Do not recompile {f} when only the batch size changes",
    "Fix memory leak in {f} {m}",
    "Support float8 in {f}",
    "Avoid a device synchronisation in {f}",
    "Fix deadlock in {m} when {f} is captured",
    "Restore 2.14 behaviour of {f} for negative dims",
    "Speed up {f} for small inputs",
    "Make {f} deterministic again",
    "Fix {f} export with dynamic shapes",
    "Handle zero-sized tensors in {f}",
    "Fix gradient of {f} at the boundary",
    "Document the rounding of {f}",
    "Remove dead branch from {m}.{f}",
    "Skip {f} test on machines without tensor cores",
    "Guard {f} for compilers before GCC 13",
)


def _title(slot: Slot, rng: random.Random) -> str:
    text = rng.choice(_TITLES).format(f=slot.function, m=slot.module)
    return f"[{slot.area.tag}] {text}"
