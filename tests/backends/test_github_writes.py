"""What the adapter changes on GitHub: asked for once, and read back before it is trusted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from cockpit.backends.github import Github
from cockpit.backends.ports import Credential
from cockpit.errors import CockpitError, Unreachable
from cockpit.release.dispatches import WorkflowCall
from cockpit.release.jobs import JobState
from cockpit.release.pullrequests import PullDraft, own_part, with_own_part
from tests.backends.scripted import Asked, Reply, Scripted, scripted
from tests.gitrepos import make_repository

REPOSITORY = make_repository("unused")
DRAFT = PullDraft("automated/changes-2.13", "release/2.13", "A title", "What it does")
CALL = WorkflowCall("pytorch/test-infra", "cut.yml", "main", {"dry_run": "false"})
NOW = "2026-10-14T14:00:00Z"


def pull(number: int, **changes: object) -> dict[str, object]:
    return {
        "id": number,
        "number": number,
        "title": DRAFT.title,
        "state": "open",
        "html_url": f"https://x/pull/{number}",
        "updated_at": NOW,
        "head": {"ref": DRAFT.head, "sha": "a" * 40},
        "base": {"ref": DRAFT.base, "sha": "b" * 40},
        "body": with_own_part("", DRAFT.body),
    } | changes


def run(number: int, **changes: object) -> dict[str, object]:
    return {
        "id": number,
        "workflow_id": 1,
        "name": "Cut",
        "head_branch": "main",
        "head_sha": "a" * 40,
        "event": "workflow_dispatch",
        "status": "completed",
        "conclusion": "success",
        "html_url": f"https://x/runs/{number}",
        "created_at": NOW,
        "actor": {"login": "cora"},
    } | changes


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted(lambda _: Reply(404, {"message": "Not Found"})) as running:
        yield running


@pytest.fixture
def github(server: Scripted) -> Github:
    return Github(server.url, Credential("test", "ghp_0123456789abcdefghij"), timeout_s=5)


def test_the_open_pull_requests_of_a_branch_are_asked_for_by_owner(
    server: Scripted, github: Github
) -> None:
    other = pull(2, head={"ref": "automated/changes-2.1", "sha": "c" * 40})
    server.answer = lambda _: Reply(body=[pull(1, title="a\x1b[31m"), other])
    answer = github.pulls_from(REPOSITORY, DRAFT.head)
    assert [(found.number, found.title) for found in answer.value] == [(1, "a")]
    assert server.asked[0].query["head"] == "pytorch:automated/changes-2.13"
    assert server.asked[0].query["state"] == "open"


def test_a_pull_request_is_opened_with_our_part_marked(server: Scripted, github: Github) -> None:
    server.answer = lambda _: Reply(201, pull(7))
    assert github.open_pull(REPOSITORY, DRAFT).is_like(DRAFT)
    sent = json.loads(server.asked[0].body)
    assert (sent["head"], sent["base"], sent["title"]) == (DRAFT.head, DRAFT.base, DRAFT.title)
    assert own_part(sent["body"]) == DRAFT.body


def test_what_people_wrote_is_sent_back_byte_for_byte(server: Scripted, github: Github) -> None:
    theirs = with_own_part("keep\tthis \u200b\x07", "old")

    def answer(asked: Asked) -> Reply:
        return Reply(body=pull(7, body=theirs))

    server.answer = answer
    github.amend_pull(REPOSITORY, 7, DRAFT)
    sent = json.loads(server.asked[-1].body)
    assert server.asked[-1].method == "PATCH"
    assert sent == {"title": DRAFT.title, "body": with_own_part(theirs, DRAFT.body)}
    assert "keep\tthis \u200b\x07" in sent["body"]


@pytest.mark.parametrize("reply", [Reply(502, {"message": "Bad gateway"}), Reply(drop=True)])
def test_no_write_is_ever_sent_twice(server: Scripted, github: Github, reply: Reply) -> None:
    server.answer = lambda _: reply
    with pytest.raises(Unreachable):
        github.open_pull(REPOSITORY, DRAFT)
    with pytest.raises(Unreachable):
        github.dispatch(CALL)
    assert server.count("POST") == 2


def test_a_refusal_is_no_silence(server: Scripted, github: Github) -> None:
    server.answer = lambda _: Reply(422, {"message": "Validation Failed"})
    with pytest.raises(CockpitError, match="Validation Failed") as caught:
        github.open_pull(REPOSITORY, DRAFT)
    assert not isinstance(caught.value, Unreachable)


@pytest.mark.parametrize(
    ("reply", "run_id"),
    [
        (Reply(204), None),
        (Reply(200, {"workflow_run_id": 5}), 5),
        (Reply(200, {"something": "else"}), None),
    ],
)
def test_a_dispatch_sends_every_input_and_takes_the_run_where_it_is_named(
    server: Scripted, github: Github, reply: Reply, run_id: int | None
) -> None:
    server.answer = lambda _: reply
    assert github.dispatch(CALL) == run_id
    asked = server.asked[0]
    assert asked.path == "/repos/pytorch/test-infra/actions/workflows/cut.yml/dispatches"
    assert json.loads(asked.body)["inputs"] == {"dry_run": "false"}


def test_runs_started_by_hand_come_oldest_first(server: Scripted, github: Github) -> None:
    runs = [run(3), run(2, status="queued", conclusion=None)]
    server.answer = lambda _: Reply(body={"total_count": 3, "workflow_runs": runs})
    since = datetime(2026, 10, 14, 13, 0, tzinfo=UTC)
    answer = github.dispatched_runs(CALL, since)
    assert [(found.id, found.actor, found.ended) for found in answer.value] == [
        (2, "cora", False),
        (3, "cora", True),
    ]
    assert answer.missing == "GitHub listed 2 of 3 workflow runs"
    assert server.asked[0].query["created"] == ">=2026-10-14T13:00:00Z"
    assert server.asked[0].query["event"] == "workflow_dispatch"


def test_a_run_is_counted_by_its_jobs(server: Scripted, github: Github) -> None:
    jobs = [
        {"id": 1, "run_id": 3, "name": "a", "status": "completed"},
        {"id": 2, "run_id": 3, "name": "b", "status": "in_progress"},
    ]

    def answer(asked: Asked) -> Reply:
        if asked.path.endswith("/jobs"):
            return Reply(body={"total_count": 2, "jobs": jobs})
        return Reply(body=run(3, status="in_progress", conclusion=None))

    server.answer = answer
    found = github.started_run(CALL.repository, 3)
    assert (found.jobs_ended, found.jobs, found.state) == (1, 2, JobState.RUNNING)


def test_a_workflow_that_is_not_there_has_no_state(server: Scripted, github: Github) -> None:
    assert github.workflow_state(CALL) is None
    server.answer = lambda _: Reply(body={"id": 1, "state": "disabled_manually"})
    assert github.workflow_state(CALL) == "disabled_manually"
