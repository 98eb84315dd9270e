"""The lease of a process of this machine that was killed: it cannot give it back itself."""

import os
import socket

from helpline.core import lease
from helpline.core.models import Lease


def take_from_the_dead(name: str) -> bool:
    """Give the lease back for its dead holder; False when there is none, or it lives, or was on another machine."""
    row = Lease.objects.filter(name=name).first()
    if row is None:
        return False
    host, pid, _secret = row.holder.split(":")
    if host != socket.gethostname() or not pid.isdigit() or _is_alive(int(pid)):
        return False
    lease.give_back(name, row.holder)
    return True


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
