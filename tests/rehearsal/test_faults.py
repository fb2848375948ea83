"""Every fault as a client sees it: a small application behind the real middleware and socket."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, get_args

import pytest
import requests
from werkzeug.wrappers import Request, Response

from cockpit.rehearsal.clock import WorldClock
from cockpit.rehearsal.faults import KINDS, Fault, FaultBoard, FaultError, FaultKind, parse_fault
from cockpit.rehearsal.interference import FaultMiddleware
from cockpit.rehearsal.serving import RequestLog, Service, ServiceName

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

EPOCH = datetime(2026, 10, 14, 14, tzinfo=UTC)


@dataclass(slots=True)
class Shelf:
    """An application with a list that can be read, paged through and added to."""

    items: list[str] = field(default_factory=lambda: ["a", "b", "c", "d"])

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        if request.method == "POST":
            self.items.append(request.get_data(as_text=True))
            return Response("{}", 201)(environ, start_response)
        if "runs" in request.path:
            body = {"total_count": len(self.items), "workflow_runs": self.items}
            return Response(json.dumps(body))(environ, start_response)
        response = Response(json.dumps(self.items))
        response.headers["Link"] = '<http://127.0.0.1/items?page=2>; rel="next"'
        response.set_etag("stable")
        return response.make_conditional(environ)(environ, start_response)


@dataclass(slots=True)
class Site:
    """The shelf, served as one of the world's services."""

    shelf: Shelf
    board: FaultBoard
    clock: WorldClock
    service: Service
    log: RequestLog
    stopping: threading.Event

    def get(self, path: str = "/items", **headers: str) -> requests.Response:
        return requests.get(f"{self.service.url}{path}", headers=headers, timeout=10)

    def post(self, body: str = "x") -> requests.Response:
        return requests.post(f"{self.service.url}/items", data=body, timeout=10)


OpenSite = Callable[..., Site]


@pytest.fixture
def open_site() -> Iterator[OpenSite]:
    """Makes sites that are closed, and must not have logged an error, when the test ends."""
    services: list[Service] = []
    errors = io.StringIO()

    def make(name: ServiceName = "github", tags: Callable[[], frozenset[str]] = frozenset) -> Site:
        clock = WorldClock(EPOCH)
        board = FaultBoard(clock, tags=tags)
        stopping = threading.Event()
        shelf = Shelf()
        middleware = FaultMiddleware(name, shelf, board, clock, stopping)
        service = Service(name, middleware, errors)
        services.append(service)
        return Site(shelf, board, clock, service, middleware.requests, stopping)

    yield make
    for service in services:
        service.stop()
    assert not errors.getvalue()


@pytest.fixture
def site(open_site: OpenSite) -> Site:
    return open_site()


def test_every_kind_is_described() -> None:
    assert set(KINDS) == set(get_args(FaultKind))


def test_dates_are_the_worlds(site: Site) -> None:
    site.clock.advance(timedelta(days=3))
    dated = parsedate_to_datetime(site.get().headers["Date"])
    assert abs(dated - site.clock.now()) < timedelta(minutes=1)


def test_primary_throttling_names_its_reset_and_ends_then(site: Site) -> None:
    site.board.add("throttle-primary:90")
    throttled = site.get()
    assert throttled.status_code == 403
    assert throttled.headers["X-RateLimit-Remaining"] == "0"
    reset = datetime.fromtimestamp(int(throttled.headers["X-RateLimit-Reset"]), UTC)
    assert timedelta(seconds=80) < reset - site.clock.now() <= timedelta(seconds=91)
    site.clock.advance(timedelta(seconds=60))
    again = site.get()
    assert again.status_code == 403
    assert again.headers["X-RateLimit-Reset"] == throttled.headers["X-RateLimit-Reset"]
    site.clock.advance(timedelta(seconds=31))
    assert site.get().status_code == 200


@pytest.mark.parametrize("status", [403, 429])
def test_secondary_throttling_counts_down(site: Site, status: int) -> None:
    site.board.add(Fault(kind="throttle-secondary", seconds=30, status=status))
    throttled = site.get()
    assert throttled.status_code == status
    assert throttled.headers["Retry-After"] == "30"
    assert "secondary rate limit" in throttled.json()["message"]
    site.clock.advance(timedelta(seconds=20))
    assert int(site.get().headers["Retry-After"]) <= 10
    site.clock.advance(timedelta(seconds=11))
    assert site.get().status_code == 200


def test_throttling_can_look_like_missing_rights(site: Site) -> None:
    site.board.add("throttle-forbidden:2")
    for _ in range(2):
        refused = site.get()
        assert refused.status_code == 403
        assert refused.json()["message"] == "Resource not accessible by integration"
    assert site.get().status_code == 200


