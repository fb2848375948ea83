"""The faults a captain can rehearse and a test can inject: their kinds, and which are on.

A fault is declared, not programmed: a kind, the service it strikes, which requests, after how many
and how often. What a struck request looks like on the wire is `interference`'s business.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, get_args

import msgspec

from cockpit.rehearsal.clock import WorldClock
from cockpit.rehearsal.serving import ServiceName

FaultKind = Literal[
    "throttle-primary",
    "throttle-secondary",
    "throttle-forbidden",
    "bad-credentials",
    "server-error",
    "slow",
    "reset",
    "truncated-page",
    "truncated-body",
    "response-lost",
    "error-after-storing",
    "late-listing",
    "wrong-count",
    "late-runs",
    "late-start",
    "expired-log",
    "huge-log",
    "expired-token",
    "half-upload",
    "source-changes",
    "target-appears",
    "late-index",
    "lost-metadata",
    "other-metadata",
    "clock-skew",
    "unreachable",
    "moved-tag",
    "deleted-tag",
]

_ALL: tuple[ServiceName, ...] = ("github", "s3", "index", "mirror")
_STABLE_WHEELS = r"^/pytorch/whl/(?!test/|nightly/).+\.whl$"
_WRITES = ("POST", "PUT", "PATCH", "DELETE")
_RUN_LISTS = r"/(actions/(workflows/[^/]+/)?runs|actions/runs/\d+/jobs|check-runs|check-suites)\b"


class FaultError(ValueError):
    """A fault that does not exist or cannot strike what it was aimed at."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What a kind of fault is, and what it does unless told otherwise."""

    summary: str
    services: tuple[ServiceName, ...]
    """Where it can strike; the first unless told otherwise."""
    argument: Literal["times", "seconds", "after", "target", "megabytes"]
    """What the number or word behind the colon of `NAME:ARG` means."""
    times: int = 0
    """How many requests it strikes; 0 is until it is removed."""
    seconds: float = 0.0
    megabytes: float = 0.0
    status: int = 500
    methods: tuple[str, ...] = ()
    """Empty strikes every method."""
    path: str = ""


KINDS: Mapping[FaultKind, Traits] = {
    "throttle-primary": Traits(
        "403 with no requests left, until the reset on the world's clock",
        ("github",),
        "seconds",
        seconds=60,
        status=403,
    ),
    "throttle-secondary": Traits(
        "403 with Retry-After, until that has passed on the world's clock",
        ("github",),
        "seconds",
        seconds=30,
        status=403,
    ),
    "throttle-forbidden": Traits(
        "throttling that reads like missing rights: 403 Resource not accessible by integration",
        ("github",),
        "times",
        times=3,
        status=403,
    ),
    "bad-credentials": Traits("the credential is refused", _ALL, "times", status=401),
    "server-error": Traits("a 5xx, then fine again", _ALL, "times", times=1, status=502),
    "slow": Traits("every answer takes this much longer", _ALL, "seconds", seconds=2),
    "reset": Traits("the connection is reset, nothing is carried out", _ALL, "times", times=1),
    "truncated-page": Traits(
        "the second half of a list is missing, its total_count stays",
        ("github",),
        "times",
        times=1,
        methods=("GET",),
    ),
    "truncated-body": Traits(
        "the answer breaks off before its Content-Length", _ALL, "times", times=1, methods=("GET",)
    ),
    "response-lost": Traits(
        "the request is carried out, then the connection is reset",
        _ALL,
        "times",
        times=1,
        methods=_WRITES,
    ),
    "error-after-storing": Traits(
        "an upload is taken, and answered with a 5xx all the same",
        ("index",),
        "times",
        times=1,
        methods=("POST",),
    ),
    "late-listing": Traits(
        "the listing of a project lacks its newest file",
        ("index",),
        "times",
        times=1,
        methods=("GET",),
        path=r"/simple/[^/]+/",
    ),
    "wrong-count": Traits(
        "the total_count of a list tells of more rows than its pages hold",
        ("github",),
        "times",
        times=1,
        methods=("GET",),
        path=_RUN_LISTS,
    ),
    "late-runs": Traits(
        "after the next tag push, lists of runs, jobs and checks are empty at first",
        ("github",),
        "times",
        times=3,
        methods=("GET",),
        path=_RUN_LISTS,
    ),
    "late-start": Traits(
        "the runs of a push appear one after the other, the last so long after it by the clock",
        ("github",),
        "seconds",
        seconds=20,
    ),
    "expired-log": Traits(
        "410: the logs have been thrown away",
        ("github",),
        "times",
        status=410,
        methods=("GET",),
        path=r"/actions/(jobs|runs)/\d+/(attempts/\d+/)?logs\b",
    ),
    "huge-log": Traits(
        "every job's log is so many megabytes longer", ("github",), "megabytes", megabytes=200
    ),
    "expired-token": Traits(
        "the access key in use expires after so many requests; another key works",
        ("s3", "mirror"),
        "after",
        status=400,
    ),
    "half-upload": Traits(
        "the connection is reset in the middle of an upload",
        ("s3", "index", "mirror"),
        "times",
        times=1,
        methods=("PUT", "POST"),
    ),
    "source-changes": Traits(
        "somebody replaces a file of the test channel at the moment it is copied",
        ("s3",),
        "times",
        times=1,
        methods=("PUT",),
        path=_STABLE_WHEELS,
    ),
    "target-appears": Traits(
        "somebody else puts a file where one is being copied to, just before",
        ("s3",),
        "times",
        times=1,
        methods=("PUT",),
        path=_STABLE_WHEELS,
    ),
    "late-index": Traits(
        "index pages are built so much later than every hour, by the clock",
        ("s3",),
        "seconds",
        seconds=3600,
    ),
    "lost-metadata": Traits(
        "installers get 404 for the metadata beside a wheel that index pages announce",
        ("s3", "mirror"),
        "times",
        status=404,
        methods=("GET", "HEAD"),
        path=r"\.whl\.metadata$",
    ),
    "other-metadata": Traits(
        "index pages announce another checksum of metadata than it has",
        ("s3", "mirror"),
        "times",
        methods=("GET",),
        path=r"/index\.html$",
    ),
    "clock-skew": Traits("the Date of every answer is off", _ALL, "seconds", seconds=16 * 60),
    "unreachable": Traits(
        "connections are refused for so many seconds; 0 is until removed", _ALL, "seconds"
    ),
    "moved-tag": Traits("a tag is moved to another commit, at once", ("github",), "target"),
    "deleted-tag": Traits("a tag is deleted, at once", ("github",), "target"),
}


