"""The loopback GitHub under odd requests, and under many at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import flask
import pytest
import requests

from cockpit.rehearsal.github import gitdata
from cockpit.rehearsal.github.app import create_app
from cockpit.rehearsal.model import Forge
from tests.rehearsal.github_forge import (
    CAPTAIN,
    DONE_RUN,
    FAILED_JOB,
    ISSUE,
    PICK,
    build_forge,
    only_repository,
    serve,
)

ODD_WORDS = ("-x", "..", "a b", "é\u202e", "*", "refs/heads/", "main^{tree}", "@{-1}", "a\nb", "%")
NUMBERS = (0, ISSUE, PICK, DONE_RUN, FAILED_JOB, 10**18)
ODD_BODIES = (b"", b"[]", b"7", b"{", b"{}", b'{"ref": "-x", "sha": "-x", "tag_name": "a b"}')
ODD_QUERIES = (
    "", "per_page=-1&page=x", "sha=main&path=../x&since=x&until=-x&author=-x", "ref=a..b",
    "path=-x", "path=:(glob)**",
    "state=all&milestone=x&labels=,&sort=x&direction=x", "q=is:x%20label:%22", "created=x..y",
    "filter=all&status=x", "recursive=1",
)  # fmt: skip


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> flask.Flask:
    """A small forge without a limit on requests."""
    forge = build_forge(tmp_path_factory.mktemp("odd"))
    return create_app(forge, hourly_limit=1_000_000)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Forge]]:
    """A fresh small forge and its address."""
    forge = build_forge(tmp_path)
    with serve(forge) as url:
        yield url, forge


def _routes(app: flask.Flask) -> Iterator[tuple[str, str, set[str]]]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, rule.endpoint, rule.arguments - {"owner", "name"}


def test_no_request_is_too_odd(app: flask.Flask) -> None:
    client = app.test_client()
    broken = []
    for method, endpoint, arguments in _routes(app):
        targets = [_target(app, endpoint, arguments, turn) for turn in range(len(ODD_WORDS))]
        for turn, target in enumerate(targets):
            answer = client.open(
                f"{target}?{ODD_QUERIES[turn % len(ODD_QUERIES)]}",
                method=method,
                data=ODD_BODIES[turn % len(ODD_BODIES)] if method != "GET" else b"",
                headers={"Authorization": f"token {CAPTAIN}"},
            )
            if answer.status_code >= 500:
                broken.append(f"{method} {target}: {answer.text}")
    assert not broken


def _target(app: flask.Flask, endpoint: str, arguments: set[str], turn: int) -> str:
    numbers = {"number", "attempt", "suite", "review"}
    values = {"owner": "pytorch", "name": "tiny"} | {
        name: NUMBERS[turn % len(NUMBERS)] if name in numbers else ODD_WORDS[turn]
        for name in arguments
    }
    return app.url_map.bind("localhost").build(endpoint, values, append_unknown=False)


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers["Authorization"] = f"token {CAPTAIN}"
    return session


def test_of_many_that_make_one_ref_one_succeeds(served: tuple[str, Forge]) -> None:
    url, forge = served
    sha = gitdata.resolve(only_repository(forge).git_dir, "main")
    statuses = _at_once(
        8,
        lambda session, _: (
            session.post(
                f"{url}/repos/pytorch/tiny/git/refs", json={"ref": "refs/tags/v9", "sha": sha}
            ).status_code
        ),
    )
    assert sorted(statuses) == [201] + [422] * 7


def test_of_many_that_merge_one_pull_request_one_succeeds(served: tuple[str, Forge]) -> None:
    url, forge = served
    git_dir = only_repository(forge).git_dir
    before = gitdata.resolve(git_dir, "release/2.15")
    statuses = _at_once(
        6,
        lambda session, _: (
            session.put(
                f"{url}/repos/pytorch/tiny/pulls/{PICK}/merge", json={"merge_method": "squash"}
            ).status_code
        ),
    )
    assert sorted(statuses) == [200] + [405] * 5
    made = gitdata.commit(git_dir, "release/2.15")
    assert made is not None
    assert made.parents == (before,)


def test_nothing_is_lost_when_many_comment_and_read(served: tuple[str, Forge]) -> None:
    url, forge = served
    issue = f"{url}/repos/pytorch/tiny/issues/{ISSUE}"

    def talk(session: requests.Session, number: int) -> int:
        made = session.post(f"{issue}/comments", json={"body": f"comment {number}"})
        assert session.get(f"{issue}/comments?per_page=100").status_code == 200
        return made.status_code

    assert _at_once(12, talk) == [201] * 12
    comments = only_repository(forge).issues[ISSUE].comments
    assert {one.body for one in comments} >= {f"comment {number}" for number in range(12)}
    assert len({one.id for one in comments}) == len(comments)


def _at_once(count: int, act: Callable[[requests.Session, int], int]) -> list[int]:
    start = threading.Barrier(count)

    def run(number: int) -> int:
        with _session() as session:
            start.wait()
            return act(session, number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))
