"""What the cockpit asks of the world, in its own words.

Every method blocks and may be called from any thread. They raise `Unreachable` (no answer),
`Throttled` (asked to wait), `AccessDenied` (credential refused) or `Conflict` (the world holds
something else than expected), never an SDK's own exception.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import msgspec

from cockpit.release.artifacts import StoredObject
from cockpit.release.branches import BranchState
from cockpit.release.candidates import Candidate, RefChange, Tag
from cockpit.release.commits import Commit
from cockpit.release.dispatches import StartedRun, WorkflowCall
from cockpit.release.index_pages import IndexPage
from cockpit.release.job_logs import JobLog
from cockpit.release.jobs import BranchHealth, CandidateBuilds, Checks, Job, Run, Step
from cockpit.release.milestones import Milestone, MilestoneItem
from cockpit.release.nominations import Comment
from cockpit.release.people import Team
from cockpit.release.pickorder import QueueSimulation
from cockpit.release.picks import PickReading, PullSummary
from cockpit.release.prediction import PickOf, Prediction
from cockpit.release.preparation import PushedRun
from cockpit.release.pullrequests import OpenPull, PullDraft, PullPage
from cockpit.release.releasechanges import FileChange, FileState, Script
from cockpit.release.repos import Repository
from cockpit.release.submodules import Submodule
from cockpit.release.trunk import TrunkReading
from cockpit.release.versions import Version

T = TypeVar("T")


class Answer(msgspec.Struct, Generic[T], frozen=True):
    """What a backend answered, and whether that was everything."""

    value: T
    source: str
    """Where it came from, for the person who wants to look: a URL or a remote."""
    missing: str = ""
    """Why the answer is not whole, such as a short page; empty when it is."""

    @property
    def complete(self) -> bool:
        """Whether nothing is known to be missing."""
        return not self.missing


class Clock(Protocol):
    """Tells the release's time, which a rehearsal lets run fast."""

    def now(self) -> datetime:
        """The time in UTC."""
        ...


class LedgerCommit(msgspec.Struct, frozen=True):
    """One commit of a ledger's chain."""

    sha: str
    author: str
    email: str
    committed_at: datetime
    message: str
    signature: str
    """git's `%G?`: `N` unsigned, `G` good, `B` bad …"""


class CommitNode(msgspec.Struct, frozen=True):
    """What a commit is made of."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    committed: str
    """The committer's date as git keeps it: seconds and zone."""


class CommitRecipe(msgspec.Struct, frozen=True):
    """A commit told so that it comes out the same whenever and wherever it is made.

    It is dated like its parent, and keeps the modes of the files whose contents it replaces.
    """

    parent: str
    message: str
    author: tuple[str, str]
    """Name and e-mail; the committer is the same."""
    files: dict[str, bytes]
    """The new contents of files of the parent, by path."""
    made: dict[str, FileState | None] = {}
    """Files that appear or change their mode; None for those that go."""


class PickRecipe(msgspec.Struct, frozen=True):
    """A pick told so that it comes out the same whenever and wherever it is made.

    Author and author's date are those of what is picked; it is committed by whoever picks, and
    dated like its parent.
    """

    parent: str
    source: str
    """The commit that is picked."""
    tree: str
    """What it must come to."""
    message: str
    committer: tuple[str, str]
    """Name and e-mail."""
    mainline: int | None = None
    resolution: str = ""
    """The work tree in which a person resolved its conflict; empty where git merges it."""


class PickDraft(msgspec.Struct, frozen=True):
    """What a pick comes to, before anything is pushed."""

    prediction: Prediction
    recipe: PickRecipe | None = None
    """None where it cannot be made."""
    node: CommitNode | None = None
    diff: tuple[str, ...] = ()
    """What it changes on the branch, cleaned."""


class Resolution(msgspec.Struct, frozen=True):
    """A throw-away work tree with a conflict in it that a person resolves."""

    name: str
    path: str
    onto: str
    """The commit of the branch that the pick was put onto."""
    source: str
    mainline: int | None = None
    unresolved: tuple[str, ...] = ()
    """In words, files that are still in conflict."""
    files: tuple[str, ...] = ()
    """Those files, below `path`."""
    tree: str = ""
    """What it comes to; empty while something is unresolved."""
    diff: tuple[str, ...] = ()


