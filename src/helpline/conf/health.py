"""Is everything up? One JSON for people and machines."""

import json
import urllib.request
from base64 import b64encode
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse

from helpline.core.heartbeat import Pulse, pulses
from helpline.telephony.node_names import name_of

PROCESSES = ("web", "acd", "worker")
#: shown too; without it mail waits at its servers and calls go on
SHOWN_TOO = ("postman",)


def switch_answers(url: str, timeout_s: float = 1.0) -> dict[str, Any]:
    """Ask a switch over ARI whether it lives."""
    env = settings.ENV
    request = urllib.request.Request(f"{url}/asterisk/ping")
    secret = b64encode(f"{env.ari_user}:{env.ari_password}".encode()).decode()
    request.add_header("Authorization", f"Basic {secret}")
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:
            return {"up": answer.status == 200, "ping": json.load(answer).get("ping", "")}
    except (OSError, ValueError) as error:
        return {"up": False, "error": str(error)}


def _nodes(urls: Sequence[str]) -> list[dict[str, Any]]:
    """Asked side by side, so that a dead one holds up nobody for longer than itself."""
    if len(urls) == 1:
        return [switch_answers(urls[0])]
    with ThreadPoolExecutor(len(urls)) as pool:
        return list(pool.map(switch_answers, urls))


def _node(name: str, answer: dict[str, Any], known: dict[str, str]) -> dict[str, Any]:
    """`state`: up, draining, down or lost, as the call control sees it."""
    return {"name": name, "up": answer["up"], "state": known.get(name, "")}


def _switch(acd: Pulse | None) -> dict[str, Any]:
    """Up when it answers and the desk has opened on it: accounts given, calls compared. Of several one is enough."""
    answers = _nodes(settings.ENV.ari_urls)
    answer = next((one for one in answers if one["up"]), answers[0])
    if len(answers) > 1:
        known = (acd.detail.get("nodes") or {}) if acd and acd.up else {}
        answer |= {
            "nodes": [
                _node(name_of(url), one, known)
                for url, one in zip(settings.ENV.ari_urls, answers, strict=True)
            ]
        }
    answer["desk_open"] = bool(acd and acd.up and acd.detail.get("switch"))
    answer["up"] = answer["up"] and answer["desk_open"]
    return answer


def all_up() -> bool:
    """What `healthz` says with 200, for the start."""
    known = pulses()
    return all(name in known and known[name].up for name in PROCESSES) and _switch(known["acd"])["up"]


def _state(pulse: Pulse) -> dict[str, Any]:
    return {"up": pulse.up, "age_s": pulse.age_s, "pid": pulse.pid}


def healthz(request: HttpRequest) -> JsonResponse:
    """200 when web, acd, worker and switch are up, else 503; never says more than up or down and ages. A postman
    that was ever started is shown beside them."""
    known = pulses()
    processes: dict[str, Any] = {}
    for name in PROCESSES:
        pulse = known.get(name)
        processes[name] = _state(pulse) if pulse else {"up": False}
    processes["web"]["up"] = True  # it is answering
    processes["switch"] = _switch(known.get("acd"))
    up = all(state["up"] for state in processes.values())
    processes |= {name: _state(known[name]) for name in SHOWN_TOO if name in known}
    return JsonResponse(
        {"status": "ok" if up else "degraded", "processes": processes}, status=200 if up else 503
    )