@pytest.mark.parametrize(("service", "status"), [("github", 401), ("s3", 403), ("index", 403)])
def test_bad_credentials_until_removed(
    open_site: OpenSite, service: ServiceName, status: int
) -> None:
    site = open_site(service)
    fault = site.board.add(f"bad-credentials@{service}")
    assert [site.get().status_code for _ in range(3)] == [status] * 3
    assert site.board.remove(fault)
    assert site.get().status_code == 200
    assert not site.board.remove(fault)


def test_server_errors_pass(site: Site) -> None:
    site.board.add("server-error:2")
    assert [site.post().status_code for _ in range(3)] == [502, 502, 201]
    assert site.shelf.items[4:] == ["x"]


def test_slow_answers_wait_but_never_outlive_the_world(site: Site) -> None:
    site.board.add("slow:0.2")
    started = time.monotonic()
    assert site.get().status_code == 200
    assert time.monotonic() - started >= 0.2

    site.board.clear()
    site.board.add("slow:600")
    answers: list[int] = []
    asking = threading.Thread(target=lambda: answers.append(site.get().status_code))
    asking.start()
    site.stopping.set()
    asking.join(5)
    assert answers == [200]


def test_a_slow_answer_holds_nobody_else_up(site: Site) -> None:
    site.board.add(Fault(kind="slow", seconds=600, path="^/slow$"))
    asking = threading.Thread(target=site.get, args=("/slow",))
    asking.start()
    while not site.board.reports()[0].fired:
        assert asking.is_alive()
    assert site.get("/items").status_code == 200
    assert asking.is_alive()
    site.stopping.set()
    asking.join(5)
    assert not asking.is_alive()


def test_a_reset_carries_nothing_out(site: Site) -> None:
    site.board.add("reset:2")
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        site.get()
    with pytest.raises(requests.ConnectionError):
        site.post()
    assert len(site.shelf.items) == 4
    assert site.post().status_code == 201


def test_a_lost_response_was_carried_out(site: Site) -> None:
    site.board.add("response-lost")
    assert site.get().status_code == 200
    with pytest.raises(requests.ConnectionError):
        site.post()
    assert len(site.shelf.items) == 5


def test_a_truncated_page_keeps_its_total_count(site: Site) -> None:
    site.board.add("truncated-page:2")
    short = site.get("/runs").json()
    assert short == {"total_count": 4, "workflow_runs": ["a", "b"]}
    listed = site.get("/items", **{"If-None-Match": '"stable"'})
    assert listed.json() == ["a", "b"]
    assert "Link" not in listed.headers
    assert "ETag" not in listed.headers
    assert len(site.get("/items").json()) == 4


def test_a_wrong_count_tells_of_rows_that_no_page_has(site: Site) -> None:
    site.board.add("wrong-count")
    counted = site.get("/actions/runs").json()
    assert (counted["total_count"], len(counted["workflow_runs"])) == (11, 4)
    assert site.get("/actions/runs").json()["total_count"] == 4


def test_logs_can_have_expired(site: Site) -> None:
    fault = site.board.add("expired-log")
    gone = site.get("/repos/o/n/actions/jobs/7/logs")
    assert (gone.status_code, gone.json()["message"]) == (410, "The logs for this run have expired")
    assert site.get("/repos/o/n/actions/jobs/7").status_code == 200
    site.board.remove(fault)
    assert site.get("/repos/o/n/actions/jobs/7/logs").status_code == 200


def test_slow_answers_overlap(site: Site) -> None:
    site.board.add("slow:300ms")
    started = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: site.get(), range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert 0.3 <= time.monotonic() - started < 8 * 0.3


def test_a_truncated_body_breaks_off(site: Site) -> None:
    site.board.add("truncated-body")
    with pytest.raises(requests.exceptions.ChunkedEncodingError) as broken:
        site.get()
    assert "IncompleteRead" in str(broken.value)
    assert len(site.get().json()) == 4


def test_runs_are_late_only_after_a_new_tag(open_site: OpenSite) -> None:
    tags = {"v2.15.0-rc1"}
    site = open_site("github", lambda: frozenset(tags))
    site.board.add("late-runs:2")
    path = "/repos/pytorch/pytorch/actions/runs?head_sha=1"
    assert len(site.get(path).json()["workflow_runs"]) == 4
    tags.add("v2.15.0-rc2")
    for _ in range(2):
        assert site.get(path).json() == {"total_count": 0, "workflow_runs": []}
    assert len(site.get(path).json()["workflow_runs"]) == 4
    assert site.get("/items").json() == ["a", "b", "c", "d"]


