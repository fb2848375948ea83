"""Core's records on the loopback GitHub: issues, milestone, pull requests and trackers."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from cockpit.rehearsal import oddities, tracker
from cockpit.rehearsal.desk import Desk, close, merge
from cockpit.rehearsal.history import BranchPull, CoreHistory
from cockpit.rehearsal.messages import issue_url, pull_url
from cockpit.rehearsal.model import Forge, Issue, Pull, Release, Repository, Review
from cockpit.rehearsal.people import ADA, CAPTAIN, MANAGERS, MERGE_BOT, PYTORCH_BOT, someone
from cockpit.rehearsal.sources import CORE_AREAS
from cockpit.rehearsal.story import (
    BRANCH,
    CUT,
    RELEASED_2_14,
    VERSION,
    Numbers,
    PendingPick,
    TrunkCommit,
)
from cockpit.rehearsal.tracker import CATEGORIES, Remark

BLOCKER, FEATURE = "high priority", "release-feature-request"
"""Labels of open issues that hold up the cut."""

MILESTONE, NEXT_MILESTONE = 65, 66
_MILESTONES = ((63, "2.14.0"), (64, "2.14.1"), (MILESTONE, VERSION), (NEXT_MILESTONE, "2.16.0"))
_VALIDATED_AFTER = timedelta(hours=22)
_PULLS_SINCE = CUT - timedelta(days=21)
"""Pull requests that landed on trunk before this are too old to be looked at."""


def file_records(
    forge: Forge,
    repository: Repository,
    history: CoreHistory,
    *,
    milestone_items: int,
    numbers: Numbers,
    rng: random.Random,
) -> None:
    """File everything that core's GitHub knows about this history."""
    desk = Desk(forge, repository)
    due = datetime(2026, 10, 28, 7, 0, tzinfo=UTC)
    for number, title in _MILESTONES:
        desk.milestone(number, title, at=CUT - timedelta(days=120), due_on=due)
    repository.milestones[63].state = "closed"
    filing = _Filing(desk, history, numbers, rng)
    filing.trunk_pulls()
    filing.branch_pulls()
    filing.fixed_issues()
    filing.trackers()
    filing.special_issues()
    filing.fill_milestone(milestone_items)
    filing.validate_milestone()
    repository.releases[1] = Release(
        id=forge.next_id(),
        tag_name="v2.14.0",
        name="PyTorch 2.14.0 Release",
        body="# PyTorch 2.14.0 Release Notes\n\n- Highlights\n- Backwards Incompatible Changes\n",
        draft=False,
        prerelease=False,
        created_at=RELEASED_2_14 - timedelta(hours=5),
        published_at=RELEASED_2_14,
        author=ADA.login,
    )


