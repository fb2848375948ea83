"""The fixed rules of a branch cut, by meaning, and what still points at main after a rewrite."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.release.rewrites import Leftover, RuleSet, Why, leftovers, rewrite

REF = "release/2.15"
WORKFLOW = ".github/workflows/build.yml"
OWN = frozenset({"pytorch/test-infra", "pytorch/pytorch"})


def fixed(content: str | bytes, own: frozenset[str] = OWN) -> str:
    raw = content.encode() if isinstance(content, str) else content
    return rewrite(RuleSet.FIXED, WORKFLOW, raw, REF, own=own).decode("latin-1")


MENDED = {
    "an action": ("uses: pytorch/test-infra/x/y@main", "uses: pytorch/test-infra/x/y@release/2.15"),
    "a whole repository": ("- uses: pytorch/pytorch@main", "- uses: pytorch/pytorch@release/2.15"),
    "a quoted one": (
        "uses: \"pytorch/test-infra/x@main\" # 'main'",
        "uses: \"pytorch/test-infra/x@release/2.15\" # 'main'",
    ),
    "a name in other case": (
        "uses: 'PyTorch/Test-Infra/x@main'",
        "uses: 'PyTorch/Test-Infra/x@release/2.15'",
    ),
    "the full name of the branch": (
        "uses: pytorch/test-infra/x@refs/heads/main",
        "uses: pytorch/test-infra/x@refs/heads/release/2.15",
    ),
    "two on one line": (
        "[{uses: pytorch/test-infra/x@main}, {uses: pytorch/test-infra/y@main}]",
        "[{uses: pytorch/test-infra/x@release/2.15}, {uses: pytorch/test-infra/y@release/2.15}]",
    ),
    "the ref that is passed on": (
        "with:\n  test-infra-ref:   'main'\n",
        "with:\n  test-infra-ref:   'release/2.15'\n",
    ),
    "the default of an input": (
        "inputs:\n  test-infra-ref:\n    type: string\n    default: main\n",
        "inputs:\n  test-infra-ref:\n    type: string\n    default: release/2.15\n",
    ),
    "a checkout of ours": (
        'with:\n  ref: main\n  path: x\n  repository: "pytorch/pytorch"\n',
        'with:\n  ref: release/2.15\n  path: x\n  repository: "pytorch/pytorch"\n',
    ),
    "a value under its key": (
        "uses:\n  pytorch/test-infra/x@main\n",
        "uses:\n  pytorch/test-infra/x@release/2.15\n",
    ),
    "behind an anchor, once": (
        "a: &a {uses: pytorch/test-infra/x@main}\nb: *a\n",
        "a: &a {uses: pytorch/test-infra/x@release/2.15}\nb: *a\n",
    ),
    "arguments behind an alias": (
        "x: &a {repository: pytorch/pytorch, ref: main}\nwith: *a\n",
        "x: &a {repository: pytorch/pytorch, ref: release/2.15}\nwith: *a\n",
    ),
    "line endings of Windows": (
        "name: é\r\nuses: pytorch/test-infra/x@main\r\n",
        "name: é\r\nuses: pytorch/test-infra/x@release/2.15\r\n",
    ),
    "a mark of byte order": (
        "\ufeff# é\nuses: pytorch/test-infra/x@main",
        "\ufeff# é\nuses: pytorch/test-infra/x@release/2.15",
    ),
    "several documents": (
        "uses: pytorch/test-infra/x@main\n---\nuses: pytorch/test-infra/x@main",
        "uses: pytorch/test-infra/x@release/2.15\n---\nuses: pytorch/test-infra/x@release/2.15",
    ),
}
LEFT_ALONE = {
    "a foreign action": "uses: hashicorp/setup-packer@main",
    "a foreign repository with our name in it": "uses: x/pytorch/test-infra@main",
    "a fork": "uses: somebody/test-infra/x@main",
    "a local action": "uses: ./.github/workflows/x@main",
    "another branch": "uses: pytorch/test-infra/x@mainland",
    "a branch that ends in main": "[{uses: pytorch/pytorch/x@domain}, {test-infra-ref: remain}]",
    "a comment": "# uses: pytorch/test-infra/x@main\na: 1 # test-infra-ref: main",
    "a script": "run: |\n  uses: pytorch/test-infra/x@main\n  test-infra-ref: main\n",
    "prose over two lines": "description: 'see\n  uses: pytorch/test-infra/x@main'\n",
    "a foreign checkout": "with:\n  repository: pytorch/vision\n  ref: main\n",
    "a checkout of its own repository": "with:\n  ref: main\n",
    "an expression": "with:\n  repository: pytorch/pytorch\n  ref: ${{ inputs.ref || 'main' }}\n",
    "a trigger": "on: {push: {branches: [main]}}",
    "a job called like an argument": "ref: main\nrepository: pytorch/pytorch\n",
    "an entry point": "runs: {using: node20, main: main}",
    "another input": "inputs: {branch: {default: main}}",
    "an escape": 'with: {test-infra-ref: "m\\x61in"} # main',
    "an anchor that contains itself": "a: &a [*a]\nb: *nowhere\nmain: 1",
}


@pytest.fixture(params=[True, False], ids=["libyaml", "python"])
def either_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml, "__with_libyaml__", request.param and yaml.__with_libyaml__)


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize("case", MENDED)
def test_what_the_author_meant_is_rewritten(case: str) -> None:
    before, after = (text.encode() for text in MENDED[case])
    assert rewrite(RuleSet.FIXED, WORKFLOW, before, REF, own=OWN) == after
    assert rewrite(RuleSet.FIXED, WORKFLOW, after, REF, own=OWN) == after


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize("case", LEFT_ALONE)
def test_what_the_author_did_not_mean_stays(case: str) -> None:
    assert fixed(LEFT_ALONE[case]) == LEFT_ALONE[case]


def test_only_the_named_repositories_are_pointed_elsewhere() -> None:
    text = "[{uses: pytorch/pytorch/x@main}, {uses: pytorch/test-infra/x@main}]"
    assert fixed(text, frozenset()) == text
    assert fixed(text, frozenset({"PyTorch/PyTorch"})) == text.replace(
        "pytorch/pytorch/x@main", "pytorch/pytorch/x@release/2.15"
    )


UNREADABLE = {
    "no YAML": b"uses: pytorch/test-infra/x@main\n\t- {",
    "a control character": b"uses: pytorch/test-infra/x@main\n\x01",
    "too deep": b"uses: pytorch/test-infra/x@main\na: " + b"[" * 200 + b"]" * 200,
    "a number out of range": b"%YAML 1." + b"9" * 5000 + b"\n---\ntest-infra-ref: main",
    "a character out of range": rb"test-infra-ref: main" b"\n" rb'x: "\UFFFFFFFF"',
}


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize("case", UNREADABLE)
def test_a_file_that_is_not_yaml_stays_and_says_so(case: str) -> None:
    content = UNREADABLE[case]
    assert rewrite(RuleSet.FIXED, WORKFLOW, content, REF, own=OWN) == content
    assert Why.UNREADABLE in {left.why for left in leftovers(WORKFLOW, content, OWN)}


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize(
    ("content", "line"),
    [(b"a: main\n\n]\n", 3), (b"main: [", 1), (b"a: main\nb: " + b"[" * 200 + b"]" * 200, 2)],
)
def test_an_unreadable_file_is_named_once_with_the_line(content: bytes, line: int) -> None:
    (only,) = leftovers(WORKFLOW, content, OWN)
    assert (only.line, only.why) == (line, Why.UNREADABLE)


def test_bytes_of_any_encoding_are_kept() -> None:
    before = b"name: \xe9t\xe9\nuses: pytorch/test-infra/x@main # \xff\n"
    after = rewrite(RuleSet.FIXED, WORKFLOW, before, REF, own=OWN)
    assert after == before.replace(b"main", b"release/2.15")


WORDS = b"uses: pytorch/test-infra/x@main|test-infra-ref:|main|with:|inputs:|default:|ref:".split(
    b"|"
)
MARKS = b"- { } [ ] ' \" | # \xff &a *a : ,".split()
SPACES = (b" ", b"\n", b"\n  ", b"\r\n")
SCRAPS = st.lists(st.sampled_from((*WORDS, *MARKS, *SPACES)), max_size=40).map(b"".join)
QUOTES = st.sampled_from(["", "'", '"'])
COMMENTS = st.sampled_from(["", " # main", "  # uses: pytorch/test-infra/x@main"])
REPOSITORIES = st.sampled_from([*sorted(OWN), "pytorch/vision", "actions/checkout"])


@st.composite
def steps(draw: st.DrawFn) -> tuple[str, str]:
    """One step of a job before and after the rewrite."""
    quote, comment, repository = draw(QUOTES), draw(COMMENTS), draw(REPOSITORIES)
    branch = draw(st.sampled_from(["main", "mainland", "v4", "release/2.14"]))
    target = REF if branch == "main" and repository in OWN else branch
    infra = REF if branch == "main" else branch
    kind = draw(st.sampled_from(["uses", "checkout", "infra", "script"]))
    shapes = {
        "uses": ("    - uses: {q}{r}/x@{b}{q}{c}\n", target),
        "checkout": (
            "    - uses: actions/checkout@v4\n      with:\n        ref: {q}{b}{q}{c}\n"
            "        repository: {q}{r}{q}\n",
            target,
        ),
        "infra": ("    - with:\n        test-infra-ref: {q}{b}{q}{c}\n", infra),
        "script": ("    - run: |\n        echo {r}@{b} test-infra-ref: {b}\n", branch),
    }
    shape, after = shapes[kind]
    before = shape.format(q=quote, c=comment, r=repository, b=branch)
    return before, shape.format(q=quote, c=comment, r=repository, b=after)


@settings(deadline=None)
@given(drawn=st.lists(steps(), max_size=12), newline=st.sampled_from(["\n", "\r\n"]))
def test_a_workflow_of_any_steps_is_mended_where_meant(
    drawn: list[tuple[str, str]], newline: str
) -> None:
    head = "jobs:\n  build:\n    steps:\n"
    before, after = (
        (head + "".join(step[side] for step in drawn)).replace("\n", newline) for side in (0, 1)
    )
    assert fixed(before) == after
    assert fixed(after) == after


@settings(deadline=None)
@given(content=st.one_of(SCRAPS, st.binary(max_size=200)))
def test_on_any_bytes_the_fixed_rules_are_calm(content: bytes) -> None:
    after = rewrite(RuleSet.FIXED, WORKFLOW, content, REF, own=OWN)
    assert rewrite(RuleSet.FIXED, WORKFLOW, after, REF, own=OWN) == after
    lines, rewritten = content.split(b"\n"), after.split(b"\n")
    assert len(rewritten) == len(lines)
    for line, new in zip(lines, rewritten, strict=True):
        assert new == line or b"main" in line


def left(text: str) -> list[tuple[int, Why]]:
    return [(each.line, each.why) for each in leftovers(WORKFLOW, text.encode(), OWN)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("uses: pytorch/test-infra/x@main", Why.OURS),
        ("uses: hashicorp/setup-packer@main", Why.FOREIGN),
        ("with: {test-infra-ref: 'main'}", Why.OURS),
        ("x: [{uses: pytorch/pytorch/x@main}, {uses: x/y@main}]", Why.OURS),
        ("inputs: {test-infra-ref: {default: ''}}", Why.EMPTY),
        ("inputs: {test-infra-ref: {default: }}", Why.EMPTY),
        ("inputs: {branch: {default: refs/heads/main}}", Why.INPUT),
        ("with: {repository: pytorch/vision, ref: main}", Why.FOREIGN),
        ("with: {repository: '${{ inputs.repo }}', ref: main}", Why.EXPRESSION),
        ("with: {ref: \"${{ inputs.ref || 'main' }}\"}", Why.EXPRESSION),
        ("with: {ref: 'main'}", Why.OWN_CHECKOUT),
        ("run: pip install git+https://github.com/x/y@main", Why.TEXT),
        ("run: git clone --depth 1 -b main $URL", Why.TEXT),
        ("run: curl https://raw.githubusercontent.com/pytorch/test-infra/main/x.sh", Why.TEXT),
        ("run: curl https://github.com/PyTorch/PyTorch/archive/refs/heads/main.zip", Why.TEXT),
        ('with: {test-infra-ref: "m\\x61in"} # main', Why.OURS),
    ],
)
def test_what_still_points_at_main_is_named_with_its_reason(text: str, why: Why) -> None:
    assert left(f"name: main\n{text}\n") == [(2, why)]


@pytest.mark.parametrize(
    "text",
    [
        "on: {push: {branches: [main]}}",
        "if: github.ref == 'refs/heads/main'",
        "uses: pytorch/test-infra/x@release/2.15 # was @main",
        "# see https://github.com/pytorch/test-infra/blob/main/README.md",
        "run: curl https://raw.githubusercontent.com/somebody/else/main/x.sh",
        "with: {repository: pytorch/vision, ref: main2}",
        "run: mail me@mainland.org",
        "inputs: {branch: {default: ''}}",
        "inputs: {words: {default: \"say 'main'\"}}",
    ],
)
def test_what_does_not_point_at_main_is_not_named(text: str) -> None:
    assert left(f"name: main\n{text}\n") == []


def test_an_empty_default_is_named_in_a_file_that_never_says_main() -> None:
    assert left("inputs:\n  test-infra-ref:\n    default: ''\n") == [(3, Why.EMPTY)]


def test_a_branch_in_a_block_of_text_is_named_with_its_own_line() -> None:
    assert left("with:\n  test-infra-ref: >-\n    main\n\nname: x\n") == [(3, Why.OURS)]


def test_leftovers_come_by_line_with_the_text_of_the_line_made_safe() -> None:
    content = (
        b"a:\n- uses: x/y@main # \x1b[31m\xff\n- run: >-\n    echo @main\n  uses: x/z@main\r\n"
    )
    safe = content.replace(b"\x1b", b"")
    assert leftovers(WORKFLOW, safe, OWN) == (
        Leftover(WORKFLOW, 2, "- uses: x/y@main # [31m\\xff", Why.FOREIGN),
        Leftover(WORKFLOW, 4, "echo @main", Why.TEXT),
        Leftover(WORKFLOW, 5, "uses: x/z@main\\r", Why.FOREIGN),
    )
    unreadable = leftovers(WORKFLOW, content, OWN)
    assert unreadable[0].why is Why.UNREADABLE
    assert all(each.text.isprintable() for each in unreadable)


def test_after_the_fixed_rules_nothing_of_ours_is_left() -> None:
    for before, _ in MENDED.values():
        after = rewrite(RuleSet.FIXED, WORKFLOW, before.encode(), REF, own=OWN)
        assert Why.OURS in {each.why for each in leftovers(WORKFLOW, before.encode(), OWN)}
        assert leftovers(WORKFLOW, after, OWN) == ()
