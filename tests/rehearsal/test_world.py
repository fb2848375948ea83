"""The supervisor: a world comes up whole, can be tampered with, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
import github
import pytest
import requests
from botocore.config import Config as BotoConfig
from botocore.exceptions import ClientError, ConnectionClosedError, ResponseStreamingError

from cockpit.config import load
from cockpit.rehearsal.faults import FaultError
from cockpit.rehearsal.scenario import SCENARIOS
from cockpit.rehearsal.serving import ServiceName
from cockpit.rehearsal.world import World, WorldError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CORE = "pytorch/pytorch"
CANDIDATE = "v2.15.0-rc1"


def credentials(world: World) -> dict[str, str]:
    lines = (world.directory / "credentials.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def s3_client(world: World) -> S3Client:
    keys = credentials(world)
    return boto3.client(
        "s3",
        endpoint_url=world.s3_url,
        region_name="us-east-1",
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        config=BotoConfig(retries={"total_max_attempts": 1}),
    )


@contextmanager
def github_client(world: World) -> Iterator[github.Github]:
    client = github.Github(
        auth=github.Auth.Token(credentials(world)["GITHUB_TOKEN"]),
        base_url=world.github_url,
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
        lazy=True,
    )
    yield client
    client.close()


def git(world: World, *arguments: str) -> str:
    repository = world.forge.repositories[CORE].git_dir
    return subprocess.run(
        ["git", f"--git-dir={repository}", *arguments],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


def open_sockets() -> set[str]:
    """The sockets of this process, where the system lets us see them."""
    links = set()
    for descriptor in Path("/proc/self/fd").glob("*"):
        try:
            link = str(descriptor.readlink())
        except FileNotFoundError:
            continue
        if link.startswith("socket:"):
            links.add(link)
    return links


def accepts_connections(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", urlsplit(url).port or 0)) == 0


def test_everything_answers_with_the_credentials_beside_the_config(shared_world: World) -> None:
    with github_client(shared_world) as client:
        assert client.get_user().login == "captain"
        assert client.get_repo(CORE).get_branch("release/2.15").commit.sha
    buckets = {bucket.get("Name") for bucket in s3_client(shared_world).list_buckets()["Buckets"]}
    assert {"pytorch", "pytorch-backup"} <= buckets
    listed = s3_client(shared_world).list_objects_v2(Bucket="pytorch", Prefix="whl/test/cpu/")
    assert any("torch-2.15.0" in item.get("Key", "") for item in listed["Contents"])
    torch = requests.get(f"{shared_world.index_url}/pypi/torch/json", timeout=10).json()
    assert torch["info"]["version"] == "2.14.0"
    assert {file["python_version"] for file in torch["urls"]} >= {"cp310", "cp314"}


def test_the_config_is_one_the_cockpit_reads(shared_world: World) -> None:
    config = load(shared_world.config_path)
    assert str(config.version) == "2.15.0"
    assert config.settings.clock == f"{shared_world.control_url}/clock"
    for repository in config.repositories:
        git_dir = shared_world.forge.repositories[repository.name].git_dir
        assert Path(repository.remote) == git_dir
        refs = subprocess.run(
            ["git", "ls-remote", "--heads", repository.remote],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        assert f"refs/heads/{repository.release_branch}\n" in refs
        assert f"refs/heads/{repository.cut_from}\n" in refs
    assert (Path(config.ledger_remote) / "HEAD").exists()
    assert config.settings.support.pythons == SCENARIOS["small"].matrix.pythons


def test_secrets_are_in_a_file_of_their_own_that_only_its_owner_reads(shared_world: World) -> None:
    text = shared_world.config_path.read_text()
    values = credentials(shared_world)
    assert set(values) == {
        "GITHUB_TOKEN",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "R2_ACCESS_KEY_ID",
        "R2_SECRET_ACCESS_KEY",
        "TWINE_USERNAME",
        "TWINE_PASSWORD",
        "ANACONDA_API_TOKEN",
    }
    for key, value in values.items():
        assert key == "TWINE_USERNAME" or value not in text
    mode = stat.S_IMODE((shared_world.directory / "credentials.env").stat().st_mode)
    assert mode == 0o600


def test_worlds_come_and_go_without_leaving_anything(tmp_path: Path) -> None:
    threads, sockets = set(threading.enumerate()), open_sockets()
    for number in range(3):
        world = World.start(tmp_path / str(number), scenario="small")
        urls = [state.url for state in world.services().values()]
        assert len(urls) == 5
        assert all(accepts_connections(url) for url in urls)
        s3_client(world).list_buckets()
        world.stop()
        world.stop()
        assert not any(accepts_connections(url) for url in urls)
        assert (world.directory / "world.log").read_text() == ""
        assert set(threading.enumerate()) <= threads
        assert open_sockets() <= sockets


def test_two_worlds_at_once_are_two(world: World, shared_world: World) -> None:
    s3_client(world).put_object(Bucket="pytorch", Key="only-here", Body=b"x")
    with pytest.raises(ClientError):
        s3_client(shared_world).head_object(Bucket="pytorch", Key="only-here")
    world.clock.advance(timedelta(days=1))
    assert world.clock.now() - shared_world.clock.now() > timedelta(hours=23)
    assert world.remotes != shared_world.remotes


def test_the_epoch_and_the_speed_are_the_worlds(tmp_path: Path) -> None:
    epoch = datetime(2027, 1, 1, tzinfo=UTC)
    with World.start(tmp_path / "w", scenario="small", epoch=epoch, speed=1000) as world:
        answer = requests.get(f"{world.control_url}/clock", timeout=10).json()
        assert answer["speed"] == 1000
        assert datetime.fromisoformat(answer["now"]) >= epoch


def test_a_directory_in_use_is_refused(world: World, tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="is not an empty directory"):
        World.start(world.directory, scenario="small")
    with pytest.raises(WorldError, match="is not an empty directory"):
        World.start(world.config_path, scenario="small")
    (tmp_path / "empty").mkdir()
    with pytest.raises(WorldError, match="no scenario 'huge'; known: default, small, large"):
        World.start(tmp_path / "empty", scenario="huge")
    assert not list((tmp_path / "empty").iterdir())


def test_a_moved_a_deleted_tag_and_a_pushed_commit(world: World) -> None:
    before = git(world, "rev-parse", CANDIDATE)
    parent = git(world, "rev-parse", f"{CANDIDATE}~1")
    moved = world.faults.add(f"moved-tag:{CANDIDATE}")
    assert git(world, "rev-parse", CANDIDATE) == parent != before
    assert [(r.id, r.fired) for r in world.faults.reports()] == [(moved, 1)]

    world.faults.add(f"deleted-tag:{CORE}:{CANDIDATE}")
    assert git(world, "tag", "--list", CANDIDATE) == ""
    with pytest.raises(FaultError, match=f"has no tag {CANDIDATE}"):
        world.faults.add(f"deleted-tag:{CANDIDATE}")

    head = git(world, "rev-parse", "release/2.15")
    pushed = world.push_commit(CORE, message="Fix the docs")
    assert git(world, "log", "-1", "--format=%H %P %s", "release/2.15") == (
        f"{pushed} {head} Fix the docs"
    )
    again = world.push_commit(CORE)
    assert git(world, "diff", "--name-only", pushed, again) == "docs/release-notes.md"
    with pytest.raises(ValueError, match="no branch nowhere"):
        world.push_commit(CORE, "nowhere")
    with pytest.raises(WorldError, match="no repository 'pytorch/audio'"):
        world.push_commit("pytorch/audio")


@pytest.mark.parametrize("service", ["github", "s3", "index"])
def test_an_unreachable_service_comes_back(world: World, service: ServiceName) -> None:
    url = world.services()[service].url
    fault = world.faults.add(f"unreachable@{service}")
    assert not accepts_connections(url)
    assert not world.services()[service].reachable
    with pytest.raises(FaultError, match="unreachable already"):
        world.faults.add(f"unreachable@{service}")
    world.faults.remove(fault)
    assert accepts_connections(url)

    world.faults.add(f"unreachable@{service}:0.05")
    deadline = datetime.now(UTC) + timedelta(seconds=10)
    while not accepts_connections(url):
        assert datetime.now(UTC) < deadline


def test_a_world_stops_while_a_service_is_away(tmp_path: Path) -> None:
    threads = set(threading.enumerate())
    world = World.start(tmp_path / "w", scenario="small")
    world.faults.add("unreachable@s3:600")
    world.faults.add("unreachable@github")
    world.stop()
    assert set(threading.enumerate()) <= threads


def test_the_control_endpoint_shows_and_moves_the_world(world: World) -> None:
    control = world.control_url
    before = datetime.fromisoformat(requests.get(f"{control}/clock", timeout=10).json()["now"])
    moved = requests.post(f"{control}/clock/advance", json={"seconds": 3600}, timeout=10)
    assert datetime.fromisoformat(moved.json()["now"]) - before >= timedelta(hours=1)

    added = requests.post(
        f"{control}/faults", json={"kind": "server-error", "times": 2}, timeout=10
    )
    assert added.status_code == 201
    assert requests.get(f"{world.github_url}/", timeout=10).status_code == 502
    state = requests.get(f"{control}/state", timeout=10).json()
    assert state["faults"][0]["fired"] == 1
    assert state["services"]["github"]["served"] == 1
    assert state["counts"]["repositories"] == 4
    assert requests.delete(f"{control}/faults", timeout=10).status_code == 204
    assert requests.get(f"{world.github_url}/", timeout=10).status_code == 200

    head = git(world, "rev-parse", "release/2.15")
    pushed = requests.post(f"{control}/actions/push-commit", json={}, timeout=10).json()["sha"]
    assert git(world, "rev-parse", "release/2.15~1", "release/2.15").split() == [head, pushed]
    tag = requests.post(
        f"{control}/actions/move-tag", json={"tag": CANDIDATE, "to": "release/2.15"}, timeout=10
    )
    assert tag.json() == {"sha": pushed}
    assert git(world, "rev-parse", CANDIDATE) == pushed

    assert not world.stop_requested.is_set()
    assert requests.post(f"{control}/stop", timeout=10).status_code == 202
    assert world.stop_requested.is_set()


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/faults", '{"kind": "earthquake"}', "earthquake"),
        ("/faults", '{"kind": "reset", "often": 3}', "often"),
        ("/faults", '{"kind": "expired-token", "service": "github"}', "not github"),
        ("/faults", "{", "truncated"),
        ("/clock/advance", '{"seconds": -1}', "backwards"),
        ("/actions/move-tag", '{"tag": "v0.0.0"}', "no tag v0.0.0"),
        ("/actions/move-tag", "{}", "tag"),
    ],
)
def test_the_control_endpoint_refuses_in_words(
    shared_world: World, path: str, body: str, words: str
) -> None:
    refused = requests.post(f"{shared_world.control_url}{path}", data=body, timeout=10)
    assert refused.status_code == 422
    assert words in refused.json()["error"]
    assert shared_world.faults.reports() == []


def test_pygithub_sees_throttling_and_lost_responses(world: World) -> None:
    world.faults.add("throttle-primary:60")
    with github_client(world) as client:
        with pytest.raises(github.RateLimitExceededException):
            client.get_repo(CORE).get_branch("main")
        world.clock.advance(timedelta(seconds=61))
        repository = client.get_repo(CORE)
        head = repository.get_branch("release/2.15").commit.sha

        world.faults.add("response-lost")
        with pytest.raises(requests.ConnectionError):
            repository.create_git_ref("refs/tags/v2.15.0-rc2", head)
        assert git(world, "rev-parse", "v2.15.0-rc2") == head

        world.faults.add("truncated-page")
        short = repository.get_issues(state="all").get_page(0)
        whole = repository.get_issues(state="all").get_page(0)
        assert len(short) == len(whole) // 2 > 0


def test_runs_of_a_new_candidate_are_late(world: World) -> None:
    def runs_of(tag: str) -> int:
        url = f"{world.github_url}/repos/{CORE}/actions/runs"
        found = requests.get(url, params={"branch": tag}, timeout=10).json()
        assert len(found["workflow_runs"]) == min(found["total_count"], 30)
        return int(found["total_count"])

    world.faults.add("late-runs:1")
    assert runs_of(CANDIDATE) > 0
    git(world, "update-ref", "refs/tags/v2.15.0-rc2", "release/2.15")
    assert runs_of("v2.15.0-rc2") == 0
    assert runs_of("v2.15.0-rc2") > 0


def test_boto3_sees_an_expired_token_until_the_captain_logs_in_again(world: World) -> None:
    world.faults.add("expired-token:1")
    client = s3_client(world)
    client.list_buckets()
    with pytest.raises(ClientError, match="ExpiredToken"):
        client.list_buckets()
    renewed = requests.post(f"{world.control_url}/actions/renew-s3-credentials", timeout=10)
    assert renewed.json()["access_key"] == credentials(world)["AWS_ACCESS_KEY_ID"]
    s3_client(world).list_buckets()


def test_boto3_sees_half_an_upload_and_a_broken_download(world: World) -> None:
    client = s3_client(world)
    world.faults.add("half-upload")
    with pytest.raises(ConnectionClosedError):
        client.put_object(Bucket="pytorch", Key="half", Body=b"x" * 1_000_000)
    with pytest.raises(ClientError, match="404"):
        client.head_object(Bucket="pytorch", Key="half")
    client.put_object(Bucket="pytorch", Key="half", Body=b"x" * 1_000_000)
    world.faults.add("truncated-body@s3")
    with pytest.raises(ResponseStreamingError, match="IncompleteRead"):
        client.get_object(Bucket="pytorch", Key="half")["Body"].read()


def test_an_upload_that_dies_half_way_burns_its_name(world: World) -> None:
    name = "torch-2.15.0-py3-none-any.whl"
    form = {":action": "file_upload", "name": "torch", "version": "2.15.0"}
    keys = credentials(world)

    def upload() -> requests.Response:
        return requests.post(
            f"{world.index_url}/legacy/",
            data=form,
            files={"content": (name, b"w" * 1_000_000)},
            auth=(keys["TWINE_USERNAME"], keys["TWINE_PASSWORD"]),
            timeout=10,
        )

    world.faults.add("half-upload@index")
    with pytest.raises(requests.ConnectionError):
        upload()
    assert name not in {file.filename for file in world.index.files()}
    refused = upload()
    assert refused.status_code == 400
    assert "File already exists" in refused.reason


@pytest.mark.seaweedfs
def test_a_world_on_the_real_s3_server(tmp_path: Path) -> None:
    with World.start(tmp_path / "w", scenario="small", s3="seaweedfs") as world:
        url = world.s3_url
        listed = s3_client(world).list_objects_v2(Bucket="pytorch", Prefix="whl/test/")
        assert listed["KeyCount"] > 10
        page = "pytorch/whl/test/cpu/torch/index.html"
        assert requests.get(f"{url}/{page}", timeout=10).ok, "installers have no key"
        with pytest.raises(FaultError, match="the real S3 server answers by itself"):
            world.faults.add("slow@s3")
        with pytest.raises(WorldError, match="not counted"):
            world.requests("s3")
        assert world.services()["s3"].served is None
    assert not accepts_connections(url)


Headless = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def headless(tmp_path: Path) -> Iterator[Headless]:
    """Starts `python -m cockpit.rehearsal`; what still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []
    (tmp_path / "tmp").mkdir()

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "cockpit.rehearsal", "--scenario", "small", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "TMPDIR": str(tmp_path / "tmp"),
                "http_proxy": "http://127.0.0.1:9",
            },
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def config_of(process: subprocess.Popen[str]) -> Path:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("ready: "), line + process.communicate()[1]
    return Path(line.removeprefix("ready: ").rstrip("\n"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_headless_serves_until_a_signal(
    headless: Headless, tmp_path: Path, number: signal.Signals
) -> None:
    process = headless("--dir", str(tmp_path / "w"), "--fault", "server-error@index:1")
    config_path = config_of(process)
    assert config_path == tmp_path / "w" / "release.toml"
    config = load(config_path)
    session = requests.Session()
    session.trust_env = False
    index = (config.settings.index.url or "").removesuffix("/legacy/")
    statuses = [session.get(f"{index}/simple/", timeout=10).status_code for _ in range(2)]
    assert statuses == [502, 200]
    assert session.get(config.settings.github.api, timeout=10).status_code == 200

    process.send_signal(number)
    output, errors = process.communicate(timeout=20)
    assert (process.returncode, output, errors) == (0, "", "")
    assert not accepts_connections(config.settings.github.api)
    assert config_path.exists()


def test_headless_without_a_directory_leaves_none(headless: Headless, tmp_path: Path) -> None:
    process = headless()
    config_path = config_of(process)
    assert config_path.is_relative_to(tmp_path / "tmp")
    control = (load(config_path).settings.clock or "").removesuffix("/clock")
    session = requests.Session()
    session.trust_env = False
    assert session.post(f"{control}/stop", timeout=10).status_code == 202
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")
    assert not list((tmp_path / "tmp").iterdir())


def test_headless_names_what_is_wrong_in_one_line(headless: Headless, tmp_path: Path) -> None:
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "file").touch()
    process = headless("--dir", str(tmp_path / "used"))
    output, errors = process.communicate(timeout=20)
    assert (process.returncode, output) == (2, "")
    assert errors.count("\n") == 1
    assert "is not an empty directory" in errors

    process = headless("--fault", "earthquake")
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "there is no fault 'earthquake'" in errors