class _Filing:
    """Files one kind of record after the other."""

    def __init__(
        self, desk: Desk, history: CoreHistory, numbers: Numbers, rng: random.Random
    ) -> None:
        self._desk = desk
        self._history = history
        self._numbers = numbers
        self._rng = rng
        self._remarks: list[Remark] = []

    def trunk_pulls(self) -> None:
        """The pull requests that landed on trunk, with what happened to them since."""
        plan = self._history.plan
        picked = {id(source) for pull in self._history.pulls for source in pull.sources}
        for commit in plan.trunk:
            if commit.kind == "revert" or not (commit.at > _PULLS_SINCE or id(commit) in picked):
                continue
            issue = self._desk.issue(
                commit.number,
                commit.title,
                _pull_body(commit),
                user=commit.author.login,
                at=commit.opened_at,
                labels=["open source", "Merged", *_area_labels(commit)],
            )
            head = f"{commit.author.login}/{commit.number}"
            pull = Pull(head, "main", commit.sha, commit.parent_sha)
            pull.reviews.append(self._approval(commit.sha, commit.at - timedelta(hours=1)))
            merge(issue, pull, commit.sha, by=MERGE_BOT.login, at=commit.at)
            self._desk.comment(
                issue, commit.author.login, "@pytorchbot merge", commit.at - timedelta(minutes=50)
            )
        for commit in plan.trunk:
            self._note_revert(commit)

    def branch_pulls(self) -> None:
        """The pull requests into release branches; and what is said about them."""
        for pull in self._history.pulls:
            self._branch_pull(pull)
            if pull.base == BRANCH and pull.sources:
                self._nominate(pull)
        for pick in self._history.plan.pending:
            if pick.state.startswith("conflict"):
                self._nominate_without_pull(pick)
        self._remarks += oddities.remarks([p for p in self._history.pulls if p.shape])

    def fixed_issues(self) -> None:
        """The issues that commits say they fix."""
        plan = self._history.plan
        tracked = [*plan.early_picks, *plan.late_picks, *plan.missing_fixes]
        tracked += [commit for pick in plan.pending for commit in pick.commits]
        for commit in tracked:
            if commit.fixes is None:
                continue
            issue = self._desk.issue(
                commit.fixes,
                f"{commit.title.partition('] ')[2]}: broken since 2.14",
                "### 🐛 Describe the bug\n\nIt worked in 2.14.0.\n\n### Versions\n\n2.15.0 rc1\n",
                user=someone(self._rng).login,
                at=min(self._numbers.when(commit.fixes), commit.opened_at),
                labels=["triaged", "module: regression", *_area_labels(commit)],
                milestone=MILESTONE,
                assignees=[commit.author.login],
            )
            close(issue, commit.at)

    def trackers(self) -> None:
        """The trackers of this release and of a patch under way, once it is cut; and an old one."""
        if self._history.plan.is_cut:
            self._open_trackers()
        at = RELEASED_2_14 - timedelta(days=22)
        old = self._desk.issue(
            self._numbers.at(at),
            "[v.2.14.0] Release Tracker",
            tracker.MINOR_BODY.replace("2.15", "2.14"),
            user=ADA.login,
            at=at,
            labels=["release tracker", "triaged"],
        )
        close(old, RELEASED_2_14 + timedelta(days=1))

    def _open_trackers(self) -> None:
        at = CUT + timedelta(hours=6)
        issue = self._desk.issue(
            self._numbers.at(at),
            f"[v.{VERSION}] Release Tracker",
            tracker.MINOR_BODY,
            user=ADA.login,
            at=at,
            labels=["release tracker", "triaged"],
        )
        for remark in sorted(self._remarks, key=lambda remark: remark.at):
            comment = self._desk.comment(issue, remark.by, remark.body, remark.at)
            comment.updated_at = remark.edited_at or comment.updated_at
        at = RELEASED_2_14 + timedelta(days=34)
        patch = self._desk.issue(
            self._numbers.at(at),
            "[v2.14.1] Release Tracker",
            tracker.patch_body("2.14.1", "2.14"),
            user=ADA.login,
            at=at,
            labels=["release tracker", "triaged", "oncall: releng"],
        )
        text = tracker.nomination([pull_url(193_512)], pull_url(198_777), "Regression")
        self._desk.comment(patch, "larsholm", text, at + timedelta(days=2))

    def special_issues(self) -> None:
        """The odd ones: open blockers, a feature request, an unstable job, a rejected report."""
        for title, labels in _OPEN_ISSUES if self._history.plan.is_cut else _OPEN_BEFORE_THE_CUT:
            issue = self._special(title, labels, milestone=MILESTONE)
            if self._history.plan.is_final:
                close(issue, issue.created_at + timedelta(days=1))
        hostile = self._special(_HOSTILE_TITLE, ("triaged",), milestone=MILESTONE)
        close(hostile, hostile.created_at + timedelta(hours=20))
        rejected = self._special(
            "Results differ from 2.14 when the seed differs", ("triaged",), milestone=MILESTONE
        )
        close(rejected, rejected.created_at + timedelta(days=2), "not_planned")
        self._special("UNSTABLE linux-binary-manywheel / manywheel-py3_14t-xpu-test", ("unstable",))
        checks = self._special(
            "Release 2.14.0 validations checklist and cherry-picks",
            ("triaged", "oncall: releng"),
            at=RELEASED_2_14 - timedelta(days=9),
        )
        close(checks, RELEASED_2_14)

    def fill_milestone(self, items: int) -> None:
        """Closed issues from before the cut, until the milestone is as large as it should be."""
        present = sum(i.milestone == MILESTONE for i in self._desk.repository.issues.values())
        for _ in range(max(0, items - present)):
            at = CUT - timedelta(days=self._rng.uniform(4, 60))
            area = self._rng.choice(CORE_AREAS)
            issue = self._desk.issue(
                self._numbers.at(at),
                f"[{area.tag}] {self._rng.choice(_OLD_TITLES)} ({self._rng.choice(area.modules)})",
                "### 🐛 Describe the bug\n\nSee the script below.\n",
                user=someone(self._rng).login,
                at=at,
                labels=["triaged", area.label],
                milestone=MILESTONE,
            )
            close(issue, min(at + timedelta(days=self._rng.uniform(0.5, 20)), CUT))

    def validate_milestone(self) -> None:
        """Where the final candidate is out, everybody has tried their fix with it."""
        plan = self._history.plan
        if not plan.is_final:
            return
        said = f"Validated on v{VERSION}-rc{len(plan.candidates)}."
        for issue in self._desk.repository.issues.values():
            if issue.milestone == MILESTONE and issue.state == "closed":
                self._desk.comment(issue, issue.user, said, plan.candidates[-1] + _VALIDATED_AFTER)

    def _special(
        self,
        title: str,
        labels: Iterable[str],
        *,
        milestone: int | None = None,
        at: datetime | None = None,
    ) -> Issue:
        at = at or self._history.plan.now - timedelta(days=self._rng.uniform(3, 8))
        return self._desk.issue(
            self._numbers.at(at),
            title,
            "### 🐛 Describe the bug\n\nDetails below.\n",
            user=someone(self._rng).login,
            at=at,
            labels=labels,
            milestone=milestone,
        )

    def _note_revert(self, revert: TrunkCommit) -> None:
        issue = self._desk.repository.issues.get(revert.number)
        if revert.kind != "revert" or issue is None:
            return
        issue.labels.append("Reverted")
        self._desk.label("Reverted")
        text = f"@{issue.user} your PR has been successfully reverted."
        self._desk.comment(issue, MERGE_BOT.login, text, revert.at)

    def _approval(self, sha: str, at: datetime) -> Review:
        reviewer = self._rng.choice(MANAGERS)
        return Review(self._desk.forge.next_id(), reviewer.login, "APPROVED", "", sha, at)

    def _branch_pull(self, pull: BranchPull) -> None:
        current = pull.base == BRANCH
        issue = self._desk.issue(
            pull.number,
            oddities.title(pull),
            _pull_body(pull.sources[0]) if pull.sources else "A change of the branch alone.\n",
            user=pull.author.login,
            at=pull.opened_at,
            labels=["open source"] + (["topic: not user facing"] if not pull.sources else []),
            milestone=MILESTONE if current and (pull.sha or pull.state == "unnominated") else None,
        )
        base = oddities.said(pull).target or pull.base
        issue.pull = Pull(pull.head_ref, base, pull.head_sha, pull.base_sha)
        issue.pull.draft = pull.shape == "draft"
        if pull.landed_at is not None:
            at = pull.landed_at
            issue.pull.reviews.append(self._approval(pull.head_sha, at - timedelta(minutes=9)))
            merge(issue, issue.pull, pull.sha, by=self._rng.choice(MANAGERS).login, at=at)
        elif pull.state == "denied" or pull.shape == "closed":
            close(issue, pull.opened_at + timedelta(hours=9))
        elif pull.state in ("approved", "stale"):
            at = pull.opened_at + timedelta(hours=3)
            issue.pull.reviews.append(self._approval(pull.head_sha, at))

    def _nominate(self, pull: BranchPull) -> None:
        if pull.state in ("unnominated", "odd"):
            return
        at = pull.opened_at + timedelta(minutes=7)
        category = _CATEGORIES_OF.get(pull.state or "") or self._rng.choice(CATEGORIES)
        pull.said = pull.state if pull.state in _SAID_BY_STATE else category
        if pull.by_bot:
            self._ask_bot(pull, category)
        body = _nomination_body(pull, category)
        by = PYTORCH_BOT.login if pull.by_bot else pull.author.login
        self._remarks.append(Remark(by, body, at))
        if pull.landed_at is not None:
            words = self._rng.choice(("Merged", "Approved and merged", "approved, merged"))
            self._answer(pull, words, pull.landed_at)
        elif pull.state in _ANSWERS:
            self._answer(pull, _ANSWERS[pull.state], at + timedelta(hours=3))
        elif pull.state == "undecided":
            text = tracker.quoting_stranger(pull)
            self._remarks.append(Remark("ostone", text, at + timedelta(hours=2)))

    def _answer(self, pull: BranchPull, words: str, at: datetime) -> None:
        manager = self._rng.choice(MANAGERS)
        self._remarks.append(Remark(manager.login, tracker.answer(pull, words), at))

    def _ask_bot(self, pull: BranchPull, category: str) -> None:
        source = pull.sources[0]
        issue = self._desk.repository.issues[source.number]
        fixes = f" --fixes {issue_url(source.fixes)}" if source.fixes else ""
        command = f"@pytorchbot cherry-pick --onto {BRANCH}{fixes} -c {category}"
        at = pull.opened_at - timedelta(minutes=3)
        self._desk.comment(issue, source.author.login, command, at)
        linked = (
            f" and it is linked with issue {issue_url(source.fixes)}."
            if source.fixes
            else f" and it is recommended to link a {category} cherry pick PR with an issue."
        )
        self._desk.comment(
            issue,
            PYTORCH_BOT.login,
            f"### Cherry picking #{source.number}\nThe cherry pick PR is at "
            f"{pull_url(pull.number)}{linked} The following tracker issues are updated:",
            pull.opened_at + timedelta(minutes=1),
        )

    def _nominate_without_pull(self, pick: PendingPick) -> None:
        commit = pick.commits[0]
        at = commit.at + timedelta(hours=2)
        issue = self._desk.repository.issues[commit.number]
        command = f"@pytorchbot cherry-pick --onto {BRANCH} -c critical"
        self._desk.comment(issue, commit.author.login, command, at)
        self._desk.comment(
            issue,
            PYTORCH_BOT.login,
            f"### Cherry picking #{commit.number}\nCommand `git cherry-pick -x {commit.sha}` "
            f"returned non-zero exit code 1\n```\nerror: could not apply {commit.sha[:11]}... "
            f"{commit.subject}\n```",
            at + timedelta(minutes=2),
        )
        text = tracker.trunk_only_nomination(commit, "Critical fix, the bot could not apply it")
        self._remarks.append(Remark(commit.author.login, text, at + timedelta(minutes=20)))
        if pick.state == "conflict-approved":
            words = f"{pull_url(commit.number)}: approved, please open a PR by hand."
            self._remarks.append(Remark(ADA.login, words, at + timedelta(hours=1)))


