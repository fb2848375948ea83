"""Workflows of the config: typed inputs, the one live switch, and what their own files say."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.config import parse
from cockpit.errors import ConfigError
from cockpit.release.dispatches import Dispatched, WorkflowCall, dispatched
from cockpit.release.run_events import (
    DispatchRefused,
    DispatchRequested,
    DispatchStarted,
    RunAdopted,
)
from cockpit.release.workflow_files import DeclaredInput, compare, declared_inputs
from cockpit.release.workflows import (
    InputSpec,
    InputType,
    LiveSwitch,
    WorkflowSpec,
    named_inputs,
)
from tests.release.states import NOW, ledger, recorded
from tests.test_config import SMALLEST

WORDS = {"version": "2.15.0", "line": "2.15", "candidate": "v2.15.0-rc2"}
INFRA = "pytorch/test-infra"


def workflow(*inputs: InputSpec, live: LiveSwitch | None = None, ref: str = "main") -> WorkflowSpec:
    return WorkflowSpec("it", "It", INFRA, "it.yml", ref, inputs, live)


@pytest.mark.parametrize(
    ("switch", "dry", "live"),
    [
        (LiveSwitch("dryrun", live="disabled", dry="enabled"), "enabled", "disabled"),
        (LiveSwitch("dry_run", live="false", dry="true"), "true", "false"),
        (LiveSwitch("apply", live="true", dry="false"), "false", "true"),
    ],
)
def test_one_switch_stands_for_all_and_its_raw_word_is_always_sent(
    switch: LiveSwitch, dry: str, live: str
) -> None:
    spec = workflow(live=switch)
    assert spec.call({}, WORDS, live=False).inputs == {switch.input: dry}
    assert spec.call({}, WORDS, live=True).inputs == {switch.input: live}
    for raw in (dry, live):
        with pytest.raises(ValueError, match=f"{switch.input} is told by --live: {live} with it"):
            spec.call({switch.input: raw}, WORDS, live=False)


def test_without_a_switch_there_is_no_live_form() -> None:
    spec = workflow()
    assert spec.acts(live=False)
    with pytest.raises(ValueError, match="no dry run"):
        spec.call({}, WORDS, live=True)


@pytest.mark.parametrize(
    ("spec", "good", "bad", "expected"),
    [
        (InputSpec("a", InputType.BOOLEAN), "true", "yes", "true or false"),
        (InputSpec("a", InputType.NUMBER), "57.5", "nan", "a number"),
        (InputSpec("a", InputType.NUMBER), "-3", "three", "a number"),
        (InputSpec("a", InputType.CHOICE, options=("x", "y")), "y", "z", "one of x, y"),
        (InputSpec("a"), "anything, even = signs", "two\nlines", "one line of text"),
        (InputSpec("a", required=True), "1", "", "missing"),
    ],
)
def test_what_is_no_value_is_refused_and_said(
    spec: InputSpec, good: str, bad: str, expected: str
) -> None:
    assert workflow(spec).call({"a": good}, WORDS, live=False).inputs == {"a": good}
    with pytest.raises(ValueError, match=expected):
        workflow(spec).call({"a": bad}, WORDS, live=False)


def test_every_wrong_input_is_named_at_once() -> None:
    spec = workflow(
        InputSpec("os", InputType.CHOICE, options=("all",)), InputSpec("n", required=True)
    )
    with pytest.raises(
        ValueError, match=r"no input 'osx'.*there is os, n; os is 'mac'.*; n is miss"
    ):
        spec.call({"osx": "1", "os": "mac"}, WORDS, live=False)


def test_defaults_are_filled_in_and_what_has_none_is_not_sent() -> None:
    spec = workflow(
        InputSpec("version", default="{version}"),
        InputSpec("branch", default="release/{line}"),
        InputSpec("tag", default="{candidate}"),
        InputSpec("only", InputType.BOOLEAN, default=False),
        InputSpec("matrix"),
        ref="{candidate}",
    )
    call = spec.call({}, WORDS, live=False)
    assert call == WorkflowCall(
        INFRA,
        "it.yml",
        "v2.15.0-rc2",
        {"version": "2.15.0", "branch": "release/2.15", "tag": "v2.15.0-rc2", "only": "false"},
    )
    with pytest.raises(ValueError, match=r"tag is not known yet.*branch is not known yet"):
        spec.call({}, WORDS | {"candidate": ""}, live=False)
    assert spec.call({"tag": "x"}, WORDS, live=False, ref="main").ref == "main"


def test_a_dry_run_counts_only_for_exactly_the_same_inputs() -> None:
    spec = workflow(
        InputSpec("package", default="torchvision"),
        live=LiveSwitch("dryrun", live="disabled", dry="enabled"),
    )
    sent = spec.call({}, WORDS, live=True).inputs
    assert spec.rehearsed({"package": "torchvision", "dryrun": "enabled"}, sent)
    assert not spec.rehearsed({"package": "torchaudio", "dryrun": "enabled"}, sent)
    assert not spec.rehearsed(sent, sent)


def test_inputs_of_the_command_line_keep_their_equal_signs_and_commas() -> None:
    assert named_inputs(("a=b=c,d", "e=")) == {"a": "b=c,d", "e": ""}
    for wrong in (("a",), ("=b",), ("a=1", "a=2")):
        with pytest.raises(ValueError, match=r"a|NAME=VALUE"):
            named_inputs(wrong)


FILE = """
name: Validate
# on: nothing
on:
  push: {branches: [main]}

  workflow_dispatch:
    inputs:
      os:
        type: choice
        default: all
        options:
        - linux
        - all
      yes: {required: true, type: string}
      fast: {type: boolean, default: no}
      plain:
jobs:
  broken: *unknown
"""


def test_the_inputs_are_read_from_the_block_of_on_alone() -> None:
    assert declared_inputs(FILE) == (
        DeclaredInput("os", "choice", "all", options=("linux", "all")),
        DeclaredInput("yes", "string", required=True),
        DeclaredInput("fast", "boolean", "no"),
        DeclaredInput("plain"),
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("on: workflow_dispatch\n", ()),
        ("on: [push, workflow_dispatch]\n", ()),
        ("on:\n- push\n- workflow_dispatch\njobs:\n", ()),
        ("'on':\n  workflow_dispatch:\n", ()),
        ("on: push\n", None),
        ("name: a\n", None),
    ],
)
def test_workflows_without_inputs_and_those_nobody_can_start(
    text: str, found: tuple[DeclaredInput, ...] | None
) -> None:
    assert declared_inputs(text) == found


def test_a_file_that_is_no_yaml_is_said_to_be_none() -> None:
    with pytest.raises(ValueError, match="line"):
        declared_inputs("on: {workflow_dispatch: [\n")


def test_what_github_would_refuse_blocks_and_other_defaults_are_shown() -> None:
    declared = (
        DeclaredInput("os", "choice", "all", options=("linux", "all")),
        DeclaredInput("must", required=True),
        DeclaredInput("fast", "boolean"),
        DeclaredInput("count", "number", "3"),
        DeclaredInput("left", default="57"),
    )
    sent = {"os": "mac", "fast": "maybe", "count": "x", "ghost": "1"}
    found = compare(WorkflowCall(INFRA, "it.yml", "main", sent), declared)
    assert found.blockers == (
        "it.yml has no input 'ghost' on main",
        "it.yml takes one of linux, all for os, not 'mac'",
        "it.yml requires must, which is not sent",
        "it.yml takes true or false for fast, not 'maybe'",
        "it.yml takes a number for count, not 'x'",
    )
    assert found.left_to_it == (
        "must is left to the workflow: empty",
        "left is left to the workflow: 57",
    )
    assert found.defaults == {"os": "all", "fast": "false", "count": "3"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ('repository = "pytorch/nowhere"', "expected a repository among pytorch/pytorch"),
        ('inputs = [{ name = "a", type = "magic" }]', "magic"),
        ('inputs = [{ name = "a", type = "choice" }]', "a choice has options"),
        ('inputs = [{ name = "a", options = ["b"] }]', "a choice has options"),
        ('inputs = [{ name = "a", type = "boolean", default = "yes" }]', "not true or false"),
        ("dry_run_first = true", "needs live"),
        (
            'inputs = [{ name = "dryrun" }]\n'
            'live = { input = "dryrun", live = "disabled", dry = "enabled" }',
            "named 2 times",
        ),
        ('id = "it"', "named twice"),
    ],
)
def test_a_table_that_makes_no_sense_is_named(change: str, said: str) -> None:
    table = {"id": '"other"', "title": '"It"', "repository": '"pytorch/pytorch"', "file": '"i.yml"'}
    key, _, value = change.partition(" = ")
    table |= {key: value}
    lines = "".join(f"{name} = {text}\n" for name, text in table.items())
    first = (
        '[[workflows]]\nid = "it"\ntitle = "It"\nrepository = "pytorch/pytorch"\nfile = "i.yml"\n'
    )
    with pytest.raises(ConfigError, match=said) as raised:
        parse(f"{SMALLEST}{first}[[workflows]]\n{lines}", Path("/somewhere/release.toml"))
    assert "workflows" in raised.value.title


def asked(request: str, run: int = 0, **inputs: str) -> DispatchRequested:
    return DispatchRequested(request, INFRA, "it.yml", "main", inputs, run, "v2.15.0-rc2")


def test_the_ledger_knows_runs_with_their_inputs_whoever_started_them() -> None:
    page = f"https://x/{INFRA}/actions/runs/"
    record = ledger(
        recorded(asked("one", os="all"), hours=9),
        recorded(DispatchStarted("one", 7, f"{page}7"), hours=8),
        recorded(asked("two"), hours=7),
        recorded(DispatchRefused("two", "no"), hours=6),
        recorded(RunAdopted(INFRA, "it.yml", "main", {"os": "mac"}, 5, f"{page}5"), hours=5),
        recorded(RunAdopted(INFRA, "other.yml", "main", {}, 6, f"{page}6"), hours=4),
        recorded(RunAdopted(INFRA, "it.yml", "main", {"os": "linux"}, 5, f"{page}5"), hours=3),
    )
    first, second = dispatched(record, "it.yml")
    assert (first.run, first.inputs, first.by, first.adopted) == (7, {"os": "all"}, "Ada", False)
    assert first.candidate == "v2.15.0-rc2"
    assert first.at < NOW
    assert isinstance(second, Dispatched)
    assert (second.run, second.inputs, second.adopted) == (5, {"os": "linux"}, True)
