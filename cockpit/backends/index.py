"""The index pages of the channels, as installers get them: the second witness of what is there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urljoin, urlsplit

from cockpit.backends.github_pages import Page, PageCache
from cockpit.backends.html_pages import Anchor, HtmlPage, read_html
from cockpit.backends.plain_http import PlainHttp
from cockpit.backends.ports import Answer
from cockpit.backends.text import clean, mask
from cockpit.errors import AccessDenied, CockpitError, Throttled, Unreachable
from cockpit.release.index_pages import Announced, IndexFile, IndexPage

if TYPE_CHECKING:
    import requests

CONNECT_S = 5.0
READ_S = 20.0
_CHUNK = 65_536
_MEGABYTE = 1024**2
_LONGEST_PAGE = 32 * _MEGABYTE
_LONGEST_METADATA = 4 * _MEGABYTE
_SLOW_DOWN_S = 30.0
_BUILT_AT = re.compile(r"\s*TIMESTAMP (\d{1,12})\s*")
_SHA256 = re.compile(r"sha256=([0-9a-fA-F]{64})")
_METADATA = ("data-core-metadata", "data-dist-info-metadata")
"""Where metadata is announced, the newer name first; real pages give both."""


class IndexPages:
    """Implements IndexPort over HTTP; a page that has not changed is not sent again."""

    def __init__(
        self,
        base_url: str,
        *,
        log: Callable[[str], None] | None = None,
        cache: PageCache | None = None,
    ) -> None:
        self._base = base_url.rstrip("/")
        self._log = log
        self._cache = cache or PageCache()
        self._http = PlainHttp()

    def page(self, prefix: str, folder: str, package: str) -> Answer[IndexPage | None]:
        """The page of a package in a folder; None when there is none."""
        path = "/".join(part for part in (prefix, folder, package, "index.html") if part)
        url = f"{self._base}/{quote(path)}"
        return self._page(url, folder, package)

    def project(self, package: str) -> Answer[IndexPage | None]:
        """The page of a package on an index without folders; None when there is none."""
        return self._page(f"{self._base}/{quote(package)}/", "", package)

    def _page(self, url: str, folder: str, package: str) -> Answer[IndexPage | None]:
        found = self._read(url)
        if found is None:
            return Answer(None, url)
        page = read_html(found)
        built = _built_at(page)
        # The real pages end with their time; other makers of indexes close their HTML.
        missing = "" if built or page.ended else "the index page has no end: it may be cut off"
        files = tuple(file for link in page.anchors if (file := _file(link, url)))
        return Answer(IndexPage(folder, package, url, built, files), url, missing)

    def size_of(self, url: str) -> int | None:
        """The bytes of the file that a page links to, without reading it; None when it is gone."""
        with self._asked("HEAD", url) as answer:
            return None if answer is None else int(answer.headers.get("Content-Length", "0"))

    def metadata(self, url: str) -> bytes | None:
        """The bytes of a metadata file; None when it is gone."""
        with self._asked("GET", url) as answer:
            if answer is None:
                return None
            return _body(answer, url, "A metadata file", _LONGEST_METADATA)

    def _read(self, url: str) -> str | None:
        """The text of a page; None when the server says that there is none."""
        known = self._cache.get(url)
        with self._asked("GET", url, known.etag if known else "") as answer:
            if answer is None:
                return None
            if answer.status_code == 304 and known:
                return known.body
            text = _body(answer, url, "An index page", _LONGEST_PAGE).decode("utf-8", "replace")
            etag = answer.headers.get("ETag", "")
        if etag:
            self._cache.put(Page(url, etag, text))
        return text

    @contextmanager
    def _asked(self, method: str, url: str, etag: str = "") -> Iterator[requests.Response | None]:
        """The answer to a request, which may be that the ETag still holds; None where it is 404."""
        with (
            _speaking_with(urlsplit(url).netloc),
            self._http.session.request(
                method,
                url,
                headers={"If-None-Match": etag} if etag else {},
                stream=True,
                timeout=(CONNECT_S, READ_S),
            ) as answer,
        ):
            status = answer.status_code
            if method == "GET" and self._log is not None:
                self._log(mask(f"curl {shlex.quote(url)}  # {status}"))
            if status not in (200, 404) and not (status == 304 and etag):
                raise _refusal(status, url)
            yield None if status == 404 else answer


def _body(answer: requests.Response, url: str, what: str, longest: int) -> bytes:
    pieces: list[bytes] = []
    length = 0
    for chunk in answer.iter_content(_CHUNK):
        pieces.append(chunk)
        length += len(chunk)
        if length > longest:
            raise CockpitError(
                f"{what} is too long to be one",
                f"{mask(clean(url))}: more than {longest // _MEGABYTE} MB",
                "check [objectstore].index_url in release.toml",
            )
    return b"".join(pieces)


def _built_at(page: HtmlPage) -> datetime | None:
    found = [match for comment in page.comments if (match := _BUILT_AT.fullmatch(comment))]
    return datetime.fromtimestamp(int(found[-1][1]), UTC) if found else None


def _file(link: Anchor, page: str) -> IndexFile | None:
    """A link to a file; links to other pages end in a slash."""
    try:
        parts = urlsplit(link.href)
    except ValueError:
        return None
    name = clean(unquote(parts.path).rpartition("/")[2])
    checksum = _SHA256.fullmatch(parts.fragment)
    if not name:
        return None
    yanked = link.attributes.get("data-yanked")
    return IndexFile(
        name,
        checksum[1].lower() if checksum else "",
        url=urljoin(page, parts._replace(fragment="").geturl()),
        metadata=_announced(link),
        requires_python=clean(link.attributes.get("data-requires-python", "")),
        yanked=None if yanked is None else clean(yanked),
    )


def _announced(link: Anchor) -> Announced | None:
    """What a link says of its metadata; a value that says no checksum announces it all the same."""
    told = [link.attributes[name] for name in _METADATA if name in link.attributes]
    if not told:
        return None
    kinds = (value.strip().partition("=") for value in told)
    checksums = (clean(value).lower() for kind, _, value in kinds if kind.lower() == "sha256")
    return Announced(next(checksums, None))


@contextmanager
def _speaking_with(host: str) -> Iterator[None]:
    """Turns the network's exceptions into ours."""
    import requests

    try:
        yield
    except requests.RequestException as err:
        if isinstance(err, requests.ConnectTimeout):
            reason = f"no connection within {CONNECT_S:g} s"
        elif isinstance(err, requests.Timeout) or "Read timed out" in str(err):
            reason = f"no answer within {READ_S:g} s"
        elif isinstance(err, requests.exceptions.ChunkedEncodingError):
            reason = "the answer broke off"
        else:
            reason = "no connection"
        raise Unreachable(
            "The index cannot be reached",
            f"{mask(clean(host))}: {reason}",
            "check the network, then refresh (r)",
        ) from err


def _refusal(status: int, url: str) -> CockpitError:
    """What it means that a page was neither given nor denied to exist."""
    where = mask(clean(url))
    if status == 429:
        return Throttled(
            "The index asks to wait", where, "nothing to do: it is asked again", _SLOW_DOWN_S
        )
    if status in (401, 403):
        # S3 answers so for what is not there, too, where listing is not allowed.
        return AccessDenied(
            "The index does not show a page",
            f"{where}: {status}, so it is not there or may not be read",
            "check [objectstore].index_url in release.toml",
        )
    return Unreachable("The index answers with errors", f"{where}: {status}", "refresh (r)")