_OPEN_ISSUES = (
    (
        "[inductor] Wrong result of torch.compile(sdpa) on sm_120 in 2.15.0 rc1",
        ("high priority", "triaged", "module: inductor", "topic: correctness (silent)"),
    ),
    (
        "[Windows] import torch fails without the VC redistributable in 2.15.0 rc1",
        ("high priority", "module: windows", "module: regression"),
    ),
    ("[MPS] Large memory use of conv2d since 2.14", ("triaged", "module: mps")),
    ("Release: support for Python 3.16 in 2.15", ("release-feature-request", "triaged")),
)

_OPEN_BEFORE_THE_CUT = (
    (
        "[inductor] Wrong result of torch.compile(sdpa) on sm_120 since the nightly of 1 Oct",
        (BLOCKER, "triaged", "module: inductor", "topic: correctness (silent)"),
    ),
    ("[MPS] Large memory use of conv2d since 2.14", ("triaged", "module: mps")),
    ("Release: support for Python 3.16 in 2.15", (FEATURE, "triaged")),
)

_HOSTILE_TITLE = "[/] [red]Error[/red] \x1b[2J\x1b[31mtext\x07 of \u202ecompile\u202c is 乱码 in 表"
"""Markup, terminal escapes, a change of direction and wide characters, as strangers paste them."""

