"""``python -m helpline_switch.media``: started by ``MediaClient``, never by hand."""

from __future__ import annotations

import argparse
import logging
import signal
import socket
import sys
import time

from helpline_switch.media.engine import Engine
from helpline_switch.media.ports import Ports
from helpline_switch.media.process import Process, take_priority, tune
from helpline_switch.media.tick import Tick
from helpline_switch.media.wire import PeerGone, Wire

log = logging.getLogger("helpline_switch.media")


def main() -> None:
    """Serve until the control socket closes: the parent ended or wants us to."""
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # The parent decides when we end; a Ctrl-C in its terminal must not cut recordings off.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    wire = Wire(socket.socket(fileno=options.control))
    realtime = take_priority(options.realtime)
    engine = Engine(Ports(options.ip, options.first, options.last, time.monotonic, options.quarantine))
    process = Process(wire, engine, Tick(engine, options.lost_after), realtime)
    tune()
    try:
        process.run()
    except PeerGone as gone:
        log.info("media ends: %s", gone)
    finally:
        engine.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="helpline_switch.media")
    parser.add_argument("--control", type=int, required=True)
    parser.add_argument("--ip", required=True)
    parser.add_argument("--first", type=int, required=True)
    parser.add_argument("--last", type=int, required=True)
    parser.add_argument("--quarantine", type=float, required=True)
    parser.add_argument("--lost-after", type=float, required=True)
    parser.add_argument("--realtime", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
