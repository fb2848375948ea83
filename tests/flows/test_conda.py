"""The conda channels of the lines that had them, on the world's loopback channel."""

from __future__ import annotations

import hashlib
import threading

import msgspec
import pytest

from cockpit.config import Config, parse
from cockpit.errors import AccessDenied, CockpitError, Conflict
from cockpit.operations.conda import CopyCondaFile, PromoteConda
from cockpit.operations.plan import Step, StepState
from cockpit.provider import Backends
from cockpit.rehearsal.condachannel import STABLE, CondaPackage
from cockpit.rehearsal.faults import Fault
from cockpit.rehearsal.world import World


def historic(world: World) -> Backends:
    """The same release, as if it were of a line that had conda."""
    text = world.config_path.read_text(encoding="utf-8")
    text = text.replace('version = "2.15.0"', 'version = "2.5.1"')
    text = text.replace('version = "0.30.0"', 'version = "0.20.1"')
    config = parse(text, world.directory / "historic.toml")
    return _backends(config)


def _backends(config: Config) -> Backends:
    folders = config.folders
    return Backends(config, data=folders.data, cache=folders.cache, log=lambda _: None)


def carry_out(step: Step) -> StepState:
    """Probe, apply and verify one step, as the runner does."""
    if step.probe().state is StepState.TODO:
        step.apply(lambda _: None, threading.Event())
    return step.verify().state


def test_packages_are_copied_once_and_settled_by_digest(shared_world: World) -> None:
    plan = PromoteConda(historic(shared_world)).plan()
    assert [step.facts.summary.split()[1] for step in plan.steps[:2]] == [
        "linux-64/pytorch-2.5.1-py3.11_0.tar.bz2",
        "osx-arm64/pytorch-2.5.1-py3.11_0.tar.bz2",
    ]
    assert len(plan.steps) == 6
    assert plan.target == "2.5.1 → conda pytorch"
    assert any("is not settled" in b or "no candidate" in b for b in plan.blockers)
    lost, other, *rest = plan.steps
    shared_world.faults.add(Fault(kind="response-lost", service="index", methods=("POST",)))
    assert carry_out(lost) is StepState.DONE
    name = "osx-arm64/pytorch-2.5.1-py3.11_0.tar.bz2"
    shared_world.conda.put(STABLE, CondaPackage("pytorch", "2.5.1", name, b"another"))
    assert carry_out(other) is StepState.CONFLICT
    with pytest.raises(Conflict):
        other.apply(lambda _: None, threading.Event())
    assert {carry_out(step) for step in rest} == {StepState.DONE}
    held = shared_world.conda.files(STABLE, "torchvision", "0.20.1")
    assert len(held) == 3
    assert {hashlib.sha256(f.body).hexdigest() for f in held} <= {
        expected.found for step in rest for expected in step.facts.expects
    }


def test_a_file_that_changed_since_the_plan_and_a_refused_token_stop(shared_world: World) -> None:
    backends = historic(shared_world)
    rules = backends.config.settings.conda
    held = backends.conda.files(rules.test_owner, "torchvision", "0.20.1")[0]
    changed = msgspec.structs.replace(held, sha256="0" * 64)
    with pytest.raises(Conflict, match="not what was planned"):
        CopyCondaFile(backends.conda, rules, "torchvision", "0.20.1", changed).apply(
            lambda _: None, threading.Event()
        )
    shared_world.conda.token, kept = "renewed", shared_world.conda.token
    try:
        with pytest.raises(AccessDenied):
            backends.conda.copy("torchvision", "0.20.1", held.basename)
    finally:
        shared_world.conda.token = kept


def test_other_lines_have_none_and_it_is_said(shared_world: World) -> None:
    text = shared_world.config_path.read_text(encoding="utf-8")
    with pytest.raises(CockpitError, match=r"2\.15\.0 has no conda packages"):
        PromoteConda(_backends(parse(text, shared_world.config_path))).plan()
