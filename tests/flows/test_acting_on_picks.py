"""Acting on picks, from the plan to GitHub, git and the ledger, on a whole world."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from cockpit.errors import CockpitError, ConfigError, Refused
from cockpit.operations import awaiting
from cockpit.operations.picking import PickWish
from cockpit.operations.plan import Danger, Plan
from cockpit.operations.resolving import Resolver
from cockpit.operations.runner import Ending
from cockpit.rehearsal import people
from cockpit.rehearsal.faults import Fault
from cockpit.rehearsal.model import Comment, Issue, Pull, Repository
from cockpit.rehearsal.reporters import report_on
from cockpit.rehearsal.scenario import token_of
from cockpit.rehearsal.world import World
from cockpit.release.nominations import Verdict
from cockpit.release.picks import Pick
from cockpit.release.prediction import Origin, Outcome, PickOf
from cockpit.release.pullrequests import own_part
from cockpit.release.record import Frozen
from cockpit.runtime import Cockpit
from tests.flows.releases import Reports, cockpit_on, files, refs
from tests.flows.rewinding import Beginning
from tests.flows.rewinding import git as git_on

CORE, BRANCH, ME = "pytorch/pytorch", "release/2.15", "captain"
COMMENTS = r"/issues/\d+/comments"
CATEGORY = "Critical: silent wrong result"


class Issues:
    """A world whose issues are put back too."""

    def __init__(self, world: World) -> None:
        self._beginning = Beginning.of(world)
        issues = world.forge.repositories[CORE].issues
        self._began = {number: _copy(issue) for number, issue in issues.items()}

    def rewind(self) -> World:
        """Put everything back."""
        world = self._beginning.rewind()
        issues = world.forge.repositories[CORE].issues
        issues.update({number: _copy(issue) for number, issue in self._began.items()})
        return world


def _copy(issue: Issue) -> Issue:
    pull = replace(issue.pull) if issue.pull else None
    return replace(issue, comments=list(issue.comments), pull=pull)


@pytest.fixture(scope="module")
def issues(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issues]:
    directory = tmp_path_factory.mktemp("picks") / "world"
    with World.start(directory, scenario="small") as started:
        yield Issues(started)


@pytest.fixture
def world(issues: Issues, monkeypatch: pytest.MonkeyPatch) -> World:
    """The module's world as it began."""
    monkeypatch.setattr(awaiting, "LISTED_WITHIN_S", (0.0, 0.01))
    return issues.rewind()


def core(world: World) -> Repository:
    return world.forge.repositories[CORE]


def git(world: World, *arguments: str) -> str:
    return git_on(world.remotes / f"{CORE}.git", *arguments)


def tracker(world: World) -> Issue:
    found = (i for i in core(world).issues.values() if i.title == "[v.2.15.0] Release Tracker")
    return next(found)


def said(world: World, number: int | None = None) -> list[Comment]:
    """What the captain has written under an issue, else on the tracker."""
    issue = tracker(world) if number is None else core(world).issues[number]
    return [comment for comment in issue.comments if comment.user == ME]


def say(world: World, by: people.Person, text: str) -> None:
    """Somebody comments on the tracker."""
    answer = requests.post(
        f"{world.github_url}/repos/{CORE}/issues/{tracker(world).number}/comments",
        json={"body": text},
        headers={"Authorization": f"token {token_of(by)}"},
        timeout=10,
    )
    answer.raise_for_status()


def opened(world: World, head: str) -> Issue:
    """The one open pull request of a branch."""
    (found,) = [
        issue
        for issue in core(world).issues.values()
        if issue.pull and issue.state == "open" and issue.pull.head_ref == head
    ]
    return found


def pull_of(issue: Issue) -> Pull:
    assert issue.pull is not None
    return issue.pull


async def rows(cockpit: Cockpit) -> dict[int, Pick]:
    """The queue by pull request, as the cockpit reads it."""
    await cockpit.refresh("branches", "ledger", "picks")
    return {pick.release_pull: pick for pick in cockpit.state.queue if pick.release_pull}


