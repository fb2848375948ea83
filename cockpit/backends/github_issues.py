"""GitHub's issues that the cockpit keeps: found by title, opened, amended, and who edited them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from cockpit.backends.github_errors import NotFound
from cockpit.backends.github_http import Transport
from cockpit.backends.github_kinds import ISSUES, path_of
from cockpit.backends.github_records import IssueRecord
from cockpit.backends.ports import Answer
from cockpit.backends.text import clean, clean_lines
from cockpit.errors import CockpitError, Unreachable
from cockpit.release.mirror import IssueEdit, MirrorIssue
from cockpit.release.pullrequests import with_own_part
from cockpit.release.repos import Repository

_EDITS = 30
_QUERY = """
query($owner: String!, $name: String!, $number: Int!, $edits: Int!) {
  repository(owner: $owner, name: $name) {
    issue(number: $number) {
      userContentEdits(first: $edits) { nodes { editedAt diff editor { login } } }
    }
  }
}
"""


class _Editor(msgspec.Struct, frozen=True):
    login: str


class _Edit(msgspec.Struct, frozen=True, rename="camel"):
    edited_at: datetime
    diff: str | None = None
    editor: _Editor | None = None


class _Edits(msgspec.Struct, frozen=True):
    nodes: tuple[_Edit, ...] = ()


class _Issue(msgspec.Struct, frozen=True, rename="camel"):
    user_content_edits: _Edits | None = None


class _Repository(msgspec.Struct, frozen=True):
    issue: _Issue | None = None


class _Data(msgspec.Struct, frozen=True):
    repository: _Repository | None = None


class _Answer(msgspec.Struct, frozen=True):
    data: _Data | None = None


_ISSUE = msgspec.json.Decoder(IssueRecord)
_ANSWER = msgspec.json.Decoder(_Answer)


class GithubIssues:
    """The part of the adapter that keeps the tracking issue."""

    _transport: Transport

    def titled_issue(
        self, repository: Repository, title: str, label: str
    ) -> Answer[MirrorIssue | None]:
        """The issue of exactly this title that carries the label, an open one before closed ones.

        Who edited its text only GraphQL tells; where that does not answer, nobody is named and
        the answer says so.
        """
        path = path_of(repository, "issues", labels=label, state="all")
        listing = self._transport.read_list(path, ISSUES)
        rows = [row for row in listing.rows if not row.is_pull and clean(row.title) == title]
        found = max(rows, key=lambda row: (row.state == "open", row.number), default=None)
        if found is None:
            return Answer(None, path, listing.missing)
        edits, missing = self._edits(repository, found.number)
        issue = msgspec.structs.replace(_issue(found), edits=edits)
        return Answer(issue, found.html_url, "; ".join(filter(None, (listing.missing, missing))))

    def open_issue(
        self, repository: Repository, title: str, own: str, labels: Sequence[str]
    ) -> MirrorIssue:
        """Open an issue whose text is the cockpit's part, asked for once."""
        body = {"title": title, "body": with_own_part("", own), "labels": list(labels)}
        answer = self._transport.write("POST", f"/repos/{repository.name}/issues", body)
        return _issue(_decoded(answer.body))

    def amend_issue(self, repository: Repository, number: int, own: str) -> MirrorIssue:
        """Give an issue our part of its text; the rest of it stays."""
        path = f"/repos/{repository.name}/issues/{number}"
        there = _decoded(self._transport.ask(path).body)
        body = with_own_part(there.body or "", own)
        answer = self._transport.write("PATCH", path, {"body": body})
        return _issue(_decoded(answer.body))

    def _edits(self, repository: Repository, number: int) -> tuple[tuple[IssueEdit, ...], str]:
        owner, _, name = repository.name.partition("/")
        asked = {"owner": owner, "name": name, "number": number, "edits": _EDITS}
        unknown = "who edited the issue could not be read"
        try:
            answer = self._transport.write(
                "POST", self._graphql, {"query": _QUERY, "variables": asked}
            )
            found = _ANSWER.decode(answer.body)
        except NotFound:
            return (), unknown
        except msgspec.DecodeError as err:
            return (), f"{unknown}: {err}"
        except CockpitError as err:
            return (), f"{unknown}: {err}"
        issue = found.data.repository.issue if found.data and found.data.repository else None
        if issue is None or issue.user_content_edits is None:
            return (), unknown
        nodes = issue.user_content_edits.nodes
        newest_first = sorted(nodes, key=lambda edit: edit.edited_at, reverse=True)
        return tuple(map(_edit, newest_first)), ""

    @property
    def _graphql(self) -> str:
        """Beside the REST API; on a server of one's own under another path than that."""
        api = self._transport.api
        return f"{api.removesuffix('/v3')}/graphql" if api.endswith("/api/v3") else "/graphql"


def _edit(edit: _Edit) -> IssueEdit:
    login = clean(edit.editor.login) if edit.editor else ""
    return IssueEdit(login, edit.edited_at, clean_lines(edit.diff or ""))


def _issue(row: IssueRecord) -> MirrorIssue:
    return MirrorIssue(
        number=row.number,
        title=clean(row.title),
        body=clean_lines(row.body or ""),
        url=row.html_url,
        state=row.state,
        labels=tuple(clean(label.name) for label in row.labels),
    )


def _decoded(body: str) -> IssueRecord:
    try:
        return _ISSUE.decode(body)
    except msgspec.DecodeError as err:
        raise Unreachable("GitHub's answer could not be read", str(err), "refresh (r)") from err
