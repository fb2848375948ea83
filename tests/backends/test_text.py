"""Strangers' text cannot steer a terminal, and secrets do not leave."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.backends.text import clean, clean_lines, mask


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b1mbold", "bold"),
        ("\x1b]0;window title\x07text", "text"),
        ("\x1b]8;;http://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;c2VjcmV0\x07", ""),
        ("\x1bP+q544e\x1b\\after", "after"),
        ("\x1b]never ended", "never ended"),
        ("\x1bc\x1b(Breset", "reset"),
        ("a\x00b\x07c\x08d\x7f", "abcd"),
        ("abc\u202edcba\u2066x\u2069", "abcdcbax"),
        ("zero\u200bwidth\ufeff\U000e0041", "zerowidth"),
        ("one\r\ntwo\rthree\u2028four", "one two three four"),
        ("a\tb", "a    b"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ("[bold]markup[/] stays", "[bold]markup[/] stays"),
        ("👩\u200d💻 grüßt 你好", "👩\u200d💻 grüßt 你好"),
    ],
)
def test_one_line(text: str, plain: str) -> None:
    assert clean(text) == plain


def test_lines_are_kept() -> None:
    assert clean_lines("one\r\n\x1b[1mtwo\x1b[0m\n\nfour") == "one\ntwo\n\nfour"


@given(st.text(st.characters(codec=None)))
def test_nothing_that_steers_is_left(text: str) -> None:
    plain = clean_lines(text)
    assert all(c == "\n" or (c >= " " and not "\x7f" <= c <= "\x9f") for c in plain)
    plain.encode("utf-8")
    assert clean_lines(plain) == plain


def test_what_is_printable_is_kept_whatever_stands_beside_it() -> None:
    printable = "".join(filter(str.isprintable, map(chr, range(sys.maxunicode + 1))))
    assert clean_lines(printable) == printable
    assert clean_lines(f"{printable}\n") == f"{printable}\n"


def test_many_unended_sequences_take_no_time() -> None:
    assert clean("\x9d" * 200_000 + "\x1b]" * 200_000 + "\x1b[" * 200_000) == ""


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("ghp_0123456789abcdefghijABCDEFGHIJ012345", "0123456789"),
        ("token gho_0123456789abcdefghij.", "0123456789"),
        ("github_pat_11ABCDEFG0123456789_abcdefghij", "11ABCDEFG"),
        ("key AKIAIOSFODNN7EXAMPLE!", "IOSFODNN7"),
        ("ASIAIOSFODNN7EXAMPLE", "IOSFODNN7"),
        ("pypi-AgEIcHlwaS5vcmcCJDAwMDAwMDAwLTAwMDAtMDAwMC0wMDAw", "AgEIcHl"),
        ("https://user:secret@example.org/a.git", "secret"),
        ("https://s3cr3ttoken@example.org/a.git", "s3cr3ttoken"),
        ("ssh://git:secret@example.org/a.git", "secret"),
        ("https://user:pa:ss@word@example.org/a", "word@"),
        ("Authorization: Bearer abc.def", "abc.def"),
        ('{"Authorization": "token abcdef"}', "abcdef"),
        ("https://b.example.org/k?X-Amz-Signature=abcdef&x=1", "abcdef"),
        ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "wJalr"),
        ("GITHUB_TOKEN=abcdef make", "abcdef"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----", "MIIEow"),
        ("-----BEGIN PRIVATE KEY-----\nMIIEow", "MIIEow"),
    ],
)
def test_secrets_are_masked(text: str, secret: str) -> None:
    assert secret in text
    assert secret not in mask(text)
    assert "***" in mask(text)
    assert mask(mask(text)) == mask(text)


@pytest.mark.parametrize(
    "text",
    [
        "ssh://git@github.com/pytorch/pytorch.git",
        "git@github.com:pytorch/pytorch.git",
        "https://github.com/pytorch/pytorch/pull/1@main",
        "file:///srv/git/pytorch.git",
        "Fix the token: it was reused (#12)",
        "pypi-publish runs later",
        "ghp_ is a prefix",
        "s3://bucket/whl/test/torch-2.13.0%2Bcpu.whl",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask(text) == text