def signed(key: str) -> dict[str, str]:
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential={key}/20261014/us-east-1/s3/x"}


def test_a_token_expires_after_some_requests_and_another_one_works(open_site: OpenSite) -> None:
    site = open_site("s3")
    site.board.add("expired-token:2")
    assert [site.get(**signed("OLD")).status_code for _ in range(4)] == [200, 200, 400, 400]
    assert "<Code>ExpiredToken</Code>" in site.get(**signed("OLD")).text
    assert [site.get(**signed("NEW")).status_code for _ in range(4)] == [200] * 4


@pytest.mark.parametrize("service", ["s3", "index"])
def test_half_an_upload_stores_nothing(open_site: OpenSite, service: ServiceName) -> None:
    site = open_site(service)
    site.board.add(f"half-upload@{service}")
    with pytest.raises(requests.ConnectionError):
        site.post("y" * 1_000_000)
    assert len(site.shelf.items) == 4
    assert site.post("y").status_code == 201


def test_a_skewed_clock_shifts_dates(site: Site) -> None:
    site.board.add("clock-skew:-960")
    dated = parsedate_to_datetime(site.get().headers["Date"])
    shift = site.clock.now() - dated
    assert timedelta(seconds=955) < shift < timedelta(seconds=990)


def test_faults_choose_their_requests_and_count_them(site: Site) -> None:
    fault = site.board.add(
        Fault(kind="server-error", methods=("GET",), path=r"page=[23]$", after=1, times=1)
    )
    assert site.get("/items?page=1").status_code == 200
    assert site.post().status_code == 201
    assert [site.get(f"/items?page={n}").status_code for n in (2, 3, 2)] == [200, 502, 200]
    report = next(r for r in site.board.reports() if r.id == fault)
    assert (report.seen, report.fired) == (3, 1)
    site.board.clear()
    assert site.board.reports() == []


def test_faults_of_one_service_leave_the_others_alone(site: Site) -> None:
    site.board.add("server-error@index:0")
    assert site.get().status_code == 200


def test_two_faults_strike_together(site: Site) -> None:
    site.board.add("clock-skew:-960")
    site.board.add("server-error")
    answer = site.get()
    assert answer.status_code == 502
    assert site.clock.now() - parsedate_to_datetime(answer.headers["Date"]) > timedelta(minutes=15)


def test_requests_are_counted_with_what_became_of_them(site: Site) -> None:
    site.board.add("reset")
    with pytest.raises(requests.ConnectionError):
        site.get("/items?page=1")
    site.get("/items?page=2")
    site.post()
    assert [(r.method, r.target, r.status) for r in site.log.recent] == [
        ("GET", "/items?page=1", None),
        ("GET", "/items?page=2", 200),
        ("POST", "/items", 201),
    ]
    assert (site.log.served, site.log.writes) == (3, 1)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("slow@s3:2.5", Fault(kind="slow", service="s3", seconds=2.5)),
        ("slow@github:80ms", Fault(kind="slow", service="github", seconds=0.08)),
        ("huge-log:20", Fault(kind="huge-log", megabytes=20)),
        ("server-error:3", Fault(kind="server-error", times=3)),
        ("expired-token:100", Fault(kind="expired-token", after=100)),
        ("moved-tag:v2.15.0-rc1", Fault(kind="moved-tag", target="v2.15.0-rc1")),
        (
            "deleted-tag:pytorch/vision:v0.30.0-rc1",
            Fault(kind="deleted-tag", target="pytorch/vision:v0.30.0-rc1"),
        ),
        ("unreachable@index", Fault(kind="unreachable", service="index")),
    ],
)
def test_faults_are_read_from_the_command_line(text: str, fault: Fault) -> None:
    assert parse_fault(text) == fault


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("earthquake", "there is no fault 'earthquake'"),
        ("slow:soon", "slow:soon"),
        ("slow@gitlab", "slow@gitlab"),
        ("expired-token@github", "strikes s3 and mirror, not github"),
        ("moved-tag", "needs a tag"),
        ("server-error@s3", "cannot strike s3: stands alone"),
    ],
)
def test_faults_that_make_no_sense_are_refused_in_words(text: str, words: str) -> None:
    board = FaultBoard(WorldClock(EPOCH), out_of_reach={"s3": "stands alone"})
    with pytest.raises(FaultError, match=words):
        board.add(text)
    assert board.reports() == []


def test_a_path_that_is_no_pattern_is_refused() -> None:
    with pytest.raises(FaultError, match="not a regular expression"):
        FaultBoard(WorldClock(EPOCH)).add(Fault(kind="reset", path="("))