class BranchHead(msgspec.Struct, frozen=True):
    """A branch as its remote has it, seen from another one that it is to be merged into."""

    node: CommitNode
    own: tuple[Commit, ...]
    """The commits that the other branch does not have, newest first."""
    dated_like_parent: bool
    """Whether it is dated as a `CommitRecipe` dates, which nobody does by chance."""


class ScriptRun(msgspec.Struct, frozen=True):
    """How a repository's own script ended, and what it made of the tree."""

    problem: str
    """Why it failed; empty when it did not."""
    said: tuple[str, ...]
    """The last lines of its output, cleaned."""
    changes: tuple[FileChange, ...] = ()


class BranchTree(msgspec.Struct, frozen=True):
    """A file and a folder of the head of a branch."""

    sha: str
    text: str | None
    """Of the file; None when there is none."""
    entries: tuple[str, ...]
    """Names in the folder; none when there is no such folder."""


class TrunkQuestions(msgspec.Struct, frozen=True):
    """What is asked of a trunk, as seen from a release branch; both were fetched before."""

    branch_sha: str
    trunk_sha: str
    cut_at: datetime | None = None
    """When the branch was cut: older lines that ended before it have nothing to carry forward."""
    pulls: tuple[int, ...] = ()
    """Pull requests whose landings are wanted."""
    commits: tuple[str, ...] = ()
    """Commits that are wanted, perhaps abbreviated."""
    items: tuple[MilestoneItem, ...] | None = None
    """The whole milestone; None where it could not be read."""
    items_unknown: str = ""
    """Why the milestone is not known, or not whole."""
    ignored: tuple[str, ...] = ()
    """Labels of items that are never picked."""


ClosedBy = Callable[[Sequence[int]], Answer[dict[int, tuple[str, ...]]]]
"""Tells by which commits issues were closed; asked only of those that no commit tells of."""


