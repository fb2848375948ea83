"""`release.toml`: found, decoded into typed settings, and explained where it is wrong."""

from __future__ import annotations

import re
import tomllib
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from cockpit.config_places import IndexTable, MirrorTable, ObjectStoreTable
from cockpit.config_tables import (
    DocsTable,
    FeedsTable,
    HudTable,
    Identity,
    NotificationsTable,
    PostCutTable,
    ProcessTable,
    SubmodulesTable,
)
from cockpit.errors import ConfigError
from cockpit.places import PROJECT, Folders
from cockpit.release.artifacts import ArtifactRules
from cockpit.release.conda import CondaRules
from cockpit.release.dispatches import WorkflowCall
from cockpit.release.docs import DocsSource
from cockpit.release.gates_runs import CONFIGURED_RUNS
from cockpit.release.meetings import Meetings
from cockpit.release.people import Person, Team, Workstream
from cockpit.release.promotion import PromotionRules
from cockpit.release.readiness import WORDS
from cockpit.release.releasechanges import AnyChange
from cockpit.release.repos import DockerPin, Repository, Role
from cockpit.release.rewrites.rules import RuleSet
from cockpit.release.schedule import Schedule
from cockpit.release.state import ReleaseSpec
from cockpit.release.support import Nightlies, SupportMatrix, WheelWorkflow
from cockpit.release.triton import TritonSource
from cockpit.release.validations import ValidationRules
from cockpit.release.versions import Naming, Version
from cockpit.release.workflows import WorkflowSpec


def web_of(api: str) -> str:
    """Where people look at what a GitHub API tells."""
    if urlsplit(api).hostname == "api.github.com":
        return "https://github.com"
    return api.rstrip("/").removesuffix("/api/v3")


class ReleaseTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[release]`: what is being released."""

    version: str
    project: str = PROJECT
    process: str = "pytorch"
    """A process that comes with the cockpit, or the path of a TOML file beside this one."""
    naming: Naming = Naming()
    release_changes: Literal["pull-requests", "dispatch"] = "pull-requests"
    """Who makes the core's release-only changes: the cockpit, or the workflow of `[post_cut]`."""
    final_workflows: tuple[str, ...] = ()
    """Workflows that the final tag has to start, as patterns of their names; section 5.4."""


class RepositoryTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[[repositories]]`: one repository of the release, in the order in which they are cut."""

    name: str
    role: Role
    remote: str
    package: str | None = None
    version: str | None = None
    trunk: str = "main"
    cut_from: str = "main"
    version_file: str | None = None
    candidates: bool = True
    blocking_workflows: tuple[str, ...] = ()
    required_checks: tuple[str, ...] = ()
    docker_pin: DockerPin | None = None
    rules: RuleSet = RuleSet.NONE
    cut_sets_version: bool = False
    nightlies: Nightlies | None = None
    wheel_workflows: tuple[WheelWorkflow, ...] = ()
    release_changes: tuple[AnyChange, ...] = ()
    naming: Naming | None = None


class GithubTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[github]`: where GitHub answers, and what the release's issues are called."""

    api: str = "https://api.github.com"
    tracker_label: str = "release tracker"
    checklist_label: str = "oncall: releng"
    """Of the tracking issue; never the trackers' own, by which the bot finds where to nominate."""
    cut_labels: tuple[str, ...] = ("high priority", "release-feature-request")
    """Open issues of the milestone with one of these hold up the cut; without labels, all do."""
    milestone: str = "{version}"
    """Empty where the project keeps none."""
    validated_words: tuple[str, ...] = WORDS
    """What a comment on a closed item says when its fix was tried with the candidate."""


class LedgerTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[ledger]`: the git remote whose ref carries the shared record."""

    remote: str
    ref: str = "refs/cockpit/{version}"
    sign: bool = False
    """Whether git signs each entry as the person's own git is set up to; it must ask nothing."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """The whole file."""

    release: ReleaseTable
    repositories: tuple[RepositoryTable, ...]
    ledger: LedgerTable
    process: ProcessTable = ProcessTable()
    github: GithubTable = GithubTable()
    post_cut: PostCutTable = PostCutTable()
    workflows: tuple[WorkflowSpec, ...] = ()
    objectstore: ObjectStoreTable | None = None
    mirrors: tuple[MirrorTable, ...] = ()
    artifacts: ArtifactRules = ArtifactRules()
    promotion: PromotionRules = PromotionRules()
    index: IndexTable = IndexTable()
    conda: CondaRules = CondaRules()
    docs: DocsTable | None = None
    validation: ValidationRules = ValidationRules()
    runs: dict[str, ValidationRules] = msgspec.field(default_factory=dict)
    """What validates something else, by the gate that judges it."""
    people: tuple[Person, ...] = ()
    workstreams: tuple[Workstream, ...] = ()
    meetings: Meetings = Meetings()
    schedule: Schedule = Schedule()
    support: SupportMatrix = SupportMatrix()
    triton: TritonSource | None = None
    submodules: SubmodulesTable = SubmodulesTable()
    feeds: FeedsTable = FeedsTable()
    notifications: NotificationsTable = NotificationsTable()
    hud: HudTable = HudTable()
    credentials_file: str | None = None
    """`KEY=VALUE` lines beside this file; meant for rehearsals and service accounts."""
    folder: str | None = None
    """Where the cockpit keeps its clones and cache, beside this file; else the system's places."""
    identity: Identity | None = None
    """Who acts, where git itself knows no name, or always."""
    clock: str | None = None
    """A URL that answers `{"now": ISO time, "speed": X}`, as a rehearsal does; else real time."""


class Config(msgspec.Struct, frozen=True, dict=True):
    """Settings with the file they came from, and the values that follow from them."""

    path: Path
    settings: Settings

    @cached_property
    def version(self) -> Version:
        """The version being released."""
        return Version.parse(self.settings.release.version)

    @cached_property
    def repositories(self) -> tuple[Repository, ...]:
        """Every repository of the release, in cutting order."""
        return tuple(self._resolve(table) for table in self.settings.repositories)

    @cached_property
    def core(self) -> Repository:
        """The repository whose candidates are the release's candidates."""
        return self.spec.core

    @cached_property
    def team(self) -> Team:
        """The people of this release."""
        return Team(self.settings.people, self.settings.workstreams)

    @property
    def naming(self) -> Naming:
        """How the core repository names its branches and tags."""
        return self.core.naming

    @property
    def post_cut(self) -> WorkflowCall:
        """The workflow that makes the core's release-only changes, with all that is sent to it."""
        table = self.settings.post_cut
        inputs = {
            name: text.replace("{line}", str(self.version.line))
            for name, text in table.inputs.items()
        }
        live = {table.dry_run_input: "false"}
        return WorkflowCall(table.repository, table.workflow, table.ref, inputs | live)

    @property
    def words(self) -> dict[str, str]:
        """What {version} and {line} stand for."""
        return {"version": str(self.version), "line": str(self.version.line)}

    def workflow(self, name: str) -> WorkflowSpec | None:
        """The workflow with this id or file."""
        found = (spec for spec in self.settings.workflows if name in (spec.id, spec.file))
        return next(found, None)

    def repository_of(self, spec: WorkflowSpec) -> Repository:
        """The repository whose workflow it is."""
        return next(repo for repo in self.repositories if repo.name == spec.repository)

    @property
    def milestone(self) -> str:
        """The title of the release's milestone."""
        return self.settings.github.milestone.format(version=self.version, line=self.version.line)

    @cached_property
    def spec(self) -> ReleaseSpec:
        """What gates, board and panes need to know of the config."""
        return ReleaseSpec(
            project=self.settings.release.project,
            version=self.version,
            repositories=self.repositories,
            team=self.team,
            schedule=self.settings.schedule,
            support=self.settings.support,
            milestone=self.milestone,
            web=web_of(self.settings.github.api),
            hud=self.settings.hud.url,
            cut_labels=self.settings.github.cut_labels,
            triton=self.triton,
            artifacts=self.settings.artifacts,
            docs=self.docs,
            validation=self.settings.validation,
            runs=self.settings.runs,
            final_workflows=self.settings.release.final_workflows,
            index=self.settings.index.pages,
            credential_hours=self.settings.process.credential_hours,
            workflows=self.settings.workflows,
            index_rules=self.settings.index,
            meetings=self.settings.meetings,
        )

    @cached_property
    def docs(self) -> DocsSource | None:
        """Where the documentation of this release is published; None when the config is silent."""
        table = self.settings.docs
        if table is None:
            return None
        return DocsSource(
            remote=_anchored(table.remote, self.path.parent),
            branch=table.branch,
            folder=table.path.replace("{line}", str(self.version.line)),
            listing=table.listing,
        )

    @cached_property
    def triton(self) -> TritonSource | None:
        """Where Triton is taken from; None when the config does not say."""
        table = self.settings.triton
        if table is None:
            return None
        return msgspec.structs.replace(table, remote=_anchored(table.remote, self.path.parent))

    @property
    def ledger_ref(self) -> str:
        """The git ref of this release's ledger."""
        return self.settings.ledger.ref.format(version=self.version)

    @property
    def credentials_path(self) -> Path | None:
        """The credentials file, which only counts beside the config."""
        name = self.settings.credentials_file
        return self.path.parent / name if name else None

    @property
    def folders(self) -> Folders:
        """Where the cockpit keeps its own files for this release."""
        return Folders(
            self.path,
            project=self.settings.release.project,
            version=self.settings.release.version,
            folder=self.settings.folder,
        )

    def interval(self, feed: str) -> timedelta:
        """How often a feed looks; zero means only when asked."""
        return timedelta(seconds=getattr(self.settings.feeds, feed))

    def repository(self, name: str) -> Repository | None:
        """The repository with this full or short name."""
        return next((r for r in self.repositories if name in (r.name, r.short_name)), None)

    def _resolve(self, table: RepositoryTable) -> Repository:
        return Repository(
            name=table.name,
            role=table.role,
            package=table.package,
            remote=_anchored(table.remote, self.path.parent),
            version=Version.parse(table.version or self.settings.release.version),
            naming=table.naming or self.settings.release.naming,
            trunk=table.trunk,
            cut_from=table.cut_from,
            version_file=table.version_file,
            candidates=table.candidates,
            blocking_workflows=table.blocking_workflows,
            required_checks=table.required_checks,
            docker_pin=table.docker_pin,
            rules=table.rules,
            cut_sets_version=table.cut_sets_version,
            release_changes=table.release_changes,
            nightlies=table.nightlies,
            wheel_workflows=table.wheel_workflows,
        )

    @property
    def ledger_remote(self) -> str:
        """The git remote that keeps the ledger."""
        return _anchored(self.settings.ledger.remote, self.path.parent)


def _anchored(remote: str, folder: Path) -> str:
    """A remote given as a relative path is meant from the config's folder."""
    if re.match(r"[\w+.-]+://|[^/]+@[^/]+:", remote):
        return remote
    return str((folder / Path(remote).expanduser()).resolve())


def load(path: Path) -> Config:
    """Read a release.toml; raises ConfigError naming file, line or key, found and expected."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as err:
        raise ConfigError(
            f"{path} could not be read",
            err.strerror or str(err),
            "release-cockpit init VERSION writes one",
        ) from err
    return parse(text, path)


def parse(text: str, path: Path) -> Config:
    """Decode the text of a release.toml; `path` is named in errors and anchors relative paths."""
    try:
        settings = msgspec.convert(tomllib.loads(text), Settings)
    except tomllib.TOMLDecodeError as err:
        raise ConfigError(f"{path} is not TOML", str(err), f"edit {path}") from err
    except msgspec.ValidationError as err:
        raise _explained(err, path) from err
    config = Config(path.resolve(), settings)
    _check(config)
    return config


def _explained(err: msgspec.ValidationError, path: Path) -> ConfigError:
    found, _, place = str(err).partition(" - at `")
    key = place.removesuffix("`").removeprefix("$.") or "the top of the file"
    return ConfigError(f"{path}: {key}", found, f"edit {key} in {path}")


