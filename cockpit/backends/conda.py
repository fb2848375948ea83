"""The conda channels, through the HTTP interface that anaconda's own client speaks.

The client itself brings eighty packages and telemetry, for two requests that only historic lines
make; the addresses and bodies here are those it sends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import msgspec

from cockpit.backends.plain_http import PlainHttp
from cockpit.backends.text import clean, mask
from cockpit.errors import AccessDenied, CockpitError, Conflict, Unreachable
from cockpit.release.conda import CondaFile, CondaRules

if TYPE_CHECKING:
    import requests

CONNECT_S = 5.0
READ_S = 60.0
TOKEN = "ANACONDA_API_TOKEN"  # noqa: S105  (the name of the variable)


class _Distribution(msgspec.Struct):
    basename: str
    md5: str | None = None
    sha256: str | None = None
    size: int | None = None


class _Release(msgspec.Struct):
    distributions: list[_Distribution] = []


class CondaChannels:
    """Implements CondaPort."""

    def __init__(
        self,
        rules: CondaRules,
        environment: Mapping[str, str],
        *,
        log: Callable[[str], None] | None = None,
    ) -> None:
        self._rules = rules
        self._environment = environment
        self._log = log
        self._http = PlainHttp()

    def files(self, owner: str, package: str, version: str) -> tuple[CondaFile, ...]:
        """Every file of a version in a channel; none where there is no such version."""
        where = f"release/{quote(owner)}/{quote(package)}/{quote(version)}"
        answer = self._ask("GET", where)
        if answer.status_code == 404:
            return ()
        if answer.status_code != 200:
            raise self._refusal(answer)
        try:
            found = msgspec.json.decode(answer.content, type=_Release)
        except msgspec.DecodeError as err:
            raise Unreachable(
                "The conda channel's listing cannot be read", clean(str(err)), "try again"
            ) from err
        return tuple(
            CondaFile(clean(file.basename), file.md5 or "", file.size or 0, file.sha256 or "")
            for file in found.distributions
        )

    def copy(self, package: str, version: str, basename: str) -> None:
        """Copy a file from the test channel to the stable one, on the server; never over another.

        Raises Conflict when the stable channel has a file of this name.
        """
        rules = self._rules
        where = f"copy/package/{rules.test_owner}/{package}/{version}/{basename}"
        body = {
            "to_owner": rules.stable_owner,
            "from_channel": rules.label,
            "to_channel": rules.label,
        }
        answer = self._ask("POST", quote(where), body)
        if answer.status_code == 409:
            raise Conflict(
                f"{rules.stable_owner} has {basename} already",
                clean(answer.text[:200]),
                "look at both files before anything else",
            )
        if answer.status_code not in (200, 201):
            raise self._refusal(answer)

    def _ask(
        self, method: str, where: str, body: Mapping[str, str] | None = None
    ) -> requests.Response:
        import requests

        url = f"{self._rules.api.rstrip('/')}/{where}"
        token = self._environment.get(TOKEN, "")
        headers = {"Authorization": f"token {token}"} if token else {}
        try:
            answer = self._http.session.request(
                method, url, json=body, headers=headers, timeout=(CONNECT_S, READ_S)
            )
        except requests.RequestException as err:
            raise Unreachable(
                "The conda channel cannot be reached",
                f"{clean(urlsplit(url).netloc)}: no answer",
                "check the network, then run the same plan again",
            ) from err
        if self._log is not None:
            self._log(mask(f"curl -X {method} {url}  # {answer.status_code}"))
        return answer

    def _refusal(self, answer: requests.Response) -> CockpitError:
        said = mask(clean(f"{answer.status_code} {answer.text[:200]}"))
        if answer.status_code in (401, 403):
            return AccessDenied("The conda channel refuses the credential", said, f"set {TOKEN}")
        return Unreachable("The conda channel answers with an error", said, "run the plan again")