class Fault(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One fault as asked for; what is left out is filled in from its kind."""

    kind: FaultKind
    service: ServiceName | None = None
    methods: tuple[str, ...] | None = None
    path: str | None = None
    """A regular expression, searched for in the path and query."""
    times: int | None = None
    """How many requests it strikes; 0 is until it is removed."""
    after: int = 0
    """How many matching requests are let through first."""
    seconds: float | None = None
    megabytes: float | None = None
    status: int | None = None
    target: str | None = None
    """A tag, or `owner/name:tag`."""


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault striking one request, with everything filled in."""

    kind: FaultKind
    seconds: float
    status: int
    until: datetime
    """When a throttle ends, on the world's clock."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a fault may look at in a request."""

    service: ServiceName
    method: str
    target: str
    """Path and query."""
    access_key: str = ""
    """The S3 access key that signed it."""


class FaultReport(msgspec.Struct, frozen=True):
    """A fault that is on, or has been."""

    id: int
    fault: Fault
    seen: int
    """Matching requests so far."""
    fired: int
    """How many of them it struck."""


@dataclass(slots=True)
class _Active:
    id: int
    fault: Fault
    traits: Traits
    service: ServiceName
    path: re.Pattern[str]
    tags_at_start: frozenset[str]
    seen: int = 0
    fired: int = 0
    access_key: str | None = None
    ends_at: datetime | None = None
    undo: Callable[[], None] | None = None

    @property
    def times(self) -> int:
        return self.traits.times if self.fault.times is None else self.fault.times

    @property
    def seconds(self) -> float:
        return self.traits.seconds if self.fault.seconds is None else self.fault.seconds

    @property
    def status(self) -> int:
        return self.fault.status or self.traits.status

    def matches(self, request: Incoming) -> bool:
        methods = self.traits.methods if self.fault.methods is None else self.fault.methods
        return (
            request.service == self.service
            and (not methods or request.method in methods)
            and self.path.search(request.target) is not None
            and self.access_key in (None, request.access_key)
        )

    def is_over(self, now: datetime) -> bool:
        spent = self.times > 0 and self.fired >= self.times
        return spent or (self.ends_at is not None and now >= self.ends_at)


Performer = Callable[[Fault, ServiceName, float], Callable[[], None] | None]
"""Does to the world what a fault asks for, and gives what undoes it, if anything does."""


def parse_fault(text: str) -> Fault:
    """Read `NAME[@SERVICE][:ARG]`, as the command line takes it; seconds may be given as `80ms`."""
    name_and_service, _, argument = text.partition(":")
    name, _, service = name_and_service.partition("@")
    traits = _traits(name)
    wanted: dict[str, object] = {"kind": name}
    if service:
        wanted["service"] = service
    if argument:
        wanted[traits.argument] = _plain(argument) if traits.argument == "seconds" else argument
    try:
        return msgspec.convert(wanted, Fault, strict=False)
    except msgspec.ValidationError as err:
        raise FaultError(f"{text}: {err}") from err


def _plain(seconds: str) -> str:
    number = seconds.removesuffix("ms")
    return f"{number}e-3" if number != seconds else seconds


def _traits(name: str) -> Traits:
    for kind in get_args(FaultKind):
        if kind == name:
            return KINDS[kind]
    raise FaultError(f"there is no fault {name!r}; known: {', '.join(KINDS)}")


@dataclass(slots=True)
class FaultBoard:
    """Which faults are on. Safe to use from every request thread."""

    clock: WorldClock
    performers: Mapping[FaultKind, Performer] = field(default_factory=dict)
    """Faults that strike the world itself and not a request."""
    tags: Callable[[], frozenset[str]] = frozenset
    """Every tag of the world; `late-runs` waits for a new one."""
    out_of_reach: Mapping[ServiceName, str] = field(default_factory=dict)
    """Services no fault can strike, and why."""
    _faults: dict[int, _Active] = field(default_factory=dict)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault | str) -> int:
        """Switch a fault on; gives its id. Raises FaultError when it makes no sense here."""
        wanted = parse_fault(fault) if isinstance(fault, str) else fault
        active = self._activate(wanted)
        with self._lock:
            self._faults[active.id] = active
        performer = self.performers.get(wanted.kind)
        if performer is not None:
            try:
                active.undo = performer(wanted, active.service, active.seconds)
            except FaultError:
                self.remove(active.id)
                raise
            active.seen = active.fired = 1
        return active.id

    def remove(self, fault_id: int) -> bool:
        """Switch one fault off; tells whether it was there."""
        with self._lock:
            active = self._faults.pop(fault_id, None)
        if active is not None and active.undo is not None:
            active.undo()
        return active is not None

    def clear(self) -> None:
        """Switch every fault off."""
        for report in self.reports():
            self.remove(report.id)

    def reports(self) -> list[FaultReport]:
        """Every fault that has not been removed, spent ones too."""
        with self._lock:
            return [FaultReport(a.id, a.fault, a.seen, a.fired) for a in self._faults.values()]

    def strikes(self, request: Incoming) -> list[Strike]:
        """The faults that strike this request, in the order in which they were added."""
        with self._lock:
            candidates = [a for a in self._faults.values() if a.matches(request)]
        return [strike for active in candidates if (strike := self._strike(active, request))]

    def _strike(self, active: _Active, request: Incoming) -> Strike | None:
        if active.fault.kind in self.performers:
            return None
        if active.fault.kind == "late-runs" and self.tags() <= active.tags_at_start:
            return None
        if active.fault.kind == "lost-metadata" and request.access_key:
            return None  # whoever signs with a key is no installer
        now = self.clock.now()
        with self._lock:
            if active.fault.kind == "expired-token":
                active.access_key = active.access_key or request.access_key
            active.seen += 1
            if active.seen <= active.fault.after or active.is_over(now):
                return None
            active.fired += 1
            ends_at = active.ends_at or now + timedelta(seconds=active.seconds)
            if active.fault.kind in ("throttle-primary", "throttle-secondary"):
                active.ends_at = ends_at
        return Strike(active.fault.kind, active.seconds, active.status, ends_at)

    def _activate(self, fault: Fault) -> _Active:
        traits = KINDS[fault.kind]
        service = fault.service or traits.services[0]
        if service not in traits.services:
            places = " and ".join(traits.services)
            raise FaultError(f"{fault.kind} strikes {places}, not {service}")
        if reason := self.out_of_reach.get(service):
            raise FaultError(f"{fault.kind} cannot strike {service}: {reason}")
        if traits.argument == "target" and not fault.target:
            raise FaultError(f"{fault.kind} needs a tag: {fault.kind}:v1.2.3")
        try:
            path = re.compile(traits.path if fault.path is None else fault.path)
        except re.error as err:
            raise FaultError(f"{fault.path!r} is not a regular expression: {err}") from err
        tags = self.tags() if fault.kind == "late-runs" else frozenset[str]()
        return _Active(next(self._ids), fault, traits, service, path, tags)
