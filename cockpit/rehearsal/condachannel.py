"""Conda channels that speak as much of anaconda.org's interface as copying between owners takes."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field

from flask import Blueprint, Response, abort, jsonify, request

TEST, STABLE = "pytorch-test", "pytorch"
_PLATFORMS = ("linux-64", "osx-arm64", "win-64")
_SEEDED = (("pytorch", "2.5.1"), ("torchvision", "0.20.1"))
"""The last packages that there were."""


@dataclass(frozen=True, slots=True)
class CondaPackage:
    """One file of a channel."""

    package: str
    version: str
    basename: str
    body: bytes


@dataclass(slots=True)
class CondaOwners:
    """The files of every owner, by their names; a name is taken once."""

    token: str
    _files: dict[str, dict[str, CondaPackage]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def seed(self) -> None:
        """What lay in the test channel before the last release through conda."""
        for package, version in _SEEDED:
            for platform in _PLATFORMS:
                name = f"{platform}/{package}-{version}-py3.11_0.tar.bz2"
                self.put(TEST, CondaPackage(package, version, name, f"{name}\n".encode()))

    def put(self, owner: str, file: CondaPackage) -> None:
        """Have a file in a channel, whatever was there."""
        with self._lock:
            self._files.setdefault(owner, {})[file.basename] = file

    def files(self, owner: str, package: str, version: str) -> list[CondaPackage]:
        """The files of one version."""
        with self._lock:
            held = list(self._files.get(owner, {}).values())
        return [f for f in held if (f.package, f.version) == (package, version)]


def conda_pages(owners: CondaOwners) -> Blueprint:
    """`/conda/release/…` and `/conda/copy/package/…`."""
    pages = Blueprint("conda", __name__, url_prefix="/conda")

    @pages.get("/release/<owner>/<package>/<version>")
    def release(owner: str, package: str, version: str) -> Response:
        found = owners.files(owner, package, version) or abort(404)
        return jsonify({"version": version, "distributions": [_told(file) for file in found]})

    @pages.post("/copy/package/<owner>/<package>/<version>/<path:basename>")
    def copy(owner: str, package: str, version: str, basename: str) -> tuple[Response, int]:
        if request.headers.get("Authorization") != f"token {owners.token}":
            return jsonify({"error": "You do not have permission"}), 401
        held = {file.basename: file for file in owners.files(owner, package, version)}
        if basename not in held:
            return jsonify({"error": "no such file"}), 404
        target = (request.get_json(silent=True) or {}).get("to_owner", "")
        if any(file.basename == basename for file in owners.files(target, package, version)):
            return jsonify({"error": "file conflict"}), 409
        owners.put(target, held[basename])
        return jsonify(_told(held[basename])), 200

    return pages


def _told(file: CondaPackage) -> dict[str, object]:
    return {
        "basename": file.basename,
        "md5": hashlib.md5(file.body, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(file.body).hexdigest(),
        "size": len(file.body),
    }
