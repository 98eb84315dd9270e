"""The postman as a process of its own: its heart beats beside it."""

from helpline.conf.beating import BeatingThread
from helpline.core import heartbeat
from helpline.mail.sources.postman import main


def fetch() -> int:
    """Fetch mail until told to stop."""
    heartbeat.beat("postman")
    beating = BeatingThread("postman")
    beating.start()
    try:
        return main()
    finally:
        beating.stop()
        beating.join()
        heartbeat.stopped("postman")
