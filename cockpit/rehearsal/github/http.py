"""What every endpoint shares: JSON answers, errors in GitHub's shape, typed bodies, paging."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar
from urllib.parse import urlencode

import flask
import msgspec

DOCUMENTATION = "https://docs.github.com/rest"
DEFAULT_PAGE = 30
LARGEST_PAGE = 100

Body = dict[str, object]
Decoded = TypeVar("Decoded")
Item = TypeVar("Item")


class ApiError(Exception):
    """A request that GitHub answers with an error body."""

    def __init__(self, status: int, message: str, errors: Sequence[Mapping[str, str]] = ()) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message
        self.errors = errors

    def response(self) -> flask.Response:
        """The error as GitHub words it."""
        body: Body = {"message": self.message}
        if self.errors:
            body["errors"] = list(self.errors)
        body |= {"documentation_url": DOCUMENTATION, "status": str(self.status)}
        return answer(body, self.status)


def not_found(message: str = "Not Found") -> ApiError:
    """What is not there, or may not be seen."""
    return ApiError(404, message)


def invalid(resource: str, field: str, code: str, message: str = "") -> ApiError:
    """A request that is well formed but cannot be carried out: 422 with one named error."""
    error = {"resource": resource, "field": field, "code": code}
    if message:
        error["message"] = message
    return ApiError(422, "Validation Failed", (error,))


def answer(body: object, status: int = 200) -> flask.Response:
    """A JSON response."""
    return flask.Response(
        msgspec.json.encode(body), status, content_type="application/json; charset=utf-8"
    )


def no_content() -> flask.Response:
    """A success that has nothing to say."""
    response = flask.Response(status=204)
    del response.headers["Content-Type"]
    return response


def read_body(kind: type[Decoded]) -> Decoded:
    """The request's JSON body as a `kind`; 400 when it is no JSON, 422 when it does not fit."""
    try:
        return msgspec.json.decode(flask.request.get_data() or b"{}", type=kind)
    except msgspec.ValidationError as misfit:
        raise ApiError(422, f"Invalid request.\n\n{misfit}") from misfit
    except msgspec.DecodeError as broken:
        raise ApiError(400, "Problems parsing JSON") from broken


def query(name: str, default: str = "") -> str:
    """A query parameter's text."""
    return flask.request.args.get(name, default)


def page_of(items: Sequence[Item]) -> Sequence[Item]:
    """The requested page of `items`; the response gets the matching Link header."""
    size = min(max(_whole_number("per_page", DEFAULT_PAGE), 1), LARGEST_PAGE)
    page = max(_whole_number("page", 1), 1)
    last = max(-(-len(items) // size), 1)
    targets = {
        "prev": min(page - 1, last) if page > 1 else None,
        "next": page + 1 if page < last else None,
        "last": last if page < last else None,
        "first": 1 if page > 1 else None,
    }
    flask.g.link = ", ".join(
        f'<{_with_page(number)}>; rel="{relation}"'
        for relation, number in targets.items()
        if number is not None
    )
    return items[(page - 1) * size : page * size]


def _whole_number(name: str, default: int) -> int:
    text = query(name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default


def _with_page(number: int) -> str:
    request = flask.request
    parameters = [pair for pair in request.args.items(multi=True) if pair[0] != "page"]
    return f"{request.base_url}?{urlencode([*parameters, ('page', str(number))])}"
