"""Secrets and where they come from."""

from __future__ import annotations

from typing import Protocol

import msgspec


class Credential(msgspec.Struct, frozen=True):
    """A secret with where it came from; only the source is ever shown."""

    source: str
    secret: str

    def __repr__(self) -> str:
        return f"Credential(source={self.source!r})"


class CredentialsPort(Protocol):
    """Where secrets come from: environment, credentials file, keyring, `gh`."""

    def github_token(self) -> Credential | None:
        """The GitHub token, or None to go on anonymously."""
        ...

    def store_github_token(self, token: str) -> str:
        """Keep a token in the keyring and say where; raises without a safe keyring."""
        ...

    def environment(self) -> dict[str, str]:
        """Variables of the credentials file, for SDKs that read the environment."""
        ...

    def variable(self, name: str) -> str:
        """One variable: of the credentials file where there is one, else of the environment."""
        ...
