"""A package index as the real one behaves: simple pages, JSON, and one upload for each name."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from flask import Flask, Request, Response, abort, jsonify, redirect, request, send_file
from markupsafe import escape
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version
from werkzeug.wrappers import Response as BaseResponse

from cockpit.rehearsal.clock import WorldClock

PackageType = Literal["bdist_wheel", "sdist"]

_SIMPLE_JSON = "application/vnd.pypi.simple.v1+json"
_SIMPLE_HTML = "application/vnd.pypi.simple.v1+html"
_FORM_FILENAME = re.compile(rb'name="content"; filename="([^"]+)"')
_USED_NAME = "This filename has already been used, use a different version."


class UploadRefused(Exception):
    """An upload the index does not take, with the words it says so in."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes that one file, and one project altogether, may have."""

    file: int = 1_000_000_000
    project: int = 160_000_000_000


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """One file that the index serves."""

    filename: str
    project: str
    version: str
    packagetype: PackageType
    python_version: str
    size: int
    digests: Mapping[str, str]
    uploaded_at: datetime
    requires_python: str = ""
    summary: str = ""
    requires_dist: tuple[str, ...] = ()
    yanked: str | None = None
    """Why it was yanked; None when it was not."""


@dataclass(slots=True)
class PackageIndex:
    """The files, and every file name that was ever used."""

    folder: Path
    clock: WorldClock
    tokens: frozenset[str]
    limits: Limits = Limits()
    _files: dict[str, IndexedFile] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def files(self, project: str | None = None) -> list[IndexedFile]:
        """Every file, or those of one project, in the order of their upload."""
        with self._lock:
            found = list(self._files.values())
        return [f for f in found if project is None or f.project == canonicalize_name(project)]

    def path(self, filename: str) -> Path | None:
        """Where the bytes of a served file are."""
        return self.folder / filename if filename in self._files else None

    def add(self, file: IndexedFile, body: bytes) -> None:
        """Take a file in; raises UploadRefused. A name stays used whatever happens later."""
        with self._lock:
            self._refuse(file)
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / file.filename).write_bytes(body)
            self._used.add(file.filename)
            self._files[file.filename] = file

    def publish_wheel(self, filename: str, body: bytes, at: datetime) -> None:
        """Take in a wheel that was published before the world began."""
        project, version, _, tags = parse_wheel_filename(filename)
        python = "-".join(sorted({tag.interpreter for tag in tags}))
        file = IndexedFile(
            filename, project, str(version), "bdist_wheel", python, len(body), _digests(body), at
        )
        self.add(file, body)

    def delete(self, filename: str) -> None:
        """Delete a file; its name stays used for ever."""
        with self._lock:
            del self._files[filename]
            (self.folder / filename).unlink()

    def burn(self, filename: str) -> None:
        """Use a name up without a file, as an upload does that dies half-way."""
        with self._lock:
            self._used.add(filename)

    def burn_half_upload(self, form: bytes) -> None:
        """Burn the name in the beginning of an upload form, if it got that far."""
        if found := _FORM_FILENAME.search(form):
            self.burn(found[1].decode())

    def yank(self, filename: str, reason: str) -> None:
        """Hide a file from resolvers, with a reason."""
        with self._lock:
            self._files[filename] = replace(self._files[filename], yanked=reason)

    def _refuse(self, file: IndexedFile) -> None:
        if file.filename in self._files:
            digest = self._files[file.filename].digests["blake2b_256"]
            raise UploadRefused(
                f"File already exists ('{file.filename}', with blake2_256 hash '{digest}')."
            )
        if file.filename in self._used:
            raise UploadRefused(f"File already exists ('{file.filename}'). {_USED_NAME}")
        if file.size > self.limits.file:
            raise UploadRefused(
                f"File too large. Limit for project {file.project!r} is"
                f" {self.limits.file / 1e6:g} MB."
            )
        taken = sum(f.size for f in self._files.values() if f.project == file.project)
        if taken + file.size > self.limits.project:
            raise UploadRefused(
                f"Project size too large. Limit for project {file.project!r} total size is"
                f" {self.limits.project / 1e9:g} GB."
            )