def _check(config: Config) -> None:
    tables = config.settings.repositories
    where = config.path
    versions = [("release.version", config.settings.release.version)]
    versions += [
        (f"repositories[{i}].version", t.version) for i, t in enumerate(tables) if t.version
    ]
    for key, text in versions:
        try:
            Version.parse(text)
        except ValueError as err:
            raise ConfigError(f"{where}: {key}", str(err), f"edit {key} in {where}") from err
    cores = [table.name for table in tables if table.role is Role.CORE]
    if len(cores) != 1:
        raise ConfigError(
            f"{where}: repositories",
            f'expected exactly one with role = "core", found {len(cores)}'
            + (f" ({', '.join(cores)})" if cores else ""),
            f"edit repositories in {where}",
        )
    names = [table.name for table in tables]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(
                f"{where}: repositories", f"{name} is named twice", f"edit repositories in {where}"
            )
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
            raise ConfigError(
                f"{where}: repositories",
                f"expected `owner/name`, found {name!r}",
                f"edit repositories in {where}",
            )
    _check_workflows(config)
    _check_labels(config)
    _check_people(config)
    for gate in config.settings.runs:
        if gate not in CONFIGURED_RUNS:
            raise ConfigError(
                f"{where}: runs.{gate}",
                f"there is no such gate; there are {', '.join(CONFIGURED_RUNS)}",
                f"edit runs.{gate} in {where}",
            )


