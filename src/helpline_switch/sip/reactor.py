"""The one thread in which the SIP stack lives.

The stack's event loop is a process-wide singleton bound to the thread that first imports it. So it is imported here,
inside that thread, and nowhere else; switches come and go on it, the thread stays until the process ends.
"""

from __future__ import annotations

import importlib
import logging
import sys
import threading
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from helpline_switch.sip.limits import RateLimit

log = logging.getLogger(__name__)

_ENGINE: Final = "helpline_switch.sip.engine"
_START_SECONDS: Final = 20


class Reactor:
    """The running thread: ``engine`` is the module that may touch the stack, ``call`` runs a function in the thread."""

    def __init__(self) -> None:
        self.engine: ModuleType
        self._dispatcher: Any
        self._failure: BaseException | None = None
        self._ready = threading.Event()
        if "sippy.Core.EventDispatcher" in sys.modules:
            raise RuntimeError("the SIP stack was imported outside its own thread")
        self._thread = threading.Thread(target=self._run, name="sip", daemon=True)
        self._thread.start()
        if not self._ready.wait(_START_SECONDS):
            raise RuntimeError("the SIP thread did not start")
        if self._failure is not None:
            raise RuntimeError("the SIP thread failed to start") from self._failure

    def call(self, function: Callable[..., object], *arguments: object) -> None:
        """Runs it soon in the SIP thread, in the order of the calls. An exception there is logged."""
        self._dispatcher.callFromThread(_guarded, function, arguments)

    def _run(self) -> None:
        try:
            _catch_reports()
            self.engine = importlib.import_module(_ENGINE)
            _catch_prints()
            self._dispatcher = importlib.import_module("sippy.Core.EventDispatcher").ED2
        except BaseException as failure:  # noqa: BLE001 - handed to the thread that waits for us
            self._failure = failure
            self._ready.set()
            return
        self._ready.set()
        self._dispatcher.loop()
        log.critical("the SIP event loop ended")


_loud = RateLimit(1.0, time.monotonic)
_lock = threading.Lock()
_reactor: Reactor | None = None


def reactor() -> Reactor:
    """The process's reactor, started at the first call. Raises RuntimeError."""
    global _reactor
    with _lock:
        if _reactor is None:
            _reactor = Reactor()
        return _reactor


def _guarded(function: Callable[..., object], arguments: tuple[object, ...]) -> None:
    try:
        function(*arguments)
    except Exception:
        log.exception("SIP thread: %s failed", getattr(function, "__qualname__", function))


def _catch_reports() -> None:
    """The stack writes trace-backs to the stdout it was imported with; they belong into our log."""
    vars(importlib.import_module("sippy.Core.Exceptions"))["dump_exception"] = _report


def _report(message: str, f: object = None, extra: str | None = None) -> None:
    failure = sys.exc_info()[1]
    if message.startswith("can't parse"):
        log.log(logging.WARNING if _loud.allows("") else logging.DEBUG, "dropped: %s: %r", message, failure)
    else:
        log.error("%s", message, exc_info=failure)


def _catch_prints() -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith("sippy."):
            module.__dict__["print"] = _print_to_log


def _print_to_log(*words: object, **_options: object) -> None:
    text = " ".join(str(word) for word in words).strip()
    if text:
        log.info("stack: %s", text[:400])
