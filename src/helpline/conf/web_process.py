"""The web process: uvicorn with our heartbeat beside it."""

import asyncio
import contextlib

import uvicorn
from django.conf import settings

from helpline.conf.beating import beating
from helpline.conf.starting import load_pages


def serve() -> int:
    """Serve until told to stop. Returns the exit code."""
    env = settings.ENV
    config = uvicorn.Config(
        "helpline.conf.asgi:application",
        host=env.host,
        port=env.port,
        lifespan="off",
        log_config=None,
        access_log=env.debug,
        server_header=False,
        timeout_graceful_shutdown=3,
        ws_max_size=65536,
    )
    config.load()
    load_pages()
    return asyncio.run(_serve(uvicorn.Server(config)))


async def _serve(server: uvicorn.Server) -> int:
    beat = asyncio.create_task(beating("web"), name="heartbeat")
    try:
        await server.serve()
    finally:
        beat.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beat
    return 0 if server.started else 1
