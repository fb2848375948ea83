"""What several looks learn of files and keep in one place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from cockpit.feeds.artifact_facts import ArtifactFacts
from cockpit.release.artifacts import Contents, StoredObject

NOW = datetime(2026, 7, 1, 12, 0, 0, 250_000, tzinfo=UTC)
TOLD, COMPUTED = "a" * 64, "b" * 64


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "artifact-facts"


def stored(name: str, sha256: str | None = None, *, computed: bool = False) -> StoredObject:
    return StoredObject(f"whl/{name}", 1, "etag", NOW, sha256=sha256, computed=computed)


def test_looks_that_share_a_file_keep_what_each_has_learned(file: Path) -> None:
    channels, promotion = ArtifactFacts(file), ArtifactFacts(file)
    channels.completed(stored("one"))
    promotion.learn(stored("one", COMPUTED, computed=True))
    promotion.save()
    channels.learn(stored("two", TOLD))
    channels.save()
    for facts in (channels, ArtifactFacts(file)):
        assert facts.completed(stored("one")) == stored("one", COMPUTED, computed=True)
        assert facts.completed(stored("two")) == stored("two", TOLD)


def test_what_was_computed_outlives_what_is_only_told(file: Path) -> None:
    channels, promotion = ArtifactFacts(file), ArtifactFacts(file)
    inside = Contents("c" * 40)
    channels.learn(stored("one", TOLD))
    channels.save()
    promotion.learn(stored("one", COMPUTED, computed=True))
    promotion.save()
    channels.learn(msgspec.structs.replace(channels.completed(stored("one")), contents=inside))
    channels.save()
    known = ArtifactFacts(file).completed(stored("one"))
    assert (known.sha256, known.computed, known.contents) == (COMPUTED, True, inside)


def test_what_is_not_on_disk_yet_is_kept_until_it_is(file: Path) -> None:
    facts = ArtifactFacts(file)
    file.parent.write_text("in the way")
    facts.learn(stored("one", TOLD))
    facts.save()
    assert facts.completed(stored("one")).sha256 == TOLD
    file.parent.unlink()
    facts.save()
    assert ArtifactFacts(file).completed(stored("one")).sha256 == TOLD


def test_a_file_is_known_by_the_time_that_its_store_lists(file: Path) -> None:
    """Some stores list parts of a second, and answer in whole ones."""
    facts, listed = ArtifactFacts(file), stored("one")
    told = msgspec.structs.replace(stored("one", TOLD), last_modified=NOW.replace(microsecond=0))
    facts.learn_told(listed, told)
    assert facts.completed(listed).sha256 == TOLD
    changed = msgspec.structs.replace(listed, last_modified=NOW + timedelta(seconds=1))
    assert facts.completed(changed).sha256 is None


def test_one_that_was_replaced_or_is_gone_tells_nothing_of_the_listed_one(file: Path) -> None:
    facts, listed = ArtifactFacts(file), stored("one")
    facts.learn_told(listed, None)
    facts.learn_told(listed, msgspec.structs.replace(stored("one", TOLD), etag="another"))
    assert facts.completed(listed).sha256 is None