async def undecided(cockpit: Cockpit) -> list[Pick]:
    """Nominations with an open pull request and no verdict."""
    found = (await rows(cockpit)).values()
    return [
        pick
        for pick in found
        if pick.nominated and not pick.answers and pick.pull and pick.pull.state == "open"
    ]


def trunk_pull(world: World, outcome: Outcome) -> int:
    """A landed pull request that nobody brought up, by what its pick comes to."""
    mentioned = " ".join(comment.body for comment in tracker(world).comments)
    branches = git(world, "for-each-ref", "--format=%(refname)")
    reverts = git(world, "log", "--format=%b", "--grep=This reverts commit", "main")
    numbers: dict[str, int] = {}
    for line in git(world, "log", "--format=%H %s", f"{BRANCH}..main", "-60").splitlines():
        sha, _, title = line.partition(" ")
        number = title.rpartition("(#")[2].rstrip(")")
        brought_up = number in mentioned or f"-{number}" in branches
        if not ("evert" in title or brought_up or sha in reverts):
            numbers[sha] = int(number)
    cockpit = cockpit_on(world)
    core_, onto = cockpit.config.core, git(world, "rev-parse", BRANCH).strip()
    picks = [PickOf(sha) for sha in numbers]
    found = cockpit.backends.git.predict(core_, onto, picks, regions=False)
    return next(numbers[one.commit] for one in found if one.outcome is outcome)


def landed(world: World, number: int) -> str:
    return git(world, "log", "-1", "--format=%H", f"--grep=(#{number})$", "main").strip()


async def carried_out(cockpit: Cockpit, plan: Plan, ending: Ending = Ending.DONE) -> None:
    outcome = await cockpit.carry_out(plan, Reports())
    assert outcome.ending is ending, outcome.problem


# Decisions


async def test_marked_picks_are_approved_as_one_plan_and_read_back(world: World) -> None:
    cockpit = cockpit_on(world)
    chosen = (await undecided(cockpit))[:2]
    pulls = [pick.release_pull or 0 for pick in chosen]
    other = next(number for number in await rows(cockpit) if number not in pulls)
    arguments = {"pull": ",".join(map(str, pulls)), "note": f"not #{other}\nApproved <!-- all"}
    before = files(world.remotes)
    plan = await cockpit.plan("approve", arguments)
    assert files(world.remotes) == before
    assert (plan.danger, plan.blockers, len(plan.steps)) == (Danger.REMOTE, (), 4)
    await carried_out(cockpit, plan)
    assert len(said(world)) == 2
    body = said(world)[0].body
    assert body.startswith("> Link to landed trunk PR (if applicable):\n> * http")
    found = await rows(cockpit)
    for pull in pulls:
        assert {answer.author for answer in found[pull].answers} >= {ME}
        assert {answer.verdict for answer in found[pull].answers} == {Verdict.APPROVED}
        assert found[pull].state.value.startswith("approved")
    assert all(answer.author != ME for answer in found[other].answers)
    again = await cockpit_on(world).plan("approve", arguments)
    await carried_out(cockpit, again, Ending.NOTHING_TO_DO)
    assert len(said(world)) == 2


async def test_a_later_word_counts_and_the_first_can_be_said_again(world: World) -> None:
    cockpit = cockpit_on(world)
    pull = (await undecided(cockpit))[0].release_pull or 0
    words = {
        "ask-pick": {"question": "add the issue that it fixes?"},
        "deny": {"reason": "no feature work now"},
        "approve": {},
    }
    verdicts = {
        "ask-pick": Verdict.NEEDS_INFO,
        "deny": Verdict.DENIED,
        "approve": Verdict.APPROVED,
    }
    for operation in ("approve", "ask-pick", "deny", "approve"):
        arguments = {"pull": str(pull), **words[operation]}
        await carried_out(cockpit, await cockpit.plan(operation, arguments))
        answers = (await rows(cockpit))[pull].answers
        assert answers[-1].verdict is verdicts[operation]
    assert [comment.body.splitlines()[-3] for comment in said(world)] == [
        "Approved",
        "Could you add the issue that it fixes?",
        "Denied: no feature work now",
        "Approved",
    ]
    again = await cockpit.plan("approve", {"pull": str(pull)})
    assert not [warning for warning in again.warnings if " said of " in warning], "taken back"