def _check_people(config: Config) -> None:
    """Every point of contact is among the people, and the meetings have a time of day."""
    try:
        _ = config.settings.meetings.at
    except ValueError as err:
        key = "meetings.time"
        raise ConfigError(
            f"{config.path}: {key}", str(err), f"edit {key} in {config.path}"
        ) from err
    logins = {person.login.casefold() for person in config.settings.people}
    for workstream in config.settings.workstreams:
        unknown = [name for name in workstream.contacts if name.casefold() not in logins]
        if unknown:
            key = f"workstreams.{workstream.id}.contacts"
            raise ConfigError(
                f"{config.path}: {key}",
                f"{', '.join(unknown)} is nobody of [[people]]",
                f"edit {key} in {config.path}",
            )


def _check_labels(config: Config) -> None:
    """The bot takes every open issue with the trackers' label for one; section 12.9."""
    github = config.settings.github
    if github.checklist_label.casefold() == github.tracker_label.casefold():
        raise ConfigError(
            f"{config.path}: github.checklist_label",
            f"{github.checklist_label!r} is the trackers' label: the bot would nominate there",
            f"give the tracking issue another label in {config.path}",
        )


def _check_workflows(config: Config) -> None:
    """Every workflow is one of a repository of the release, has a name of its own, and fits."""
    names = {repository.name for repository in config.repositories}
    seen: set[str] = set()
    for position, spec in enumerate(config.settings.workflows):
        problems = [f"{spec.id}: {problem}" for problem in spec.problems()]
        if spec.id in seen:
            problems.append(f"{spec.id} is named twice")
        if spec.repository not in names:
            known = ", ".join(sorted(names))
            problems.append(f"{spec.id}: expected a repository among {known}")
        seen.add(spec.id)
        if problems:
            key = f"workflows[{position}]"
            raise ConfigError(
                f"{config.path}: {key}", "; ".join(problems), f"edit {key} in {config.path}"
            )
