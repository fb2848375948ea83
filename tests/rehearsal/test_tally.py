"""The world's own count of a candidate's builds, against what its GitHub lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from cockpit.rehearsal.world import World

CORE = "pytorch/pytorch"
RC1, RC2 = "v2.15.0-rc1", "v2.15.0-rc2"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A small world whose clock stands still, with a second candidate."""
    with World.start(tmp_path_factory.mktemp("tally") / "w", scenario="small") as started:
        control(started, "clock/speed", {"speed": 0})
        started.push_tag(CORE, RC2)
        yield started


def control(world: World, path: str, body: dict[str, object]) -> Any:
    answer = requests.post(f"{world.control_url}/{path}", json=body, timeout=20)
    assert answer.ok, answer.text
    return answer.json() if answer.content else None


def counted(world: World, ref: str) -> Any:
    asked = {"repository": CORE, "ref": ref}
    return requests.get(f"{world.control_url}/builds", params=asked, timeout=20).json()


def github(world: World, path: str) -> Any:
    headers = {"Authorization": "token rehearsal-token-of-the-captain"}
    answer = requests.get(f"{world.github_url}/repos/{CORE}/{path}", headers=headers, timeout=20)
    assert answer.ok, answer.text
    return answer.json()


def listed(world: World, ref: str, which: str) -> list[Any]:
    runs = github(world, f"actions/runs?branch={ref}&per_page=100")["workflow_runs"]
    jobs: list[Any] = []
    for run in runs:
        page = github(world, f"actions/runs/{run['id']}/jobs?filter={which}&per_page=100")
        assert page["total_count"] == len(page["jobs"])
        jobs += page["jobs"]
    return jobs


def test_the_count_is_what_github_lists_while_jobs_come_and_go(world: World) -> None:
    seen = set[int]()
    for _ in range(8):
        world.clock.advance(timedelta(minutes=45))
        count, jobs = counted(world, RC2), listed(world, RC2, "latest")
        assert count["listed"]["by_status"] == dict(Counter(job["status"] for job in jobs))
        ended = Counter(job["conclusion"] for job in jobs if job["conclusion"])
        assert count["listed"]["by_conclusion"] == dict(ended)
        assert count["merged"] == count["listed"]
        assert count["planned"] == world.scenario.jobs_target
        seen.add(len(jobs))
    assert len(seen) > 3


def test_every_attempt_is_counted_and_copies_are_told_from_what_ran(world: World) -> None:
    count = counted(world, RC1)
    jobs = {job["id"]: job for job in listed(world, RC1, "all")}
    assert {job["id"]: job["conclusion"] for job in count["jobs"]} == {
        number: job["conclusion"] for number, job in jobs.items()
    }
    ran = Counter((j["workflow"], j["name"]) for j in count["jobs"] if not j["carried_over"])
    assert count["merged"]["total"] == count["planned"] == len(ran)
    assert max(ran.values()) == 2
    flaky = [
        name
        for name, tries in ran.items()
        if {j["conclusion"] for j in count["jobs"] if (j["workflow"], j["name"]) == name}
        == {"failure", "success"}
    ]
    assert {workflow for workflow, _ in flaky} == {"linux-binary-manywheel", "Build Triton wheels"}
    by_hand = [run for run in count["runs"] if run["event"] == "workflow_dispatch"]
    assert [run["workflow"] for run in by_hand] == ["Build Triton wheels"]
    assert count["merged"]["by_conclusion"]["failure"] < count["listed"]["by_conclusion"]["failure"]


def test_ten_thousand_jobs_come_in_a_hundred_pages(world: World) -> None:
    run = control(world, "actions/start-run", {"ref": RC1, "jobs": 10_000})["run"]
    page = github(world, f"actions/runs/{run}/jobs?per_page=100&page=100")
    assert (page["total_count"], len(page["jobs"])) == (10_000, 100)
    assert github(world, f"actions/runs/{run}/jobs?per_page=100&page=101")["jobs"] == []
    control(world, "actions/delete-run", {"run": run})
    url = f"{world.github_url}/repos/{CORE}/actions/runs/{run}"
    assert requests.get(url, timeout=10).status_code == 404


def test_names_are_served_as_they_are_and_a_broken_workflow_has_no_jobs(world: World) -> None:
    odd = "[red]x[/red]\x1b[31m \u202e / build\n"
    run = control(world, "actions/start-run", {"ref": RC1, "jobs": [odd], "workflow": "odd"})["run"]
    (job,) = github(world, f"actions/runs/{run}/jobs")["jobs"]
    assert job["name"] == odd
    wanted = {"ref": RC1, "workflow": "broken", "starts": False}
    broken = control(world, "actions/start-run", wanted)["run"]
    found = github(world, f"actions/runs/{broken}")
    assert (found["status"], found["conclusion"]) == ("completed", "startup_failure")
    assert github(world, f"actions/runs/{broken}/jobs")["total_count"] == 0


def test_runs_of_a_push_can_be_late_by_the_clock(world: World) -> None:
    fault = world.faults.add("late-start:30")
    world.push_tag(CORE, "v2.15.0-rc3")
    shown = []
    for _ in range(4):
        found = github(world, "actions/runs?branch=v2.15.0-rc3")
        shown.append(found["total_count"])
        assert len(counted(world, "v2.15.0-rc3")["runs"]) == shown[-1]
        world.clock.advance(timedelta(seconds=10))
    assert shown[0] == 0
    assert shown == sorted(set(shown))
    assert counted(world, "v2.15.0-rc3")["planned"] == world.scenario.jobs_target
    world.faults.remove(fault)


def test_logs_come_in_ranges_and_can_be_huge_or_gone(world: World) -> None:
    failed = next(j for j in counted(world, RC1)["jobs"] if j["conclusion"] == "failure")
    path = f"{world.github_url}/repos/{CORE}/actions/jobs/{failed['id']}/logs"
    token = {"Authorization": "token rehearsal-token-of-the-captain"}

    def ask(wanted: str) -> requests.Response:
        return requests.get(path, headers=token | {"Range": wanted}, timeout=20)

    whole = requests.get(path, headers=token, timeout=20)
    assert (whole.status_code, whole.headers["Accept-Ranges"]) == (200, "bytes")
    size = len(whole.content)
    for wanted, start, stop in (
        ("bytes=0-9", 0, 10),
        (f"bytes={size - 5}-", size - 5, size),
        (f"bytes=10-{size + 99}", 10, size),
        ("bytes=-100", size - 100, size),
        (f"bytes=-{size + 1}", 0, size),
    ):
        part = ask(wanted)
        assert (part.status_code, part.content) == (206, whole.content[start:stop])
        assert part.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{size}"
    beyond = ask(f"bytes={size}-")
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")

    fault = world.faults.add("huge-log:200")
    last = ask("bytes=-65536")
    assert last.status_code == 206
    assert last.content[-2000:] == whole.content[-2000:]
    assert int(last.headers["Content-Range"].rpartition("/")[2]) > 199_000_000
    world.faults.remove(fault)
    fault = world.faults.add("expired-log")
    assert ask("bytes=0-9").status_code == 410
    world.faults.remove(fault)


def test_the_control_endpoint_knows_only_refs_that_exist(world: World) -> None:
    asked = {"repository": CORE, "ref": "v9.9.9-rc1"}
    refused = requests.get(f"{world.control_url}/builds", params=asked, timeout=10)
    assert (refused.status_code, "no branch or tag v9.9.9-rc1" in refused.text) == (422, True)