async def test_a_comment_whose_answer_is_lost_is_not_posted_twice(world: World) -> None:
    cockpit = cockpit_on(world)
    pull = (await undecided(cockpit))[0].release_pull or 0
    plan = await cockpit.plan("approve", {"pull": str(pull)})
    world.faults.add(
        Fault(kind="response-lost", service="github", methods=("POST",), path=COMMENTS, times=1)
    )
    await carried_out(cockpit, plan)
    assert len(said(world)) == 1


async def test_another_captain_s_word_since_the_plan_stands_in_its_way(world: World) -> None:
    cockpit = cockpit_on(world)
    first, second = (pick.release_pull or 0 for pick in (await undecided(cockpit))[:2])
    approval = await cockpit.plan("approve", {"pull": f"{first},{second}"})
    ready_one = (await ready(cockpit)).release_pull or 0
    merge = await cockpit.plan("merge-pick", {"pull": str(ready_one)})
    assert merge.blockers == ()
    say(world, people.MIKA, f"Approved: #{first}")  # the same word is in nobody's way
    say(world, people.MIKA, f"Denied, too risky: #{second} #{ready_one}")
    before = git(world, "rev-parse", BRANCH)
    for plan in (approval, merge):
        outcome = await cockpit.carry_out(plan, Reports())
        assert outcome.ending is Ending.CONFLICT
        assert "mika-releng has said of" in str(outcome.problem)
    assert [f"/{first}" in comment.body for comment in said(world)] == [True]
    assert git(world, "rev-parse", BRANCH) == before
    again = await cockpit.plan("approve", {"pull": str(second)})
    assert any("mika-releng said of" in warning for warning in again.warnings)
    await carried_out(cockpit, again)


async def test_nobody_else_decides_and_words_are_needed(world: World) -> None:
    text = world.config_path.read_text(encoding="utf-8")
    text = text.replace('"captain", "approver", "reviewer"', '"captain", "reviewer"')
    world.config_path.write_text(text, encoding="utf-8")
    cockpit = cockpit_on(world)
    pull = (await undecided(cockpit))[0].release_pull or 0
    plan = await cockpit.plan("approve", {"pull": str(pull)})
    assert "takes an approver, and captain is none" in plan.blockers[0]
    with pytest.raises(Refused):
        await cockpit.carry_out(plan, Reports())
    assert not said(world)
    with pytest.raises(ConfigError, match="Nothing is said"):
        await cockpit.plan("deny", {"pull": str(pull)})


# Picks

FORM = "--format=%T%n%P%n%an%n%ae%n%ad%n%B"


