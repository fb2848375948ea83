"""A session for servers that are asked without anybody's stored passwords."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from cockpit import __version__

if TYPE_CHECKING:
    import requests
    from urllib3 import Retry


def reads_again() -> Retry:
    """Tries to read once more after a 5xx, for seconds; what writes is never sent twice."""
    from urllib3 import Retry

    return Retry(
        total=3,
        connect=0,
        read=False,
        status_forcelist=(500, 502, 503, 504),
        allowed_methods=("GET", "HEAD"),
        backoff_factor=0.2,
        respect_retry_after_header=False,
        raise_on_status=False,
    )


class PlainHttp:
    """Makes its session when it is first asked for, whichever thread asks."""

    def __init__(self) -> None:
        self._making = threading.Lock()
        self._kept: requests.Session | None = None

    @property
    def session(self) -> requests.Session:
        """The one session; requests is imported with the first use."""
        import requests
        from requests.adapters import HTTPAdapter

        with self._making:
            if self._kept is None:
                session = requests.Session()
                session.headers["User-Agent"] = f"release-cockpit/{__version__}"
                # An authentication of its own keeps requests from looking into ~/.netrc.
                session.auth = lambda request: request
                for scheme in ("http://", "https://"):
                    session.mount(scheme, HTTPAdapter(max_retries=reads_again()))
                self._kept = session
            return self._kept