def create_app(index: PackageIndex) -> Flask:
    """The index over HTTP: `/simple/`, `/pypi/NAME/json`, `/files/NAME` and `/legacy/`."""
    app = Flask("package index")
    _add_pages(app, index)

    @app.post("/legacy/")
    def upload() -> Response:
        try:
            _take_upload(index, request)
        except UploadRefused as refusal:
            # The real index puts its words into the status line, where twine looks for them.
            status = f"{refusal.status} {refusal.reason}"
            return Response(refusal.reason, status, content_type="text/plain; charset=UTF-8")
        return Response("", 200)

    return app


def _add_pages(app: Flask, index: PackageIndex) -> None:
    @app.get("/simple/")
    def projects() -> Response:
        names = sorted({file.project for file in index.files()})
        if _wants_json():
            body = {"meta": {"api-version": "1.1"}, "projects": [{"name": n} for n in names]}
            return _simple_json(body)
        return _simple_html("Simple index", [(f"/simple/{name}/", name, {}) for name in names])

    @app.get("/simple/<name>/")
    def project_files(name: str) -> BaseResponse:
        if name != canonicalize_name(name):
            return redirect(f"/simple/{canonicalize_name(name)}/", code=301)
        files = index.files(name) or abort(404)
        if _wants_json():
            return _simple_json(_simple_project(name, files))
        return _simple_html(f"Links for {name}", [_simple_link(file) for file in files])

    @app.get("/pypi/<name>/json")
    def newest_release(name: str) -> Response:
        files = index.files(name) or abort(404)
        return jsonify(_release_json(files, max((f.version for f in files), key=Version)))

    @app.get("/pypi/<name>/<version>/json")
    def one_release(name: str, version: str) -> Response:
        files = index.files(name)
        if version not in {file.version for file in files}:
            abort(404)
        body = _release_json(files, version)
        del body["releases"]
        return jsonify(body)

    @app.get("/files/<filename>")
    def download(filename: str) -> BaseResponse:
        path = index.path(filename) or abort(404)
        return send_file(path.resolve(), mimetype="application/octet-stream")


def _wants_json() -> bool:
    best = request.accept_mimetypes.best_match([_SIMPLE_HTML, "text/html", _SIMPLE_JSON])
    return best == _SIMPLE_JSON


def _simple_json(body: Mapping[str, object]) -> Response:
    response = jsonify(body)
    response.content_type = _SIMPLE_JSON
    return response


def _simple_html(title: str, links: list[tuple[str, str, dict[str, str]]]) -> Response:
    anchors = "".join(
        f'<a href="{escape(href)}"'
        + "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())
        + f">{escape(text)}</a><br />\n"
        for href, text, attributes in links
    )
    page = (
        '<!DOCTYPE html>\n<html>\n<head><meta name="pypi:repository-version" content="1.1">'
        f"<title>{escape(title)}</title></head>\n<body>\n<h1>{escape(title)}</h1>\n"
        f"{anchors}</body>\n</html>\n"
    )
    return Response(page, content_type="text/html; charset=utf-8")


def _simple_link(file: IndexedFile) -> tuple[str, str, dict[str, str]]:
    attributes = {"data-requires-python": file.requires_python} if file.requires_python else {}
    if file.yanked is not None:
        attributes["data-yanked"] = file.yanked
    return (f"/files/{file.filename}#sha256={file.digests['sha256']}", file.filename, attributes)


def _simple_project(name: str, files: list[IndexedFile]) -> dict[str, object]:
    return {
        "meta": {"api-version": "1.1"},
        "name": name,
        "versions": sorted({file.version for file in files}, key=Version),
        "files": [
            {
                "filename": file.filename,
                "url": f"{request.host_url}files/{file.filename}",
                "hashes": {"sha256": file.digests["sha256"]},
                "requires-python": file.requires_python or None,
                "size": file.size,
                "upload-time": file.uploaded_at.isoformat().replace("+00:00", "Z"),
                "yanked": file.yanked or file.yanked is not None,
            }
            for file in files
        ],
    }


