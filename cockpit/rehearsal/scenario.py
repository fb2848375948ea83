"""The scenarios a rehearsal can start from, and the world built from one."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cockpit.rehearsal import docsite, firstruns, oddities, people, story
from cockpit.rehearsal.clock import WorldClock
from cockpit.rehearsal.desk import Desk, merge
from cockpit.rehearsal.docsite import DOCS
from cockpit.rehearsal.fastimport import read_refs
from cockpit.rehearsal.history import CoreHistory, write_core
from cockpit.rehearsal.infraworkflows import infra_workflows
from cockpit.rehearsal.libraries import INFRA, VISION, LibraryHistory, write_infra, write_vision
from cockpit.rehearsal.matrix import BRACKETED, LARGE, RELEASE_2_15, SMALL, Matrix
from cockpit.rehearsal.model import Forge, Pull, Release, Repository, User, Workflow
from cockpit.rehearsal.records import file_records
from cockpit.rehearsal.upstream import write_upstream
from cockpit.rehearsal.workflows import core_workflows, vision_workflows

__all__ = [
    "CORE",
    "DOCS",
    "INFRA",
    "SCENARIOS",
    "VISION",
    "Scenario",
    "build_core_world",
    "build_world",
]

CORE = "pytorch/pytorch"

CAPTAIN_TOKEN = "rehearsal-token-of-the-captain"


def token_of(person: people.Person) -> str:
    """The GitHub token of somebody of the team."""
    return CAPTAIN_TOKEN if person is people.CAPTAIN else f"rehearsal-token-of-{person.login}"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A world's sizes; what happens in it is the same in all."""

    name: str
    sizes: story.Sizes
    milestone_items: int
    library_commits: int
    """Commits on the trunk of test-infra, and on that of vision."""
    test_shards: int
    matrix: Matrix
    version: str = story.VERSION
    vision_version: str = "0.30.0"
    release_branch: str = story.BRANCH
    epoch: datetime = story.EPOCH
    speed: float = 60.0
    """How fast its clock runs where nobody says otherwise."""
    calm: bool = False
    """Whether the checks of a pushed branch never fail by chance."""
    odd: bool = False
    """Whether a candidate starts workflows that not every release has."""
    branch_cut: date = date(2026, 10, 5)
    picks_close: date = date(2026, 10, 19)
    release_day: date = date(2026, 10, 28)

    @property
    def is_final(self) -> bool:
        """Whether the final candidate has been built when the world starts."""
        return self.epoch >= story.RELEASE_DAY

    @property
    def is_cut(self) -> bool:
        """Whether the release branches are there when the world starts."""
        return self.epoch > story.CUT

    @property
    def channels_since(self) -> datetime:
        """From when on uploads come into the channels one by one; rc1's lie there before."""
        if self.is_final:
            return story.LAST_CANDIDATE
        tagged = story.candidate_times(self.sizes.candidates)
        return tagged[-3] if len(tagged) > 2 else self.epoch

    @property
    def trunk_commits(self) -> int:
        """Commits on core's trunk."""
        return self.sizes.commits_before_cut + self.sizes.commits_after_cut

    @property
    def picks(self) -> int:
        """Cherry-picks that have landed on the release branch."""
        return self.sizes.picks

    @property
    def jobs_target(self) -> int:
        """How many jobs a candidate tag starts in core."""
        workflows = core_workflows(self.matrix, lambda: 0, shards=self.test_shards, odd=self.odd)
        return sum(len(workflow.jobs) for workflow in workflows if workflow.on_candidate_tag)


