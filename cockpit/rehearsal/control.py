"""The world's own switchboard over HTTP: its state, its clock, its faults and its mishaps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

import msgspec
from flask import Flask, Response, request

from cockpit.rehearsal.clock import WorldClock
from cockpit.rehearsal.faults import KINDS, Fault, FaultBoard
from cockpit.rehearsal.tally import BuildsCount


class ServiceState(msgspec.Struct, frozen=True):
    """One service, as the world sees it."""

    url: str
    reachable: bool
    served: int | None
    """Requests so far; None for a server that is not ours to count."""
    writes: int | None


class Advance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST /clock/advance`."""

    seconds: float


class Speed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST /clock/speed`."""

    speed: float
    """How fast the clock is to run; 0 holds it."""


class PushTag(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST /actions/push-tag`."""

    tag: str
    repository: str = "pytorch/pytorch"
    to: str | None = None
    """Any revision; the head of the release branch when left out."""


class PublishDocs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST /actions/publish-docs`."""

    line: str | None = None
    """Such as `2.15`; that of the release when left out."""


class DeleteRun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST /actions/delete-run`."""

    run: int
    repository: str = "pytorch/pytorch"


class StartRun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST /actions/start-run`: a run of a workflow that is made to order."""

    ref: str
    jobs: int | tuple[str, ...] = 1
    """How many, or their names as they are to be shown."""
    workflow: str = "Made to order"
    repository: str = "pytorch/pytorch"
    starts: bool = True
    """False has GitHub find the workflow's file invalid: a run without jobs."""


class MoveTag(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST /actions/move-tag`."""

    tag: str
    repository: str = "pytorch/pytorch"
    to: str | None = None
    """Any revision; the parent of the tagged commit when left out."""


class PushCommit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST /actions/push-commit`."""

    repository: str = "pytorch/pytorch"
    branch: str | None = None
    """The release branch when left out."""
    message: str = "Update the release notes"
    path: str = "docs/release-notes.md"
    content: str | None = None


class Controllable(Protocol):
    """What the switchboard can do with a world."""

    @property
    def clock(self) -> WorldClock: ...
    @property
    def faults(self) -> FaultBoard: ...
    def services(self) -> Mapping[str, ServiceState]: ...
    def counts(self) -> Mapping[str, int]: ...
    def move_tag(self, repository: str, tag: str, to: str | None = None) -> str: ...
    def push_commit(
        self,
        repository: str,
        branch: str | None = None,
        *,
        message: str,
        path: str,
        content: str | None = None,
    ) -> str: ...
    def push_tag(self, repository: str, tag: str, to: str | None = None) -> str: ...
    def count_builds(self, repository: str, ref: str) -> BuildsCount: ...
    def start_run(
        self,
        repository: str,
        workflow: str,
        ref: str,
        *,
        jobs: int | tuple[str, ...],
        starts: bool = True,
    ) -> int: ...
    def delete_run(self, repository: str, run: int) -> None: ...
    def publish_docs(self, line: str | None = None) -> str: ...
    def renew_s3_credentials(self) -> str: ...
    def request_stop(self) -> None: ...


_Body = TypeVar("_Body")


def create_app(world: Controllable) -> Flask:
    """The switchboard of one world."""
    app = Flask("rehearsal control")

    @app.errorhandler(msgspec.DecodeError)
    @app.errorhandler(ValueError)
    def refuse(error: Exception) -> Response:
        return _json({"error": str(error)}, 422)

    @app.get("/state")
    def state() -> Response:
        return _json(
            {
                "clock": _clock(world.clock),
                "services": world.services(),
                "counts": world.counts(),
                "faults": world.faults.reports(),
            }
        )

    @app.get("/clock")
    def clock() -> Response:
        return _json(_clock(world.clock))

    @app.post("/clock/advance")
    def advance() -> Response:
        world.clock.advance(timedelta(seconds=_body(Advance).seconds))
        return _json(_clock(world.clock))

    @app.post("/clock/speed")
    def speed() -> Response:
        world.clock.run_at(_body(Speed).speed)
        return _json(_clock(world.clock))

    _add_faults(app, world)
    _add_actions(app, world)
    _add_builds(app, world)
    return app


def _add_faults(app: Flask, world: Controllable) -> None:
    @app.get("/faults")
    def faults() -> Response:
        known = {kind: traits.summary for kind, traits in KINDS.items()}
        return _json({"faults": world.faults.reports(), "known": known})

    @app.post("/faults")
    def add_fault() -> Response:
        return _json({"id": world.faults.add(_body(Fault))}, 201)

    @app.delete("/faults")
    def clear_faults() -> Response:
        world.faults.clear()
        return Response(status=204)

    @app.delete("/faults/<int:fault_id>")
    def remove_fault(fault_id: int) -> Response:
        return Response(status=204 if world.faults.remove(fault_id) else 404)


def _add_actions(app: Flask, world: Controllable) -> None:
    @app.post("/actions/move-tag")
    def move_tag() -> Response:
        wanted = _body(MoveTag)
        return _json({"sha": world.move_tag(wanted.repository, wanted.tag, wanted.to)})

    @app.post("/actions/push-commit")
    def push_commit() -> Response:
        wanted = _body(PushCommit)
        sha = world.push_commit(
            wanted.repository,
            wanted.branch,
            message=wanted.message,
            path=wanted.path,
            content=wanted.content,
        )
        return _json({"sha": sha})

    @app.post("/actions/renew-s3-credentials")
    def renew_s3_credentials() -> Response:
        return _json({"access_key": world.renew_s3_credentials()})

    @app.post("/stop")
    def stop() -> Response:
        world.request_stop()
        return Response(status=202)


def _add_builds(app: Flask, world: Controllable) -> None:
    @app.get("/builds")
    def builds() -> Response:
        repository = request.args.get("repository", "pytorch/pytorch")
        return _json(world.count_builds(repository, request.args.get("ref", "")))

    @app.post("/actions/push-tag")
    def push_tag() -> Response:
        wanted = _body(PushTag)
        return _json({"sha": world.push_tag(wanted.repository, wanted.tag, wanted.to)})

    @app.post("/actions/start-run")
    def start_run() -> Response:
        wanted = _body(StartRun)
        started = world.start_run(
            wanted.repository,
            wanted.workflow,
            wanted.ref,
            jobs=wanted.jobs,
            starts=wanted.starts,
        )
        return _json({"run": started})

    @app.post("/actions/publish-docs")
    def publish_docs() -> Response:
        return _json({"sha": world.publish_docs(_body(PublishDocs).line)})

    @app.post("/actions/delete-run")
    def delete_run() -> Response:
        wanted = _body(DeleteRun)
        world.delete_run(wanted.repository, wanted.run)
        return Response(status=204)


def _clock(clock: WorldClock) -> dict[str, datetime | float]:
    return {"now": clock.now(), "speed": clock.speed}


def _body(kind: type[_Body]) -> _Body:
    return msgspec.json.decode(request.get_data() or b"{}", type=kind)


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, content_type="application/json")
