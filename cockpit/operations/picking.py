"""Pick changes of trunk onto the release branch, each as a pull request of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from cockpit.backends.ports import Answer, PickDraft, PickRecipe, Resolution, TrunkQuestions
from cockpit.errors import CockpitError, ConfigError
from cockpit.operations.pick_queue import PickDesk, pull_digits
from cockpit.operations.pick_steps import Picked, SetMilestone, nominating, replying
from cockpit.operations.plan import Danger, Plan, Section, Step
from cockpit.operations.pull_request_steps import BranchDraft, OpenOrUpdate, PushDraft
from cockpit.operations.rights import write_blockers
from cockpit.release.commits import short
from cockpit.release.pickwords import pick_branch, revert_branch
from cockpit.release.prediction import Outcome, PickOf, Prediction
from cockpit.release.pullrequests import PullDraft, PullPage, without_marks
from cockpit.release.trunk import TrunkChange, TrunkReading
from cockpit.release.words import counted

if TYPE_CHECKING:
    from cockpit.provider import Backends

_WORKFLOWS = ".github/workflows/"


class Wanted(msgspec.Struct, frozen=True):
    """A change as a person named it."""

    text: str
    pull: int | None
    """Its pull request on trunk."""
    commit: str
    """The commit that landed; for a pull request what trunk says of it."""
    undone: TrunkChange | None = None
    """The change itself, where what is picked is what reverted it on trunk."""
    blockers: tuple[str, ...] = ()


class PickWish(msgspec.Struct, frozen=True):
    """How changes are to be picked."""

    onto: str = ""
    """The branch; the release branch without it."""
    mainline: int | None = None
    category: str = ""
    """Why, for the tracker, where nobody has nominated it yet."""
    issue: str = ""
    """The address of the issue that it fixes."""
    replace: str = ""
    """The head of somebody else's branch that may be replaced."""


class PickChanges:
    """Plans, for each change, its branch, its pull request, and what is said about it."""

    name = "pick"

    def __init__(self, backends: Backends, texts: tuple[str, ...], wish: PickWish) -> None:
        self._backends = backends
        self._texts = texts
        self._wish = wish

    def plan(self) -> Plan:
        """Look at trunk, branch and queue, and make each pick for a look; writes nothing."""
        desk = PickDesk(self._backends)
        core = desk.core
        bench = PickBench(desk, self._wish)
        made = [bench.proposed(wanted) for wanted in bench.wanted(self._texts)]
        names = ", ".join(one.label for one in made if one.label) or "nothing"
        blockers = [
            *desk.blockers,
            *write_blockers(self._backends.github, core, "pushing picks"),
            *(blocker for one in made for blocker in one.blockers),
        ]
        return Plan(
            operation=self.name,
            subject=names,
            sentence=f"Pick {counted(len(made), 'change')} onto {bench.branch}: {names}",
            danger=Danger.REMOTE,
            target=names,
            steps=tuple(step for one in made for step in one.steps),
            sections=tuple(section for one in made for section in one.sections),
            blockers=tuple(dict.fromkeys(blockers)),
            warnings=tuple(dict.fromkeys(w for one in made for w in one.warnings)),
        )