_SMALL = Scenario(
    "small",
    story.Sizes(
        start=datetime(2026, 8, 3, 8, 0, tzinfo=UTC),
        commits_before_cut=45,
        commits_after_cut=75,
        picks=8,
        harmless_reverts=2,
        numbers_per_day=110,
    ),
    milestone_items=40,
    library_commits=24,
    test_shards=1,
    matrix=SMALL,
)
_DEFAULT = Scenario(
    "default",
    story.Sizes(
        start=datetime(2026, 8, 3, 8, 0, tzinfo=UTC),
        commits_before_cut=100,
        commits_after_cut=320,
        picks=27,
        harmless_reverts=10,
        numbers_per_day=110,
        odd_shapes=tuple(oddities.SHAPES),
    ),
    milestone_items=224,
    library_commits=60,
    test_shards=3,
    matrix=RELEASE_2_15,
)
_LARGE = Scenario(
    "large",
    story.Sizes(
        start=datetime(2025, 4, 7, 8, 0, tzinfo=UTC),
        commits_before_cut=19_000,
        commits_after_cut=1_000,
        picks=60,
        harmless_reverts=20,
        numbers_per_day=250,
        candidates=10,
    ),
    milestone_items=300,
    library_commits=300,
    test_shards=5,
    matrix=LARGE,
    odd=True,
)

_BEFORE_CUT = Scenario(
    "before-cut",
    story.Sizes(
        start=datetime(2026, 8, 3, 8, 0, tzinfo=UTC),
        commits_before_cut=160,
        commits_after_cut=75,
        picks=8,
        harmless_reverts=2,
        numbers_per_day=110,
    ),
    milestone_items=60,
    library_commits=40,
    test_shards=1,
    matrix=SMALL,
    epoch=story.CUT,
    speed=180.0,
    calm=True,
)

_FINAL = Scenario(
    "final",
    replace(_SMALL.sizes, until=story.RELEASE_DAY, commits_after_cut=110),
    milestone_items=40,
    library_commits=24,
    test_shards=1,
    matrix=SMALL,
    epoch=story.RELEASE_DAY,
    calm=True,
    picks_close=date(2026, 10, 16),
    release_day=date(2026, 10, 21),
)

_MATRIX = replace(_SMALL, name="matrix", matrix=BRACKETED)
"""The small world, but its wheels for Linux come from the newer workflow."""

SCENARIOS: Mapping[str, Scenario] = {
    scenario.name: scenario for scenario in (_DEFAULT, _SMALL, _LARGE, _BEFORE_CUT, _FINAL, _MATRIX)
}


def build_world(scenario: Scenario, *, seed: int, remotes: Path, clock: WorldClock) -> Forge:
    """Make the bare repositories below `remotes`, and the GitHub that knows them.

    The same scenario and seed always give the same commits, numbers and jobs.
    """
    return build_core_world(scenario, seed=seed, remotes=remotes, clock=clock)[0]


def build_core_world(
    scenario: Scenario, *, seed: int, remotes: Path, clock: WorldClock
) -> tuple[Forge, CoreHistory]:
    """As `build_world`, with the story behind core, for those who check what was found in it."""
    forge = _new_forge(clock, seed)
    numbers = story.Numbers(scenario.sizes.numbers_per_day)
    core, infra, vision = _add_repositories(forge, scenario, remotes)
    rng = random.Random(f"{seed} core")
    with ThreadPoolExecutor(2) as pool:
        # Each history has a chance of its own, so the threads cannot change what comes out.
        infra_history, vision_history = (
            pool.submit(
                write,
                repository.git_dir,
                list(repository.workflows.values()),
                random.Random(f"{seed} {repository.name}"),
                commits=scenario.library_commits,
                now=scenario.epoch,
            )
            for write, repository in ((write_infra, infra), (write_vision, vision))
        )
        plan = story.plan_story(scenario.sizes, rng, numbers)
        if not scenario.is_cut:
            plan = plan.on_the_day_of_the_cut()
        if scenario.is_final:
            plan = plan.on_release_day()
        workflows = list(core.workflows.values())
        upstream = write_upstream(remotes, is_cut=scenario.is_cut)
        history = write_core(core.git_dir, plan, workflows, upstream, numbers, rng)
    file_records(
        forge, core, history, milestone_items=scenario.milestone_items, numbers=numbers, rng=rng
    )
    firstruns.seed_core_runs(forge, core, history)
    _file_library(forge, infra, infra_history.result(), None)
    firstruns.seed_infra_runs(forge, infra, infra_history.result(), plan)
    _file_library(forge, vision, vision_history.result(), scenario.vision_version)
    firstruns.seed_vision_runs(forge, vision, vision_history.result(), plan)
    docs = _add_repository(forge, DOCS, remotes, ())
    docs.default_branch = docsite.BRANCH
    docsite.write_docs(docs.git_dir)
    if scenario.is_final:
        docsite.publish(docs, story.LINE, story.LAST_CANDIDATE + timedelta(hours=4))
    for repository in forge.repositories.values():
        repository.seen_refs = read_refs(repository.git_dir)
    return forge, history


