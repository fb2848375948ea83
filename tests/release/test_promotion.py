"""Which files belong to a release, how two objects compare, and the gates of the promotion."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from cockpit.release.artifacts import StoredObject
from cockpit.release.promotion import (
    STABLE,
    Likeness,
    PromotionRules,
    Release,
    compared,
    difference,
    disputed,
    likeness,
    select,
)
from cockpit.release.support import Cell
from tests.release.promoting import TORCH

AT = datetime(2026, 10, 14, tzinfo=UTC)
MD5, OTHER_MD5, PARTS = "a" * 32, "b" * 32, "c" * 32 + "-7"
SHA, OTHER_SHA = "d" * 64, "e" * 64


def stored(key: str = "whl/test/cpu/x.whl", **known: Any) -> StoredObject:
    return msgspec.structs.replace(StoredObject(key, 10, MD5, AT), **known)


@pytest.mark.parametrize(
    ("name", "belongs"),
    [
        ("torch-2.15.0+cpu-cp312-cp312-manylinux_2_28_x86_64.whl", True),
        ("torch-2.15.0%2Bcpu-cp313-cp313t-win_amd64.whl", True),
        ("torch-2.15.0-cp312-cp312-macosx_14_0_arm64.whl", True),
        ("torch-2.15.0+cpu-cp312-cp312-manylinux_2_28_x86_64.whl.metadata", True),
        ("executorch-2.15.0+cpu-cp312-cp312-manylinux_2_28_x86_64.whl", False),
        ("torch-2.15.01-cp312-cp312-macosx_14_0_arm64.whl", False),
        ("torch-2.15.0.post1-cp312-cp312-macosx_14_0_arm64.whl", False),
        ("torch-2.15.0rc1-cp312-cp312-macosx_14_0_arm64.whl", False),
        ("torch-2.15.1-cp312-cp312-macosx_14_0_arm64.whl", False),
        ("torch-2.15.0.tar.gz", False),
        ("index.html", False),
    ],
)
def test_a_file_belongs_by_its_parsed_name(name: str, *, belongs: bool) -> None:
    found = TORCH.place_of(stored(f"whl/test/cpu/{name}"), "whl/test")
    assert (found is not None) is belongs


def test_2_12_1_is_not_2_12_10() -> None:
    names = ("2.12.1", "2.12.10")
    wheels = [stored(f"whl/test/cpu/torch-{v}-cp312-cp312-win_amd64.whl") for v in names]
    chosen = select(Release("torch", "2.12.1"), wheels, ("whl/test", "whl"), PromotionRules())
    assert [piece.source for piece in chosen.pieces] == wheels[:1]
    assert chosen.pieces[0].key == "whl/cpu/torch-2.12.1-cp312-cp312-win_amd64.whl"


def test_pythons_before_their_release_stay_and_are_not_missed() -> None:
    wheels = [
        stored(f"whl/test/cpu/torch-2.15.0+cpu-cp3{minor}-cp3{minor}-win_amd64.whl")
        for minor in (14, 15)
    ]
    cells = [Cell("windows", "x86_64", "cpu", f"3.{minor}") for minor in (13, 14, 15)]
    rules = PromotionRules(exclude_pythons=("3.15",))
    chosen = select(TORCH, wheels, ("whl/test", "whl"), rules, cells)
    assert [piece.source for piece in chosen.pieces] == wheels[:1]
    assert chosen.left_out == (wheels[1],)
    assert chosen.missing == (cells[0],)


@pytest.mark.parametrize(
    ("wanted", "found", "alike"),
    [
        ({}, None, Likeness.ABSENT),
        ({}, {"size": 11}, Likeness.DIFFERENT),
        ({}, {}, Likeness.SAME),
        ({}, {"etag": OTHER_MD5}, Likeness.DIFFERENT),
        ({"etag": PARTS}, {}, Likeness.UNKNOWN),
        ({"etag": PARTS}, {"etag": PARTS}, Likeness.SAME),
        ({"etag": PARTS, "sha256": SHA}, {"sha256": SHA, "computed": True}, Likeness.SAME),
        ({"etag": PARTS, "sha256": SHA}, {"sha256": SHA}, Likeness.TOLD),
        ({"etag": PARTS, "sha256": SHA}, {"sha256": OTHER_SHA}, Likeness.DIFFERENT),
        ({"sha256": SHA}, {"sha256": OTHER_SHA}, Likeness.DIFFERENT),
        ({"etag": PARTS, "sha256": SHA}, {"sha256": ""}, Likeness.UNKNOWN),
        (
            {"sha256": SHA},
            {"sha256": SHA, "computed": True, "claimed": OTHER_SHA},
            Likeness.DIFFERENT,
        ),
    ],
)
def test_two_objects_compare_by_what_the_store_vouches_for(
    wanted: dict[str, Any], found: dict[str, Any] | None, alike: Likeness
) -> None:
    assert likeness(stored(**wanted), None if found is None else stored(**found)) is alike


@pytest.mark.parametrize(
    ("wanted", "found", "words"),
    [
        ({}, {"size": 11}, f"11 bytes, etag {MD5}, not 10 bytes"),
        ({}, {"etag": OTHER_MD5}, f"etag {OTHER_MD5}, not {MD5}"),
        ({"sha256": SHA}, {"sha256": OTHER_SHA}, f"sha256 {OTHER_SHA}, not {SHA}"),
        (
            {"sha256": SHA},
            {"sha256": SHA, "claimed": OTHER_SHA},
            f"sha256 {SHA}, and claims {OTHER_SHA}",
        ),
    ],
)
def test_a_difference_says_what_says_what(
    wanted: dict[str, Any], found: dict[str, Any], words: str
) -> None:
    assert difference(stored(**wanted), stored(**found)) == words


@pytest.mark.parametrize(
    ("one", "other", "contradict"),
    [
        ({"sha256": SHA}, {"sha256": OTHER_SHA}, True),
        ({"sha256": SHA}, {"sha256": SHA, "etag": OTHER_MD5}, True),
        ({"sha256": SHA}, {"sha256": SHA, "size": 11}, True),
        ({"sha256": SHA}, {"sha256": SHA, "etag": PARTS}, False),
        ({"sha256": SHA}, {"sha256": OTHER_SHA, "etag": OTHER_MD5}, False),
        ({"sha256": SHA}, {"sha256": OTHER_SHA, "size": 11}, False),
        ({"sha256": SHA}, {}, False),
    ],
)
def test_two_objects_contradict_each_other_about_the_same_bytes(
    one: dict[str, Any], other: dict[str, Any], *, contradict: bool
) -> None:
    assert disputed(stored(**one), stored(**other)) is contradict
    assert disputed(stored(**other), stored(**one)) is contradict


def test_once_read_a_file_keeps_what_it_claimed() -> None:
    claiming = stored(sha256=SHA)
    assert claiming.unproven
    assert (claiming.read(SHA).claimed, claiming.read(SHA).unproven) == ("", False)
    read = claiming.read(OTHER_SHA)
    assert (read.sha256, read.claimed) == (OTHER_SHA, SHA)
    assert read.read(OTHER_SHA) == read
    assert stored(sha256="").read(SHA).claimed == ""


def test_what_the_place_holds_beyond_the_test_channel_is_told() -> None:
    wheel = "torch-2.15.0-cp312-cp312-win_amd64.whl"
    chosen = select(TORCH, [stored(f"whl/test/cpu/{wheel}")], ("whl/test", "whl"), PromotionRules())
    held = [stored(f"whl/cpu/{wheel}"), stored(f"whl/cu130/{wheel}"), stored("whl/cpu/index.html")]
    found = compared(TORCH, STABLE, chosen, held, "whl")
    assert [file.state for file in found.files] == [Likeness.SAME]
    assert found.strange == (f"whl/cu130/{wheel}",)


def test_what_differs_or_claims_a_wrong_checksum_is_told_in_words() -> None:
    source = stored("whl/test/cpu/torch-2.15.0-cp312-cp312-win_amd64.whl", claimed=OTHER_SHA)
    chosen = select(TORCH, [source], ("whl/test", "whl"), PromotionRules())
    held = [stored("whl/cpu/torch-2.15.0-cp312-cp312-win_amd64.whl", size=11)]
    for at, mislabelled in ((STABLE, (source.key,)), ("r2", ())):
        found = compared(TORCH, at, chosen, held, "whl")
        assert found.files[0].difference == f"11 bytes, etag {MD5}, not 10 bytes"
        assert found.mislabelled == mislabelled
