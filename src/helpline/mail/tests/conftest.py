from collections.abc import Iterator
from pathlib import Path

import pytest

from helpline.core.clock import SetClock
from helpline.mail import store
from helpline.mail.junk import scanners
from helpline.mail.models import Mailbox
from helpline.mail.tests.factories import MailboxFactory
from helpline.mail.tests.zones import Zones, use
from helpline.mail.trust import door
from helpline.tickets.tests.factories import PriorityFactory


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The content store of this test."""
    folder = tmp_path / "store"
    monkeypatch.setattr(store, "_folder", lambda: folder)
    return folder


@pytest.fixture
def support(db: None, kept: Path) -> Mailbox:
    """The mailbox of Acme's desk, which has its priorities."""
    PriorityFactory()
    return MailboxFactory()


@pytest.fixture(autouse=True)
def no_dns(monkeypatch: pytest.MonkeyPatch) -> Iterator[Zones]:
    """No test asks the name servers of the machine; one that needs answers hands in zones."""
    yield use(monkeypatch, Zones({}, away=frozenset("*")))
    door.resolver.cache_clear()
    door.rest.clear()
    scanners.rest.clear()