class ProposedPick(msgspec.Struct, frozen=True):
    """One change's part of a plan."""

    label: str
    steps: tuple[Step, ...] = ()
    sections: tuple[Section, ...] = ()
    blockers: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class PickBench:
    """Works out picks onto one branch at the head that it has now."""

    def __init__(self, desk: PickDesk, wish: PickWish) -> None:
        self._desk = desk
        self._git = desk.backends.git
        self._github = desk.backends.github
        self._core = desk.core
        self._wish = wish
        self.branch = wish.onto or desk.core.release_branch
        self._own_line = self.branch == desk.core.release_branch
        self.head = self._head()

    def _head(self) -> str:
        self._git.read_branch(self._core)
        head = self._git.fetched(self._core, self.branch)
        if head is None:
            raise CockpitError(
                f"{self._core.name} has no {self.branch}",
                "there is nothing to pick onto",
                "release-cockpit plan cut-branch, or name another with --onto",
            )
        return head

    def wanted(self, texts: Sequence[str]) -> Iterator[Wanted]:
        """What is to be picked, as trunk has it."""
        numbers = [_number(text) for text in texts]
        trunk = self._trunk(
            [number for number in numbers if number is not None],
            [text.lower() for text, number in zip(texts, numbers, strict=True) if number is None],
        )
        for text, number in zip(texts, numbers, strict=True):
            yield self._wanted(text, number, trunk)

    def proposed(self, wanted: Wanted, resolution: Resolution | None = None) -> ProposedPick:
        """Its steps; without any where it cannot be picked."""
        label = f"#{wanted.pull}" if wanted.pull else short(wanted.commit)
        if wanted.blockers or not wanted.commit:
            return ProposedPick(label, blockers=wanted.blockers)
        pick = PickOf(wanted.commit, self._wish.mainline)
        base = resolution.onto if resolution else self.head
        draft = self._git.draft_pick(self._core, base, pick, resolution)
        recipe, node = draft.recipe, draft.node
        branch, found = self._branch(wanted)
        kept = found.commit if found and found.url and resolution is None else ""
        if kept:  # its pull request is open: people may have looked at this very commit
            recipe = recipe or PickRecipe(base, wanted.commit, "", "", ("", ""))
        elif recipe is None or node is None:
            return ProposedPick(label, blockers=(why_not(label, draft.prediction, self.branch),))
        page = self._github.pull(self._core, wanted.pull) if wanted.pull else None
        commit = kept or (node.sha if node else "")
        push = BranchDraft(
            branch, self.branch, recipe, commit, self._wish.replace, on_head=resolution is None
        )
        pull = self._pull_draft(wanted, page, branch, draft.prediction.title)
        subject = Picked(
            self._desk,
            wanted.pull,
            branch,
            self.branch,
            self._wish.category,
            revert=wanted.undone is not None,
        )
        steps: list[Step] = [
            PushDraft(self._git, self._core, push),
            OpenOrUpdate(self._github, self._core, pull),
        ]
        blockers = [*self._in_the_way(wanted, branch, push, found)]
        warnings = [*_workflow_warnings(draft), *_undone_warnings(wanted)]
        if self._own_line:
            steps.append(SetMilestone(subject, self._desk.config.milestone))
            steps += nominating(subject)
            blockers += subject.trouble()
        else:
            warnings.append(f"{self.branch} is another line: no milestone is set, no tracker told")
        if wanted.pull:
            steps.append(replying(subject, self._wish.issue))
        return ProposedPick(
            label,
            tuple(steps),
            (*_sections(label, branch, self.branch, base, commit, pull, draft),),
            tuple(blockers),
            tuple(warnings),
        )

    # What is meant

    def _trunk(self, pulls: Sequence[int], commits: Sequence[str]) -> TrunkReading:
        trunk = self._git.fetched(self._core, self._core.trunk)
        if trunk is None:
            raise CockpitError(
                f"{self._core.name} has no {self._core.trunk}",
                "there is nothing to pick from",
                "set the repository's trunk in release.toml",
            )
        asked = TrunkQuestions(self.head, trunk, pulls=tuple(pulls), commits=tuple(commits))
        return self._git.read_trunk(self._core, asked, lambda _: Answer({}, "")).value

    def _wanted(self, text: str, number: int | None, trunk: TrunkReading) -> Wanted:
        change = trunk.by_pull.get(number) if number is not None else trunk.change(text.lower())
        if change is None:
            name = f"#{number}" if number is not None else text
            why = f"{name} has not landed on {self._core.trunk} since the cut"
            return Wanted(text, number, "", blockers=(why,))
        if not change.undone_by:
            return Wanted(text, change.pull or number, change.sha)
        return self._reverted(text, change, trunk)

    def _reverted(self, text: str, change: TrunkChange, trunk: TrunkReading) -> Wanted:
        """What was reverted on trunk: the revert is picked where the branch has it; 12.7."""
        name = f"#{change.pull}" if change.pull else short(change.sha)
        there = trunk.on_branch.get(change.sha)
        told = f"{name} was reverted on {self._core.trunk} by {short(change.undone_by)}"
        if there is None and not self._git.contains(self._core, self.head, change.sha):
            why = f"{told}, and {self.branch} does not have it: there is nothing to revert there"
            return Wanted(text, change.pull, "", blockers=(why,))
        if there is not None and there.undone_by:
            why = f"{told}, and {self.branch} has reverted it already: {short(there.undone_by)}"
            return Wanted(text, change.pull, "", blockers=(why,))
        return Wanted(text, change.pull, change.undone_by, undone=change)

    # Its branch

    def _branch(self, wanted: Wanted) -> tuple[str, _Existing | None]:
        """The name, and what the branch of that name has of this pick already; section 12.6.

        The plain name serves the first line; where another line's pick has it, the line is added.
        """
        core, login = self._core, self._desk.login
        if wanted.undone is not None and wanted.pull:
            name = revert_branch(wanted.pull, core.line)
            return name, self._existing(name, wanted)
        plain = pick_branch(wanted.pull, wanted.commit, login)
        if not self._serves_another(plain):
            return plain, self._existing(plain, wanted)
        line = core.naming.line_of(self.branch) or core.line
        own = pick_branch(wanted.pull, wanted.commit, login, line)
        return own, self._existing(own, wanted)

    def _serves_another(self, name: str) -> bool:
        """Whether a branch is the pick of the same change for another line."""
        head = self._git.branch_head(self._core, name, self.head)
        if head is None:
            return False
        bases = {pull.base for pull in self._github.pulls_from(self._core, name).value}
        if bases:
            return self.branch not in bases
        parents = head.node.parents
        return not (parents and self._git.contains(self._core, self.head, parents[0]))

    def _existing(self, name: str, wanted: Wanted) -> _Existing | None:
        """The pick that the branch has, where it is one commit that says so itself."""
        head = self._git.branch_head(self._core, name, self.head)
        if head is None or len(head.own) != 1 or wanted.commit not in head.own[0].picked_from:
            return None
        answer = self._github.pulls_from(self._core, name)
        open_ones = [pull for pull in answer.value if pull.base == self.branch]
        return _Existing(head.node.sha, open_ones[0].url if open_ones else "")

    def _in_the_way(
        self, wanted: Wanted, branch: str, push: BranchDraft, found: _Existing | None
    ) -> Iterator[str]:
        head = self._git.branch_head(self._core, branch, self.head)
        if head is not None and head.node.sha != push.commit and not push.may_replace(head):
            told = PushDraft(self._git, self._core, push).in_the_way(head)
            yield f"{told}; --replace {head.node.sha} takes its place"
        row = self._desk.row(wanted.pull) if wanted.pull else None
        other = row.pull if row else None
        revert = bool(wanted.undone)
        if (
            other
            and other.state == "open"
            and other.base == self.branch
            and other.head_ref != branch
            and other.picks_revert is revert
            and found is None
        ):
            yield f"#{other.number} picks #{wanted.pull} onto {self.branch} already: {other.url}"

    def _pull_draft(
        self, wanted: Wanted, page: PullPage | None, branch: str, subject: str
    ) -> PullDraft:
        """Title and text of the original pull request; section 12.5, of a revert 12.7."""
        if wanted.undone is not None:
            original = page.title if page else wanted.undone.title
            number = f" (#{wanted.pull})" if wanted.pull else ""
            what = f"#{wanted.pull}" if wanted.pull else short(wanted.undone.sha)
            body = (
                f"Reverts {what} on {self.branch}.\n\n"
                f"Reverted on {self._core.trunk} by {wanted.commit}."
            )
            title = f'[{self.branch}] Revert "{original}{number}"'
            return PullDraft(branch, self.branch, title, body)
        fallback = f"Cherry pick #{wanted.pull} onto {self.branch} branch"
        title = (page.title if page else "") or (fallback if wanted.pull else subject)
        body = without_marks(page.body) if page else ""
        return PullDraft(branch, self.branch, title, body)


