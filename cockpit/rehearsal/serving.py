"""Loopback services: a WSGI application on a port, which can be taken down and brought back."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import traceback
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TextIO, cast

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication, WSGIEnvironment

LOOPBACK = "127.0.0.1"

ServiceName = Literal["github", "s3", "index", "mirror"]

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_STOP_POLL_S = 0.05
_JOIN_S = 5.0
_IDLE_S = 60.0
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class ServedRequest:
    """One request that a service has answered."""

    method: str
    target: str
    """Path and query, as asked for."""
    status: int | None
    """None when the connection was dropped instead of answered."""


class RequestLog:
    """What one service was asked; the newest thousand requests one by one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._recent: deque[ServedRequest] = deque(maxlen=1000)
        self._served = 0
        self._writes = 0

    def record(self, request: ServedRequest) -> None:
        """Count one request."""
        with self._lock:
            self._recent.append(request)
            self._served += 1
            if request.method not in _READS:
                self._writes += 1

    @property
    def served(self) -> int:
        """How many requests there were."""
        return self._served

    @property
    def writes(self) -> int:
        """How many of them could have changed something."""
        return self._writes

    @property
    def recent(self) -> tuple[ServedRequest, ...]:
        """The newest requests, oldest first."""
        with self._lock:
            return tuple(self._recent)


class QuietHandler(WSGIRequestHandler):
    """Keeps everything that a request prints out of the terminal the cockpit draws on."""

    timeout = _IDLE_S

    def make_environ(self) -> WSGIEnvironment:
        environ = super().make_environ()
        environ["wsgi.errors"] = cast("_Server", self.server).error_log
        return environ

    def send_response(self, code: int, message: str | None = None) -> None:
        # The base class would add our date; the world's comes from the application.
        self.send_response_only(code, message)
        self.send_header("Server", "rehearsal")

    def connection_dropped(
        self, error: BaseException, environ: WSGIEnvironment | None = None
    ) -> None:
        # Without this the handler would wait for a next request on the dead connection.
        self.close_connection = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Requests are counted by the service, not printed."""


def reset_connection(environ: WSGIEnvironment) -> ConnectionResetError:
    """Have the client see a reset as soon as the returned error is raised."""
    connection: socket.socket = environ["werkzeug.socket"]
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    return ConnectionResetError("reset on purpose")


class _Server(ThreadedWSGIServer):
    """A threaded server that knows its live connections, so that closing leaves nothing behind."""

    def __init__(
        self,
        port: int,
        app: WSGIApplication,
        handler: type[WSGIRequestHandler],
        error_log: TextIO,
    ) -> None:
        self.error_log = error_log
        self._live: dict[threading.Thread, socket.socket] = {}
        self._live_lock = threading.Lock()
        super().__init__(LOOPBACK, port, app, handler)

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        self.error_log.write(f"{type}: {message % args if args else message}\n")
        self.error_log.flush()

    def handle_error(self, request: Any, client_address: Any) -> None:
        self.log("error", traceback.format_exc())

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = threading.Thread(
            target=self.process_request_thread,
            args=(request, client_address),
            name=f"rehearsal request on port {self.port}",
            daemon=True,
        )
        with self._live_lock:
            self._live[thread] = request
        thread.start()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._live_lock:
                self._live.pop(threading.current_thread(), None)

    def shutdown_request(self, request: Any) -> None:
        # A polite shutdown would send FIN first, and the client would see an end, not a reset.
        linger = request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(_RESET_ON_CLOSE))
        if linger == _RESET_ON_CLOSE:
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        with self._live_lock:
            live = dict(self._live)
        for connection in live.values():
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in live:
            thread.join(_JOIN_S)


class Service:
    """One application on a loopback port that stays the same while the service is away."""

    def __init__(
        self,
        name: str,
        app: WSGIApplication,
        error_log: TextIO,
        handler: type[WSGIRequestHandler] = QuietHandler,
    ) -> None:
        self.name = name
        self._app = app
        self._handler = handler
        self._error_log = error_log
        # Bound and never listening: no connection of anybody is given the port meanwhile.
        self._seat = socket.socket()
        self._seat.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._seat.bind((LOOPBACK, 0))
        self.port: int = self._seat.getsockname()[1]
        self._lock = threading.Lock()
        self._stopped = False
        self._open()

    @property
    def url(self) -> str:
        """Where it answers, without a slash at the end."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def reachable(self) -> bool:
        """Whether it accepts connections just now."""
        return self._server is not None

    def suspend(self) -> None:
        """Refuse connections until `resume`; the port stays taken."""
        with self._lock:
            self._close()

    def resume(self) -> None:
        """Answer again on the same port."""
        with self._lock:
            if not self.reachable and not self._stopped:
                self._open()

    def stop(self) -> None:
        """Close the port and every connection; stopping twice does nothing."""
        with self._lock:
            self._stopped = True
            self._close()
            self._seat.close()

    def _open(self) -> None:
        server = _Server(self.port, self._app, self._handler, self._error_log)
        self._thread = threading.Thread(
            target=server.serve_forever,
            kwargs={"poll_interval": _STOP_POLL_S},
            name=f"rehearsal {self.name}",
            daemon=True,
        )
        self._thread.start()
        self._server: _Server | None = server

    def _close(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._thread.join(_JOIN_S)
            self._server = None
