"""The rules of the release scripts, held to real sed, and the diff of a rewrite."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.release.rewrites import (
    Rewritten,
    RuleSet,
    applies_to,
    rewrite,
    rewrite_all,
    unified_diff,
)

REF = "release/2.15"
WORKFLOW = ".github/workflows/build.yml"
OWN = frozenset({"pytorch/test-infra", "pytorch/pytorch"})
RULES_1_AND_2 = ("s#@main#@release/2.15#", r"s#test-infra-ref:[[:space:]]main#test-infra-ref: {}#")
RULE_3 = r'/^[[:space:]]*test-infra-ref:[[:space:]]*$/,/type:/ s#default: "main"#default: "{}"#'
SED_RULES = {
    RuleSet.SCRIPT_2023: RULES_1_AND_2,
    RuleSet.SCRIPT_2026: (*RULES_1_AND_2, RULE_3),
}
SCRIPTS = tuple(SED_RULES)


@cache
def gnu_sed() -> str | None:
    sed = shutil.which("gsed") or shutil.which("sed")
    if sed is None:
        return None
    asked = subprocess.run([sed, "--version"], capture_output=True, check=False)
    return sed if b"GNU" in asked.stdout else None


needs_sed = pytest.mark.skipif(gnu_sed() is None, reason="the scripts' rules are GNU sed's")


def by_sed(rules: RuleSet, content: bytes) -> bytes:
    """What sed itself makes of `content`."""
    expressions = [arg for rule in SED_RULES[rules] for arg in ("-e", rule.replace("{}", REF))]
    done = subprocess.run(
        [gnu_sed() or "", *expressions],
        input=content,
        capture_output=True,
        check=True,
        env={"LC_ALL": "C", "PATH": os.defpath},
    )
    return done.stdout


def scripted(rules: RuleSet, content: bytes) -> bytes:
    return rewrite(rules, WORKFLOW, content, REF)


LINES = {
    "an action": (b"uses: a/b@main\n", b"uses: a/b@release/2.15\n"),
    "only the first of a line": (b"@main @main\n@main", b"@release/2.15 @main\n@release/2.15"),
    "comments and prose as well": (b"# poetry@main is", b"# poetry@release/2.15 is"),
    "the middle of a word": (b"x@mainland", b"x@release/2.15land"),
    "the ref that is passed on": (b" test-infra-ref: main", b" test-infra-ref: release/2.15"),
    "a tab becomes a space": (b"test-infra-ref:\tmain", b"test-infra-ref: release/2.15"),
    "one space exactly": (b"test-infra-ref:  main", b"test-infra-ref:  main"),
    "no quotes": (b"test-infra-ref: 'main'", b"test-infra-ref: 'main'"),
    "only the first ref of a line": (
        b"test-infra-ref: main test-infra-ref: main",
        b"test-infra-ref: release/2.15 test-infra-ref: main",
    ),
    "both rules on one line": (
        b"@main test-infra-ref: main",
        b"@release/2.15 test-infra-ref: release/2.15",
    ),
    "line endings": (b"a@main\r\nb@main\rc@main\n", b"a@release/2.15\r\nb@release/2.15\rc@main\n"),
    "bytes that are no text": (b"\xff\x00@main\xc3", b"\xff\x00@release/2.15\xc3"),
    "an empty file": (b"", b""),
    "no newline at the end": (b"\n\n@main", b"\n\n@release/2.15"),
}


@pytest.mark.parametrize("rules", SCRIPTS)
@pytest.mark.parametrize("case", LINES)
def test_the_scripts_rewrite_the_first_match_of_every_line(rules: RuleSet, case: str) -> None:
    before, after = LINES[case]
    assert scripted(rules, before) == after


INPUT = b'test-infra-ref:\n  default: "main"\n  type: string\n'
POINTED = b'test-infra-ref:\n  default: "release/2.15"\n  type: string\n'
INPUTS = {
    "an input": (INPUT, POINTED),
    "opened again": (
        INPUT + b'default: "main"\n' + INPUT,
        POINTED + b'default: "main"\n' + POINTED,
    ),
    "never closed": (
        b'test-infra-ref:\ndefault: "main"\n\ndefault: "main"',
        b'test-infra-ref:\ndefault: "release/2.15"\n\ndefault: "release/2.15"',
    ),
    "closed by the line itself": (
        b'test-infra-ref:\nx: {default: "main", type: string}\ndefault: "main"\n',
        b'test-infra-ref:\nx: {default: "release/2.15", type: string}\ndefault: "main"\n',
    ),
    "closed by any word with type:": (
        b'test-infra-ref:\nprototype: 1\ndefault: "main"\n',
        b'test-infra-ref:\nprototype: 1\ndefault: "main"\n',
    ),
    "opened twice, closed once": (
        b"test-infra-ref:\n" + INPUT + b'default: "main"\n',
        b"test-infra-ref:\n" + POINTED + b'default: "main"\n',
    ),
    "a type before the default": (
        b'test-infra-ref:\n type: string\n default: "main"\n',
        b'test-infra-ref:\n type: string\n default: "main"\n',
    ),
    "more than the name alone": (
        b'test-infra-ref: # where\n default: "main"\n',
        b'test-infra-ref: # where\n default: "main"\n',
    ),
    "only the first of a line": (
        b'test-infra-ref:\ndefault: "main" default: "main"',
        b'test-infra-ref:\ndefault: "release/2.15" default: "main"',
    ),
    "single quotes": (
        b"test-infra-ref:\ndefault: 'main'\n",
        b"test-infra-ref:\ndefault: 'main'\n",
    ),
    "line endings of Windows": (INPUT.replace(b"\n", b"\r\n"), POINTED.replace(b"\n", b"\r\n")),
}


@pytest.mark.parametrize("case", INPUTS)
def test_the_script_of_2026_rewrites_the_defaults_of_inputs(case: str) -> None:
    before, after = INPUTS[case]
    assert scripted(RuleSet.SCRIPT_2026, before) == after
    assert scripted(RuleSet.SCRIPT_2023, before) == before


PIECES = (
    b"@main",
    b"test-infra-ref:",
    b" main",
    b"main",
    b'default: "main"',
    b"type:",
    b" ",
    b"\t",
    b"\v",
    b"\r",
    b"\n",
    b"\n",
    b"\ntest-infra-ref:\n",
    b"#",
    b"\xff",
    b"\x00",
    b"\xc2\xa0",
    b"\xe3\x80\x80",
)
SCRAPS = st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join)


@needs_sed
@pytest.mark.parametrize("rules", SCRIPTS)
@settings(max_examples=80, deadline=None)
@given(content=SCRAPS)
def test_the_scripts_rules_are_sed_to_the_byte(rules: RuleSet, content: bytes) -> None:
    assert scripted(rules, content) == by_sed(rules, content)


@needs_sed
@pytest.mark.parametrize("rules", SCRIPTS)
def test_every_case_above_is_what_sed_does(rules: RuleSet) -> None:
    for before, _ in (*LINES.values(), *INPUTS.values()):
        assert scripted(rules, before) == by_sed(rules, before)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"@main @main", b"@release/2.15 @release/2.15"),
        (b"test-infra-ref: main", b"test-infra-ref: release/2.15"),
        (b"test-infra-ref:\tmain", b"test-infra-ref:\tmain"),
        (INPUT, INPUT),
        ("é@main".encode(), "é@release/2.15".encode()),
        (b"a\r\nb\rc@main\r\n", b"a\nb\nc@release/2.15\n"),
        (b"a\r\nb\r\n", b"a\r\nb\r\n"),
        (b"\xff@main", b"\xff@main"),
    ],
)
def test_every_occurrence_is_what_the_script_in_python_rewrites(
    before: bytes, after: bytes
) -> None:
    assert scripted(RuleSet.ALL_OCCURRENCES, before) == after
    assert scripted(RuleSet.ALL_OCCURRENCES, after) == after


@pytest.mark.parametrize("rules", SCRIPTS)
@settings(deadline=None)
@given(content=SCRAPS)
def test_the_scripts_keep_every_line_without_a_match(rules: RuleSet, content: bytes) -> None:
    lines, rewritten = content.split(b"\n"), scripted(rules, content).split(b"\n")
    assert len(rewritten) == len(lines)
    for line, new in zip(lines, rewritten, strict=True):
        assert new == line or b"main" in line
        assert new.count(b"main") >= line.count(b"main") - 3


SCRIPTED = {RuleSet.SCRIPT_2023, RuleSet.SCRIPT_2026, RuleSet.ALL_OCCURRENCES}


@pytest.mark.parametrize(
    ("path", "looked_at_by"),
    [
        (".github/workflows/build.yml", {*SCRIPTED, RuleSet.FIXED}),
        (".github/workflows/build.yaml", {RuleSet.FIXED}),
        (".github/workflows/.hidden.yml", {RuleSet.ALL_OCCURRENCES, RuleSet.FIXED}),
        (".github/workflows/deeper/build.yml", set()),
        (".github/workflows/build.yml.j2", set()),
        (".github/workflows/BUILD.YML", set()),
        (".github/actions/setup/action.yml", {RuleSet.FIXED}),
        (".github/actions/a/b/action.yaml", {RuleSet.FIXED}),
        (".github/actions/setup/other.yml", set()),
        ("tools/.github/workflows/build.yml", set()),
        (".github/workflows/build.yml\n", set()),
        ("scripts/build.sh", set()),
    ],
)
def test_the_files_each_rule_set_looks_at(path: str, looked_at_by: set[RuleSet]) -> None:
    assert {rules for rules in RuleSet if applies_to(rules, path)} == looked_at_by
    for rules in set(RuleSet) - looked_at_by:
        content = b"uses: pytorch/test-infra/x@main\n"
        assert rewrite(rules, path, content, REF, own=OWN) == content


@pytest.mark.parametrize("ref", ["", "release/", "a b", "a#b", "a&b", "a'b", "-x", "x\n", "é"])
@pytest.mark.parametrize("rules", RuleSet)
def test_a_ref_that_is_no_plain_branch_name_is_refused(rules: RuleSet, ref: str) -> None:
    with pytest.raises(ValueError, match="is not a branch name"):
        rewrite(rules, WORKFLOW, b"uses: a/b@main", ref)


def test_the_changes_of_a_tree_come_by_path_and_leave_out_what_stays() -> None:
    files = {
        ".github/workflows/z.yml": b"uses: a/b@main",
        ".github/workflows/a.yml": b"uses: a/b@main",
        ".github/workflows/m.yml": b"name: nothing here\n",
        "README.md": b"@main",
    }
    changes = rewrite_all(RuleSet.SCRIPT_2023, files, REF)
    assert [change.path for change in changes] == [
        ".github/workflows/a.yml",
        ".github/workflows/z.yml",
    ]
    assert changes[0] == Rewritten(changes[0].path, b"uses: a/b@main", b"uses: a/b@release/2.15")


def test_the_diff_reads_like_git() -> None:
    before = b"".join(b"line %d\n" % number for number in range(9)) + b"uses: a/b@main"
    change = Rewritten(WORKFLOW, before, before.replace(b"main", b"release/2.15"))
    assert unified_diff([change]).splitlines() == [
        f"diff --git a/{WORKFLOW} b/{WORKFLOW}",
        f"--- a/{WORKFLOW}",
        f"+++ b/{WORKFLOW}",
        "@@ -7,4 +7,4 @@",
        " line 6",
        " line 7",
        " line 8",
        "-uses: a/b@main",
        "\\ No newline at end of file",
        "+uses: a/b@release/2.15",
        "\\ No newline at end of file",
    ]
    assert unified_diff([]) == ""


def test_the_diff_is_one_that_git_applies(tmp_path: Path) -> None:
    files = {
        ".github/workflows/a.yml": b"name: \xc3\xa9\n\ton: x\nuses: a/b@main\n" * 5,
        ".github/workflows/b c.yml": b"uses: a/b@main",
    }
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    changes = rewrite_all(RuleSet.SCRIPT_2023, files, REF)
    patch = unified_diff(changes).encode()
    subprocess.run(["git", "apply", "-"], input=patch, cwd=tmp_path, check=True)
    assert {c.path: (tmp_path / c.path).read_bytes() for c in changes} == {
        c.path: c.after for c in changes
    }


def test_the_diff_shows_no_control_characters() -> None:
    change = Rewritten("a\x1b.yml", b"\x1b[2J\xff\r\n", "\u202e@x\r\n".encode())
    diff = unified_diff([change])
    assert re.search(r"[^\S\n\t ]|[\x00-\x08\x0b-\x1f\u202e]", diff) is None
    assert "-\\x1b[2J\\xff\\r\n+\\u202e@x\\r\n" in diff