class GitPort(Protocol):
    """Git remotes, read and written through bare clones of the cockpit's own."""

    def read_branch(self, repository: Repository) -> Answer[BranchState]:
        """Fetch a repository and describe its release branch."""
        ...

    def remote_tags(self, remote: str, names: Sequence[str]) -> dict[str, Tag]:
        """Ask a remote for tags by exact name; absent ones are left out."""
        ...

    def remote_refs(self, remote: str, patterns: Sequence[str] = ()) -> dict[str, str]:
        """Ask a remote for its refs, all or those matching the patterns: full name → SHA."""
        ...

    def create_ref(self, repository: Repository, ref: str, sha: str) -> None:
        """Push a ref that must not exist yet; raises Conflict when it does."""
        ...

    def fetched(self, repository: Repository, ref: str) -> str | None:
        """Fetch the commit that a branch or tag is at; None where there is neither."""
        ...

    def log(self, repository: Repository, spec: str) -> tuple[Commit, ...]:
        """The commits of a range of the bare clone, newest first; reads only."""
        ...

    def read_file(self, repository: Repository, sha: str, path: str) -> str | None:
        """A file of a commit that was fetched; None when the commit has no such file."""
        ...

    def tree_id(self, repository: Repository, sha: str, path: str) -> str | None:
        """The tree of a folder of a commit that was fetched; None when there is none."""
        ...

    def branches(self, remote: str, patterns: Sequence[str]) -> dict[str, str]:
        """Ask a remote for branches by name or pattern: name → SHA; absent ones are left out."""
        ...

    def commit_node(self, repository: Repository, sha: str) -> CommitNode:
        """What a commit that was fetched is made of."""
        ...

    def contains(self, repository: Repository, tip: str, sha: str) -> bool:
        """Whether a commit is part of a history that was fetched."""
        ...

    def merge_base(self, repository: Repository, one: str, other: str) -> str | None:
        """Where two histories that were fetched parted; None when they have nothing in common."""
        ...

    def files(self, repository: Repository, sha: str, folder: str) -> dict[str, bytes]:
        """The regular files below a folder of a commit that was fetched, by path."""
        ...

    def draft_commit(self, repository: Repository, recipe: CommitRecipe) -> CommitNode:
        """What a recipe comes to; leaves nothing behind."""
        ...

    def create_branches(
        self, repository: Repository, branches: Mapping[str, str], recipe: CommitRecipe | None
    ) -> None:
        """Push branches that must not exist yet, all or none, with the commit of the recipe.

        Raises Conflict when one exists or the recipe comes to another commit.
        """
        ...

    def branch_head(self, repository: Repository, branch: str, base: str) -> BranchHead | None:
        """Fetch the head of a branch and what it has that `base` has not; None when absent."""
        ...

    def run_script(
        self, repository: Repository, sha: str, changes: Sequence[FileChange], script: Script
    ) -> ScriptRun:
        """Run a script in a throw-away tree of a commit with these changes; writes nowhere else.

        It gets no credential, and is ended when its time is over.
        """
        ...

    def draft_pick(
        self, repository: Repository, onto: str, pick: PickOf, resolution: Resolution | None = None
    ) -> PickDraft:
        """What a pick onto a commit comes to, or its resolution; leaves nothing behind."""
        ...

    def resolution(self, repository: Repository, name: str) -> Resolution | None:
        """How far the resolution of a conflict has come; None where nobody has begun one."""
        ...

    def begin_resolution(
        self, repository: Repository, name: str, onto: str, pick: PickOf
    ) -> Resolution:
        """Prepare a throw-away work tree with a conflict in it; the one that is there is kept."""
        ...

    def abandon_resolution(self, repository: Repository, name: str) -> None:
        """Remove a work tree and all that was done in it."""
        ...

    def push_branch(
        self,
        repository: Repository,
        branch: str,
        recipe: CommitRecipe | PickRecipe,
        sha: str,
        found: str | None,
    ) -> None:
        """Point a branch at the commit of a recipe, which must come to `sha`.

        Raises Conflict when the branch is no longer where it was found; None stands for absent.
        """
        ...

    def last_change(self, repository: Repository, sha: str, path: str) -> Commit | None:
        """The newest commit of a history that was fetched to change a file; None without one."""
        ...

    def branches_with(self, remote: str, sha: str) -> tuple[str, ...]:
        """The branches of a remote that contain a commit; asks the remote."""
        ...

    def submodules(
        self, repository: Repository, sha: str, base: str | None, allowed: Sequence[str]
    ) -> tuple[Submodule, ...]:
        """The submodules of a commit that was fetched, compared with those of `base`.

        Their remotes are asked where they are `allowed`; one that cannot be asked is unknown.
        """
        ...

    def branch_tree(self, remote: str, branch: str, file: str, folder: str) -> BranchTree | None:
        """What the head of a branch holds at two paths; None when there is no such branch.

        Only what is asked for is transferred, where the remote allows that.
        """
        ...

    def read_trunk(
        self, repository: Repository, asked: TrunkQuestions, closed_by: ClosedBy
    ) -> Answer[TrunkReading]:
        """What trunk and the release branch have of each other's changes, and what is missing.

        Nothing is walked again while branch, trunk and older lines stay.
        """
        ...

    def predict(
        self,
        repository: Repository,
        onto: str,
        picks: Sequence[PickOf],
        *,
        chain: bool = False,
        regions: bool = True,
    ) -> tuple[Prediction, ...]:
        """What picks onto a commit would come to, in the order given; nothing is written.

        With `chain` each is put onto what the clean ones before it have made of the branch.
        Without `regions` the text that collides is left out, which is quicker for many.
        """
        ...

    def simulate(
        self, repository: Repository, onto: str, picks: Sequence[PickOf]
    ) -> QueueSimulation:
        """Land a queue in its order, and look for an order in which fewer picks conflict."""
        ...

    def ledger_tip(self, remote: str, ref: str) -> str | None:
        """The tip of a ledger on its remote; None when the ledger does not exist yet."""
        ...

    def read_ledger(
        self, remote: str, ref: str, since: str | None = None
    ) -> tuple[LedgerCommit, ...]:
        """Fetch a ledger and read its chain, oldest first, after `since` when given."""
        ...

    def append_ledger(self, remote: str, ref: str, message: str, parent: str | None) -> str:
        """Commit on `parent` and push fast-forward only; raises Conflict when the tip moved."""
        ...

    def identity(self) -> tuple[str, str]:
        """Name and e-mail that commits of this person carry."""
        ...


class ApiBudget(msgspec.Struct, frozen=True):
    """What is left of GitHub's hourly quota."""

    remaining: int
    limit: int
    resets_at: datetime