_OLD_TITLES = (
    "Wrong result for complex inputs",
    "Crash on an empty tensor",
    "Recompiles at every step",
    "Documentation does not match the code",
    "Flaky test on the nightly builder",
    "Memory grows with every call",
    "Missing type annotation breaks checkers",
    "Slower than the previous release",
)

_ANSWERS = {
    "approved": "Approved. Will merge once CI is green.",
    "stale": "Approved, but please rebase: it conflicts with the branch now.",
    "asked": "Could you link the issue this fixes, and say whether 2.14 has it too?",
    "denied": "Denied: a new feature does not meet the phase 1 criteria. Closing the PR.",
}

_CATEGORIES_OF = {"approved": "regression", "asked": "critical", "denied": "fixnewfeature"}

_SAID_BY_STATE = ("human", "dispensation", "several", "incomplete")

_HUMAN_WORDS = {
    "dispensation": "Special Dispensation: small, opt-in, and asked for by two launch partners",
    "several": "Critical fix (both are needed, the second mends the first)",
    "human": "Regression fix against 2.14, see the issue",
}


def _nomination_body(pull: BranchPull, category: str) -> str:
    if pull.sources[0].kind == "revert":
        return tracker.human_nomination(pull, f"Cherry-pick revert - {pull.title}")
    if pull.by_bot:
        return tracker.bot_nomination(pull, category)
    if pull.state == "incomplete":
        return tracker.incomplete_nomination(pull)
    return tracker.human_nomination(pull, _HUMAN_WORDS.get(pull.state or "", category))


def _pull_body(commit: TrunkCommit) -> str:
    fixes = f"Fixes #{commit.fixes}\n\n" if commit.fixes else ""
    return f"{fixes}The test fails without the change and passes with it.\n\ncc @{CAPTAIN.login}\n"


def _area_labels(commit: TrunkCommit) -> list[str]:
    return [commit.slot.area.label] if commit.slot else []
