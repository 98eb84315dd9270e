"""How long from an agent becoming free to the ringing of the phone, with a caller waiting: p50 and p95.

The whole product is in the way: API, command, engine, ARI, SIP, and a real phone (baresip) that rings.
"""

import asyncio
import contextlib
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.peers.baresip import Phone
from tests.peers.desk import Desk
from tests.peers.sipp import Caller, Sipp

ROUNDS = 30
#: seconds for what the arrival of the caller still stirs up in pages and processes
QUIET_S = 0.5
#: milliseconds: a match in under 100 ms, plus the way of an HTTP request and an INVITE
LIMIT_P50, LIMIT_P95 = 100.0, 250.0


async def one_round(desk: Desk, ada: Phone, directory: Path) -> float:
    """Milliseconds from the request that frees Ada to her phone ringing."""
    await asyncio.to_thread(desk.api, "POST", "/agents/ada/state", {"state": "busy", "reason": "pause"})
    caller = Caller(called="100").invite().answered().wait(0.5).info_key("1").hung_up(60)
    async with Sipp(desk, caller, directory) as sipp:  # type: ignore[arg-type]  # a desk has the switch's ports
        call = await asyncio.to_thread(desk.eventually, lambda: waiting(desk), 30, "a waiting caller")
        await asyncio.sleep(QUIET_S)
        started = time.monotonic()
        freeing = asyncio.create_task(
            asyncio.to_thread(desk.api, "POST", "/agents/ada/state", {"state": "available"})
        )
        await ada.rings(10)
        took = (time.monotonic() - started) * 1000
        await freeing
        # by the desk: a caller whose program is killed says no goodbye, and is missed only after a long silence
        await asyncio.to_thread(desk.api, "POST", f"/calls/{call}/hangup")
        await sipp.finished()
    await asyncio.to_thread(desk.eventually, lambda: not waiting(desk), 30, "the caller to be gone")
    return took


def waiting(desk: Desk) -> str:
    """The call in a queue or ringing; empty when there is none."""
    calls = desk.api("GET", "/calls?state=queued")["items"] + desk.api("GET", "/calls?state=offered")["items"]
    return str(calls[0]["id"]) if calls else ""


async def measure() -> list[float]:
    """All rounds on one desk."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        with Desk(directory) as desk:
            async with Phone(desk, "ada", "helpline", directory) as ada:  # type: ignore[arg-type]
                return [await one_round(desk, ada, directory) for _ in range(ROUNDS)]


def main() -> None:
    took = asyncio.run(measure())
    cuts = statistics.quantiles(took, n=20)
    for name, value, limit in (
        ("free_agent_to_ringing_p50", statistics.median(took), LIMIT_P50),
        ("free_agent_to_ringing_p95", cuts[18], LIMIT_P95),
    ):
        line = {"name": name, "value": round(value, 1), "unit": "ms", "limit": limit, "rounds": len(took)}
        print(json.dumps(line | {"ratio": round(value / limit, 2)}), flush=True)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
