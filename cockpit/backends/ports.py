"""What the cockpit asks of the world, in its own words.

Every method blocks and may be called from any thread. They raise `Unreachable` (no answer),
`Throttled` (asked to wait), `AccessDenied` (credential refused) or `Conflict` (the world holds
something else than expected), never an SDK's own exception.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import msgspec

from cockpit.release.artifacts import StoredObject
from cockpit.release.branches import BranchState
from cockpit.release.candidates import Candidate, Tag
from cockpit.release.commits import Commit
from cockpit.release.jobs import BranchHealth, CandidateBuilds
from cockpit.release.milestones import Milestone
from cockpit.release.people import Team
from cockpit.release.picks import PickReading
from cockpit.release.repos import Repository
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

    def log(self, repository: Repository, spec: str) -> tuple[Commit, ...]:
        """The commits of a range of the bare clone, newest first; reads only."""
        ...

    def read_file(self, repository: Repository, sha: str, path: str) -> str | None:
        """A file of a commit that was fetched; None when the commit has no such file."""
        ...

    def tree_id(self, repository: Repository, sha: str, path: str) -> str | None:
        """The tree of a folder of a commit that was fetched; None when there is none."""
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
        """Every job of the newest attempt that the candidate's tag started on its SHA."""
        ...

    def branch_health(self, repository: Repository, sha: str) -> Answer[BranchHealth]:
        """The blocking workflows of a release branch's head."""
        ...

    def picks(
        self, repository: Repository, version: Version, label: str, team: Team
    ) -> Answer[PickReading]:
        """The tracker of exactly this version, whole, and the pulls into the release branch."""
        ...

    def milestone(self, repository: Repository, title: str) -> Answer[Milestone]:
        """The milestone of exactly this title with every open item."""
        ...

    def job_log_tail(self, repository: Repository, job_id: int, lines: int) -> tuple[str, ...]:
        """The last lines of a job's log."""
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


class ObjectStorePort(Protocol):
    """The S3 store of the channels."""

    def list_objects(self, prefix: str) -> Iterator[StoredObject]:
        """Every object under a prefix, all pages."""
        ...

    def check_access(self) -> str:
        """Who the credential is, in words; raises when the bucket cannot be read."""
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
