"""The database from a process that waits for the network: each question in a thread, no connection kept for hours."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import close_old_connections, connection

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(work: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
    """Do the work in a thread with a connection of its own, which is closed afterwards. Raises what it raises."""

    def alone() -> T:
        close_old_connections()
        try:
            return work(*args, **more)
        finally:
            connection.close()

    return await asyncio.to_thread(alone)
