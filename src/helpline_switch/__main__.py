"""``python -m helpline_switch``: the embedded switch in the foreground, settings from HELPLINE_* variables."""

from __future__ import annotations

import asyncio
import logging
import os
import sys

import structlog

from helpline_switch.process import CannotStart, run
from helpline_switch.settings import BadSettings, from_environment


def _set_up_logging() -> None:
    level = os.environ.get("HELPLINE_LOG_LEVEL", "INFO").upper()
    logging.basicConfig(
        level=level, stream=sys.stderr, format="%(asctime)s %(levelname)-7s %(name)s %(message)s"
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["event"]),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def main() -> int:
    """Exit code 0 after SIGTERM or SIGINT, 1 when it cannot start, 2 for bad settings."""
    _set_up_logging()
    try:
        asyncio.run(run(from_environment(os.environ)))
    except BadSettings as error:
        print(f"helpline_switch: {error}", file=sys.stderr)  # noqa: T201
        return 2
    except CannotStart as error:
        print(f"helpline_switch: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