def _new_forge(clock: WorldClock, seed: int) -> Forge:
    forge = Forge(clock=clock, seed=seed)
    for person in people.EVERYBODY:
        forge.users[person.login] = User(
            login=person.login,
            id=forge.next_id(),
            kind="Bot" if person in people.BOTS else "User",
            name=person.name,
            email=person.email,
        )
    forge.tokens = {token_of(person): person.login for person in people.TEAM}
    forge.collaborators = {
        people.CAPTAIN.login: "admin",
        **{person.login: "admin" for person in people.MANAGERS},
        people.REVIEWER.login: "write",
        people.ON_CALL.login: "write",
        people.MERGE_BOT.login: "write",
        people.PYTORCH_BOT.login: "write",
    }
    return forge


def _add_repositories(
    forge: Forge, scenario: Scenario, remotes: Path
) -> tuple[Repository, Repository, Repository]:
    core = _add_repository(
        forge,
        CORE,
        remotes,
        core_workflows(
            scenario.matrix,
            forge.next_id,
            shards=scenario.test_shards,
            calm=scenario.calm,
            odd=scenario.odd,
        ),
    )
    infra = _add_repository(forge, INFRA, remotes, infra_workflows(scenario.matrix, forge.next_id))
    vision = _add_repository(
        forge, VISION, remotes, vision_workflows(scenario.matrix, forge.next_id)
    )
    return core, infra, vision


def _add_repository(
    forge: Forge, full_name: str, remotes: Path, workflows: Iterable[Workflow]
) -> Repository:
    owner, _, name = full_name.partition("/")
    repository = Repository(forge.next_id(), owner, name, remotes / owner / f"{name}.git")
    repository.workflows = {workflow.id: workflow for workflow in workflows}
    forge.repositories[full_name] = repository
    return repository


def _file_library(
    forge: Forge, repository: Repository, history: LibraryHistory, version: str | None
) -> None:
    """File the landed pull requests of test-infra or vision, and vision's milestone."""
    desk = Desk(forge, repository)
    milestone = None
    if version is not None:
        due = datetime(2026, 10, 28, tzinfo=UTC)
        milestone = desk.milestone(1, version, at=story.CUT, due_on=due).number
        repository.releases[1] = Release(
            forge.next_id(),
            "v0.29.0",
            "TorchVision 0.29.0 Release",
            "",
            draft=False,
            prerelease=False,
            created_at=story.RELEASED_2_14,
            published_at=story.RELEASED_2_14,
            author=people.ADA.login,
        )
    for landed in history.pulls:
        sha, parent = history.shas[landed.mark], history.shas[landed.parent_mark]
        issue = desk.issue(
            landed.number,
            landed.title,
            "",
            user=landed.author.login,
            at=landed.landed_at - timedelta(hours=7),
            milestone=milestone if landed.base.startswith("release/0.30") else None,
        )
        head = f"{landed.author.login}/{landed.number}"
        pull = Pull(head, landed.base, sha, parent)
        merge(issue, pull, sha, by=people.MIKA.login, at=landed.landed_at)
