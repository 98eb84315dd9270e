"""`helpline run`: everything on one machine, in the foreground."""

import asyncio
import logging
import signal
import socket
import sys

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.management import call_command

from helpline.conf.health import all_up
from helpline.conf.supervisor import Supervisor
from helpline.core.clock import SYSTEM

log = logging.getLogger(__name__)

#: started in this order and stopped in the reverse one: calls outlive the desk
ORDER = ("switch", "acd", "worker", "postman", "web")


def run_all(*, demo: bool) -> int:
    """Migrate, load the demo when asked, then start and watch all processes until Ctrl-C."""
    if taken := _taken_ports():
        print("\n".join(taken), file=sys.stderr)
        return 1
    call_command("migrate", verbosity=0)
    if demo:
        from helpline.conf.demo import load

        print(load(SYSTEM), flush=True)
    # asked before the postman takes it; mail waits at its servers, so a port that is taken is no reason not to start
    door_free = _free(socket.SOCK_STREAM, settings.ENV.smtp_host, settings.ENV.smtp_port)
    return asyncio.run(_run(demo, door_free))


def _taken_ports() -> list[str]:
    env = settings.ENV
    wanted = [("HELPLINE_PORT", socket.SOCK_STREAM, env.host, env.port)]
    if env.own_switch:
        wanted += [
            ("HELPLINE_SIP_PORT", socket.SOCK_DGRAM, env.sip_host, env.sip_port),
            ("HELPLINE_ARI_PORT", socket.SOCK_STREAM, env.ari_host, env.ari_port),
        ]
    return [
        f"Port {port} on {host} is taken. Stop what uses it, or set {name} to a free port."
        for name, kind, host, port in wanted
        if not _free(kind, host, port)
    ]


def _free(kind: socket.SocketKind, host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind is socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


async def _run(demo: bool, door_free: bool) -> int:
    supervisor = Supervisor(ORDER if settings.ENV.own_switch else ORDER[1:])
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, supervisor.stop)
    supervisor.start()
    greeting = asyncio.create_task(_greet_when_up(demo, door_free), name="greeting")
    await supervisor.finished()
    greeting.cancel()
    print("Helpline has stopped.", flush=True)
    return 0


async def _greet_when_up(demo: bool, door_free: bool) -> None:
    # Heartbeats are rows other processes write: there is nothing here that could wake us.
    while not await sync_to_async(all_up, thread_sensitive=False)():  # noqa: ASYNC110
        await asyncio.sleep(0.25)
    print(await sync_to_async(_greeting, thread_sensitive=False)(demo, door_free), flush=True)


def setup_url() -> str:
    """A one-time link that makes the first administrator."""
    from helpline.people.actions import make_setup_link

    env = settings.ENV
    return f"http://{env.host}:{env.port}/setup/{make_setup_link()}/"


def _greeting(demo: bool, door_free: bool) -> str:
    from helpline.people.models import User

    env = settings.ENV
    lines = ["", f"Helpline is up: http://{env.host}:{env.port}/"]
    if demo:
        lines += [
            "  sign in as   ada, ben (level 1), sven (level 2) or lena (lead); password: helpline",
            f"  be a caller  http://{env.host}:{env.port}/call in a second tab",
            f"  or dial      sip:100@{env.sip_host}:{env.sip_port} (Acme IT) or sip:200@... (Globex) from any SIP phone",
            "  SIP phones   register as ada, ben, sven or lena with the password helpline",
        ]
    elif not User.objects.filter(is_active=True).exists():
        lines += ["  There is no account yet. This link works once and makes the first administrator:"]
        lines += [f"  {setup_url()}"]
    lines += _mail_lines(door_free)
    lines += [f"  data         {env.data}", "  Ctrl-C stops everything.", ""]
    return "\n".join(lines)


def _mail_lines(door_free: bool) -> list[str]:
    """Where mail comes in by our own door, and what becomes of the answers."""
    from helpline.mail import queries
    from helpline.mail.models import Mailbox, MailboxKind, Way

    env = settings.ENV
    boxes = list(Mailbox.objects.filter(kind=MailboxKind.SMTP, active=True).order_by("pk"))
    if not boxes:
        return []
    if not door_free:
        return [
            f"  mail         port {env.smtp_port} is taken; set HELPLINE_SMTP_PORT to a free one, then mail comes in"
        ]
    lines = [f"  or write     {box.address} by SMTP at {env.smtp_host}:{env.smtp_port}" for box in boxes]
    routes = [queries.route_of(box) for box in boxes]
    folders = {route.where for route in routes if route.way == Way.FOLDER}
    return lines + [
        f"  letters out  are files in {folder}; nothing is sent outside" for folder in sorted(folders)
    ]
