"""Gates, board, checklist, overrides and meetings by the command line, on a whole world."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cockpit.cli import main
from cockpit.rehearsal.world import World
from cockpit.release.gates import GATES
from tests.flows.releases import files

GATE = "candidate-pinned"
REASON = "it is pinned tomorrow"


def told(capsys: pytest.CaptureFixture[str], config: Path, *words: str) -> tuple[int, str, str]:
    """Exit code, output and complaints of one command."""
    code = main(["--config", str(config), *words])
    said = capsys.readouterr()
    return code, said.out, said.err


def data(capsys: pytest.CaptureFixture[str], config: Path, *words: str) -> tuple[int, Any]:
    """Exit code and JSON of one command."""
    code, said, _ = told(capsys, config, *words, "--json")
    return code, json.loads(said)


def test_an_override_is_seen_everywhere_and_clears_one_gate(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    config = world.config_path
    code, board = data(capsys, config, "board")
    assert code == 1
    assert GATE in [line["subject"] for line in board["blocked"]]
    assert all(line["then"] and line["key"] for line in (*board["blocked"], *board["risky"]))

    before = files(world.remotes)
    code, _, complaint = told(capsys, config, "override", GATE, "--reason", " ", "--yes")
    assert (code, "no reason" in complaint) == (2, True)
    code, _, complaint = told(capsys, config, "override", GATE, "--reason", REASON)
    assert (code, "Not confirmed" in complaint) == (4, True)
    assert files(world.remotes) == before
    code, said, complaint = told(capsys, config, "override", GATE, "--reason", REASON, "--yes")
    assert (code, complaint) == (0, "")
    assert "another candidate is judged anew" in said

    code, gates = data(capsys, config, "gates")
    found = {gate["gate"]: gate for gate in gates}
    assert (code, set(found)) == (1, set(GATES))
    assert found[GATE]["outcome"] == "fail", "the verdict stays what it is"
    assert found[GATE]["items"] == ["candidate-pinned"]
    assert found[GATE]["next"]["key"] == "P"
    assert found[GATE]["clear"]
    assert found[GATE]["override"]["by"] == "Robin Castellan"
    _, board = data(capsys, config, "board")
    assert GATE not in [line["subject"] for line in board["blocked"]]
    risky = next(line for line in board["risky"] if line["subject"] == GATE)
    assert f"overridden by Robin Castellan: {REASON}" in risky["text"]
    items = {item["id"]: item for item in data(capsys, config, "checklist")[1]}
    assert items[GATE]["progress"] == "overridden"
    assert items["go-decision"]["may_sign"] == ["captain", "ada-releng"]
    _, markdown, _ = told(capsys, config, "checklist", "--markdown")
    assert f"- [x] `{GATE}`" in markdown
    assert f"⚠ : overridden by Robin Castellan: {REASON}" in markdown

    code, agenda, _ = told(capsys, config, "meeting")
    assert code == 0
    assert agenda.startswith("# pytorch 2.15.0 sync: Tue 20 Oct 2026 16:00 UTC")
    assert "Documentation (Noor Haddad): `tutorials-ready`" in agenda
    assert told(capsys, config, "meeting", "--note", "docs are late", "--yes")[0] == 0
    assert "sync meeting: docs are late" in told(capsys, config, "ledger")[1]


def test_whoever_the_config_does_not_know_only_looks(
    shared_world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shared_world.config_path.read_text(encoding="utf-8")
    config = shared_world.config_path.with_name("stranger.toml")
    mine = 'email = "captain@users.noreply.github.com"\nalways'
    config.write_text(text.replace(mine, 'email = "eve@example.org"\nalways'), encoding="utf-8")
    before = files(shared_world.remotes)

    code, said, complaint = told(capsys, config, "do", "pin-candidates", "--yes")
    assert code == 4
    assert 'add [[people]] with email = "eve@example.org"' in complaint
    assert "Pin every candidate" in said, "a plan can be read by anybody"
    assert files(shared_world.remotes) == before
    assert told(capsys, config, "override", GATE, "--reason", REASON, "--yes")[0] == 4
