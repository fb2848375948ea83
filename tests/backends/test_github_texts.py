"""The ends of logs: by range where the store can, else streamed; never whole in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from cockpit.backends.github import Github
from cockpit.backends.github_texts import TextEnd, read_end
from cockpit.backends.ports import Credential
from cockpit.errors import CockpitError, Unreachable
from tests.backends.scripted import Asked, Reply, Scripted, scripted
from tests.release.states import CORE

TEXT = b"".join(b"%06d some words of a log\n" % number for number in range(4000))
TIMEOUTS = (5.0, 5.0)
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


def ranged(asked: Asked) -> Reply:
    """A store that gives ranges, but does not know the last so many bytes."""
    found = _RANGE.fullmatch(asked.headers.get("range", ""))
    if found is None:
        return Reply(body=TEXT)
    first, last = int(found[1]), min(int(found[2] or len(TEXT) - 1), len(TEXT) - 1)
    headers = {"Content-Range": f"bytes {first}-{last}/{len(TEXT)}"}
    return Reply(206, TEXT[first : last + 1], headers)


@pytest.fixture
def store() -> Iterator[Scripted]:
    with scripted(ranged) as server:
        yield server


def test_the_end_is_asked_for_by_its_range(store: Scripted) -> None:
    end = read_end(store.url, "log", timeouts=TIMEOUTS, kept=1000)

    assert end == TextEnd(TEXT[-1000:], len(TEXT), whole=False)
    assert [asked.headers["range"] for asked in store.asked] == [
        "bytes=0-999",
        f"bytes={len(TEXT) - 1000}-",
    ]
    assert {asked.headers["accept-encoding"] for asked in store.asked} == {"identity"}


def test_a_short_text_is_read_at_once(store: Scripted) -> None:
    end = read_end(store.url, "log", timeouts=TIMEOUTS, kept=len(TEXT))

    assert end == TextEnd(TEXT, len(TEXT), whole=True)
    assert store.count() == 1


def test_a_store_without_ranges_is_read_through_and_only_the_end_kept() -> None:
    with scripted(lambda _: Reply(body=TEXT)) as store:
        end = read_end(store.url, "log", timeouts=TIMEOUTS, kept=1000)
        assert end == TextEnd(TEXT[-1000:], len(TEXT), whole=False)
        assert store.count() == 1
        cut = read_end(store.url, "log", timeouts=TIMEOUTS, kept=1000, longest=70_000)
        assert (cut.whole, cut.cut, len(cut.body)) == (False, True, 1000)
        assert cut.body in TEXT
        assert cut.size >= 70_000


def test_an_empty_text_has_an_end_too() -> None:
    with scripted(lambda _: Reply(416)) as store:
        assert read_end(store.url, "log", timeouts=TIMEOUTS) == TextEnd(b"", 0, whole=True)


class TestJobLogs:
    """What GitHub answers for a job's log, and where it sends the cockpit."""

    def log(self, storage: Reply, github: Reply | None = None) -> tuple[Github, Scripted, Scripted]:
        """A GitHub that leads to a store."""
        store = Scripted(lambda _: storage)
        moved = github or Reply(302, headers={"Location": store.url})
        api = Scripted(lambda _: moved)
        return Github(api.url, Credential("test", "ghp_0123456789abcdefghij")), api, store

    def ask(self, storage: Reply, github: Reply | None = None) -> tuple[str, ...]:
        """The lines of job 5's log."""
        asking, api, store = self.log(storage, github)
        try:
            lines = asking.job_log(CORE, 5).lines
            assert all("authorization" not in asked.headers for asked in store.asked)
            return lines
        finally:
            api.stop()
            store.stop()

    def test_the_lines_are_clean_and_masked(self) -> None:
        log = "\ufefffirst\n\n\x1b[31mred\x1b[0m\n" + "ghp_0123456789abcdefghij\n" + "x" * 9000
        lines = self.ask(Reply(body=log.encode()))

        assert lines[:4] == ("first", "", "red", "ghp_***")
        assert len(lines[4]) < 5000
        assert self.ask(Reply(body=b"")) == ()

    @pytest.mark.parametrize("where", ["github", "storage"])
    def test_an_expired_log_is_told_in_words(self, where: str) -> None:
        gone = Reply(410, {"message": "Gone"})
        with pytest.raises(CockpitError, match="The log has expired"):
            self.ask(gone, gone if where == "github" else None)

    def test_a_job_that_runs_has_no_log_yet(self) -> None:
        with pytest.raises(CockpitError, match="There is no log yet"):
            self.ask(Reply(), Reply(404, {"message": "Not Found"}))

    def test_a_log_that_breaks_off_is_unreachable(self) -> None:
        with pytest.raises(Unreachable):
            self.ask(Reply(body=b"one\ntwo\n", declared_length=900))
