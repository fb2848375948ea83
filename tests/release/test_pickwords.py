"""What is written about picks, held to git itself and to how the tracker is read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cockpit.release.nominations import Comment, Verdict, read_answers, read_nominations
from cockpit.release.pickwords import (
    bot_request,
    decision_text,
    mark_of,
    marked,
    nomination_text,
    pick_branch,
    picked_message,
    quoted_links,
    reply_text,
)
from cockpit.release.versions import Line
from tests.gitrepos import WorkRepo

REPOSITORY = "pytorch/pytorch"
WEB = f"https://github.com/{REPOSITORY}/pull"


def comment(body: str) -> Comment:
    return Comment(1, "ada", body, datetime(2026, 10, 14, tzinfo=UTC), None, "url")


@pytest.mark.parametrize(
    ("verdict", "words", "last"),
    [
        (Verdict.APPROVED, "", "Approved"),
        (Verdict.APPROVED, "denied: never\nmind #7", "Approved: denied: never mind #<!-- -->7"),
        (Verdict.DENIED, f"see {WEB}/7", "Denied: see #<!-- -->7"),
        (Verdict.DENIED, "<!-- hidden", "Denied: hidden"),
        (Verdict.NEEDS_INFO, "link #7?", "Could you link #<!-- -->7?"),
        (Verdict.NEEDS_INFO, "Please add a test", "Please add a test"),
    ],
)
def test_a_decision_is_read_back_as_that_verdict(verdict: Verdict, words: str, last: str) -> None:
    text = decision_text(verdict, words, quoted_links([f"{WEB}/1"], f"{WEB}/12"), REPOSITORY)
    assert text.splitlines()[-1] == last
    body = marked(text, "approve #12")
    assert mark_of(body) == "approve #12"
    answers = read_answers([comment(body)], REPOSITORY, ["Ada"])
    assert [(answer.pull, answer.verdict) for answer in answers] == [(1, verdict), (12, verdict)]
    assert not read_nominations(comment(body), REPOSITORY)


def test_a_nomination_is_read_back() -> None:
    text = nomination_text([f"{WEB}/1", f"{WEB}/2"], f"{WEB}/12", "Critical: #5 <!-- crash")
    (found,) = read_nominations(comment(marked(text, "x")), REPOSITORY)
    assert (found.trunk_pulls, found.release_pull) == ((1, 2), 12)
    assert found.category == "Critical: #5 crash"


def test_names_and_sentences() -> None:
    assert pick_branch(12, "a" * 40, "mei-lin_4.2") == "cherry-pick-12-by-mei_lin_4_2"
    assert pick_branch(12, "", "ada", Line(2, 15)) == "cherry-pick-12-by-ada-2.15"
    assert pick_branch(None, "a1" * 20, "ada") == "cherry-pick-ga1a1a1a1a1-by-ada"
    assert reply_text(12, "U", "docs").endswith("The cherry pick PR is at U.")
    assert "it is linked with issue I." in reply_text(12, "U", "docs", "I")
    fixes = bot_request("release/2.15", "docs", "https://x/issues/1")
    assert fixes == "@pytorchbot cherry-pick --onto release/2.15 -c docs --fixes https://x/issues/1"
    for branch, kind, url in (
        ("main", "docs", ""),
        ("release/2.15", "x", ""),
        ("release/2.15", "docs", "a b"),
    ):
        with pytest.raises(ValueError, match="is not what the bot takes"):
            bot_request(branch, kind, url)


@pytest.mark.parametrize(
    "message",
    [
        "Title",
        "Title\n\nBody.",
        "Title: looks like a trailer",
        "Title\n\nBody.\n\nSigned-off-by: A <a@b>",
        "Title\n\nBody.\n\nFixes: x\nCo-authored-by: B <b@c>\n",
        "Title\n\nsome words\nhttps://x.example/y",
        "Title\n\nsee https: no\nSigned-off-by: A <a@b>\nplain",
        "Title\n\none\ntwo\nthree\nfour\nSigned-off-by: A <a@b>",
        "Title\n\nPull Request resolved: https://x/pull/1\nApproved by: https://x",
        "Title\n\n(cherry picked from commit 1111111111111111111111111111111111111111)",
        "Title\n\nFixes: a\n  folded\n",
    ],
)
def test_the_trailer_stands_where_git_puts_it(message: str, tmp_path: Path) -> None:
    repo = WorkRepo(tmp_path / "repo")
    repo.commit("Cut", {"f": "1\n"})
    repo.git("branch", "release")
    (tmp_path / "message").write_text(message, encoding="utf-8")
    (repo.path / "f").write_text("2\n", encoding="utf-8")
    repo.git("commit", "--quiet", "--all", "--cleanup=verbatim", "-F", str(tmp_path / "message"))
    sha = repo.git("rev-parse", "HEAD").strip()
    repo.git("checkout", "--quiet", "release")
    repo.git("cherry-pick", "-x", sha)
    made = repo.git("cat-file", "commit", "HEAD").partition("\n\n")[2]
    assert made.strip() == picked_message(message, sha).strip()
