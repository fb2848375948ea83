"""Builds of a running world: counted by its own plan, to order, late, deleted, dispatched; logs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from cockpit.rehearsal.builds import ends_at, job_conclusion, notice_pushes, start_run
from cockpit.rehearsal.docsite import DOCS
from cockpit.rehearsal.fastimport import git
from cockpit.rehearsal.model import Job
from cockpit.rehearsal.uploads import Uploads
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
    before = dict[int, list[int]]()
    for _ in range(8):
        world.clock.advance(timedelta(minutes=45))
        count, jobs = counted(world, RC2), listed(world, RC2, "latest")
        assert count["listed"]["by_status"] == dict(Counter(job["status"] for job in jobs))
        ended = Counter(job["conclusion"] for job in jobs if job["conclusion"])
        assert count["listed"]["by_conclusion"] == dict(ended)
        assert count["merged"] == count["listed"]
        assert count["planned"] == world.scenario.jobs_target
        seen.add(len(jobs))
        for run in {job["run_id"] for job in jobs}:
            ids = [job["id"] for job in jobs if job["run_id"] == run]
            # A list only grows at its end, or pages read one after the other would miss jobs.
            assert ids[: len(before.get(run, ()))] == before.get(run, [])
            before[run] = ids
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


def test_others_than_actions_report_on_a_candidate_too(world: World) -> None:
    world.push_commit(CORE)
    sha = world.push_tag(CORE, "v2.15.0-rc9")
    suites = github(world, f"commits/{sha}/check-suites?per_page=100")["check_suites"]
    foreign = {s["app"]["slug"]: s for s in suites if s["app"]["slug"] != "github-actions"}
    assert foreign.keys() == {"facebook-github-tools", "docs-preview", "codecov"}
    silent = foreign["codecov"]
    assert (silent["status"], silent["latest_check_runs_count"]) == ("queued", 0)
    assert github(world, f"commits/{sha}/status")["state"] == "pending"

    world.clock.advance(timedelta(minutes=20))
    checks = {
        check["name"]: (check["status"], check["conclusion"])
        for suite in foreign.values()
        for check in github(world, f"check-suites/{suite['id']}/check-runs")["check_runs"]
    }
    assert checks == {
        "Meta Internal-Only Changes Check": ("completed", "success"),
        "docs preview": ("in_progress", None),
    }
    every = github(world, f"commits/{sha}/check-runs?per_page=1")
    assert every["total_count"] > len(checks)
    told = github(world, f"commits/{sha}/status")
    assert (told["state"], told["total_count"]) == ("success", 1)
    assert [one["state"] for one in github(world, f"commits/{sha}/statuses")] == [
        "success", "pending",
    ]  # fmt: skip


INFRA = "pytorch/test-infra"


@pytest.mark.parametrize(
    ("file", "inputs", "said"),
    [
        ("validate-binaries", {"colour": "red"}, 'Unexpected inputs provided: ["colour"]'),
        ("validate-binaries", {"os": "beos"}, "'beos' for input 'os' not in the list of allowed"),
        ("validate-binaries", {"torchonly": "yes"}, "'yes' for input 'torchonly' is not a boolean"),
        ("validate-linux-binaries", {}, "Required input 'channel' not provided"),
        ("release-docker", {"dry_run": "maybe"}, "'maybe' for input 'dry_run' is not a boolean"),
        ("release-post-promotion", {"project": "jax"}, "'jax' for input 'project' not in the list"),
    ],
)
def test_a_dispatch_is_refused_as_github_does(
    world: World, file: str, inputs: dict[str, str], said: str
) -> None:
    refused = dispatch(world, file, inputs)
    assert refused.status_code == 422
    assert said in refused.json()["message"]


def test_a_dispatch_runs_what_its_inputs_ask_for_and_ends(world: World) -> None:
    started = dispatch(world, "validate-binaries", {"os": "linux", "channel": "test"})
    run = started.json()["workflow_run_id"]
    names = {job.name: job.conclusion for job in infra_jobs(world, run)}
    assert {name for name, end in names.items() if end == "skipped"} == {
        "linux-aarch64", "windows", "macos",
    }  # fmt: skip
    assert sum(name.startswith("linux / wheel-") for name in names) == 4
    world.clock.advance(timedelta(hours=2))
    path = f"{world.github_url}/repos/{INFRA}/actions/runs/{run}"
    ended = requests.get(path, timeout=10).json()
    assert (ended["status"], ended["event"]) == ("completed", "workflow_dispatch")


@pytest.mark.parametrize(("dry_run", "end"), [(True, "skipped"), (False, "success")])
def test_a_dry_run_of_the_branch_cut_leaves_its_jobs_out(
    world: World, dry_run: bool, end: str
) -> None:
    wanted: dict[str, object] = {"release_version": "2.15", "dry_run": dry_run}
    started = dispatch(world, "release-pytorch-post-branch-cut", wanted).json()["workflow_run_id"]
    assert {job.conclusion for job in infra_jobs(world, started)} == {end}


def dispatch(world: World, file: str, inputs: Mapping[str, object]) -> requests.Response:
    return requests.post(
        f"{world.github_url}/repos/{INFRA}/actions/workflows/{file}.yml/dispatches",
        headers={"Authorization": "token rehearsal-token-of-the-captain"},
        json={"ref": "release/2.15", "inputs": inputs, "return_run_details": True},
        timeout=10,
    )


def infra_jobs(world: World, run: int) -> list[Job]:
    return world.forge.repositories[INFRA].runs[run].jobs


def test_the_newer_workflow_uploads_all_wheels_of_an_accelerator_at_once(tmp_path: Path) -> None:
    with World.start(tmp_path / "w", scenario="matrix") as other:
        control(other, "clock/speed", {"speed": 0})
        names = {
            (job["name"], job["conclusion"], job["attempt"])
            for job in counted(other, RC1)["jobs"]
            if job["workflow"] == "linux-binary-manywheel" and not job["carried_over"]
        }
        assert {name for name, _, _ in names} >= {
            "generate-matrix",
            "build (3.12, cu130)",
            "merge-artifacts (cu126)",
            "upload (cpu)",
            "libtorch-extract (cu130)",
            "libtorch-upload (cu130)",
        }
        red = "test (3.12, cu130)"
        assert {(red, "failure", 1), (red, "success", 2), ("upload (cu130)", "success", 2)} <= names
        core = other.forge.repositories[CORE]
        objects = Uploads(other.forge, other.scenario)
        workflow = next(w for w in core.workflows.values() if w.name == "linux-binary-manywheel")
        sha = other.push_tag(CORE, RC2)
        start_run(
            other.forge, core, workflow, event="push", ref=RC2, sha=sha, actor="x", outcomes={}
        )
        other.clock.advance(timedelta(days=1))
        brought = {item.key for item in objects.due(other.clock.now()) if "x86_64" in item.key}
        assert len([key for key in brought if key.startswith("whl/test/cu130/torch-")]) == 3


def published(world: World) -> set[str]:
    git_dir = world.forge.repositories[DOCS].git_dir
    folders = set(git(git_dir, "ls-tree", "-d", "--name-only", "site").split())
    listing = git(git_dir, "show", "site:versions.html")
    assert set(re.findall(r'href="(\d+\.\d+)/', listing)) == folders
    return folders


def test_the_documentation_comes_with_a_candidate_or_by_hand(tmp_path: Path) -> None:
    with World.start(tmp_path / "w", scenario="small") as other:
        assert "2.14" in published(other)
        assert "2.15" not in published(other)
        control(other, "actions/publish-docs", {"line": "2.14"})
        assert "2.15" not in published(other)
        other.push_tag(CORE, RC2)
        url = f"{other.github_url}/repos/{DOCS}/contents/2.15?ref=site"
        assert requests.get(url, timeout=10).status_code == 404
        core = other.forge.repositories[CORE]
        notice_pushes(other.forge, core)
        (run,) = (r for r in core.runs.values() if (r.name, r.head_branch) == ("nightly", RC2))
        assert job_conclusion(run.jobs[-1]) == "success"
        other.clock.advance(ends_at(run) - other.clock.now() + timedelta(seconds=1))
        assert requests.get(url, timeout=10).status_code == 200
        assert published(other) == {"2.12", "2.13", "2.14", "2.15"}
