"""The search for issues and pull requests, in GitHub's query language."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import flask

from cockpit.rehearsal.github.call import locked, this_call
from cockpit.rehearsal.github.http import ApiError, answer, page_of, query
from cockpit.rehearsal.github.moments import within
from cockpit.rehearsal.github.records import in_order
from cockpit.rehearsal.github.serialise_issues import issue_body
from cockpit.rehearsal.model import Issue, Repository

routes = flask.Blueprint("search", __name__)

MOST_RESULTS = 1000

_MANNERS = ("in", "sort")
"""Qualifiers that say how to search, not what for."""

_TERM = re.compile(r'(?P<not>-?)(?:(?P<key>[a-z-]+):)?(?:"(?P<quoted>[^"]*)"|(?P<plain>[^\s"]+))')


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a query: a qualifier, or words to find when `key` is empty."""

    key: str
    value: str
    negated: bool


@routes.get("/search/issues")
@locked
def issues() -> flask.Response:
    """Issues and pull requests of all repositories that fit a query."""
    text = query("q")
    if not text.strip():
        raise ApiError(
            422, "Validation Failed", [{"resource": "Search", "field": "q", "code": "missing"}]
        )
    terms = parse(text)
    call = this_call()
    hits = [
        (issue, repository)
        for repository in call.forge.repositories.values()
        for issue in repository.issues.values()
        if matches(repository, issue, terms)
    ]
    home = {issue.id: repository for issue, repository in hits}
    found = in_order((issue for issue, _ in hits), *_order(terms))
    page = page_of(found[:MOST_RESULTS])
    if not page and found and query("page", "1") != "1":
        raise ApiError(422, "Only the first 1000 search results are available")
    items = [issue_body(call, home[issue.id], issue) | {"score": 1.0} for issue in page]
    body = {
        "total_count": len(found),
        "incomplete_results": False,
        "search_type": "lexical",
        "items": items,
    }
    return answer(body)


def parse(text: str) -> list[Term]:
    """The parts of a query; what only looks like a qualifier, such as an address, is text."""
    terms = []
    for match in _TERM.finditer(text):
        key, quoted = match["key"] or "", match["quoted"]
        value = match["plain"] if quoted is None else quoted
        if key and key not in _QUALIFIERS and key not in _MANNERS:
            key, value = "", f"{key}:{value}"
        terms.append(Term(key, value, bool(match["not"])))
    return terms


def matches(repository: Repository, issue: Issue, terms: list[Term]) -> bool:
    """Whether an issue fits every part of a query."""
    fields = [term.value for term in terms if term.key == "in"] or ["title,body"]
    searched = _searched(issue, ",".join(fields).split(","))
    for term in terms:
        if term.key in _MANNERS:
            continue
        if term.key:
            fits = _QUALIFIERS[term.key](repository, issue, term.value)
        else:
            fits = term.value.casefold() in searched
        if fits == term.negated:
            return False
    return True


def _searched(issue: Issue, fields: list[str]) -> str:
    parts = {
        "title": issue.title,
        "body": issue.body,
        "comments": "\n".join(comment.body for comment in issue.comments)
        if "comments" in fields
        else "",
    }
    return "\n".join(parts.get(field, "") for field in fields).casefold()


def _order(terms: list[Term]) -> tuple[str, str]:
    """Sort and direction, from the query itself or from the parameters."""
    inside = next((term.value for term in terms if term.key == "sort"), "")
    field, _, direction = inside.partition("-")
    return field or query("sort", "created"), direction or query("order", "desc")


def _is(_repository: Repository, issue: Issue, value: str) -> bool:
    pull = issue.pull
    facts = {
        "issue": pull is None,
        "pr": pull is not None,
        "pull-request": pull is not None,
        "open": issue.state == "open",
        "closed": issue.state == "closed",
        "merged": bool(pull and pull.merged_at),
        "unmerged": bool(pull and not pull.merged_at),
        "draft": bool(pull and pull.draft),
        "locked": issue.locked,
        "unlocked": not issue.locked,
        "public": True,
    }
    return facts.get(value, False)


def _no(_repository: Repository, issue: Issue, value: str) -> bool:
    lacking = {
        "milestone": issue.milestone is None,
        "label": not issue.labels,
        "assignee": not issue.assignees,
    }
    return lacking.get(value, False)


def _label(_repository: Repository, issue: Issue, value: str) -> bool:
    names = {name.casefold() for name in issue.labels}
    return any(name.strip(' "').casefold() in names for name in value.split(","))


def _milestone(repository: Repository, issue: Issue, value: str) -> bool:
    milestone = repository.milestones.get(issue.milestone) if issue.milestone else None
    if value == "*":
        return milestone is not None
    return milestone is not None and milestone.title.casefold() == value.casefold()


def _review(_repository: Repository, issue: Issue, value: str) -> bool:
    if issue.pull is None:
        return False
    verdicts = {
        review.user: review.state for review in issue.pull.reviews if review.state != "COMMENTED"
    }
    facts = {
        "none": not issue.pull.reviews,
        "approved": bool(verdicts) and set(verdicts.values()) == {"APPROVED"},
        "changes_requested": "CHANGES_REQUESTED" in verdicts.values(),
    }
    return facts.get(value, False)


def _time(field: str) -> Callable[[Repository, Issue, str], bool]:
    def fits(_repository: Repository, issue: Issue, value: str) -> bool:
        times = {
            "created": issue.created_at,
            "updated": issue.updated_at,
            "closed": issue.closed_at,
            "merged": issue.pull.merged_at if issue.pull else None,
        }
        when = times[field]
        return when is not None and within(when, value)

    return fits


_QUALIFIERS: dict[str, Callable[[Repository, Issue, str], bool]] = {
    "is": _is,
    "type": _is,
    "state": _is,
    "no": _no,
    "label": _label,
    "milestone": _milestone,
    "review": _review,
    "repo": lambda home, _, value: home.full_name.casefold() == value.casefold(),
    "org": lambda home, _, value: home.owner.casefold() == value.casefold(),
    "user": lambda home, _, value: home.owner.casefold() == value.casefold(),
    "author": lambda _, issue, value: issue.user.casefold() == value.casefold(),
    "assignee": lambda _, issue, value: value in issue.assignees,
    "commenter": lambda _, issue, value: any(one.user == value for one in issue.comments),
    "base": lambda _, issue, value: bool(issue.pull and issue.pull.base_ref == value),
    "head": lambda _, issue, value: bool(issue.pull and issue.pull.head_ref == value),
    "created": _time("created"),
    "updated": _time("updated"),
    "closed": _time("closed"),
    "merged": _time("merged"),
}
