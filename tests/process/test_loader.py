"""Processes are read whole, and refused where they cannot be followed."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.errors import ConfigError
from cockpit.process.loader import load_process, parse
from cockpit.release.checklist import Kind
from cockpit.release.phases import PhaseId

PHASES = """
[[phases]]
id = "preparation"
number = 1
title = "Preparation"

[[phases]]
id = "candidates"
number = 2
title = "Candidates"
"""


def item(name: str, *lines: str, phase: str = "preparation") -> str:
    head = f'\n[[items]]\nid = "{name}"\nphase = "{phase}"\ntitle = "T"\nowner = "captain"\n'
    kind = "" if any(line.startswith("kind") for line in lines) else 'kind = "manual"\n'
    return head + kind + "\n".join(lines) + "\n"


def refused(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text, "my.toml")
    assert "my.toml" in caught.value.hint
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("phases = [", "my.toml is not TOML"),
        (PHASES, "my.toml: the top of the file: Object missing required field `items`"),
        (
            PHASES + item("a", 'kind = "robot"'),
            "items[0].kind: Invalid enum value 'robot'",
        ),
        (PHASES + item("a", 'colour = "red"'), "my.toml: items[0]: Object contains unknown field"),
        (PHASES + item("a", phase="lunch"), "my.toml: items[0].phase: Invalid enum value 'lunch'"),
        (
            PHASES + item("a", phase="promotion"),
            "my.toml: items.a.phase: promotion is not among the phases",
        ),
        (PHASES + item("a", 'needs = ["b"]'), "my.toml: items.a.needs: 'b' is no item"),
        (PHASES + item("a", 'gate = "luck"'), "my.toml: items.a.gate: 'luck' is no gate of"),
        (PHASES + item("a") + item("a"), "my.toml: items.a: is named twice"),
        (
            PHASES + PHASES.split("\n\n")[0] + item("a"),
            "my.toml: phases.preparation: is named twice",
        ),
        (
            PHASES + item("a", 'needs = ["b"]') + item("b", 'needs = ["a"]'),
            "the items wait for each other",
        ),
        (
            PHASES + item("a", 'needs = ["b"]') + item("b", phase="candidates"),
            "'b' belongs to a later phase, candidates",
        ),
    ],
)
def test_it_is_refused_naming_file_and_key(text: str, words: str) -> None:
    assert words in refused(text)


def test_a_cycle_names_every_item_in_it() -> None:
    text = PHASES + item("a", 'needs = ["c"]') + item("b", 'needs = ["a"]')
    words = refused(text + item("c", 'needs = ["b"]'))

    chain = words.rpartition(": ")[2].split(" → ")
    assert set(chain) == {"a", "b", "c"}
    assert chain[0] == chain[-1]


def test_a_process_beside_the_config_is_read(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(PHASES + item("a"), encoding="utf-8")

    assert [entry.id for entry in load_process("own.toml", tmp_path).items] == ["a"]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.toml could not be read"):
        load_process("absent.toml", tmp_path)


def test_an_unknown_process_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no process 'lunch' comes with .*pytorch"):
        load_process("lunch", tmp_path)


PYTORCH = load_process("pytorch", Path())


def before(first: str, second: str) -> bool:
    """Whether the first item has to be settled before the second."""
    needs = PYTORCH.by_id[second].needs
    return first in needs or any(before(first, need) for need in needs)


def test_pytorchs_process_has_every_phase_in_order() -> None:
    assert [phase.id for phase in PYTORCH.phases] == list(PhaseId)
    assert [phase.number for phase in PYTORCH.phases] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("phase", list(PhaseId))
def test_every_phase_has_items(phase: PhaseId) -> None:
    assert any(entry.phase is phase for entry in PYTORCH.items)


def test_every_item_says_why_it_is_there() -> None:
    assert [entry.id for entry in PYTORCH.items if not entry.why] == []


def test_conditions_are_judged_and_not_signed() -> None:
    ungated = [e.id for e in PYTORCH.items if e.kind is Kind.GATE and e.gate is None]
    signed = [e.id for e in PYTORCH.items if e.kind is Kind.MANUAL and e.gate is not None]

    assert (ungated, signed) == ([], [])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("core-cut", "domain-branches"),
        ("xla-pinned", "release-only-changes"),
        ("test-matrix", "trunk-version-bumped"),
        ("branch-checks", "candidate-pinned"),
        ("candidate-builds", "go-decision"),
        ("binaries-validated", "index-staged"),
        ("go-decision", "promoted"),
        ("index-staged", "index-inspected"),
        ("index-inspected", "published"),
        ("triton-published", "published"),
        ("promoted", "published"),
        ("published", "index-validated"),
        ("published", "checksums"),
        ("checksums", "install-matrix"),
        ("promoted", "install-matrix"),
        ("promoted", "final-tag"),
        ("final-tag", "images-validated"),
        ("images-validated", "images-published"),
        ("final-tag", "core-notes"),
        ("domain-final-tags", "domain-notes"),
        ("core-notes", "source-attached"),
        ("core-notes", "announced"),
        ("published", "colab"),
        ("published", "go-live-matrix"),
    ],
)
def test_the_order_that_must_not_be_broken(first: str, second: str) -> None:
    assert before(first, second)


def test_a_patch_release_leaves_out_what_only_a_minor_one_does() -> None:
    left_out = {entry.id for entry in PYTORCH.items if entry.applies_to == "minor"}

    assert {"compatibility-matrix", "tutorials-pushed", "xla-pinned"} <= left_out
    assert PYTORCH.by_id["patch-triage"].applies_to == "patch"


def test_nothing_needs_what_it_can_never_get() -> None:
    for entry in PYTORCH.items:
        for need in entry.needs:
            applies = PYTORCH.by_id[need].applies_to
            assert applies in ("any", "minor", entry.applies_to), (entry.id, need)