def _release_json(files: list[IndexedFile], version: str) -> dict[str, object]:
    releases: dict[str, list[dict[str, object]]] = {}
    for file in files:
        releases.setdefault(file.version, []).append(_file_json(file))
    newest = next(file for file in files if file.version == version)
    return {
        "info": {
            "name": newest.project,
            "version": version,
            "summary": newest.summary,
            "requires_python": newest.requires_python or None,
            "requires_dist": list(newest.requires_dist) or None,
            "yanked": all(file["yanked"] for file in releases[version]),
        },
        "releases": releases,
        "urls": releases[version],
        "vulnerabilities": [],
    }


def _file_json(file: IndexedFile) -> dict[str, object]:
    return {
        "filename": file.filename,
        "packagetype": file.packagetype,
        "python_version": file.python_version,
        "requires_python": file.requires_python or None,
        "size": file.size,
        "digests": dict(file.digests),
        "upload_time_iso_8601": file.uploaded_at.isoformat().replace("+00:00", "Z"),
        "url": f"{request.host_url}files/{file.filename}",
        "yanked": file.yanked is not None,
        "yanked_reason": file.yanked,
    }


def _take_upload(index: PackageIndex, upload: Request) -> None:
    login = upload.authorization
    if login is None or login.username != "__token__" or login.password not in index.tokens:
        raise UploadRefused("Invalid or non-existent authentication information.", 403)
    content = upload.files.get("content")
    if upload.form.get(":action") != "file_upload" or content is None or not content.filename:
        raise UploadRefused("Upload payload does not have a file.")
    if content.filename != Path(content.filename).name:
        raise UploadRefused("Cannot upload a file with '/' or '\\' in its name.")
    body = content.read()
    digests = _digests(body)
    declared = {name: upload.form.get(f"{name.replace('2b', '2')}_digest") for name in digests}
    if any(value and value.lower() != digests[name] for name, value in declared.items()):
        raise UploadRefused(
            "The digest supplied does not match a digest calculated from the uploaded file."
        )
    project, version, packagetype = _identity(content.filename, upload)
    file = IndexedFile(
        filename=content.filename,
        project=project,
        version=version,
        packagetype=packagetype,
        python_version=upload.form.get("pyversion", ""),
        size=len(body),
        digests=digests,
        uploaded_at=index.clock.now(),
        requires_python=upload.form.get("requires_python", ""),
        summary=upload.form.get("summary", ""),
        requires_dist=tuple(upload.form.getlist("requires_dist")),
    )
    index.add(file, body)


def _digests(body: bytes) -> dict[str, str]:
    return {
        "md5": hashlib.md5(body, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(body).hexdigest(),
        "blake2b_256": hashlib.blake2b(body, digest_size=32).hexdigest(),
    }


def _identity(filename: str, upload: Request) -> tuple[str, str, PackageType]:
    """Project, version and kind of an upload, once its file name and its metadata agree."""
    name, declared = upload.form.get("name", ""), upload.form.get("version", "")
    packagetype: PackageType = "bdist_wheel" if filename.endswith(".whl") else "sdist"
    try:
        version = Version(declared)
        if packagetype == "bdist_wheel":
            from_name, from_version, _, _ = parse_wheel_filename(filename)
        else:
            from_name, from_version = parse_sdist_filename(filename)
    except (InvalidVersion, InvalidWheelFilename, InvalidSdistFilename) as err:
        raise UploadRefused(f"Invalid upload: {err}") from err
    if version.local:
        raise UploadRefused(f"The use of local versions in {version!r} is not allowed.")
    if (from_name, from_version) != (canonicalize_name(name), version):
        raise UploadRefused(
            f"{filename!r} does not belong to {name!r} {declared!r}, which its metadata names."
        )
    return from_name, str(version), packagetype
