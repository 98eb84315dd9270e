"""``python -m helpline_switch.browser``: started by ``BrowserGateway``; a crash of the library ends only this process."""

from __future__ import annotations

import argparse
import logging
import signal
import socket
from dataclasses import asdict
from typing import Any

from helpline_switch.browser.proxy import Proxy, ProxyRefused
from helpline_switch.media.wire import Message, PeerGone, Wire

log = logging.getLogger("helpline_switch.browser")
_FOREVER_S = 3600.0


def main() -> None:
    """Serve until the control socket closes."""
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    wire = Wire(socket.socket(fileno=options.control))
    proxy = Proxy(options.ip, options.first, options.last)
    try:
        while True:
            for message in wire.wait(_FOREVER_S):
                wire.send(_obey(proxy, message))
            wire.flush()
    except PeerGone as gone:
        log.info("browser media ends: %s", gone)


def _obey(proxy: Proxy, message: Message) -> Message:
    """The answer to one command. A hanging library (TimeoutError) ends the process, which is then restarted."""
    number, name = message.pop("id"), message.pop("do")
    try:
        return {"id": number, "ok": _carry_out(proxy, name, message)}
    except ProxyRefused as refused:
        return {"id": number, "error": "refused", "text": str(refused)}


def _carry_out(proxy: Proxy, name: str, fields: dict[str, Any]) -> Any:
    if name == "take_offer":
        side, plain = proxy.take_offer(fields["session"], tuple(fields["mixer"]), fields["peer"])
        return {"side": asdict(side), "plain": plain}
    if name == "make_offer":
        side, plain = proxy.make_offer(fields["session"], tuple(fields["mixer"]), relay=fields["relay"])
        return {"side": asdict(side), "plain": plain}
    if name == "take_answer":
        return proxy.take_answer(fields["session"], fields["peer"])
    if name == "end":
        return proxy.end(fields["session"])
    return None


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="helpline_switch.browser")
    parser.add_argument("--control", type=int, required=True)
    parser.add_argument("--ip", required=True)
    parser.add_argument("--first", type=int, required=True)
    parser.add_argument("--last", type=int, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
