"""How the loopback GitHub answers as HTTP: paging, conditions, quota, access, errors, logs."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from cockpit.rehearsal.model import Forge, Issue
from tests.rehearsal.github_forge import (
    CAPTAIN,
    DONE_RUN,
    FAILED_JOB,
    ISSUE,
    NOW,
    OLD_JOB,
    OLD_RUN,
    RUNNING_JOB,
    RUNNING_RUN,
    STRANGE,
    build_forge,
    only_repository,
    serve,
)


@dataclass(slots=True)
class Http:
    """Plain requests to a served forge."""

    url: str
    forge: Forge
    session: requests.Session = field(default_factory=requests.Session)

    def ask(
        self,
        path: str,
        method: str = "GET",
        *,
        token: str = CAPTAIN,
        json: object = None,
        **headers: str,
    ) -> requests.Response:
        """Ask for a path of the repository, or for any other path that begins with two slashes."""
        full = path[1:] if path.startswith("//") else f"/repos/pytorch/tiny{path}"
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        if token:
            named["Authorization"] = f"token {token}"
        return self.session.request(
            method, self.url + full, headers=named, json=json, allow_redirects=False, timeout=10
        )


@pytest.fixture
def http(tmp_path: Path) -> Iterator[Http]:
    """A fresh small forge."""
    forge = build_forge(tmp_path)
    with serve(forge) as url, requests.Session() as session:
        session.trust_env = False
        yield Http(url, forge, session)


def test_lists_come_in_pages_that_name_their_neighbours(http: Http) -> None:
    _add_issues(http.forge, 245)
    answer = http.ask("/issues?state=all&per_page=100&page=2")
    assert len(answer.json()) == 100
    assert {name: _page(link["url"]) for name, link in answer.links.items()} == {
        "prev": "1", "next": "3", "first": "1", "last": "3",
    }  # fmt: skip
    assert answer.links["next"]["url"].startswith(f"{http.url}/repos/pytorch/tiny/issues?state=all")
    last = http.ask("/issues?state=all&per_page=100&page=3")
    assert len(last.json()) == 50
    assert set(last.links) == {"prev", "first"}


def test_a_page_has_thirty_items_unless_asked_and_never_more_than_a_hundred(http: Http) -> None:
    _add_issues(http.forge, 245)
    assert len(http.ask("/issues?state=all").json()) == 30
    assert len(http.ask("/issues?state=all&per_page=1000").json()) == 100
    assert http.ask("/issues?state=all&page=99").json() == []


def test_links_and_addresses_keep_the_enterprise_prefix(http: Http) -> None:
    answer = http.ask("//api/v3/repos/pytorch/tiny/issues?state=all&per_page=2")
    assert answer.links["next"]["url"].startswith(f"{http.url}/api/v3/repos/")
    assert answer.json()[0]["url"].startswith(f"{http.url}/api/v3/repos/")
    assert answer.json()[0]["html_url"].startswith(f"{http.url}/pytorch/tiny/")


def test_what_has_not_changed_is_not_sent_again_and_costs_nothing(http: Http) -> None:
    first = http.ask("/issues")
    again = http.ask("/issues", If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["ETag"].startswith('W/"')
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["X-RateLimit-Used"] == first.headers["X-RateLimit-Used"] == "1"
    http.ask(f"/issues/{ISSUE}", "PATCH", json={"title": "changed"})
    changed = http.ask("/issues", If_None_Match=first.headers["ETag"])
    assert changed.status_code == 200
    assert changed.headers["X-RateLimit-Used"] == "3"


def test_an_anonymous_304_costs_a_request(http: Http) -> None:
    first = http.ask("/issues", token="")
    again = http.ask("/issues", token="", If_None_Match=first.headers["ETag"])
    assert again.status_code == 304
    assert again.headers["X-RateLimit-Used"] == "2"


def test_an_issue_can_be_asked_for_by_its_last_change(http: Http) -> None:
    first = http.ask(f"/issues/{ISSUE}")
    assert parsedate_to_datetime(first.headers["Last-Modified"]) == NOW - timedelta(days=2)
    again = http.ask(f"/issues/{ISSUE}", If_Modified_Since=first.headers["Last-Modified"])
    assert again.status_code == 304


def test_every_answer_carries_githubs_headers_in_the_worlds_time(http: Http) -> None:
    http.forge.clock.advance(timedelta(days=3))
    answer = http.ask("//user")
    drift = parsedate_to_datetime(answer.headers["Date"]) - http.forge.clock.now()
    assert abs(drift) < timedelta(seconds=5)
    assert answer.headers["X-OAuth-Scopes"] == "read:org, repo, workflow"
    assert answer.headers["X-GitHub-Request-Id"]
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert "Accept-Ranges" not in answer.headers
    assert "X-OAuth-Scopes" not in http.ask("", token="").headers


def test_the_quota_runs_out_and_comes_back_with_the_worlds_hour(tmp_path: Path) -> None:
    forge = build_forge(tmp_path)
    with serve(forge, hourly_limit=2) as url:
        http = Http(url, forge)
        assert [http.ask("").status_code for _ in range(3)] == [200, 200, 403]
        refused = http.ask("")
        assert refused.json()["message"].startswith("API rate limit exceeded for user ID 1")
        assert refused.headers["X-RateLimit-Remaining"] == "0"
        assert http.ask("", token="token-reader").status_code == 200
        state = http.ask("//rate_limit").json()["resources"]["core"]
        assert (state["limit"], state["remaining"]) == (2, 0)
        reset = state["reset"] - forge.clock.now().timestamp()
        assert 3590 < reset <= 3600
        forge.clock.advance(timedelta(hours=1))
        assert http.ask("").headers["X-RateLimit-Remaining"] == "1"


def test_searches_have_a_quota_of_their_own(http: Http) -> None:
    answer = http.ask("//search/issues?q=four")
    assert answer.headers["X-RateLimit-Resource"] == "search"
    assert answer.headers["X-RateLimit-Limit"] == "30"
    assert http.ask("").headers["X-RateLimit-Used"] == "1"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/git/refs", {"ref": "refs/tags/x", "sha": "0" * 40}),
        ("PATCH", "/git/refs/heads/main", {"sha": "0" * 40}),
        ("DELETE", "/git/refs/heads/main", None),
        ("POST", "/git/tags", {}),
        ("POST", "/merges", {"base": "main", "head": "pick-four"}),
        ("PUT", "/pulls/2/merge", {}),
        ("POST", "/pulls/2/requested_reviewers", {"reviewers": ["captain"]}),
        ("PATCH", "/issues/1", {"title": "mine"}),
        ("DELETE", "/issues/comments/1", None),
        ("POST", "/issues/1/labels", {"labels": ["x"]}),
        ("POST", "/milestones", {"title": "x"}),
        ("POST", "/labels", {"name": "x"}),
        ("POST", "/actions/workflows/40/dispatches", {"ref": "main"}),
        ("POST", "/actions/runs/502/rerun", None),
        ("POST", "/actions/runs/502/rerun-failed-jobs", None),
        ("POST", "/actions/jobs/602/rerun", None),
        ("POST", "/actions/runs/501/cancel", None),
        ("POST", "/releases", {"tag_name": "x"}),
        ("PUT", "/issues/1/lock", None),
    ],
)
def test_a_write_needs_a_right_token_and_the_right(
    http: Http, method: str, path: str, body: object
) -> None:
    if path == "/issues/comments/1":
        path = f"/issues/comments/{_foreign_comment(http.forge)}"
    assert http.ask(path, method, token="", json=body).status_code == 401
    wrong = http.ask(path, method, token="wrong", json=body)
    assert (wrong.status_code, wrong.json()["message"]) == (401, "Bad credentials")
    assert http.ask(path, method, token="token-reader", json=body).status_code == 403


def test_anyone_may_open_issues_but_their_labels_do_not_count(http: Http) -> None:
    wanted = {"title": "mine", "labels": ["triaged"], "milestone": 1, "assignees": ["ada"]}
    made = http.ask("/issues", "POST", token="token-reader", json=wanted).json()
    assert (made["labels"], made["milestone"], made["assignees"]) == ([], None, [])
    kept = http.ask("/issues", "POST", json=wanted).json()
    assert [label["name"] for label in kept["labels"]] == ["triaged"]
    assert kept["milestone"]["number"] == 1


@pytest.mark.parametrize("scheme", ["token", "Bearer", "Basic"])
def test_tokens_are_taken_in_every_scheme(http: Http, scheme: str) -> None:
    basic = base64.b64encode(b"captain:token-captain").decode()
    value = basic if scheme == "Basic" else "token-captain"
    answer = http.ask("//user", token="", Authorization=f"{scheme} {value}")
    assert answer.json()["login"] == "captain"


def test_errors_have_githubs_shape(http: Http) -> None:
    missing = http.ask("//repos/pytorch/nothing")
    assert missing.status_code == 404
    assert missing.json()["message"] == "Not Found"
    assert missing.json()["documentation_url"]
    assert http.ask("//nowhere", "POST", json={}).status_code == 404
    assert http.ask("/branches", "PUT", json={}).status_code == 404
    untitled = http.ask("/issues", "POST", json={})
    assert untitled.status_code == 422
    assert untitled.json()["errors"] == [
        {"resource": "Issue", "field": "title", "code": "missing_field"}
    ]
    ill_typed = http.ask("/issues", "POST", json={"title": 7})
    assert "title" in ill_typed.json()["message"]
    broken = http.session.post(
        f"{http.url}/repos/pytorch/tiny/issues",
        "{",
        headers={"Authorization": "token token-captain"},
    )
    assert (broken.status_code, broken.json()["message"]) == (400, "Problems parsing JSON")


def test_names_of_repositories_are_read_in_any_case(http: Http) -> None:
    assert http.ask("//repos/PyTorch/Tiny").json()["full_name"] == "pytorch/tiny"


def test_text_from_strangers_is_served_as_it_is(http: Http) -> None:
    assert http.ask(f"/issues/{ISSUE}").json()["title"] == STRANGE
    assert "\x1b" in http.ask(f"/issues/{ISSUE}/comments").json()[0]["body"]


def test_a_log_is_had_through_a_redirect_that_needs_no_token(http: Http) -> None:
    answer = http.ask(f"/actions/jobs/{FAILED_JOB}/logs")
    assert answer.status_code == 302
    address = answer.headers["Location"]
    assert http.session.get(address).text == "all went\x1b[31m wrong\n"
    http.forge.clock.advance(timedelta(seconds=61))
    assert http.session.get(address).status_code == 403
    assert http.session.get(f"{address}x").status_code == 403


def test_the_logs_of_a_run_come_as_an_archive(http: Http) -> None:
    address = http.ask(f"/actions/runs/{DONE_RUN}/attempts/1/logs").headers["Location"]
    with zipfile.ZipFile(io.BytesIO(http.session.get(address).content)) as archive:
        texts = [archive.read(name) for name in archive.namelist()]
    assert b"all went\x1b[31m wrong\n" in texts


def test_logs_are_missing_before_the_end_and_gone_after_ninety_days(http: Http) -> None:
    assert http.ask(f"/actions/jobs/{RUNNING_JOB}/logs").status_code == 404
    assert http.ask(f"/actions/runs/{RUNNING_RUN}/logs").status_code == 404
    assert http.ask(f"/actions/jobs/{OLD_JOB}/logs").status_code == 410
    assert http.ask(f"/actions/runs/{OLD_RUN}/logs").status_code == 410
    assert http.ask(f"/actions/jobs/{FAILED_JOB}/logs", token="").status_code == 403


def test_a_file_comes_encoded_or_raw_and_a_folder_as_a_list(http: Http) -> None:
    file = http.ask("/contents/version.txt?ref=release/2.15").json()
    assert base64.b64decode(file["content"]) == b"2.15.0\n"
    raw = http.ask("/contents/version.txt", Accept="application/vnd.github.raw+json")
    assert raw.text == "2.16.0a0\n"
    folder = http.ask("/contents/torch").json()
    assert [entry["path"] for entry in folder] == ["torch/a.py", "torch/b.py"]
    assert {entry["name"] for entry in http.ask("/contents").json()} >= {"torch", "README.md"}
    assert http.ask("/contents/nothing.txt").status_code == 404
    assert http.ask("/contents/version.txt?ref=nothing").status_code == 404


def _add_issues(forge: Forge, count: int) -> None:
    repository = only_repository(forge)
    for _ in range(count):
        number = repository.next_number()
        repository.issues[number] = Issue(forge.next_id(), number, "one", "", "ada", NOW, NOW)


def _foreign_comment(forge: Forge) -> int:
    comment = only_repository(forge).issues[ISSUE].comments[0]
    comment.user = "ada"
    return comment.id


def _page(url: str) -> str:
    return parse_qs(urlsplit(url).query)["page"][0]
