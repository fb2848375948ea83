"""The backends and the ledger of one release, each made when it is first asked for."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import msgspec

from cockpit.backends.ports import (
    ApiBudget,
    ApiUsage,
    Clock,
    CondaPort,
    CredentialsPort,
    GithubPort,
    GitPort,
    IndexPort,
    PackageIndexPort,
    TransferPort,
)
from cockpit.config import Config
from cockpit.config_places import ObjectStoreTable
from cockpit.errors import CockpitError, ConfigError

if TYPE_CHECKING:
    from cockpit.ledger.store import LedgerStore

T = TypeVar("T")


class Backends:
    """Adapters are imported here and nowhere else, so that the first frame waits for none."""

    def __init__(
        self, config: Config, *, data: Path, cache: Path, log: Callable[[str], None]
    ) -> None:
        self.config = config
        self._data = data
        self._cache = cache
        self._log = log
        self.me = ""
        """The e-mail address of whoever flies; empty until `recognise` has asked git."""
        self._made: dict[str, object] = {}
        self._making = threading.RLock()

    @property
    def clock(self) -> Clock:
        """The release's time."""

        def make() -> Clock:
            from cockpit.backends.clock import clock_for

            return clock_for(self.config.settings)

        return self._once("clock", make)

    @property
    def credentials(self) -> CredentialsPort:
        """Where secrets come from."""

        def make() -> CredentialsPort:
            from cockpit.backends.keyring import Credentials

            return Credentials(self.config)

        return self._once("credentials", make)

    @property
    def git(self) -> GitPort:
        """Git remotes."""

        def make() -> GitPort:
            from cockpit.backends.git import GitClones

            told = self.config.settings.identity
            somebody = (told.name, told.email) if told else None
            return GitClones(
                self._data / "clones",
                identity=somebody if told and told.always else None,
                stand_in=somebody,
                sign=self.config.settings.ledger.sign,
                log=self._log,
            )

        return self._once("git", make)

    @property
    def github(self) -> GithubPort:
        """GitHub."""

        def make() -> GithubPort:
            from cockpit.backends.github import Github

            token = self.credentials.github_token()
            return Github(
                self.config.settings.github.api, token, log=self._log, cache=self._cache / "github"
            )

        return self._once("github", make)

    @property
    def store(self) -> TransferPort:
        """The S3 channels; raises ConfigError when none are configured."""
        return self._once("store", lambda: self._store(self._channels))

    @property
    def backup(self) -> TransferPort | None:
        """The bucket that keeps every candidate's files; None when the config names none."""
        table = self.config.settings.objectstore
        if table is None or table.backup_bucket is None:
            return None
        private = msgspec.structs.replace(table, bucket=table.backup_bucket, acl="")
        return self._once("backup", lambda: self._store(private))

    def mirror(self, name: str) -> TransferPort:
        """A mirror of the stable channel; raises AccessDenied without its own credential."""
        from cockpit.backends.mirrors import mirror_environment, mirror_login, mirror_table

        table = next(mirror for mirror in self.config.settings.mirrors if mirror.name == name)
        variable = self.credentials.variable
        mirror_environment(table, variable)  # a key that is missing is told before any request

        def make() -> TransferPort:
            from cockpit.backends.objectstore_writes import WritableStore

            settings = mirror_table(table, variable)
            environment = partial(mirror_environment, table, variable)
            return WritableStore(settings, environment, log=self._log, login=mirror_login(table))

        return self._once(f"mirror {name}", make)

    def mirror_index(self, name: str) -> IndexPort | None:
        """The index pages of a mirror; None when the config does not say where they are."""
        table = next(mirror for mirror in self.config.settings.mirrors if mirror.name == name)
        return self._index(table.index_url, f"index of {name}") if table.index_url else None

    @property
    def _channels(self) -> ObjectStoreTable:
        table = self.config.settings.objectstore
        if table is None:
            raise ConfigError(
                "No channels are configured",
                f"{self.config.path} has no [objectstore]",
                "add [objectstore] with bucket and prefixes",
            )
        return table

    def _store(self, table: ObjectStoreTable) -> TransferPort:
        from cockpit.backends.objectstore_writes import WritableStore

        return WritableStore(table, self.credentials.environment, log=self._log)

    @property
    def staging(self) -> TransferPort:
        """The bucket where wheels wait for the package index; raises ConfigError without one."""
        found = self.backup
        if found is None:
            raise ConfigError(
                "No staging area is configured",
                f"{self.config.path} has no [objectstore].backup_bucket",
                "add [objectstore].backup_bucket",
            )
        return found

    @property
    def conda(self) -> CondaPort:
        """The conda channels."""

        def make() -> CondaPort:
            import os

            from cockpit.backends.conda import TOKEN, CondaChannels

            given = self.credentials.environment()
            environment = given if TOKEN in given else os.environ
            return CondaChannels(self.config.settings.conda, environment, log=self._log)

        return self._once("conda", make)

    @property
    def publisher(self) -> PackageIndexPort:
        """The package index that the release is published to."""

        def make() -> PackageIndexPort:
            import os

            from cockpit.backends.package_index import PackageIndex

            given = self.credentials.environment()
            # The file comes first and whole: half of one credential beside half of another is none.
            environment = given if "TWINE_PASSWORD" in given else os.environ
            return PackageIndex(self.config.settings.index, environment, log=self._log)

        return self._once("publisher", make)

    @property
    def index(self) -> IndexPort | None:
        """The index pages of the channels; None when the config does not say where they are."""
        table = self.config.settings.objectstore
        if table is None or table.index_url is None:
            return None
        return self._index(table.index_url, "index")

    def _index(self, base: str, name: str) -> IndexPort:
        def make() -> IndexPort:
            from cockpit.backends.github_pages import PageCache
            from cockpit.backends.index import IndexPages

            return IndexPages(base, log=self._log, cache=PageCache(self._cache / "index"))

        return self._once(name, make)

    @property
    def package_index(self) -> IndexPort | None:
        """The package index's pages; None when the config wants nothing looked for there."""
        table = self.config.settings.index
        if not table.pages:
            return None

        def make() -> IndexPort:
            from cockpit.backends.github_pages import PageCache
            from cockpit.backends.index import IndexPages
            from cockpit.backends.package_index import pages_of

            cache = PageCache(self._cache / "index")
            return IndexPages(pages_of(table), log=self._log, cache=cache)

        return self._once("package index", make)

    @property
    def ledger(self) -> LedgerStore:
        """The shared record."""

        def make() -> LedgerStore:
            import socket

            from cockpit import __version__
            from cockpit.ledger.store import LedgerStore

            return LedgerStore(
                self.git,
                self.config.ledger_remote,
                self.config.ledger_ref,
                cockpit_version=__version__,
                host=socket.gethostname(),
                clock=self.clock,
            )

        return self._once("ledger", make)

    def recognise(self) -> None:
        """Ask git who flies; nobody in particular, where git does not know."""
        with contextlib.suppress(CockpitError):
            self.me = self.git.identity()[1]

    def budget(self) -> ApiBudget | None:
        """What is left of GitHub's quota; None before GitHub was first asked."""
        github = self._made.get("github")
        return cast("GithubPort", github).budget() if github is not None else None

    def usage(self) -> ApiUsage:
        """What was asked of GitHub since the start."""
        github = self._made.get("github")
        return cast("GithubPort", github).usage() if github is not None else ApiUsage()

    def _once(self, name: str, make: Callable[[], T]) -> T:
        """Make a part the first time it is asked for, whichever thread asks."""
        with self._making:
            if name not in self._made:
                self._made[name] = make()
            return cast("T", self._made[name])
