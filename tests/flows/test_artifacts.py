"""The test channel of a world: what is planted in it is found, and nothing else."""

from __future__ import annotations

import io
import json
import zipfile
from collections import defaultdict
from collections.abc import Mapping

import boto3
import pytest

from cockpit.cli import main
from cockpit.config import parse
from cockpit.rehearsal.world import World
from cockpit.release.dispatches import WorkflowCall
from cockpit.release.findings import CellState, FindingKind, coverage, findings
from cockpit.release.gates import GATES
from cockpit.release.run_events import DispatchRequested, DispatchStarted
from cockpit.release.verdicts import Outcome
from cockpit.runtime import Cockpit
from tests.flows.releases import cockpit_on
from tests.flows.test_cli import call

TORCH = "whl/test/"
LOOKED_AT = ("branches", "ledger", "builds", "libraries", "artifacts")


def planted(world: World) -> Mapping[FindingKind, set[str]]:
    """What is wrong in the channel, told by reading every file whole."""
    client = boto3.client(
        "s3",
        endpoint_url=world.s3_url,
        region_name="us-east-1",
        aws_access_key_id="AKIAREHEARSAL0000001",
        aws_secret_access_key="rehearsal-secret",
    )
    commit = world.forge.repositories["pytorch/pytorch"].seen_refs["refs/tags/v2.15.0-rc1"]
    found: dict[FindingKind, set[str]] = defaultdict(set)
    for item in client.list_objects_v2(Bucket="pytorch", Prefix=TORCH)["Contents"]:
        key = item["Key"]
        if not key.rpartition("/")[2].startswith("torch-2.15.0"):
            continue
        answer = client.get_object(Bucket="pytorch", Key=key)
        with zipfile.ZipFile(io.BytesIO(answer["Body"].read())) as archive:
            text = "".join(archive.read(name).decode() for name in archive.namelist())
        if "checksum-sha256" not in answer["Metadata"]:
            found[FindingKind.NO_CHECKSUM].add(key)
        if commit not in text:
            found[FindingKind.OTHER_COMMIT].add(key)
        if "Requires-Dist: jinja2" not in text:
            found[FindingKind.REQUIREMENTS].add(key)
    return found


def found_by(cockpit: Cockpit) -> dict[FindingKind, set[str]]:
    """What the cockpit finds about files that are there."""
    found: dict[FindingKind, set[str]] = defaultdict(set)
    for finding in findings(cockpit.state):
        if finding.key:
            found[finding.kind].add(finding.key)
    return found


def heads(world: World) -> int:
    return sum(request.method == "HEAD" for request in world.requests("s3").recent)


async def test_exactly_what_is_planted_is_found(shared_world: World) -> None:
    cockpit = cockpit_on(shared_world)
    assert await cockpit.verify() == {}
    await cockpit.refresh(*LOOKED_AT)
    assert found_by(cockpit) == planted(shared_world)
    missing = [s for s in coverage(cockpit.state) if s.state is CellState.MISSING]
    assert len(missing) == 2
    assert all(status.findings[0].url for status in missing), "the red job is a link away"
    verdict = GATES["wheels-complete"].judge(cockpit.state)
    assert verdict.outcome is Outcome.FAILED
    assert "9 of 11 wheels and archives" in verdict.text


async def test_looks_find_it_unasked_and_ask_no_file_twice(shared_world: World) -> None:
    text = shared_world.config_path.read_text(encoding="utf-8")
    cockpit = Cockpit(parse(text, shared_world.directory / "other.toml"))
    before = heads(shared_world)
    await cockpit.refresh(*LOOKED_AT)
    artifacts = cockpit.state.artifacts.value
    assert artifacts is not None
    staged = artifacts.staged()
    assert heads(shared_world) - before == len(staged)
    assert all(file.sha256 is not None for file in staged)
    looked_into = sum(file.contents is not None for file in staged)
    assert looked_into == cockpit.config.settings.artifacts.sample
    for _ in range(0, len(staged), looked_into):
        await cockpit.refresh("artifacts")
    assert found_by(cockpit) == planted(shared_world)
    assert heads(shared_world) - before == len(staged)
    again = Cockpit(parse(text, shared_world.directory / "other.toml"))
    served = heads(shared_world)
    await again.refresh(*LOOKED_AT)
    assert (found_by(again), heads(shared_world)) == (planted(shared_world), served)


async def test_an_index_that_cannot_be_reached_is_unknown_in_words(shared_world: World) -> None:
    text = shared_world.config_path.read_text(encoding="utf-8")
    text = text.replace(f'index_url = "{shared_world.s3_url}', 'index_url = "http://127.0.0.1:9')
    cockpit = Cockpit(parse(text, shared_world.directory / "unreached.toml"))
    await cockpit.refresh(*LOOKED_AT)
    states = {s.state for s in coverage(cockpit.state) if s.package == "torchvision"}
    assert states == {CellState.UNKNOWN}
    words = [s.unknown for s in coverage(cockpit.state) if s.unknown]
    assert "The index cannot be reached" in words[0]


async def test_a_validating_run_is_read_by_what_the_ledger_says(shared_world: World) -> None:
    cockpit = cockpit_on(shared_world)
    inputs = {"channel": "test", "os": "all", "version": "2.15.0"}
    started = WorkflowCall("pytorch/test-infra", "validate-binaries.yml", "main", inputs)
    ledger, github = cockpit.backends.ledger, cockpit.backends.github
    ledger.append(DispatchRequested("v", started.repository, started.file, started.ref, inputs, 0))
    run = github.dispatch(started)
    assert run is not None
    ledger.append(DispatchStarted("v", run, "https://github.example/run"))
    await cockpit.refresh(*LOOKED_AT, "validations")
    read = cockpit.state.validations.value
    assert read is not None
    assert [each.id for each in read.runs] == [run]
    verdict = GATES["binaries-validated"].judge(cockpit.state)
    assert (verdict.outcome, verdict.pending) == (Outcome.UNKNOWN, True)


@pytest.mark.parametrize(("package", "code"), [("libtorch", 0), ("torch", 1), ("torchaudio", 2)])
def test_the_command_line_tells_it_with_an_exit_code(
    shared_world: World, package: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(shared_world.config_path)
    assert main(["--config", config, "artifacts", "--verify", "--package", package]) == code
    said = capsys.readouterr()
    if code == 1:
        assert "2 missing" in said.out
        assert "not from v2.15.0-rc1" in said.out
        assert "next: " in said.out
    if code == 2:
        assert "there is torch, libtorch, torchvision" in said.err


def test_as_data_every_file_has_its_jobs_its_state_and_its_findings(shared_world: World) -> None:
    done = call("artifacts", "--json", config=shared_world.config_path)
    document = json.loads(done.stdout)
    assert document["candidate"] == "v2.15.0-rc1"
    torch = [file for file in document["files"] if file["package"] == "torch"]
    assert len(torch) == 10
    assert {"state", "file", "jobs", "findings", "place", "expected"} <= set(torch[0])
    assert all("upload" in file["jobs"] for file in torch)


def test_a_store_that_does_not_answer_is_no_verdict(
    shared_world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shared_world.config_path.read_text(encoding="utf-8")
    config = shared_world.directory / "astray.toml"
    astray = text.replace(f'endpoint = "{shared_world.s3_url}', 'endpoint = "http://127.0.0.1:9')
    config.write_text(astray, encoding="utf-8")
    assert main(["--config", str(config), "artifacts"]) == 3
    assert "S3 cannot be reached" in capsys.readouterr().err
