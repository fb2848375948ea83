"""Processes are read whole, and refused where they cannot be followed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cockpit.errors import ConfigError
from cockpit.operations import registry
from cockpit.process.loader import Process, load_process, parse
from cockpit.release.people import Duty
from cockpit.release.phases import PhaseId
from cockpit.release.process import Kind

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


ROLES = '[[roles]]\nid = "captain"\nduty = "captain"\n'
OPERATIONS = ("tag-candidate",)


def item(name: str, *lines: str, phase: str = "preparation") -> str:
    head = f'\n[[items]]\nid = "{name}"\nphase = "{phase}"\ntitle = "T"\n'
    head += "" if any(line.startswith("owner") for line in lines) else 'owner = "captain"\n'
    kind = "" if any(line.startswith("kind") for line in lines) else 'kind = "manual"\n'
    return head + kind + "\n".join(lines) + "\n"


def refused(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text, "my.toml", OPERATIONS)
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
            PHASES + item("a", 'operation = "pray"'),
            "my.toml: items.a.operation: 'pray' is no operation of tag-candidate",
        ),
        (ROLES + PHASES + item("a", 'owner = "king"'), "items.a.owner: 'king' is no role of"),
        (ROLES + ROLES + PHASES + item("a"), "my.toml: roles.captain: is named twice"),
        (PHASES + item("a", "signers = 0"), "items.a.signers: 0 people cannot sign"),
        (PHASES + item("a", 'until = "2"'), "items.a.until: '2' is not a release line"),
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


def extended(own: str, folder: Path) -> Process:
    (folder / "base.toml").write_text(
        ROLES + PHASES + item("a") + item("b", 'needs = ["a"]', 'why = "so"'), encoding="utf-8"
    )
    (folder / "ours.toml").write_text(own, encoding="utf-8")
    return load_process("base.toml", folder, extend="ours.toml", operations=OPERATIONS)


def test_a_project_changes_adds_and_leaves_out_items_in_a_file_of_its_own(tmp_path: Path) -> None:
    process = extended(
        '[[roles]]\nid = "cook"\n'
        '[[items]]\nid = "b"\ntitle = "Cake"\nowner = "cook"\n'
        + item("c", 'needs = ["b"]')
        + '[[left_out]]\nid = "a"\nreason = "we have none"\n',
        tmp_path,
    )

    assert [entry.id for entry in process.items] == ["a", "b", "c"]
    changed = process.by_id["b"]
    assert (changed.title, changed.owner) == ("Cake", "cook")
    assert (changed.why, changed.needs) == ("so", ("a",))
    assert process.role_of(changed).duty is Duty.REVIEWER
    assert process.by_id["a"].left_out == "we have none"


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ("items = [", "ours.toml is not TOML"),
        ("colour = 1", "ours.toml: the top of the file: Object contains unknown field"),
        ('[[items]]\ntitle = "x"', "ours.toml: items: one of them has no id"),
        ('[[items]]\nid = "b"\n[[items]]\nid = "b"', "ours.toml: items.b: is named twice"),
        ('[[items]]\nid = "new"', "ours.toml over"),
        ('[[items]]\nid = "a"\nneeds = ["b"]', "the items wait for each other"),
        ('[[left_out]]\nid = "x"\nreason = "y"', "ours.toml: left_out.x: is no item"),
        ('[[left_out]]\nid = "a"\nreason = " "', "ours.toml: left_out.a: says no reason"),
    ],
)
def test_what_a_project_gets_wrong_is_named(own: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)):
        extended(own, tmp_path)


PYTORCH = load_process(
    "pytorch", Path(), operations=tuple(spec.name for spec in registry.OPERATIONS)
)
DOCS = Path(__file__).parent.parent.parent / "docs" / "process.md"


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


def test_every_item_says_what_is_done_and_why() -> None:
    assert [entry.id for entry in PYTORCH.items if not (entry.why and entry.what)] == []


def test_whoever_signs_is_told_what_to_point_at() -> None:
    bare = [e.id for e in PYTORCH.items if e.kind is Kind.MANUAL and not (e.evidence or e.gate)]

    assert set(bare) <= {
        "libtorch-promoted",
        "mirror",
        "index-staged",
        "index-inspected",
        "published",
    }


def test_the_docs_map_every_section_of_the_written_process_to_items() -> None:
    rows = re.findall(r"^\| (\d+|–) [^|]*\|([^|]*)\|", DOCS.read_text(encoding="utf-8"), re.M)
    named = {row[0]: re.findall(r"`([a-z0-9-]+)`", row[1]) for row in rows}
    ids = {entry.id for entry in PYTORCH.items}

    assert [section for section in named if section != "–"] == [str(n) for n in range(1, 21)]
    assert all(named.values())
    assert {name for names in named.values() for name in names} == ids


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
        ("core-cut", "builder-cut"),
        ("milestone-validated", "go-decision"),
        ("patch-triage", "patch-decided"),
        ("final-tag", "source-attached"),
        ("core-notes", "blog-posted"),
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
