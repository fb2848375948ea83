"""Addresses of submodules: what a relative one means, and which may be asked."""

from __future__ import annotations

import pytest

from cockpit.release.submodules import Reach, Submodule, address_of

HUB = ("https://github.com/*",)
OWN = "https://github.com/pytorch/pytorch.git"


@pytest.mark.parametrize(
    ("written", "own", "url"),
    [
        ("../kineto.git", OWN, "https://github.com/pytorch/kineto.git"),
        ("../../intel/ideep.git", OWN, "https://github.com/intel/ideep.git"),
        ("./inner.git", OWN, "https://github.com/pytorch/pytorch.git/inner.git"),
        ("../kineto.git", f"{OWN}/", "https://github.com/pytorch/kineto.git"),
        (
            "../kineto.git",
            "git@github.com:pytorch/pytorch.git",
            "git@github.com:pytorch/kineto.git",
        ),
        ("../kineto.git", "/srv/git/pytorch.git", "/srv/git/kineto.git"),
    ],
)
def test_a_relative_address_is_meant_from_the_repository(written: str, own: str, url: str) -> None:
    found = address_of(written, own, ())

    assert found.url == url
    assert found.allowed


@pytest.mark.parametrize(
    "written",
    [
        "https://github.com.evil.example/x.git",
        "https://evil.example/https://github.com/x.git",
        "https://github.com@evil.example/x.git",
        "http://github.com/x.git",
        "git@github.com:intel/ideep.git",
        "ssh://internal/x.git",
        "ext::sh -c id",
        "/etc",
        "file:///etc",
        "../../../evil.example/x.git",
        "../../../../../../evil.example/x.git",
    ],
)
def test_other_addresses_are_not_asked(written: str) -> None:
    assert not address_of(written, OWN, HUB).allowed


def test_an_absolute_address_needs_a_pattern() -> None:
    assert address_of("https://github.com/intel/ideep.git", OWN, HUB).allowed
    assert not address_of("https://github.com/intel/ideep.git", OWN, ()).allowed
    assert not address_of("/srv/git/other.git", "/srv/git/pytorch.git", HUB).allowed


def test_only_another_pin_has_moved() -> None:
    def pinned(at_cut: str | None) -> Submodule:
        return Submodule("third_party/kineto", "", "a" * 40, at_cut, Reach.UNKNOWN)

    assert pinned("b" * 40).moved
    assert not pinned("a" * 40).moved
    assert not pinned(None).moved