def really_picked(world: World, sha: str, work: Path) -> str:
    """What `git cherry-pick -x` makes of a commit in a work tree."""

    def on(*arguments: str) -> str:
        who = ("-c", "user.name=x", "-c", "user.email=x@example.com")
        command = ["git", "-C", str(work), *who, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    subprocess.run(["git", "clone", "-q", world.remotes / f"{CORE}.git", work], check=True)
    on("checkout", "-q", BRANCH)
    on("cherry-pick", "-x", sha)
    return on("log", "-1", FORM)


async def test_a_pick_is_what_git_would_have_picked(world: World, tmp_path: Path) -> None:
    number = trunk_pull(world, Outcome.CLEAN)
    sha, head = landed(world, number), f"cherry-pick-{number}-by-{ME}"
    cockpit, before = cockpit_on(world), refs(world)
    arguments = {"change": str(number), "category": CATEGORY}
    plan = await cockpit.plan("pick", arguments)
    assert refs(world) == before
    assert plan.blockers == ()
    await carried_out(cockpit, plan)
    issue, original = opened(world, head), core(world).issues[number]
    assert (issue.title, own_part(issue.body)) == (original.title, original.body.strip())
    assert (pull_of(issue).base_ref, issue.milestone) == (BRANCH, 65)
    assert git(world, "log", "-1", FORM, head) == really_picked(world, sha, tmp_path / "work")
    (nomination,) = said(world)
    url = f"{world.github_url}/{CORE}/pull"
    assert nomination.body.split("\n\n<!--")[0] == (
        f"Link to landed trunk PR (if applicable):\n* {url}/{number}\n\n"
        f"Link to release branch PR:\n* {url}/{issue.number}\n\nCriteria Category:\n* {CATEGORY}"
    )
    (reply,) = said(world, number)
    assert reply.body.startswith(
        f"### Cherry picking #{number}\n\nThe cherry pick PR is at {url}/{issue.number} and it is"
        " recommended to link a critical cherry pick PR with an issue. The following tracker"
        " issues are updated:\n* "
    )
    again = await cockpit_on(world).plan("pick", arguments)
    await carried_out(cockpit, again, Ending.NOTHING_TO_DO)


async def test_a_pick_that_was_broken_off_goes_on_without_doubling(world: World) -> None:
    number = trunk_pull(world, Outcome.CLEAN)
    cockpit = cockpit_on(world)
    arguments = {"change": str(number), "category": CATEGORY}
    plan = await cockpit.plan("pick", arguments)
    plan.steps[0].apply(lambda _: None, threading.Event())  # and then the process was killed
    resumed = await cockpit_on(world).plan("pick", arguments)
    assert resumed.digest == plan.digest
    world.faults.add(Fault(kind="response-lost", service="github", methods=("POST",), times=3))
    world.faults.add(Fault(kind="response-lost", service="github", methods=("PATCH",), times=1))
    await carried_out(cockpit_on(world), resumed)
    assert opened(world, f"cherry-pick-{number}-by-{ME}").milestone == 65
    assert (len(said(world)), len(said(world, number))) == (1, 1)


async def test_an_own_nomination_from_before_the_pick_is_not_repeated(world: World) -> None:
    number = trunk_pull(world, Outcome.CLEAN)
    first = await cockpit_on(world).plan("nominate", {"pull": str(number), "category": CATEGORY})
    await carried_out(cockpit_on(world), first)
    for ending in (Ending.DONE, Ending.NOTHING_TO_DO):
        plan = await cockpit_on(world).plan("pick", {"change": str(number), "category": CATEGORY})
        await carried_out(cockpit_on(world), plan, ending)
    assert len(said(world)) == 1


async def test_what_cannot_be_picked_says_why(world: World) -> None:
    conflicting, clean = trunk_pull(world, Outcome.CONFLICT), trunk_pull(world, Outcome.CLEAN)
    there = git(world, "log", "-1", "--format=%b", BRANCH + "~1")
    cockpit = cockpit_on(world)
    plan = await cockpit.plan("pick", {"change": f"{conflicting},{clean},1", "mainline": "1"})
    blocked = " / ".join(plan.blockers)
    assert f"#{conflicting} conflicts in torch/" in blocked
    assert "release/2.15 lacks " in blocked
    assert f"nobody has nominated #{clean}" in blocked
    assert "#1 has not landed on main since the cut" in blocked
    assert (await cockpit.plan("pick", {"change": "deadbeef"})).sentence.endswith(": nothing")
    picked = there.rpartition("cherry picked from commit ")[2].partition(")")[0]
    already = await cockpit.plan("pick", {"change": picked[:12]})
    assert "is on release/2.15 already as" in " ".join(already.blockers)


async def test_of_what_trunk_reverted_the_revert_is_picked(world: World) -> None:
    listed = git(world, "log", "--format=%H %s", "--grep=This reverts commit", f"{BRANCH}..main")
    reverts = {
        int(title.rpartition("(#")[2].partition(")")[0]): sha
        for sha, _, title in (line.partition(" ") for line in listed.splitlines())
    }
    cockpit = cockpit_on(world)
    missing = {pull: sha for pull, sha in reverts.items() if pull == 198165}
    assert missing, "it landed before the cut, and was reverted on trunk after it"
    ((pull, sha),) = missing.items()
    clean = trunk_pull(world, Outcome.CLEAN)
    mixed = await cockpit.plan("pick", {"change": f"{clean},{pull}", "category": CATEGORY})
    told = [step.facts.summary for step in mixed.steps if "Nominate #" in step.facts.summary]
    assert [text.partition(": ")[2] for text in told] == [CATEGORY, "cherry-pick revert"]
    plan = await cockpit.plan("pick", {"change": str(pull)})
    assert plan.blockers == ()
    assert f"#{pull} was reverted on trunk" in plan.warnings[0]
    await carried_out(cockpit, plan)
    issue = opened(world, f"cherry-pick-revert-{pull}-2.15")
    title = core(world).issues[pull].title
    assert issue.title == f'[release/2.15] Revert "{title} (#{pull})"'
    assert (own_part(issue.body) or "").startswith(f"Reverts #{pull} on release/2.15.\n")
    head = git(world, "log", "-1", "--format=%b", pull_of(issue).head_sha)
    assert f"(cherry picked from commit {sha})" in head
    assert said(world)[0].body.split("\n\n<!--")[0].endswith("\n* cherry-pick revert")
    picked = 198924  # nominated, picked, in a candidate, and reverted on trunk since
    plan = await cockpit.plan("pick", {"change": str(picked)})
    assert plan.blockers == ()
    assert any("Nominate #198924" in step.facts.summary for step in plan.steps)
    await carried_out(cockpit, plan)
    found = {row.release_pull: row for row in (await rows(cockpit)).values()}
    own = found[opened(world, f"cherry-pick-revert-{picked}-2.15").number]
    assert (own.nominated, own.criterion.value) == (True, "revert")
    assert sum(picked in row.trunk_pulls for row in found.values()) == 2
    elsewhere = next(number for number in reverts if str(number) == "199405")
    blocked = await cockpit.plan("pick", {"change": str(elsewhere)})
    assert "there is nothing to revert there" in blocked.blockers[0]


async def test_another_lines_branch_keeps_its_name(world: World) -> None:
    number = trunk_pull(world, Outcome.CLEAN)
    name = f"cherry-pick-{number}-by-{ME}"
    git(world, "update-ref", f"refs/heads/{name}", "release/2.14")
    cockpit = cockpit_on(world)
    plan = await cockpit.plan("pick", {"change": str(number), "category": CATEGORY})
    assert plan.blockers == ()
    await carried_out(cockpit, plan)
    assert opened(world, f"{name}-2.15").title == core(world).issues[number].title
    assert git(world, "rev-parse", name) == git(world, "rev-parse", "release/2.14")


# Merges


async def ready(cockpit: Cockpit) -> Pick:
    """A pick that can be merged."""
    found = await rows(cockpit)
    return next(pick for pick in found.values() if pick.state.value == "approved and green")


async def test_an_approved_pick_is_squashed_with_what_its_commits_say(world: World) -> None:
    cockpit = cockpit_on(world)
    pick = await ready(cockpit)
    plan = await cockpit.plan("merge-pick", {"pull": str(pick.release_pull)})
    assert (plan.danger, plan.blockers) == (Danger.IRREVERSIBLE, ())
    world.faults.add(Fault(kind="response-lost", service="github", methods=("PUT",), times=1))
    await carried_out(cockpit, plan)
    message = git(world, "log", "-1", "--format=%B", BRANCH)
    assert message.startswith(f"{pick.title} (#{pick.release_pull})\n")
    assert "(cherry picked from commit " in message
    await carried_out(cockpit, plan, Ending.NOTHING_TO_DO)
    assert (await rows(cockpit))[pick.release_pull or 0].merged_sha


async def test_a_required_check_of_others_blocks_and_another_one_warns(world: World) -> None:
    cockpit = cockpit_on(world)
    pick = await ready(cockpit)
    assert pick.pull is not None
    arguments, repository = {"pull": str(pick.release_pull)}, core(world)
    head, ref = pick.pull.head_sha, pick.pull.head_ref
    ended = world.clock.now() - timedelta(hours=2)
    report_on(world.forge, repository, head, ref, ended, preview="failure")
    plan = await cockpit.plan("merge-pick", arguments)
    assert plan.blockers == ()
    assert "docs preview: failure, which nobody requires" in " / ".join(plan.warnings)
    text = world.config_path.read_text(encoding="utf-8")
    required = 'required_checks = ["docs *", "cla/*"]\nblocking_workflows'
    world.config_path.write_text(text.replace("blocking_workflows", required, 1), encoding="utf-8")
    strict = cockpit_on(world)
    plan = await strict.plan("merge-pick", arguments)
    blocked = " / ".join(plan.blockers)
    assert "docs preview: failure" in blocked
    assert "no check cla/* was reported, and it is required" in blocked
    row = (await rows(strict))[pick.release_pull or 0]
    checks = row.pull.checks if row.pull else None
    assert row.state.value == "approved"
    assert checks is not None
    assert checks.failed == ("docs preview",)


async def test_another_head_or_a_frozen_branch_is_not_merged(world: World) -> None:
    cockpit = cockpit_on(world)
    pick = await ready(cockpit)
    assert pick.pull is not None
    arguments = {"pull": str(pick.release_pull)}
    await carried_out(cockpit, await cockpit.plan("approve", arguments | {"note": "still"}))
    plan = await cockpit.plan("merge-pick", arguments)
    before = git(world, "rev-parse", BRANCH)
    cockpit.backends.ledger.append(Frozen(CORE, BRANCH, "final testing"))
    await carried_out(cockpit, plan, Ending.CONFLICT)
    frozen = await cockpit.plan("merge-pick", arguments)
    assert "release/2.15 is frozen by" in frozen.blockers[0]
    git(world, "update-ref", f"refs/heads/{pick.pull.head_ref}", BRANCH)
    await carried_out(cockpit, plan, Ending.CONFLICT)
    with pytest.raises(CockpitError, match="Head branch was modified"):
        cockpit.backends.github.merge_pull(
            cockpit.config.core, pick.pull.number, pick.pull.head_sha, "title", ""
        )
    moved = await cockpit.plan("merge-pick", arguments)
    blocked = " / ".join(moved.blockers)
    assert "has moved since its approval" in blocked
    assert f"of #{pick.release_pull} have not finished" in blocked
    assert git(world, "rev-parse", BRANCH) == before


async def test_what_became_red_while_somebody_read_is_not_merged(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    cockpit = cockpit_on(world)
    pick = await ready(cockpit)
    assert pick.pull is not None
    arguments, head = {"pull": str(pick.release_pull)}, pick.pull.head_sha
    await carried_out(cockpit, await cockpit.plan("approve", arguments | {"note": "still"}))
    plan = await cockpit.plan("merge-pick", arguments)
    run = next(run for run in core(world).runs.values() if run.head_sha == head)
    monkeypatch.setattr(run.jobs[0], "conclusion", "failure")
    outcome = await cockpit.carry_out(plan, Reports())
    assert outcome.ending is Ending.CONFLICT
    assert f"#{pick.release_pull} is red: {run.name}" in str(outcome.problem)
    world.faults.add(Fault(kind="truncated-page", service="github", path="/actions/runs", times=0))
    unread = await cockpit_on(world).plan("merge-pick", arguments)
    known = f"the checks of #{pick.release_pull} at {head[:7]} are not known"
    assert known in " / ".join(unread.blockers)


async def test_what_is_not_approved_or_elsewhere_is_not_merged(world: World) -> None:
    cockpit = cockpit_on(world)
    first, second = (await undecided(cockpit))[:2]
    assert first.release_pull is not None
    pull = pull_of(core(world).issues[first.release_pull])
    pull.base_ref, pull.draft = "main", True
    pulls = f"{first.release_pull},{second.release_pull}"
    plan = await cockpit.plan("merge-pick", {"pull": pulls})
    blocked = " / ".join(plan.blockers)
    assert f"#{first.release_pull} targets main, not {BRANCH}" in blocked
    assert f"#{first.release_pull} is a draft" in blocked
    assert f"#{second.release_pull} is not approved: nominated" in blocked
    assert not [warning for warning in plan.warnings if "targets" in warning], "said above"


# Conflicts


def kept(world: World) -> list[Path]:
    """The work trees that are there."""
    return sorted((world.directory / "cockpit" / "data" / "resolving").glob("*"))


async def test_a_resolution_becomes_the_pick_and_nothing_of_it_stays(world: World) -> None:
    number = trunk_pull(world, Outcome.CONFLICT)
    cockpit = cockpit_on(world)
    begun = await cockpit.begin_resolution({"change": str(number)})
    place = Path(begun.path)
    assert begun.unresolved
    assert len(begun.files) == 1
    file = place / begun.files[0]
    assert "<<<<<<< " in files(place)[begun.files[0]].decode()
    arguments = {"change": str(number), "category": "regression"}
    early = await cockpit.plan("resolve", arguments)
    assert "conflict marks are still in it" in early.blockers[0]
    file.write_text("resolved = True\n")
    later = cockpit_on(world)  # the first one was killed
    assert (await later.begin_resolution({"change": str(number)})).tree
    plan = await later.plan("resolve", arguments)
    assert plan.blockers == ()
    assert any("+resolved = True" in line for s in plan.sections for line in s.lines)
    assert not any(f"-{number}-" in name for name in refs(world)), "nothing was pushed yet"
    await carried_out(later, plan)
    head = f"cherry-pick-{number}-by-{ME}"
    assert git(world, "show", f"{head}:{begun.files[0]}") == "resolved = True\n"
    await later.refresh("branches", "picks", "trunk", "predictions")
    (row,) = (row for row in later.state.queue if row.pull and row.pull.head_ref == head)
    assert [one.outcome for one in row.predictions] == [Outcome.CONFLICT], "as trunk has it"
    assert row.proposed is not None
    assert (row.proposed.outcome, row.proposed.of) == (Outcome.CLEAN, Origin.PULL)
    assert f"(cherry picked from commit {landed(world, number)})" in git(
        world, "log", "-1", "--format=%B", head
    )
    assert not kept(world)


async def test_a_resolution_that_is_abandoned_leaves_nothing(world: World) -> None:
    number = trunk_pull(world, Outcome.CONFLICT)
    cockpit = cockpit_on(world)
    await rows(cockpit)
    await cockpit.plan("pick", {"change": str(number)})
    before = files(world.directory / "cockpit" / "data")
    assert not kept(world)
    resolver = Resolver(cockpit.backends, str(number), PickWish())
    assert resolver.begin().path in [str(path) for path in kept(world)]
    assert resolver.abandon()
    assert files(world.directory / "cockpit" / "data") == before
    nothing = await cockpit.plan("abandon", {"change": str(number)})
    assert "nobody has begun" in nothing.blockers[0]
    resolver.begin()
    plan = await cockpit.plan("abandon", {"change": str(number)})
    assert (plan.danger, plan.blockers) == (Danger.LOCAL, ())
    assert "conflict marks are still in it" in plan.sections[0].lines[0]
    await carried_out(cockpit, plan)
    assert not kept(world)
    assert not resolver.abandon()
    with pytest.raises(CockpitError, match="does not conflict"):
        Resolver(cockpit.backends, str(trunk_pull(world, Outcome.CLEAN)), PickWish()).begin()


# Nominations


async def test_nominated_and_asked_of_the_bot_once(world: World) -> None:
    number = trunk_pull(world, Outcome.CLEAN)
    cockpit = cockpit_on(world)
    for operation, words in (
        ("nominate", {"category": CATEGORY}),
        ("request-bot", {"classification": "critical"}),
    ):
        plan = await cockpit.plan(operation, {"pull": str(number), **words})
        assert plan.blockers == ()
        await carried_out(cockpit, plan)
        again = await cockpit_on(world).plan(operation, {"pull": str(number), **words})
        await carried_out(cockpit, again, Ending.NOTHING_TO_DO)
    assert len(said(world)) == 1
    (asked,) = said(world, number)
    assert asked.body.startswith("@pytorchbot cherry-pick --onto release/2.15 -c critical\n")
    with pytest.raises(ConfigError, match="bot would not take"):
        await cockpit.plan("request-bot", {"pull": str(number), "classification": "urgent"})
