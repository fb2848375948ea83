"""Index pages over HTTP: read whole, not sent twice, and unknown in words when they are not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cockpit.backends.github_pages import PageCache
from cockpit.backends.index import IndexPages
from cockpit.backends.package_index import PackageIndex
from cockpit.backends.plain_http import PlainHttp
from cockpit.config_places import IndexTable
from cockpit.errors import AccessDenied, CockpitError, Throttled, Unreachable
from cockpit.release.index_pages import Announced, IndexFile
from tests.backends.scripted import Asked, Reply, Scripted, scripted

HTML = {"Content-Type": "text/html", "ETag": '"one"'}
SHA = "AB" * 32
NAME = "torch-2.15.0+cpu-cp312-cp312-win_amd64.whl"
HREF = f"https://download.example/whl/test/cpu/{NAME.replace('+', '%2B')}"
LINK = f'<a href="{HREF}#sha256={SHA}" data-core-metadata="sha256={SHA}">{NAME}</a><br/>'
TRAILER = "<!--TIMESTAMP 1791984000-->"


def page_of(*lines: str) -> bytes:
    return "\n".join(["<!DOCTYPE html>", "<h1>Links for torch</h1>", *lines]).encode()


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted(lambda _: Reply(200, page_of(LINK, TRAILER), HTML)) as running:
        yield running


def test_a_page_is_read_with_its_checksums_and_its_time(server: Scripted) -> None:
    server.answer = lambda _: Reply(
        200, page_of(LINK, '<a href="../plain-1.0.whl">x</a>', '<a href="x/">x</a>', TRAILER), HTML
    )
    told: list[str] = []
    answer = IndexPages(server.url, log=told.append).page("whl/test", "cpu", "torch")
    assert answer.complete
    assert answer.value is not None
    assert answer.value.built_at == datetime(2026, 10, 14, 13, 20, tzinfo=UTC)
    plain = f"{server.url}/whl/test/cpu/plain-1.0.whl"
    assert answer.value.files == (
        IndexFile(NAME, SHA.lower(), url=HREF, metadata=Announced(SHA.lower())),
        IndexFile("plain-1.0.whl", "", url=plain),
    )
    assert server.asked[0].path == "/whl/test/cpu/torch/index.html"
    assert told == [f"curl {server.url}/whl/test/cpu/torch/index.html  # 200"]


def test_a_page_that_has_not_changed_is_not_sent_again(server: Scripted, tmp_path: Path) -> None:
    def answer(asked: Asked) -> Reply:
        if asked.headers.get("if-none-match") == '"one"':
            return Reply(304, headers={"ETag": '"one"'})
        return Reply(200, page_of(LINK, TRAILER), HTML)

    server.answer = answer
    pages = [
        IndexPages(server.url, cache=PageCache(tmp_path)).page("whl/test", "cpu", "torch").value
        for _ in range(2)
    ]
    assert pages[0] == pages[1]
    assert [asked.headers.get("if-none-match") for asked in server.asked] == [None, '"one"']


def test_a_page_that_is_not_there_is_none(server: Scripted) -> None:
    server.answer = lambda _: Reply(404)
    assert IndexPages(server.url).page("whl/test", "cpu", "torch").value is None


def test_a_page_without_an_end_is_not_whole(server: Scripted) -> None:
    server.answer = lambda _: Reply(200, page_of(LINK), HTML)
    assert "cut off" in IndexPages(server.url).page("whl/test", "cpu", "torch").missing


def test_another_index_closes_its_html_instead(server: Scripted) -> None:
    server.answer = lambda _: Reply(200, page_of(LINK, "</html>"), HTML)
    answer = IndexPages(server.url).page("whl/test", "cpu", "torch")
    assert answer.complete
    assert answer.value is not None
    assert answer.value.built_at is None


def test_names_are_cleaned(server: Scripted) -> None:
    server.answer = lambda _: Reply(
        200, page_of('<a href="a%1B[31mb.whl">x</a>', '<a href="//[">x', TRAILER), HTML
    )
    page = IndexPages(server.url).page("whl/test", "cpu", "torch").value
    assert page is not None
    assert page.files[0].name == "ab.whl"


@pytest.mark.parametrize(
    ("attributes", "announced"),
    [
        ("", None),
        (f'data-core-metadata="sha256={SHA}"', Announced(SHA.lower())),
        (f'data-dist-info-metadata="SHA256={SHA}"', Announced(SHA.lower())),
        (
            f'data-dist-info-metadata="sha256={SHA}" data-core-metadata="true"',
            Announced(SHA.lower()),
        ),
        ('data-core-metadata="sha256=aa" data-dist-info-metadata="sha256=bb"', Announced("aa")),
        ('data-core-metadata="true"', Announced()),
        ("data-core-metadata", Announced()),
        (f'data-core-metadata="sha512={SHA}"', Announced()),
        ('data-core-metadata="sha256=no\x1b[31mhex"', Announced("nohex")),
        ('data-core-metadata="sha256="', Announced("")),
        ('DATA-CORE-METADATA=" sha256=aa " data-core-metadata="sha256=bb"', Announced("aa")),
    ],
)
def test_metadata_is_announced_in_many_ways(
    server: Scripted, attributes: str, announced: Announced | None
) -> None:
    link = f'<a href="{HREF}" {attributes}>x</a>'
    server.answer = lambda _: Reply(200, page_of(link, TRAILER), HTML)
    page = IndexPages(server.url).page("whl/test", "cpu", "torch").value
    assert page is not None
    assert page.files[0].metadata == announced


def test_what_keeps_installers_from_a_file_is_read_and_cleaned(server: Scripted) -> None:
    links = (
        f'<a href="{HREF}" data-yanked data-requires-python="&gt;=3.10">x</a>',
        f'<a href="{HREF}" data-yanked="broken\x07 on \x1b[1mARM">x</a>',
        f'<a href="{HREF}">x</a>',
    )
    server.answer = lambda _: Reply(200, page_of(*links, TRAILER), HTML)
    page = IndexPages(server.url).page("whl/test", "cpu", "torch").value
    assert page is not None
    assert [file.yanked for file in page.files] == ["", "broken on ARM", None]
    assert [file.requires_python for file in page.files] == [">=3.10", "", ""]


def test_metadata_is_read_if_it_is_there_and_no_longer_than_any(server: Scripted) -> None:
    pages, url = IndexPages(server.url), f"{server.url}/x.whl.metadata"
    server.answer = lambda _: Reply(200, b"Name: torch")
    assert pages.metadata(url) == b"Name: torch"
    server.answer = lambda _: Reply(404)
    assert pages.metadata(url) is None
    server.answer = lambda _: Reply(200, b"x" * (4 * 1024**2 + 1))
    with pytest.raises(CockpitError, match="too long to be one"):
        pages.metadata(url)


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (Reply(403), AccessDenied, "not there or may not be read"),
        (Reply(429), Throttled, "asks to wait"),
        (Reply(503), Unreachable, "answers with errors"),
        (Reply(301, headers={"Location": "ftp://elsewhere"}), Unreachable, "no connection"),
        (Reply(drop=True), Unreachable, "cannot be reached"),
        (Reply(200, b"<a>", HTML, declared_length=900), Unreachable, "cannot be reached"),
    ],
)
def test_refusals_and_silence_are_told_in_words(
    server: Scripted, reply: Reply, kind: type[CockpitError], words: str
) -> None:
    server.answer = lambda _: reply
    with pytest.raises(kind) as caught:
        IndexPages(server.url).page("whl/test", "cpu", "torch")
    assert type(caught.value) is kind
    assert words in str(caught.value)
    assert caught.value.hint


def answering(replies: Iterator[Reply]) -> Callable[[Asked], Reply]:
    """Give one reply after the other, whatever is asked."""
    return lambda _: next(replies)


def test_what_reads_an_index_tries_again_after_a_bad_moment(server: Scripted) -> None:
    listing = {"files": [{"filename": "torch-2.15.0-cp313-cp313-manylinux_2_28_x86_64.whl"}]}
    table = IndexTable(url=f"{server.url}/legacy/", simple=f"{server.url}/simple")
    for status, times in ((502, 1), (503, 3)):
        answers = iter([*[Reply(status)] * times, Reply(body=listing)])
        server.asked.clear()
        server.answer = answering(answers)
        found = PackageIndex(table, {}).project("torch", "2.15.0")
        assert found is not None
        assert len(found.files) == 1
        assert server.count() == times + 1


def test_an_index_that_stays_bad_is_given_up(server: Scripted) -> None:
    server.answer = lambda _: Reply(502)
    table = IndexTable(url=f"{server.url}/legacy/", simple=f"{server.url}/simple")
    with pytest.raises(Unreachable, match="status 502"):
        PackageIndex(table, {}).project("torch", "2.15.0")
    assert server.count() == 4


def test_a_session_that_tries_again_sends_nothing_twice(server: Scripted) -> None:
    server.answer = lambda _: Reply(502)
    assert PlainHttp().session.post(server.url, data=b"a wheel").status_code == 502
    assert server.count("POST") == 1
