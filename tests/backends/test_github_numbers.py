"""How many requests GitHub's builds take, and builds that change or vanish while they are read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cockpit.backends.github import Github
from cockpit.backends.github_http import Transport, kind_of
from cockpit.backends.ports import ApiUse, Credential
from tests.backends.scripted import Asked, Reply, Scripted, scripted
from tests.backends.test_github import CORE, RC1, job, run
from tests.backends.test_github_http import BARE, COUNTED, pages_of

RUNS, JOBS_OF_ONE = 40, 13
RUNS_PATH = "/repos/pytorch/pytorch/actions/runs"


class Actions:
    """Forty runs of thirteen jobs, with an ETag for each page that holds while it is the same."""

    def __init__(self) -> None:
        self.gone: set[int] = set()
        self.versions: dict[int, int] = {}

    def __call__(self, asked: Asked) -> Reply:
        if asked.path == RUNS_PATH:
            found = [run(number, name=f"workflow {number}") for number in range(1, RUNS + 1)]
            return self._page(asked, "runs", {"total_count": RUNS, "workflow_runs": found})
        number = int(asked.path.removeprefix(f"{RUNS_PATH}/").removesuffix("/jobs"))
        if number in self.gone:
            return Reply(404, {"message": "Not Found"})
        jobs = [
            job(number * 100 + place, run_id=number, name=f"job {place}")
            for place in range(JOBS_OF_ONE)
        ]
        etag = f"{number}-{self.versions.get(number, 0)}"
        return self._page(asked, etag, {"total_count": JOBS_OF_ONE, "jobs": jobs})

    def _page(self, asked: Asked, etag: str, body: dict[str, object]) -> Reply:
        headers = {"ETag": f'W/"{etag}"'}
        if asked.headers.get("if-none-match") == headers["ETag"]:
            return Reply(304, headers=headers)
        return Reply(body=body, headers=headers)


@pytest.fixture
def actions() -> Actions:
    return Actions()


@pytest.fixture
def server(actions: Actions) -> Iterator[Scripted]:
    with scripted(actions) as running:
        yield running


@pytest.fixture
def github(server: Scripted) -> Github:
    return Github(server.url, Credential("test", "ghp_0123456789abcdefghij"))


def test_520_jobs_in_40_runs_take_one_request_a_page_and_the_list_of_runs(
    server: Scripted, github: Github
) -> None:
    answer = github.candidate_builds(CORE, RC1)
    assert (len(answer.value.jobs), answer.complete) == (RUNS * JOBS_OF_ONE, True)
    assert server.count() == RUNS + 1


def test_what_has_not_changed_is_free_and_what_has_costs_its_page_alone(
    actions: Actions, github: Github
) -> None:
    github.candidate_builds(CORE, RC1)
    github.candidate_builds(CORE, RC1)
    assert (github.usage().asked, github.usage().unchanged) == (2 * (RUNS + 1), RUNS + 1)
    actions.versions[7] = 1
    github.candidate_builds(CORE, RC1)
    usage = github.usage()
    assert usage.asked - usage.unchanged == RUNS + 2
    assert usage.by_kind == {
        "actions/runs": ApiUse(3, 2),
        "actions/runs/jobs": ApiUse(3 * RUNS, 2 * RUNS - 1),
    }


def test_a_run_that_was_deleted_meanwhile_hides_no_other(actions: Actions, github: Github) -> None:
    actions.gone.add(5)
    answer = github.candidate_builds(CORE, RC1)
    assert len(answer.value.jobs) == (RUNS - 1) * JOBS_OF_ONE
    assert answer.missing == "workflow 5 has no jobs: success"


def test_more_pages_than_are_read_are_never_silently_short(server: Scripted) -> None:
    transport = Transport(server.url, None, timeout_s=5)
    server.answer = pages_of(10_000)
    whole = transport.read_list("/counted?per_page=100", COUNTED)
    assert (len(whole.rows), whole.missing) == (10_000, "")
    server.answer = pages_of(12_345)
    for path, kind, missing in (
        ("/counted?per_page=100", COUNTED, "GitHub listed 10000 of 12345 things"),
        ("/bare?per_page=100", BARE, "GitHub has more than 10000 things"),
    ):
        listing = Transport(server.url, None, timeout_s=5).read_list(path, kind)
        assert (len(listing.rows), listing.missing) == (10_000, missing)


@pytest.mark.parametrize("told", [0, 2, 5])
def test_a_count_that_disagrees_never_makes_a_list_whole_that_is_short(
    server: Scripted, told: int
) -> None:
    server.answer = lambda _: Reply(body={"total_count": told, "things": [{"id": 1}, {"id": 2}]})
    listing = Transport(server.url, None, timeout_s=5).read_list("/counted?per_page=100", COUNTED)
    assert len(listing.rows) == 2
    assert bool(listing.missing) == (told > 2)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/repos/pytorch/pytorch/actions/runs?head_sha=x", "actions/runs"),
        ("/api/v3/repos/a/b/actions/runs/17/jobs?page=2", "actions/runs/jobs"),
        (f"/repos/a/b/commits/{'1a' * 20}/status", "commits/status"),
        ("/user", "user"),
        ("/repos/a/b", "repository"),
    ],
)
def test_a_request_is_counted_by_what_it_asks_for(path: str, kind: str) -> None:
    assert kind_of(path) == kind
