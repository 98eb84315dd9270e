"""Is everything up? One JSON for people and machines."""

import json
import urllib.request
from base64 import b64encode
from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse

from helpline.core.heartbeat import Pulse, pulses

PROCESSES = ("web", "acd", "worker")


def switch_answers(timeout_s: float = 1.0) -> dict[str, Any]:
    """Ask the switch over ARI whether it lives."""
    env = settings.ENV
    request = urllib.request.Request(f"{env.ari_url}/asterisk/ping")
    secret = b64encode(f"{env.ari_user}:{env.ari_password}".encode()).decode()
    request.add_header("Authorization", f"Basic {secret}")
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:
            return {"up": answer.status == 200, "ping": json.load(answer).get("ping", "")}
    except (OSError, ValueError) as error:
        return {"up": False, "error": str(error)}


def _switch(acd: Pulse | None) -> dict[str, Any]:
    """Up when it answers and the desk has opened on it: accounts given, calls compared."""
    answer = switch_answers()
    answer["desk_open"] = bool(acd and acd.up and acd.detail.get("switch"))
    answer["up"] = answer["up"] and answer["desk_open"]
    return answer


def all_up() -> bool:
    """What `healthz` says with 200, for the start."""
    known = pulses()
    return all(name in known and known[name].up for name in PROCESSES) and _switch(known["acd"])["up"]


def healthz(request: HttpRequest) -> JsonResponse:
    """200 when web, acd, worker and switch are up, else 503; never says more than up or down and ages."""
    known = pulses()
    processes: dict[str, Any] = {}
    for name in PROCESSES:
        pulse = known.get(name)
        processes[name] = {"up": pulse.up, "age_s": pulse.age_s, "pid": pulse.pid} if pulse else {"up": False}
    processes["web"]["up"] = True  # it is answering
    processes["switch"] = _switch(known.get("acd"))
    up = all(state["up"] for state in processes.values())
    return JsonResponse(
        {"status": "ok" if up else "degraded", "processes": processes}, status=200 if up else 503
    )