class ApiUse(msgspec.Struct, frozen=True):
    """Requests for one kind of thing since the start."""

    asked: int = 0
    unchanged: int = 0
    """How many of them were answered with "not modified", which costs no quota."""


class ApiUsage(msgspec.Struct, frozen=True):
    """Who spent GitHub's quota since the start."""

    by_kind: dict[str, ApiUse] = {}
    """What was asked for, such as `runs/jobs` or `issues`."""

    @property
    def asked(self) -> int:
        """Every request."""
        return sum(use.asked for use in self.by_kind.values())

    @property
    def unchanged(self) -> int:
        """Requests that cost nothing."""
        return sum(use.unchanged for use in self.by_kind.values())


class Account(msgspec.Struct, frozen=True):
    """Who a credential belongs to."""

    login: str
    scopes: tuple[str, ...]
    server_time: datetime | None


class GithubPort(Protocol):
    """GitHub."""

    def candidate_builds(
        self, repository: Repository, candidate: Candidate
    ) -> Answer[CandidateBuilds]:
        """Every job that ran on the candidate's tag and SHA, all attempts merged."""
        ...

    def foreign_checks(self, repository: Repository, sha: str) -> Answer[Checks]:
        """The newest check runs and statuses of a commit that are not jobs of Actions."""
        ...

    def branch_health(
        self, repository: Repository, sha: str, branch: str | None = None
    ) -> Answer[BranchHealth]:
        """The blocking workflows that a push to a branch, else the release branch, started."""
        ...

    def pushed_runs(
        self, repository: Repository, branch: str, sha: str
    ) -> Answer[tuple[PushedRun, ...]]:
        """The newest run of every workflow that started on a commit of a branch."""
        ...

    def picks(
        self, repository: Repository, version: Version, label: str, team: Team
    ) -> Answer[PickReading]:
        """The tracker of exactly this version, whole, and the pulls into the release branch."""
        ...

    def milestone(self, repository: Repository, title: str) -> Answer[Milestone]:
        """The milestone of exactly this title with every open item."""
        ...

    def milestone_items(
        self, repository: Repository, title: str
    ) -> Answer[tuple[MilestoneItem, ...] | None]:
        """Every item of the milestone of exactly this title, whatever its state; None without."""
        ...

    def closing_commits(
        self, repository: Repository, numbers: Sequence[int]
    ) -> Answer[dict[int, tuple[str, ...]]]:
        """The SHAs that closed issues, where GitHub recorded them; one request an issue."""
        ...

    def open_pulls(self, repository: Repository, base: str) -> Answer[tuple[PullSummary, ...]]:
        """The pull requests into a branch that are open, oldest first."""
        ...

    def ref_activity(self, repository: Repository, ref: str) -> Answer[tuple[RefChange, ...]]:
        """The latest changes of a ref that GitHub recorded, newest first; it may record none."""
        ...

    def job_steps(self, repository: Repository, job_id: int) -> tuple[Step, ...]:
        """The steps of a job, in their order; none before it has started."""
        ...

    def job_log(self, repository: Repository, job_id: int) -> JobLog:
        """The end of a job's log, a few megabytes of it at most."""
        ...

    def pulls_from(self, repository: Repository, branch: str) -> Answer[tuple[OpenPull, ...]]:
        """The open pull requests of a branch of the repository itself."""
        ...

    def open_pull(self, repository: Repository, draft: PullDraft) -> OpenPull:
        """Open a pull request, asked for once; after a lost answer look before asking again."""
        ...

    def amend_pull(self, repository: Repository, number: int, draft: PullDraft) -> OpenPull:
        """Give a pull request its title and our part of its text; the rest of it stays."""
        ...

    def workflow_state(self, call: WorkflowCall) -> str | None:
        """`active`, or how a workflow was disabled; None when there is no such file."""
        ...

    def dispatch(self, call: WorkflowCall) -> int | None:
        """Start a workflow, asked for once; gives the run where GitHub names it at once."""
        ...

    def dispatched_runs(
        self, call: WorkflowCall, since: datetime
    ) -> Answer[tuple[StartedRun, ...]]:
        """The runs of a workflow that were started by hand since then, oldest first."""
        ...

    def started_run(self, repository: str, run_id: int) -> StartedRun:
        """How a run of `owner/name` stands, and how many of its jobs have ended."""
        ...

    def run(self, repository: Repository, run_id: int) -> Run | None:
        """A run in its newest attempt; None when there is none of this number."""
        ...

    def run_jobs(self, repository: Repository, run: Run) -> Answer[tuple[Job, ...]]:
        """The jobs of all attempts of a run, each as GitHub lists it."""
        ...

    def job(self, repository: Repository, job_id: int) -> Job | None:
        """A job of any attempt; None when there is none of this number."""
        ...

    def rerun_failed(self, repository: Repository, run_id: int) -> None:
        """Have a run's failed and cancelled jobs run again, asked for once."""
        ...

    def rerun_job(self, repository: Repository, job_id: int) -> None:
        """Have one job of a run's newest attempt run again, asked for once."""
        ...

    def cancel_run(self, repository: Repository, run_id: int) -> None:
        """Ask a run to stop; its jobs may take minutes to do so."""
        ...

    def comments(self, repository: Repository, number: int) -> Answer[tuple[Comment, ...]]:
        """The comments under an issue or pull request, oldest first."""
        ...

    def comment(self, repository: Repository, number: int, body: str) -> Comment:
        """Comment on an issue or pull request; after a lost answer look before asking again."""
        ...

    def pull(self, repository: Repository, number: int) -> PullPage | None:
        """A pull request; None where there is none of this number."""
        ...

    def pull_messages(self, repository: Repository, number: int) -> Answer[tuple[str, ...]]:
        """What the commits of a pull request say, oldest first."""
        ...

    def set_milestone(self, repository: Repository, number: int, title: str) -> None:
        """Put an issue or pull request into the milestone of exactly this title."""
        ...

    def merge_pull(
        self, repository: Repository, number: int, head: str, title: str, message: str
    ) -> str:
        """Squash a pull request whose head is exactly this commit; gives what it became."""
        ...

    def account(self) -> Account:
        """Who the credential belongs to; raises AccessDenied without one."""
        ...

    def permission(self, repository: Repository) -> str:
        """`admin`, `write`, `triage`, `read` or `none` on a repository."""
        ...

    def budget(self) -> ApiBudget | None:
        """The quota as the newest response told it; None before the first."""
        ...

    def prepare(self) -> None:
        """Load what the first request needs, which takes a while; asks nothing."""
        ...

    def usage(self) -> ApiUsage:
        """What was asked for since the start, and how much of it cost nothing."""
        ...


