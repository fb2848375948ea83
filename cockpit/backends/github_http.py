"""Requests to GitHub: conditional, paged and in parallel, through PyGithub's requester."""

from __future__ import annotations

import re
import shlex
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar
from urllib.parse import urlsplit

import msgspec

from cockpit import __version__
from cockpit.backends.github_errors import (
    AMBIGUOUS,
    NotFound,
    is_throttling,
    message_of,
    refusal,
    silence,
    throttled,
)
from cockpit.backends.github_pages import Page, PageCache
from cockpit.backends.github_texts import TextEnd, read_end
from cockpit.backends.plain_http import reads_again
from cockpit.backends.ports import ApiBudget, ApiUsage, ApiUse, Credential
from cockpit.errors import CockpitError, Unreachable
from cockpit.threads import gather

if TYPE_CHECKING:
    import requests
    from github.Requester import (
        HTTPRequestsConnectionClass,
        HTTPSRequestsConnectionClass,
        Requester,
    )

PAGE_SIZE = 100
CONNECT_S = 5.0
_THREADS = 10
_MOST_PAGES = 100
_AMBIGUITY_S = 150.0
"""How long a refusal that may be throttling is taken for it: two full waits and a bit."""
_LINK = re.compile(r'<([^>]+)>;\s*rel="(\w+)"')
_PAGE_NUMBER = re.compile(r"[?&]page=(\d+)")
_RESOURCE = re.compile(r"[a-z][a-z_-]*")
"""A word of the API, not a number, a SHA or a name."""


class _Record(Protocol):
    @property
    def id(self) -> int: ...


P = TypeVar("P")
R = TypeVar("R", bound=_Record)
V = TypeVar("V")

_Rows = tuple[Sequence[R], int | None]
"""Rows of a page and, where GitHub says it, how many there are in all."""
_ReadPage = tuple[Page, _Rows[R]]
_EXPIRATION = "github-authentication-token-expiration"
_NO_PAGE = Page(url="", etag="", body="")


class ListKind(msgspec.Struct, Generic[R], frozen=True):
    """How pages of one kind of list are read."""

    noun: str
    rows: Callable[[str], _Rows[R]]
    """Decodes a body."""


def list_kind(noun: str, page: type[P], rows: Callable[[P], _Rows[R]]) -> ListKind[R]:
    """A kind of list whose pages decode as `page`."""
    decoder = msgspec.json.Decoder(page)
    return ListKind(noun, lambda body: rows(decoder.decode(body)))


class Listing(msgspec.Struct, Generic[R], frozen=True):
    """All rows that GitHub listed, and in words what it left out."""

    rows: tuple[R, ...]
    missing: str = ""


