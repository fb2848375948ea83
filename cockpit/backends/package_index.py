"""The package index: read through its JSON pages, added to through twine, one file at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from cockpit.backends.plain_http import PlainHttp
from cockpit.backends.ports.package_index import Taken, UploadAnswer
from cockpit.backends.text import clean, mask
from cockpit.config_places import IndexTable
from cockpit.errors import AccessDenied, CockpitError, ConfigError, Unreachable
from cockpit.release.artifacts import parse_wheel_name
from cockpit.release.publishing_facts import IndexedFile, IndexedProject

if TYPE_CHECKING:
    import requests
    from twine.repository import Repository
    from twine.settings import Settings

CONNECT_S = 5.0
READ_S = 20.0
UPLOAD_S = 300.0
"""How long the index may think about a file that was sent whole."""
_JSON = "application/vnd.pypi.simple.v1+json"
_USED = ("already exist", "already been used", "already been taken")
_LOGIN_HINT = "set TWINE_USERNAME and TWINE_PASSWORD, or keep the token where twine finds it"


class _File(msgspec.Struct):
    filename: str
    hashes: dict[str, str] = {}
    size: int = 0
    yanked: bool | str = False


class _Page(msgspec.Struct):
    files: list[_File]


def pages_of(settings: IndexTable) -> str:
    """The address below which an index lists its files; empty where nothing says it."""
    if settings.simple is None and settings.pages:
        from twine.repository import WAREHOUSE_WEB

        return f"{WAREHOUSE_WEB}simple"
    return settings.simple or ""


class PackageIndex:
    """Implements PackageIndexPort; twine is imported with the first upload."""

    def __init__(
        self,
        settings: IndexTable,
        environment: Mapping[str, str],
        *,
        log: Callable[[str], None] | None = None,
    ) -> None:
        self._settings = settings
        self._environment = environment
        self._log = log
        self._http = PlainHttp()
        self._known: dict[str, tuple[str, bytes]] = {}
        """Address → ETag and text of a listing: that of torch is long, and asked for each file."""

    @property
    def name(self) -> str:
        """How twine and people call it."""
        return self._settings.repository

    def project(self, name: str, version: str) -> IndexedProject | None:
        """Every file of a version with its hash, and how much the others take."""
        import requests

        base = pages_of(self._settings)
        if not base:
            raise ConfigError(
                "Nothing says where the package index lists its files",
                "[index] has no simple, or an empty one",
                "set [index].simple in release.toml",
            )
        url = f"{base.rstrip('/')}/{name}/"
        known = self._known.get(url)
        headers = {"Accept": _JSON, "Cache-Control": "no-cache"}
        if known is not None:
            headers["If-None-Match"] = known[0]
        try:
            answer = self._http.session.get(url, headers=headers, timeout=(CONNECT_S, READ_S))
        except requests.RequestException as err:
            raise _unreachable(url, "no answer") from err
        self._tell(f"curl -H 'Accept: {_JSON}' {url}  # {answer.status_code}")
        if answer.status_code == 404:
            return None
        if answer.status_code not in (200, 304):
            raise _unreachable(url, f"status {answer.status_code}")
        text = known[1] if known is not None and answer.status_code == 304 else answer.content
        try:
            page = msgspec.json.decode(text, type=_Page)
        except msgspec.DecodeError as err:
            raise _unreachable(url, "the answer is no listing, or only a part of one") from err
        if etag := answer.headers.get("ETag"):
            self._known[url] = etag, text
        return _project(name, version, page)

    def upload(self, path: Path, report: Callable[[int, int], None]) -> UploadAnswer:
        """Send one file through twine, once: whether to send it again is decided by hash."""
        import requests
        import rich
        from twine.exceptions import TwineException
        from twine.package import PackageFile

        self._tell(f"twine upload --repository {self.name} -- {path.name}")
        try:
            repository = self._repository()
            # It prints what it does, to a terminal that somebody else draws on, and tells of a
            # retry that is not made. Making the repository sets the level of its log.
            rich.get_console().quiet = True
            logging.getLogger("twine").setLevel(logging.CRITICAL)
            package = PackageFile.from_filename(str(path), comment=None)
        except TwineException as err:
            raise CockpitError(
                f"twine refuses {path.name}", mask(clean(str(err))), "release-cockpit inspect"
            ) from err
        _watch(repository, report)
        try:
            answer = repository.upload(package, max_redirects=1)
        except requests.RequestException as err:
            return UploadAnswer(Taken.UNCLEAR, f"no answer ({type(err).__name__})")
        finally:
            repository.close()
        return _judged(answer, path.name)

    def _repository(self) -> Repository:
        settings = self._twine()
        from twine.exceptions import TwineException

        try:
            repository = settings.create_repository()
        except TwineException as err:
            raise AccessDenied(
                f"There is no credential for {self.name}", mask(clean(str(err))), _LOGIN_HINT
            ) from err
        if not repository.session.auth:
            raise AccessDenied(f"There is no credential for {self.name}", "", _LOGIN_HINT)
        return repository

    def _twine(self) -> Settings:
        from twine.exceptions import TwineException
        from twine.settings import Settings

        given = self._environment
        try:
            return Settings(
                repository_name=self._settings.repository,
                repository_url=self._settings.url,
                username=given.get("TWINE_USERNAME") or ("__token__" if self._token else None),
                password=self._token,
                non_interactive=True,
                disable_progress_bar=True,
            )
        except TwineException as err:
            raise ConfigError(
                f"twine knows no index {self._settings.repository!r}",
                mask(clean(str(err))),
                "edit [index] in release.toml",
            ) from err

    @property
    def _token(self) -> str | None:
        return self._environment.get("TWINE_PASSWORD")

    def _tell(self, text: str) -> None:
        if self._log is not None:
            self._log(mask(text))


def _project(name: str, version: str, page: _Page) -> IndexedProject:
    mine: list[IndexedFile] = []
    others = 0
    for file in page.files:
        read = parse_wheel_name(file.filename)
        if read is not None and read.version == version:
            sha256 = file.hashes.get("sha256", "").lower()
            yanked = file.yanked is not False
            mine.append(IndexedFile(clean(file.filename), sha256, file.size, yanked))
        else:
            others += file.size
    return IndexedProject(name, version, tuple(mine), others)


def _watch(repository: Repository, report: Callable[[int, int], None]) -> None:
    """Have twine's session tell how far it is, and give up when the index does not answer."""
    from requests.adapters import HTTPAdapter

    class Watching(HTTPAdapter):
        def send(self, request: Any, *args: Any, **words: Any) -> Any:
            body = request.body
            if hasattr(body, "callback"):
                body.callback = lambda sent: report(sent.bytes_read, sent.len)
            return super().send(request, *args, **{**words, "timeout": (CONNECT_S, UPLOAD_S)})

    for scheme in ("http://", "https://"):
        repository.session.mount(scheme, Watching())


def _judged(answer: requests.Response, name: str) -> UploadAnswer:
    said = clean(mask(f"{answer.status_code} {answer.reason}"))
    if answer.status_code == 200:
        return UploadAnswer(Taken.YES, said)
    # The index puts its reason into the status line, and some put it into the text.
    words = f"{answer.reason} {answer.text[:2000]}".lower()
    if answer.status_code == 409 or any(part in words for part in _USED):
        return UploadAnswer(Taken.NAME_USED, said)
    if answer.status_code >= 500 or answer.status_code in (408, 429):
        return UploadAnswer(Taken.UNCLEAR, said)
    if answer.status_code in (401, 403):
        raise AccessDenied("The index refuses the credential", said, _LOGIN_HINT)
    raise CockpitError(
        f"The index refuses {name}",
        said,
        "release-cockpit inspect; nothing of this file is on the index",
    )


def _unreachable(url: str, reason: str) -> Unreachable:
    host = mask(clean(urlsplit(url).netloc))
    return Unreachable(
        "The package index cannot be read", f"{host}: {reason}", "check the network, then try again"
    )
