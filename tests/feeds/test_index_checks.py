"""Where pages lead to is followed once, and again for as long as it is not as it should be."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import pytest

from cockpit.backends.index import IndexPages
from cockpit.errors import Unreachable
from cockpit.feeds import index_checks
from cockpit.feeds.index_checks import IndexCheck
from cockpit.release.artifacts import StoredObject
from cockpit.release.index_state import IndexFault, IndexState
from tests.backends.scripted import Asked, Reply, Scripted, scripted

NAME = "torch-2.15.0-cp312-cp312-win_amd64.whl"
WHEEL, METADATA = b"a wheel", b"Name: torch"
AT = datetime(2026, 10, 14, tzinfo=UTC)
OTHERS = "a" * 64


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def stored(name: str, body: bytes, sha256: str | None = None) -> StoredObject:
    return StoredObject(f"whl/cpu/{name}", len(body), digest(body)[:32], AT, sha256)


LIES = stored(NAME, WHEEL, digest(WHEEL))
BESIDE = stored(f"{NAME}.metadata", METADATA)
"""Of which the store knows no checksum."""


class Site:
    """An index with one page, whose files may be taken away or changed."""

    def __init__(self, server: Scripted) -> None:
        server.answer = self._answer
        self.server = server
        self.announced = f"sha256={digest(METADATA)}"
        self.files = {f"/whl/cpu/{NAME}": WHEEL, f"/whl/cpu/{NAME}.metadata": METADATA}
        self.check = IndexCheck()
        self.pages = IndexPages(server.url)

    def _answer(self, asked: Asked) -> Reply:
        if asked.path.endswith("index.html"):
            link = f'<a href="../{NAME}" data-core-metadata="{self.announced}">x</a>'
            return Reply(200, f"{link}<!--TIMESTAMP 1791984000-->".encode())
        body = self.files.get(asked.path)
        return Reply(404) if body is None else Reply(200, body)

    def state(self, *files: StoredObject) -> IndexState:
        return self.check.state(self.pages, "whl", "torch", files)

    def faults(self, *files: StoredObject) -> list[IndexFault]:
        return [each.fault for each in self.state(*files).wrong]

    def asked(self) -> list[str]:
        """What was asked for beside the page, since the last time."""
        found = [
            f"{asked.method} {asked.path.rpartition(NAME)[2]}"
            for asked in self.server.asked
            if NAME in asked.path
        ]
        self.server.asked.clear()
        return found


@pytest.fixture
def site() -> Iterator[Site]:
    with scripted(lambda _: Reply(404)) as server:
        yield Site(server)


def test_what_is_right_is_asked_for_once(site: Site) -> None:
    assert site.state(LIES, BESIDE) == IndexState(
        datetime(2026, 10, 14, 13, 20, tzinfo=UTC), 1, bare=(LIES.key,)
    )
    assert site.asked() == ["HEAD ", "GET .metadata"]
    assert site.faults(LIES, BESIDE) == []
    assert site.asked() == []
    known = msgspec.structs.replace(BESIDE, sha256=digest(METADATA))
    assert (site.faults(LIES, known), site.asked()) == ([], ["HEAD .metadata"])
    site.announced = "true"
    assert (site.faults(LIES, BESIDE), site.asked()) == ([], [])


def test_announced_metadata_has_to_be_in_the_store_and_at_its_address(site: Site) -> None:
    assert site.faults(LIES) == [IndexFault.METADATA_ASTRAY]
    del site.files[f"/whl/cpu/{NAME}.metadata"]
    for announced in (site.announced, "true"):
        site.announced = announced
        for _ in range(2):
            assert site.faults(LIES, BESIDE) == [IndexFault.METADATA_ASTRAY]
    site.files[f"/whl/cpu/{NAME}.metadata"] = METADATA
    assert site.faults(LIES, BESIDE) == []


def test_bytes_that_differ_are_read_again_after_a_while(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.files[f"/whl/cpu/{NAME}.metadata"] = METADATA[::-1]
    for _ in range(2):
        assert site.faults(LIES, BESIDE) == [IndexFault.METADATA_DIFFERS]
    assert site.asked() == ["HEAD ", "GET .metadata"]
    site.files[f"/whl/cpu/{NAME}.metadata"] = METADATA
    monkeypatch.setattr(index_checks, "_DIFFERING_HOLDS_S", 0.0)
    assert site.faults(LIES, BESIDE) == []
    site.announced = f"sha256={OTHERS}"
    assert site.faults(LIES, BESIDE) == [IndexFault.METADATA_DIFFERS]


def test_a_file_that_the_page_does_not_lead_to_is_told(site: Site) -> None:
    site.files[f"/whl/cpu/{NAME}"] = b"shorter"[:3]
    assert site.faults(LIES, BESIDE) == [IndexFault.ADDRESS]


def test_an_index_that_does_not_answer_is_not_called_wrong(site: Site) -> None:
    answer = site.server.answer
    site.server.answer = lambda asked: Reply(503) if asked.method == "HEAD" else answer(asked)
    with pytest.raises(Unreachable):
        site.state(LIES, BESIDE)