class Response(NamedTuple):
    """An answer; header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: str


class Transport:
    """One GitHub, one credential. Reads are repeated when that is safe, writes never."""

    def __init__(
        self,
        api: str,
        token: Credential | None,
        *,
        timeout_s: float,
        log: Callable[[str], None] | None = None,
        cache: PageCache | None = None,
        ambiguity_s: float = _AMBIGUITY_S,
    ) -> None:
        self.api = api.rstrip("/")
        self.token = token
        self._timeout_s = timeout_s
        self._log = log
        self._cache = cache or PageCache()
        self._ambiguity_s = ambiguity_s
        self._ambiguous_since: dict[str, float] = {}
        self._writing = threading.Lock()
        self._counting = threading.Lock()
        self._used: dict[str, ApiUse] = {}
        self.budget: ApiBudget | None = None
        self.token_end: str | None = None
        """What GitHub says of the end of the token; None before its first answer."""

    @property
    def usage(self) -> ApiUsage:
        """What was asked for since the start."""
        with self._counting:
            return ApiUsage(dict(self._used))

    def prepare(self) -> None:
        """Load the library and make the session that the first request needs."""
        _ = self._session

    def ask(self, path: str) -> Response:
        """GET without the cache, as it is answered; raises for every refusal."""
        return self._checked("GET", path, self._exchange("GET", path))

    def read(self, path: str, decode: Callable[[str], V]) -> V:
        """GET one object, at no cost while it has not changed."""
        return self._page(path, decode)[1]

    def read_lists(self, paths: Sequence[str], kind: ListKind[R]) -> list[Listing[R]]:
        """Read whole lists, all their pages; a page that comes short is named, not overlooked.

        A list that is not there any more, such as the jobs of a run that was deleted after its own
        list was read, is empty and hides none of the others.
        """
        pages = self._all_pages(paths, kind, absent=_NO_PAGE)
        return [self._joined(kind, each) for each in pages]

    def read_list(self, path: str, kind: ListKind[R], expected: int | None = None) -> Listing[R]:
        """Read one whole list, which should have so many rows where GitHub says so elsewhere."""
        (pages,) = self._all_pages([path], kind)
        return self._joined(kind, pages, expected)

    def write(self, verb: str, path: str, payload: Mapping[str, object]) -> Response:
        """POST, PATCH, PUT or DELETE exactly once, one at a time, as GitHub asks."""
        with self._writing:
            return self._checked(verb, path, self._exchange(verb, path, payload=payload))

    def end_behind(self, path: str) -> TextEnd:
        """Follow a redirection to a text and read its end; the token stays with GitHub."""
        location = self.ask(path).headers.get("location", "")
        host = urlsplit(location).netloc
        if urlsplit(location).scheme not in ("http", "https"):
            raise Unreachable("GitHub's answer could not be read", f"{path} leads nowhere", "")
        with _speaking_with(host, self._timeout_s):
            return read_end(location, path, timeouts=(CONNECT_S, self._timeout_s))

    def _page(self, path: str, decode: Callable[[str], V]) -> tuple[Page, V]:
        url = path if "://" in path else self.api + path
        known = self._cache.get(url)
        headers = {"If-None-Match": known.etag} if known else {}
        answer = self._checked("GET", path, self._exchange("GET", path, headers=headers))
        page = known if known and answer.status == 304 else _page_of(url, answer)
        try:
            value = decode(page.body)
        except msgspec.DecodeError as err:
            self._cache.drop(url)
            raise Unreachable(
                "GitHub's answer could not be read", f"{urlsplit(path).path}: {err}", "refresh (r)"
            ) from err
        if page is not known and page.etag:
            self._cache.put(page)
        return page, value

    def _all_pages(
        self, paths: Sequence[str], kind: ListKind[R], absent: Page | None = None
    ) -> list[list[_ReadPage[R]]]:
        page = partial(self._page, decode=kind.rows)

        def first(path: str) -> _ReadPage[R]:
            try:
                return page(path)
            except NotFound:
                if absent is None:
                    raise
                return absent, ((), 0)

        firsts = gather([partial(first, path) for path in paths], threads=_THREADS)
        lists = [[first] for first in firsts]
        numbered = [
            (pages, f"{path}&page={number}")
            for path, pages in zip(paths, lists, strict=True)
            for number in range(2, min(pages[0][0].last or 1, _MOST_PAGES) + 1)
        ]
        further = gather([partial(page, path) for _, path in numbered], threads=_THREADS)
        for (pages, _), read in zip(numbered, further, strict=True):
            pages.append(read)
        for path, pages in zip(paths, lists, strict=True):
            self._follow(path, kind, pages)
        return lists

    def _follow(self, path: str, kind: ListKind[R], pages: list[_ReadPage[R]]) -> None:
        """Read on to the end of a list.

        A full page that has not changed keeps the links it had before the list went on behind it,
        so a full last page is no proof of the end unless GitHub counts the rows.
        """
        while len(pages) < _MOST_PAGES:
            last, (rows, total) = pages[-1]
            if last.next:
                pages.append(self._page(last.next, kind.rows))
                continue
            if total is not None or len(rows) < PAGE_SIZE:
                return
            known = {row.id for _, (rows, _) in pages for row in rows}
            further = self._page(f"{path}&page={len(pages) + 1}", kind.rows)
            if known.issuperset(row.id for row in further[1][0]):
                return
            pages.append(further)

    def _joined(
        self, kind: ListKind[R], pages: Sequence[_ReadPage[R]], expected: int | None = None
    ) -> Listing[R]:
        by_id = {row.id: row for _, (rows, _) in pages for row in rows}
        totals = [total for _, (_, total) in pages if total is not None]
        total = max([*totals, expected or 0])
        missing = ""
        if len(by_id) < total:
            missing = f"GitHub listed {len(by_id)} of {total} {kind.noun}"
        elif not totals and any(len(rows) < PAGE_SIZE for _, (rows, _) in pages[:-1]):
            missing = f"GitHub left out {kind.noun}: a page was short"
        elif pages[-1][0].next:
            missing = f"GitHub has more than {len(by_id)} {kind.noun}"
        if missing:
            for page, _ in pages:
                self._cache.drop(page.url)
        return Listing(tuple(by_id.values()), missing)

    def _exchange(
        self,
        verb: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        payload: Mapping[str, object] | None = None,
    ) -> Response:
        import requests

        with _speaking_with(urlsplit(self.api).netloc, self._timeout_s):
            requester, shared = self._session
            # A connection keeps its request until that is sent, so no two threads may have one.
            connection = copy(shared)
            send = partial(
                requester.requestJson,
                verb,
                path,
                input=dict(payload) if payload is not None else None,
                cnx=connection,
            )
            try:
                status, found, body = send(headers=dict(headers or {}))
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as err:
                if verb != "GET" or not _broke_off(err):
                    raise
                status, found, body = send(headers=dict(headers or {}))
        self._tell(verb, path, status)
        self._count(path, status)
        self._note_budget(found)
        return Response(status, found, body)

    def _checked(self, verb: str, path: str, answer: Response) -> Response:
        if answer.status < 400:
            self._ambiguous_since.pop(path, None)
            return answer
        said = message_of(answer.body)
        ambiguous = answer.status == 403 and AMBIGUOUS in said.lower()
        if ambiguous and not is_throttling(answer.status, answer.headers, said):
            since = self._ambiguous_since.setdefault(path, time.monotonic())
            if time.monotonic() - since < self._ambiguity_s:
                raise throttled(answer.headers, f"{said}, which it says when throttling too")
        source = self.token.source if self.token else None
        subject = f"{verb} {urlsplit(path).path}"
        raise refusal(answer.status, answer.headers, answer.body, subject, source)

    def _tell(self, verb: str, path: str, status: int) -> None:
        if self._log is not None:
            method = "" if verb == "GET" else f" --method {verb}"
            self._log(f"gh api{method} {shlex.quote(path)}  # {status}")

    def _count(self, path: str, status: int) -> None:
        kind = kind_of(path)
        with self._counting:
            use = self._used.get(kind, ApiUse())
            self._used[kind] = ApiUse(use.asked + 1, use.unchanged + (status == 304))

    def _note_budget(self, headers: Mapping[str, str]) -> None:
        self.token_end = headers.get(_EXPIRATION, "")
        names = ("x-ratelimit-remaining", "x-ratelimit-limit", "x-ratelimit-reset")
        numbers = [headers.get(name, "") for name in names]
        if not all(number.isdigit() for number in numbers):
            return
        remaining, limit, reset = map(int, numbers)
        told = ApiBudget(remaining, limit, datetime.fromtimestamp(reset, UTC))
        with self._counting:
            # Answers to parallel requests overtake each other; within its hour a quota only falls.
            self.budget = max(
                self.budget or told, told, key=lambda each: (each.resets_at, -each.remaining)
            )

    @cached_property
    def _session(
        self,
    ) -> tuple[Requester, HTTPRequestsConnectionClass | HTTPSRequestsConnectionClass]:
        from github import Auth
        from github import Github as PyGithub
        from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass

        requester = PyGithub(
            auth=Auth.Token(self.token.secret) if self.token else None,
            base_url=self.api,
            user_agent=f"release-cockpit/{__version__}",
            per_page=PAGE_SIZE,
            lazy=True,
            seconds_between_requests=None,
            seconds_between_writes=None,
        ).requester
        address = urlsplit(self.api)
        secure = address.scheme == "https"
        kind = HTTPSRequestsConnectionClass if secure else HTTPRequestsConnectionClass
        connection = kind(
            address.hostname or "",
            address.port,
            timeout=(CONNECT_S, self._timeout_s),  # type: ignore[arg-type]  # handed to requests
            # PyGithub's own retry sleeps in this thread for as long as GitHub says; waiting is the
            # scheduler's business, and a countdown on the screen.
            retry=reads_again(),
            pool_size=4 * _THREADS,
        )
        connection.session.hooks["response"].append(_refuse_moved)
        return requester, connection


@contextmanager
def _speaking_with(host: str, timeout_s: float) -> Iterator[None]:
    """Turns the network's exceptions into ours."""
    import requests

    try:
        yield
    except requests.RequestException as err:
        raise silence(host, err, connect_s=CONNECT_S, read_s=timeout_s) from err