class _Existing(msgspec.Struct, frozen=True):
    """A pick that was pushed before."""

    commit: str
    url: str
    """The page of its open pull request; empty without one."""


def why_not(label: str, prediction: Prediction, branch: str) -> str:
    """Why a change cannot be picked as it is: names files and causes."""
    match prediction.outcome:
        case Outcome.CONFLICT:
            files = ", ".join(prediction.files)
            lacking = ", ".join(
                f"{short(cause.commit)} “{cause.title}”" for cause in prediction.caused_by
            )
            cause = f"; {branch} lacks {lacking}" if lacking else ""
            return (
                f"{label} conflicts in {files}{cause}: release-cockpit resolve {label.lstrip('#')}"
            )
        case Outcome.ALREADY:
            landed = prediction.landed
            where = f" as {short(landed.commit)}" if landed else ""
            return f"{label} is on {branch} already{where}"
        case Outcome.EMPTY:
            return f"{label} changes nothing on {branch}"
        case _:
            return f"what {label} comes to is not known: {prediction.why}"


def _number(text: str) -> int | None:
    """The pull request that is named; None for a commit."""
    digits = pull_digits(text)
    if digits and len(digits) < 8:
        return int(digits)
    if 7 <= len(text) <= 40 and all(letter in "0123456789abcdef" for letter in text.lower()):
        return None
    raise ConfigError(
        f"{text!r} names no change",
        "expected the number or page of a pull request, or a commit's SHA",
        "copy it from its page",
    )


def _sections(
    label: str, branch: str, onto: str, base: str, commit: str, pull: PullDraft, draft: PickDraft
) -> Iterator[Section]:
    lines = (f"{branch} → {onto} at {base}", f"as {commit}", f"title: {pull.title}")
    yield Section(f"{label} {draft.prediction.title}", lines)
    if draft.diff:
        resolved = "resolved by hand" if draft.recipe and draft.recipe.resolution else "merged"
        yield Section(f"{label}: what changes, {resolved}", draft.diff)


def _workflow_warnings(draft: PickDraft) -> Iterator[str]:
    if any(line.startswith("+++ ") and _WORKFLOWS in line for line in draft.diff):
        yield "it changes workflows: over HTTPS the push needs a token with the workflow scope"


def _undone_warnings(wanted: Wanted) -> Iterator[str]:
    if wanted.undone is not None:
        name = f"#{wanted.pull}" if wanted.pull else short(wanted.undone.sha)
        yield f"{name} was reverted on trunk: what reverted it is picked, {short(wanted.commit)}"


def resolution_name(wanted: Wanted, branch: str) -> str:
    """What the work tree of a pick onto a branch is called."""
    return f"{wanted.pull or wanted.commit[:10]}-{branch}"
