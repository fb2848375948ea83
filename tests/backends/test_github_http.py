"""Requests to GitHub against a server that throttles, hangs, lies and breaks off."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec
import pytest

from cockpit.backends.github_errors import refusal, throttled
from cockpit.backends.github_http import Transport, list_kind
from cockpit.backends.github_pages import PageCache
from cockpit.backends.ports import Credential
from cockpit.errors import AccessDenied, CockpitError, Throttled, Unreachable
from cockpit.threads import gather
from tests.backends.scripted import Asked, Reply, Scripted, scripted

TOKEN = Credential("test", "ghp_0123456789abcdefghij")


class Thing(msgspec.Struct, frozen=True):
    id: int


class ThingPage(msgspec.Struct, frozen=True):
    total_count: int
    things: tuple[Thing, ...]


COUNTED = list_kind("things", ThingPage, lambda page: (page.things, page.total_count))
BARE = list_kind("things", tuple[Thing, ...], lambda rows: (rows, None))


def everything(_: Asked) -> Reply:
    return Reply(body={"id": 1})


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted(everything) as running:
        yield running


@pytest.fixture
def transport(server: Scripted) -> Transport:
    return Transport(server.url, TOKEN, timeout_s=5)


def pages_of(
    total: int, *, ids: Callable[[int], bool] = lambda _: True
) -> Callable[[Asked], Reply]:
    """Serves `total` things in numbered pages, leaving out those that `ids` refuses."""

    def answer(asked: Asked) -> Reply:
        size, number = int(asked.query["per_page"]), int(asked.query.get("page", 1))
        rows = [{"id": i} for i in range((number - 1) * size, min(number * size, total)) if ids(i)]
        last = -(-total // size)
        base = f"http://{asked.headers['host']}{asked.path}?per_page={size}"
        links = [f'<{base}&page={last}>; rel="last"']
        if number < last:
            links.insert(0, f'<{base}&page={number + 1}>; rel="next"')
        etag = f'W/"{total}-{number}-{len(rows)}"'
        if asked.headers.get("if-none-match") == etag:
            return Reply(304, headers={"ETag": etag})
        counted = asked.path == "/counted"
        body = {"total_count": total, "things": rows} if counted else rows
        return Reply(body=body, headers={"Link": ", ".join(links), "ETag": etag})

    return answer


def test_a_long_list_is_read_whole_and_costs_nothing_while_it_stands(
    server: Scripted, transport: Transport
) -> None:
    server.answer = pages_of(1234)
    first = transport.read_list("/counted?per_page=100", COUNTED)
    assert [thing.id for thing in first.rows] == list(range(1234))
    assert first.missing == ""
    assert server.count() == 13
    assert transport.read_list("/counted?per_page=100", COUNTED) == first
    again = server.asked[13:]
    assert len(again) == 13
    assert all("if-none-match" in asked.headers for asked in again)


def test_a_list_without_page_numbers_is_followed_to_its_end(
    server: Scripted, transport: Transport
) -> None:
    def answer(asked: Asked) -> Reply:
        after = int(asked.query.get("after", 0))
        rows = [{"id": i} for i in range(after, after + 100)]
        following = f"http://{asked.headers['host']}/bare?per_page=100&after={after + 100}"
        links = {"Link": f'<{following}>; rel="next"'} if after < 300 else {}
        return Reply(body=rows, headers=links)

    server.answer = answer
    assert len(transport.read_list("/bare?per_page=100", BARE).rows) == 400


def test_fewer_rows_than_github_counts_are_incomplete(
    server: Scripted, transport: Transport
) -> None:
    server.answer = pages_of(512, ids=lambda i: i < 300)
    listing = transport.read_list("/counted?per_page=100", COUNTED)
    assert listing.missing == "GitHub listed 300 of 512 things"


def test_a_short_page_in_the_middle_of_an_uncounted_list_is_incomplete(
    server: Scripted, transport: Transport
) -> None:
    server.answer = pages_of(250, ids=lambda i: not 150 <= i < 200)
    assert "a page was short" in transport.read_list("/bare?per_page=100", BARE).missing


def test_a_list_that_goes_on_behind_an_unchanged_full_page_is_followed(
    server: Scripted, transport: Transport
) -> None:
    served = 100

    def answer(asked: Asked) -> Reply:
        number = int(asked.query.get("page", 1))
        rows = [{"id": i} for i in range((number - 1) * 100, min(number * 100, served))]
        etag = f'"{len(rows)}"'
        if asked.headers.get("if-none-match") == etag:
            return Reply(304, headers={"ETag": etag})
        return Reply(body=rows, headers={"ETag": etag})

    server.answer = answer
    assert len(transport.read_list("/bare?per_page=100", BARE).rows) == 100
    served = 101
    assert len(transport.read_list("/bare?per_page=100", BARE).rows) == 101


def test_a_count_known_from_elsewhere_is_held_against_the_list(
    server: Scripted, transport: Transport
) -> None:
    server.answer = pages_of(30)
    assert transport.read_list("/bare?per_page=100", BARE, 30).missing == ""
    listing = transport.read_list("/bare?per_page=100", BARE, 31)
    assert listing.missing == "GitHub listed 30 of 31 things"


def test_an_incomplete_list_is_read_anew(server: Scripted, transport: Transport) -> None:
    whole, short = pages_of(200), pages_of(200, ids=lambda i: i < 150)

    def short_with_the_whole_pages_etag(asked: Asked) -> Reply:
        etags = whole(asked).headers
        return Reply(body=short(asked).body, headers=etags)

    server.answer = short_with_the_whole_pages_etag
    assert transport.read_list("/counted?per_page=100", COUNTED).missing
    server.answer = whole
    assert not transport.read_list("/counted?per_page=100", COUNTED).missing


def test_pages_survive_the_program_on_disk(server: Scripted, tmp_path: Path) -> None:
    server.answer = pages_of(150)
    for _ in range(2):
        transport = Transport(server.url, TOKEN, timeout_s=5, cache=PageCache(tmp_path / "pages"))
        assert len(transport.read_list("/counted?per_page=100", COUNTED).rows) == 150
    assert [("if-none-match" in asked.headers) for asked in server.asked] == [False] * 2 + [
        True
    ] * 2
    assert (tmp_path / "pages").stat().st_mode & 0o077 == 0


def test_a_damaged_page_on_disk_is_read_anew(server: Scripted, tmp_path: Path) -> None:
    server.answer = pages_of(50)
    Transport(server.url, TOKEN, timeout_s=5, cache=PageCache(tmp_path)).read_list(
        "/counted?per_page=100", COUNTED
    )
    for file in tmp_path.iterdir():
        file.write_bytes(b"\x93half")
    transport = Transport(server.url, TOKEN, timeout_s=5, cache=PageCache(tmp_path))
    assert len(transport.read_list("/counted?per_page=100", COUNTED).rows) == 50


LIMITS = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "0"}
RESET = {"Date": "Mon, 02 Mar 2026 10:00:00 GMT", "X-RateLimit-Reset": "1772446290"}


@pytest.mark.parametrize(
    ("reply", "wait_s"),
    [
        pytest.param(
            Reply(403, {"message": "API rate limit exceeded for user ID 1."}, LIMITS | RESET),
            690,
            id="primary",
        ),
        pytest.param(
            Reply(
                403,
                {"message": "You have exceeded a secondary rate limit."},
                {"Retry-After": "33"},
            ),
            33,
            id="secondary",
        ),
        pytest.param(
            Reply(403, {"message": "You have exceeded a secondary rate limit."}),
            60,
            id="secondary in words only",
        ),
        pytest.param(Reply(429, {"message": "Too many"}, {"Retry-After": "5"}), 5, id="429"),
        pytest.param(
            Reply(403, {"message": "Resource not accessible by integration"}, LIMITS | RESET),
            690,
            id="like missing rights, nothing left",
        ),
        pytest.param(
            Reply(403, {"message": "Resource not accessible by integration"}),
            60,
            id="like missing rights",
        ),
    ],
)
def test_throttling_is_a_countdown_and_never_missing_rights(
    server: Scripted, transport: Transport, reply: Reply, wait_s: float
) -> None:
    server.answer = lambda _: reply
    started = time.monotonic()
    with pytest.raises(Throttled) as caught:
        transport.ask("/thing")
    assert caught.value.retry_after_s == wait_s
    assert time.monotonic() - started < 2, "waiting is the scheduler's business"
    assert server.count() == 1


def test_what_looks_like_missing_rights_for_minutes_is_missing_rights(server: Scripted) -> None:
    transport = Transport(server.url, TOKEN, timeout_s=5, ambiguity_s=0)
    server.answer = lambda _: Reply(403, {"message": "Resource not accessible by integration"})
    with pytest.raises(AccessDenied):
        transport.ask("/thing")


def test_what_passes_by_itself_is_asked_again_by_an_open_cockpit_alone() -> None:
    told = [refusal(502, {}, "", "GET /thing", None).hint, throttled({}, "").hint]
    assert told == ["try again later; an open cockpit looks again by itself"] * 2


def test_a_refused_token_leads_to_login(server: Scripted, transport: Transport) -> None:
    server.answer = lambda _: Reply(401, {"message": "Bad credentials"})
    with pytest.raises(AccessDenied) as caught:
        transport.ask("/user")
    assert caught.value.hint == "release-cockpit login"
    assert "(from test)" in caught.value.detail
    assert TOKEN.secret not in repr(caught.value)


def test_missing_things_and_rights_are_named(server: Scripted, transport: Transport) -> None:
    server.answer = lambda _: Reply(404, {"message": "Not Found"})
    with pytest.raises(CockpitError, match=r"GET /repos/a/b: not there"):
        transport.ask("/repos/a/b?per_page=100")
    server.answer = lambda _: Reply(403, {"message": "Must have admin\x1b[2J rights"})
    with pytest.raises(AccessDenied, match="Must have admin rights"):
        transport.ask("/repos/a/b")


def test_reads_are_repeated_over_short_outages(server: Scripted, transport: Transport) -> None:
    replies = iter([Reply(502), Reply(503, headers={"Retry-After": "3600"}), Reply(body={"id": 7})])
    server.answer = lambda _: next(replies)
    assert transport.ask("/thing").body == '{"id": 7}'


def test_an_outage_that_stays_is_unreachable(server: Scripted, transport: Transport) -> None:
    server.answer = lambda _: Reply(503, {"message": "Unicorn"})
    with pytest.raises(Unreachable, match="503 Unicorn"):
        transport.ask("/thing")
    assert server.count() == 4


@pytest.mark.parametrize("reply", [Reply(502), Reply(drop=True), Reply(503)])
@pytest.mark.parametrize("verb", ["POST", "PATCH", "PUT", "DELETE"])
def test_writes_are_sent_exactly_once(
    server: Scripted, transport: Transport, verb: str, reply: Reply
) -> None:
    server.answer = lambda _: reply
    with pytest.raises(Unreachable):
        transport.write(verb, "/repos/a/b/issues/1/comments", {"body": "hello"})
    assert server.count(verb) == 1


def test_a_write_carries_its_payload(server: Scripted, transport: Transport) -> None:
    transport.write("POST", "/things", {"body": "hello"})
    asked = server.asked[0]
    assert asked.body == b'{"body": "hello"}'
    assert asked.headers["authorization"] == f"token {TOKEN.secret}"


def test_threads_that_ask_at_once_send_each_its_own_request(
    server: Scripted, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    from github.Requester import HTTPRequestsConnectionClass

    prepare, prepared = HTTPRequestsConnectionClass.request, threading.Barrier(2)

    def prepare_beside_another(*arguments: object, **words: object) -> None:
        prepare(*arguments, **words)  # type: ignore[arg-type]
        prepared.wait(timeout=5)

    monkeypatch.setattr(HTTPRequestsConnectionClass, "request", prepare_beside_another)
    server.answer = lambda asked: Reply(body={"id": int(asked.path.rpartition("/")[2])})
    transport.prepare()
    decode = msgspec.json.Decoder(Thing).decode

    def write() -> Thing:
        return decode(transport.write("POST", "/things/2", {"name": "x"}).body)

    calls: list[Callable[[], Thing]] = [partial(transport.read, "/things/1", decode), write]
    assert gather(calls, threads=2) == [Thing(1), Thing(2)]
    assert sorted((asked.method, asked.path, asked.body) for asked in server.asked) == [
        ("GET", "/things/1", b""),
        ("POST", "/things/2", b'{"name": "x"}'),
    ]


def test_a_dropped_connection_is_tried_once_more(server: Scripted, transport: Transport) -> None:
    replies = iter([Reply(body={"id": 1}), Reply(drop=True), Reply(body={"id": 2})])
    server.answer = lambda _: next(replies)
    assert transport.ask("/a").body == '{"id": 1}'
    assert transport.ask("/b").body == '{"id": 2}'


def test_a_connection_that_always_drops_is_unreachable(
    server: Scripted, transport: Transport
) -> None:
    server.answer = lambda _: Reply(drop=True)
    with pytest.raises(Unreachable, match="the connection broke"):
        transport.ask("/a")
    assert server.count() == 2


def test_an_answer_that_breaks_off_is_never_taken_for_whole(
    server: Scripted, transport: Transport
) -> None:
    server.answer = lambda _: Reply(body=b'[{"id": 1},', declared_length=500)
    with pytest.raises(Unreachable, match="broke off"):
        transport.read_list("/bare?per_page=100", BARE)


@pytest.mark.parametrize("body", [b'[{"id": 1}', b"<html>", b"", b'{"id": 1}', b'[{"id": "x"}]'])
def test_an_answer_of_another_shape_is_unreadable_and_forgotten(
    server: Scripted, transport: Transport, body: bytes
) -> None:
    server.answer = lambda _: Reply(body=body, headers={"ETag": '"e"'})
    with pytest.raises(Unreachable, match="could not be read"):
        transport.read_list("/bare?per_page=100", BARE)
    server.answer = lambda _: Reply(body=[{"id": 1}], headers={"ETag": '"e"'})
    assert len(transport.read_list("/bare?per_page=100", BARE).rows) == 1
    assert "if-none-match" not in server.asked[-1].headers


def test_a_server_that_hangs_is_given_up(server: Scripted) -> None:
    server.answer = lambda _: Reply(hang=True)
    transport = Transport(server.url, TOKEN, timeout_s=0.3)
    started = time.monotonic()
    with pytest.raises(Unreachable, match=r"no answer within 0\.3 s"):
        transport.ask("/thing")
    assert time.monotonic() - started < 3
    assert server.count() == 1


def test_nobody_listening_is_told_at_once() -> None:
    with socket.socket() as seat:
        seat.bind(("127.0.0.1", 0))
        transport = Transport(f"http://127.0.0.1:{seat.getsockname()[1]}", TOKEN, timeout_s=5)
        started = time.monotonic()
        with pytest.raises(Unreachable, match="connection was refused") as caught:
            transport.ask("/thing")
    assert time.monotonic() - started < 2
    assert caught.value.title == "GitHub cannot be reached"
    assert "127.0.0.1" in caught.value.detail


def test_an_unknown_host_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    transport = Transport("http://github.example.org", None, timeout_s=5)
    with pytest.raises(Unreachable, match="its name cannot be resolved"):
        transport.ask("/thing")


def test_a_moved_repository_is_not_followed_to_another_question(
    server: Scripted, transport: Transport
) -> None:
    server.answer = lambda asked: Reply(
        301, {"message": "Moved"}, {"Location": f"http://{asked.headers['host']}/repositories/1"}
    )
    with pytest.raises(CockpitError, match="has moved"):
        transport.ask("/repos/a/b/issues?labels=x")
    assert server.count() == 1


def test_a_log_is_streamed_from_elsewhere_without_the_token(
    server: Scripted, transport: Transport
) -> None:
    netrc = Path("~/.netrc").expanduser()
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    netrc.chmod(0o600)
    log = b"".join(b"line %d\n" % i for i in range(400_000)) + b"x" * 300_000 + b"\nlast"
    with scripted(lambda _: Reply(body=log)) as storage:
        server.answer = lambda _: Reply(302, headers={"Location": f"{storage.url}/log?sig=1"})
        end = transport.end_behind("/repos/a/b/actions/jobs/1/logs")
        assert end.body == log[-len(end.body) :]
        assert (end.size, end.whole) == (len(log), False)
        assert storage.asked[0].query == {"sig": "1"}
        assert "authorization" not in storage.asked[0].headers
    assert server.asked[0].headers["authorization"]


def test_a_redirection_to_a_file_is_not_followed(server: Scripted, transport: Transport) -> None:
    server.answer = lambda _: Reply(302, headers={"Location": "file:///etc/passwd"})
    with pytest.raises(Unreachable, match="leads nowhere"):
        transport.end_behind("/repos/a/b/actions/jobs/1/logs")


def test_the_budget_is_what_the_newest_answer_says(server: Scripted, transport: Transport) -> None:
    limits = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "4321"}
    server.answer = lambda _: Reply(body={"id": 1}, headers=limits | RESET)
    transport.ask("/thing")
    assert transport.budget is not None
    assert (transport.budget.remaining, transport.budget.limit) == (4321, 5000)


def test_answers_that_overtake_each_other_do_not_raise_the_budget(
    server: Scripted, transport: Transport
) -> None:
    left = iter(["4000", "3998", "3999"])
    server.answer = lambda _: Reply(
        body={"id": 1},
        headers={"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": next(left)} | RESET,
    )
    for _ in range(3):
        transport.ask("/thing")
    assert transport.budget is not None
    assert transport.budget.remaining == 3998


def test_requests_are_told_as_lines_to_copy_without_the_token(server: Scripted) -> None:
    told: list[str] = []
    transport = Transport(server.url, TOKEN, timeout_s=5, log=told.append)
    transport.ask("/repos/a/b/issues?state=all&per_page=100")
    assert told == ["gh api '/repos/a/b/issues?state=all&per_page=100'  # 200"]