def _broke_off(err: Exception) -> bool:
    """Whether a connection that stood was closed by the other side."""
    from urllib3.exceptions import ProtocolError

    return bool(err.args) and isinstance(err.args[0], ProtocolError)


def _refuse_moved(answer: requests.Response, **_: object) -> None:
    """PyGithub follows a moved repository without the query, which would answer something else."""
    if answer.status_code == 301:
        raise CockpitError(
            "GitHub has moved this repository",
            f"{urlsplit(answer.url).path} is now {answer.headers.get('Location', 'elsewhere')}",
            "put its new name into release.toml",
        )


def kind_of(path: str) -> str:
    """What a request asks for: its resource within a repository, without numbers and names."""
    words = [word for word in urlsplit(path).path.split("/") if word]
    if words[:2] == ["api", "v3"]:
        words = words[2:]
    if words[:1] == ["repos"]:
        words = words[3:] or ["repository"]
    return "/".join(word for word in words if _RESOURCE.fullmatch(word))


def _page_of(url: str, answer: Response) -> Page:
    links = {rel: target for target, rel in _LINK.findall(answer.headers.get("link", ""))}
    number = _PAGE_NUMBER.search(links.get("last", ""))
    return Page(
        url=url,
        etag=answer.headers.get("etag", ""),
        body=answer.body,
        next=links.get("next"),
        last=int(number[1]) if number else None,
    )
