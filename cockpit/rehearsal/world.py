"""The supervisor of one rehearsal world: brings every service up on loopback, and down again."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self, TextIO

from cockpit.rehearsal import control, docsite, remotes
from cockpit.rehearsal.artifacts import mirrored, seeded_objects
from cockpit.rehearsal.builds import delete_run
from cockpit.rehearsal.channels import Channels
from cockpit.rehearsal.clock import WorldClock
from cockpit.rehearsal.colleagues import Colleagues
from cockpit.rehearsal.condachannel import CondaOwners, conda_pages
from cockpit.rehearsal.config import (
    CONFIG_NAME,
    LEDGER,
    Addresses,
    render,
    write_credentials,
)
from cockpit.rehearsal.docsite import DOCS, DocsPushes
from cockpit.rehearsal.faults import Fault, FaultBoard, FaultError, FaultKind
from cockpit.rehearsal.index import PackageIndex
from cockpit.rehearsal.index import create_app as create_index
from cockpit.rehearsal.interference import FaultMiddleware
from cockpit.rehearsal.madetoorder import run_made_to_order
from cockpit.rehearsal.mishaps import delay_index, delay_runs, lengthen_logs
from cockpit.rehearsal.packages import ChannelObject
from cockpit.rehearsal.people import CAPTAIN
from cockpit.rehearsal.releasefiles import STATE_BUCKET
from cockpit.rehearsal.s3 import MIRROR_KEY, AccessKey, MotoS3, SeaweedS3
from cockpit.rehearsal.scenario import CORE, SCENARIOS, Scenario, build_core_world
from cockpit.rehearsal.serving import QuietHandler, RequestLog, Service, ServiceName
from cockpit.rehearsal.tally import BuildsCount, count_builds
from cockpit.rehearsal.tritonrelease import TritonRelease
from cockpit.rehearsal.uploads import Uploads

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from werkzeug.serving import WSGIRequestHandler

    from cockpit.rehearsal.history import CoreHistory
    from cockpit.rehearsal.model import Forge, Repository

S3Kind = Literal["moto", "seaweedfs"]

INDEX_TOKEN = "pypi-rehearsal-token"
CONDA_TOKEN = "conda-rehearsal-token"
_SEAWEED_STANDS_ALONE = "the real S3 server answers by itself; start the world with --s3 moto"


_TICK_S = 1.0


class WorldError(ValueError):
    """The world cannot be made, or changed, as asked."""


class World:
    """A running rehearsal. Made by `World.start`; a context manager that stops it."""

    forge: Forge
    history: CoreHistory
    """The story behind core, for those who check what was found in it."""
    config_path: Path
    github_url: str
    s3_url: str
    mirror_url: str
    index_url: str
    control_url: str

    def __init__(self, directory: Path, scenario: Scenario, clock: WorldClock) -> None:
        self.directory = directory
        self.scenario = scenario
        self.clock = clock
        self.remotes = directory / "remotes"
        self.index = PackageIndex(directory / "index", clock, frozenset({INDEX_TOKEN}))
        self.conda = CondaOwners(CONDA_TOKEN)
        self.conda.seed()
        self.faults = FaultBoard(
            clock,
            performers={
                "unreachable": self._take_down,
                "moved-tag": self._perform_moved_tag,
                "deleted-tag": self._perform_deleted_tag,
                "late-start": lambda _, __, seconds: delay_runs(self.forge, seconds),
                "huge-log": lambda fault, _, __: lengthen_logs(self.forge, fault),
                "late-index": lambda _, __, seconds: delay_index(self._channels, seconds),
            },
            tags=lambda: remotes.tag_names(r.git_dir for r in self.forge.repositories.values()),
        )
        self.stop_requested = threading.Event()
        """Set when somebody asked over HTTP that the world end; whoever started it ends it."""
        self._objects = 0
        self._s3: MotoS3 | SeaweedS3 | None = None
        self._mirror: MotoS3 | None = None
        self._access_key = AccessKey()
        self._services: dict[str, Service] = {}
        self._requests: dict[ServiceName, RequestLog] = {}
        self._channels: Channels | None = None
        self._colleagues: Colleagues | None = None
        self._docs: DocsPushes | None = None
        self._triton = TritonRelease(self.index, scenario)
        self._timers: list[threading.Timer] = []
        self._settling = threading.Lock()
        self._stopping = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="rehearsal ticker", daemon=True)
        self._error_log: TextIO = (directory / "world.log").open("a", encoding="utf-8")

    @classmethod
    def start(
        cls,
        directory: Path,
        *,
        scenario: str = "default",
        seed: int = 0,
        speed: float | None = 1.0,
        s3: S3Kind = "moto",
        epoch: datetime | None = None,
    ) -> World:
        """Make a new world in an empty or absent directory and serve it; raises WorldError.

        Without a `speed` its clock runs as fast as the scenario says.
        A world is not resumed: what S3 and the index hold ends with it, so a directory that
        already has one is refused.
        """
        if scenario not in SCENARIOS:
            raise WorldError(f"there is no scenario {scenario!r}; known: {', '.join(SCENARIOS)}")
        directory = directory.resolve()
        if directory.exists() and not (directory.is_dir() and not any(directory.iterdir())):
            raise WorldError(f"{directory} is not an empty directory, which a new world needs")
        directory.mkdir(parents=True, exist_ok=True)
        told = SCENARIOS[scenario]
        clock = WorldClock(epoch or told.epoch, told.speed if speed is None else speed)
        world = cls(directory, told, clock)
        try:
            world._bring_up(seed, s3)
        except BaseException:
            world.stop()
            raise
        return world

    def stop(self) -> None:
        """End every service; quick, and stopping twice does nothing. The directory stays."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        for timer in self._timers:
            timer.cancel()
            timer.join()
        if self._ticker.is_alive():
            self._ticker.join()
        with ThreadPoolExecutor() as pool:
            list(pool.map(Service.stop, self._services.values()))
        if isinstance(self._s3, MotoS3):
            self._s3.forget()
        elif self._s3 is not None:
            self._s3.stop()
        if self._mirror is not None:
            self._mirror.forget()
        self._error_log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def settle(self) -> None:
        """Let happen what is due by the world's clock; cheap when nothing is.

        Every request does this first, and so does a tick each second, for those
        who ask only git.
        """
        with self._settling:
            now = self.clock.now()
            if self._colleagues is not None:
                self._colleagues.settle(now)
            if self._channels is not None:
                self._channels.settle(now)
            if self._docs is not None:
                self._docs.settle(now)
            self._triton.settle(now)

    def requests(self, service: ServiceName) -> RequestLog:
        """What a service was asked; the real S3 server does not tell."""
        if service not in self._requests:
            raise WorldError(f"requests to {service} are not counted: {_SEAWEED_STANDS_ALONE}")
        return self._requests[service]

    def services(self) -> Mapping[str, control.ServiceState]:
        """Every service with its address and how often it was asked."""
        counted: Mapping[str, RequestLog] = {str(n): log for n, log in self._requests.items()}
        states = {
            name: control.ServiceState(
                service.url,
                service.reachable,
                counted[name].served if name in counted else None,
                counted[name].writes if name in counted else None,
            )
            for name, service in self._services.items()
        }
        if isinstance(self._s3, SeaweedS3):
            states["s3"] = control.ServiceState(self.s3_url, True, None, None)
        return states

    def counts(self) -> Mapping[str, int]:
        """How much there is of everything."""
        with self.forge.lock:
            repositories = list(self.forge.repositories.values())
            return {
                "repositories": len(repositories),
                "issues": sum(len(r.issues) for r in repositories),
                "runs": sum(len(r.runs) for r in repositories),
                "jobs": sum(len(run.jobs) for r in repositories for run in r.runs.values()),
                "seeded_objects": self._objects,
                "index_files": len(self.index.files()),
            }

    def move_tag(self, repository: str, tag: str, to: str | None = None) -> str:
        """Point a tag at another commit, by default its parent; gives the new SHA."""
        return remotes.move_tag(self._repository(repository).git_dir, tag, to)

    def delete_tag(self, repository: str, tag: str) -> None:
        """Delete a tag from a remote."""
        remotes.delete_tag(self._repository(repository).git_dir, tag)

    def push_tag(self, repository: str, tag: str, to: str | None = None) -> str:
        """Have a colleague tag a commit, by default the release branch's head; gives its SHA."""
        git_dir = self._repository(repository).git_dir
        return remotes.push_tag(git_dir, tag, to or f"refs/heads/{self.scenario.release_branch}")

    def count_builds(self, repository: str, ref: str) -> BuildsCount:
        """What runs for a branch or tag, as the world's own plan has it."""
        return count_builds(self.forge, self._repository(repository), ref)

    def start_run(
        self,
        repository: str,
        workflow: str,
        ref: str,
        *,
        jobs: int | tuple[str, ...],
        starts: bool = True,
    ) -> int:
        """Start a run of so many jobs, or of jobs of these names, on a ref; gives its id."""
        return run_made_to_order(
            self.forge, self._repository(repository), workflow, ref, jobs=jobs, starts=starts
        ).id

    def delete_run(self, repository: str, run: int) -> None:
        """Take a run away, whether it has ended or not."""
        delete_run(self.forge, self._repository(repository), run)

    def publish_docs(self, line: str | None = None) -> str:
        """Have the documentation of a line published, by default the release's; gives the SHA."""
        wanted = line or self.scenario.release_branch.removeprefix("release/")
        return docsite.publish(self._repository(DOCS), wanted, self.clock.now())

    def push_commit(
        self,
        repository: str,
        branch: str | None = None,
        *,
        message: str = "Update the release notes",
        path: str = "docs/release-notes.md",
        content: str | None = None,
    ) -> str:
        """Have a colleague push one commit, by default to the release branch; gives its SHA."""
        now = self.clock.now()
        return remotes.push_commit(
            self._repository(repository).git_dir,
            branch or self.scenario.release_branch,
            path=path,
            content=content if content is not None else f"Written at {now:%H:%M:%S.%f}.\n",
            message=message,
            when=now,
        )

    def renew_s3_credentials(self) -> str:
        """Put a fresh access key into the credentials file, as a new login would; gives its id."""
        if isinstance(self._s3, SeaweedS3):
            raise WorldError(f"its access key cannot be renewed: {_SEAWEED_STANDS_ALONE}")
        number = int(self._access_key.id[-7:]) + 1
        self._access_key = AccessKey(f"AKIAREHEARSAL{number:07}", self._access_key.secret)
        self._write_credentials()
        return self._access_key.id

    def request_stop(self) -> None:
        """Ask whoever started the world to stop it."""
        self.stop_requested.set()

    def _bring_up(self, seed: int, s3: S3Kind) -> None:
        with ThreadPoolExecutor(2) as pool:
            # git works in processes of its own, so this overlaps with importing moto.
            built = pool.submit(
                build_core_world, self.scenario, seed=seed, remotes=self.remotes, clock=self.clock
            )
            self._s3 = self._start_s3(s3)
            self.forge, self.history = built.result()
        remotes.create(self.directory / LEDGER)
        self._seed(seed)
        self._serve_all()
        self._ticker.start()
        self._write_credentials()
        addresses = Addresses(
            self.github_url, self.s3_url, self.mirror_url, self.index_url, self.control_url
        )
        self.config_path = self.directory / CONFIG_NAME
        text = render(addresses, self.scenario)
        self.config_path.write_text(text, encoding="utf-8")

    def _start_s3(self, kind: S3Kind) -> MotoS3 | SeaweedS3:
        if kind == "moto":
            return MotoS3(self.clock)
        server = SeaweedS3(self.directory, self._access_key)
        # Known before it runs, so that a world that fails half-way still ends it.
        self._s3 = server
        server.start()
        return server

    def _tick(self) -> None:
        while not self._stopping.wait(_TICK_S):
            self._settle_or_log()

    def _settle_or_log(self) -> None:
        try:
            self.settle()
        except Exception:  # noqa: BLE001
            # Whoever asked something of the world has nothing to do with it.
            traceback.print_exc(file=self._error_log)

    def _settled(self, app: WSGIApplication) -> WSGIApplication:
        """The same application, on a world in which everything that is due has happened."""

        def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            self._settle_or_log()
            return app(environ, start_response)

        return serve

    def _seed(self, seed: int) -> None:
        objects = list(seeded_objects(self.scenario, self.forge, seed))
        if self._s3 is None:
            return
        self._s3.keep_versions(STATE_BUCKET)
        self._objects = self._s3.put(objects)
        uploads = Uploads(self.forge, self.scenario)
        self._mirror = MotoS3(self.clock)
        self._mirror.put(mirrored(objects, self.scenario.epoch))
        self._mirror.before_request = self._settle_or_log
        start = self.scenario.channels_since
        self._channels = Channels(self._s3, self._mirror, uploads, start)
        if isinstance(self._s3, MotoS3):
            self._s3.before_request = self._settle_or_log
        for item in objects:
            folder, _, name = item.key.rpartition("/")
            if folder.endswith("-pypi-staging"):
                # What was staged for the last release has been published since.
                self.index.publish_wheel(name, item.body, item.last_modified)
            elif self.scenario.is_final and folder == "whl/test" and name.startswith("triton-"):
                # Its maintainers have published what was asked for after the cut.
                self.index.publish_wheel(name, item.body, item.last_modified)

    def _serve_all(self) -> None:
        from cockpit.rehearsal.github.app import create_app as create_github

        github = create_github(self.forge)
        self._docs = DocsPushes(self._repository(CORE), self._repository(DOCS), self.forge)
        self._colleagues = Colleagues(github, self.forge, self.scenario)
        self.github_url = self._serve("github", self._settled(github))
        index = create_index(self.index)
        index.register_blueprint(conda_pages(self.conda))
        self.index_url = self._serve("index", self._settled(index))
        if isinstance(self._s3, MotoS3):
            self.s3_url = self._serve("s3", self._s3, handler=self._s3.request_handler())
        elif self._s3 is not None:
            self.s3_url = self._s3.url
            self.faults.out_of_reach = {"s3": _SEAWEED_STANDS_ALONE}
        if self._mirror is not None:
            handler = self._mirror.request_handler()
            self.mirror_url = self._serve("mirror", self._mirror, handler=handler)
        switchboard = Service("control", control.create_app(self), self._error_log)
        self._services["control"] = switchboard
        self.control_url = switchboard.url

    def _serve(
        self,
        name: ServiceName,
        app: WSGIApplication,
        handler: type[WSGIRequestHandler] = QuietHandler,
    ) -> str:
        served = FaultMiddleware(name, app, self.faults, self.clock, self._stopping)
        if name == "index":
            served.on_half_upload = self.index.burn_half_upload
        if name == "s3":
            served.on_copy = self._meddle
        self._requests[name] = served.requests
        self._services[name] = Service(name, served, self._error_log, handler)
        return self._services[name].url

    def _meddle(self, kind: FaultKind, source: str, target: str) -> None:
        """Do what somebody else would do in the middle of a copy."""
        bucket, _, key = (source if kind == "source-changes" else target).partition("/")
        body = f"{kind}: other bytes under the same name\n".encode()
        other = ChannelObject(bucket, key, body, "binary/octet-stream", self.clock.now())
        if self._s3 is not None:
            self._s3.put([other])

    def _repository(self, name: str) -> Repository:
        repository = self.forge.repositories.get(name)
        if repository is None:
            known = ", ".join(self.forge.repositories)
            raise WorldError(f"there is no repository {name!r}; known: {known}")
        return repository

    def _write_credentials(self) -> None:
        token = next(t for t, login in self.forge.tokens.items() if login == CAPTAIN.login)
        write_credentials(
            self.directory,
            {
                "GITHUB_TOKEN": token,
                "AWS_ACCESS_KEY_ID": self._access_key.id,
                "AWS_SECRET_ACCESS_KEY": self._access_key.secret,
                "R2_ACCESS_KEY_ID": MIRROR_KEY.id,
                "R2_SECRET_ACCESS_KEY": MIRROR_KEY.secret,
                "TWINE_USERNAME": "__token__",
                "TWINE_PASSWORD": INDEX_TOKEN,
                "ANACONDA_API_TOKEN": CONDA_TOKEN,
            },
        )

    def _take_down(self, _fault: Fault, name: ServiceName, seconds: float) -> Callable[[], None]:
        service = self._services[name]
        if not service.reachable:
            raise FaultError(f"{name} is unreachable already")
        service.suspend()
        if seconds <= 0:
            return service.resume
        timer = threading.Timer(seconds, service.resume)
        timer.daemon = True
        timer.start()
        self._timers.append(timer)

        def bring_back() -> None:
            timer.cancel()
            service.resume()

        return bring_back

    def _perform_moved_tag(self, fault: Fault, _name: ServiceName, _seconds: float) -> None:
        repository, tag = self._tag(fault)
        try:
            self.move_tag(repository, tag)
        except ValueError as err:
            raise FaultError(str(err)) from err

    def _perform_deleted_tag(self, fault: Fault, _name: ServiceName, _seconds: float) -> None:
        repository, tag = self._tag(fault)
        try:
            self.delete_tag(repository, tag)
        except ValueError as err:
            raise FaultError(str(err)) from err

    @staticmethod
    def _tag(fault: Fault) -> tuple[str, str]:
        """The repository and the tag of `owner/name:tag`, or of a tag of core."""
        repository, _, tag = (fault.target or "").rpartition(":")
        return repository or CORE, tag