class ObjectStorePort(Protocol):
    """The S3 store of the channels."""

    def list_objects(self, prefix: str) -> Iterator[StoredObject]:
        """Every object under a prefix, all pages."""
        ...

    def describe(self, key: str) -> StoredObject | None:
        """An object with its checksum, which no listing tells; None when it is not there."""
        ...

    def read_range(self, stored: StoredObject, start: int, length: int) -> bytes:
        """A piece of an object, from a byte on; raises Conflict when it was replaced."""
        ...

    def newest_version(self, bucket: str, key: str) -> str | None:
        """The id of an object's current version; None where there is none to name.

        That is so without such an object, and in a bucket that keeps no versions.
        """
        ...

    def check_access(self) -> str:
        """Who the credential is, in words; raises when the bucket cannot be read."""
        ...


class IndexPort(Protocol):
    """The index pages of the channels, as installers get them."""

    def page(self, prefix: str, folder: str, package: str) -> Answer[IndexPage | None]:
        """The page of a package in a folder of a channel; None when there is none."""
        ...


class Credential(msgspec.Struct, frozen=True):
    """A secret with where it came from; only the source is ever shown."""

    source: str
    secret: str

    def __repr__(self) -> str:
        return f"Credential(source={self.source!r})"


class CredentialsPort(Protocol):
    """Where secrets come from: environment, credentials file, keyring, `gh`."""

    def github_token(self) -> Credential | None:
        """The GitHub token, or None to go on anonymously."""
        ...

    def store_github_token(self, token: str) -> str:
        """Keep a token in the keyring and say where; raises without a safe keyring."""
        ...

    def environment(self) -> dict[str, str]:
        """Variables of the credentials file, for SDKs that read the environment."""
        ...
