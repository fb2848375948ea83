"""What a page says wrongly of a file, as far as both are known."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from cockpit.release.artifacts import StoredObject
from cockpit.release.index_pages import Announced, IndexFile
from cockpit.release.index_state import IndexFault, Misled, misled, summed_up

NAME = "torch-2.15.0+cpu-cp313-cp313t-win_amd64.whl"
SHA, OTHER = "a" * 64, "b" * 64
WHEEL = StoredObject(f"whl/cpu/{NAME}", 9, "e", datetime(2026, 10, 14, tzinfo=UTC), SHA)
SIDECAR = msgspec.structs.replace(WHEEL, key=f"{WHEEL.key}.metadata", sha256=OTHER)


@pytest.mark.parametrize(
    ("listed", "fault"),
    [
        ({}, None),
        ({"sha256": ""}, None),
        ({"sha256": OTHER}, IndexFault.CHECKSUM),
        ({"metadata": Announced()}, None),
        ({"metadata": Announced(OTHER)}, None),
        ({"metadata": Announced(SHA)}, IndexFault.METADATA_DIFFERS),
        ({"metadata": Announced("nohex")}, IndexFault.METADATA_DIFFERS),
        ({"metadata": Announced("")}, IndexFault.METADATA_DIFFERS),
        ({"yanked": ""}, IndexFault.YANKED),
        ({"requires_python": ">=3.10,<3.14"}, None),
        ({"requires_python": ">=3.13.2"}, None),
        ({"requires_python": "!=3.13.0"}, None),
        ({"requires_python": "no specifier"}, None),
        ({"requires_python": ">=3.14"}, IndexFault.HIDDEN),
        ({"requires_python": "<3.13"}, IndexFault.HIDDEN),
    ],
)
def test_a_page_misleads_by_what_it_says(listed: dict[str, Any], fault: IndexFault | None) -> None:
    entry = msgspec.structs.replace(IndexFile(NAME, SHA), **listed)
    found = misled(entry, WHEEL, SIDECAR)
    assert (found.fault if found else None) is fault


def test_metadata_misleads_only_where_it_is_announced() -> None:
    announced = IndexFile(NAME, SHA, metadata=Announced(OTHER))
    found = misled(announced, WHEEL, None)
    assert found is not None
    assert found.fault is IndexFault.METADATA_ASTRAY
    assert str(found).startswith(f"whl/cpu/{NAME} is announced with metadata that is not where")
    unread = msgspec.structs.replace(SIDECAR, sha256=None)
    assert misled(announced, WHEEL, unread) is None, "only the bytes can tell"
    assert misled(IndexFile(NAME, SHA), WHEEL, SIDECAR) is None
    yanked = misled(IndexFile(NAME, SHA, yanked="broken"), WHEEL, None)
    assert str(yanked) == f"{WHEEL.key} is yanked, so that installers pass over it: broken"


def test_what_is_wrong_is_summed_up_by_its_kind() -> None:
    kinds = (IndexFault.ADDRESS, IndexFault.YANKED, IndexFault.ADDRESS, IndexFault.ADDRESS)
    wrong = [Misled(f"whl/{number}", fault) for number, fault in enumerate(kinds)]
    assert list(summed_up(wrong)) == [
        "whl/0 is listed with an address that does not lead to it (2 files more like it)",
        "whl/1 is yanked, so that installers pass over it",
    ]
