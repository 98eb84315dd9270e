"""Fixtures of the call stories."""

from typing import Any

import pytest

from helpline.acd.tests.cast import Cast, make_cast
from helpline.acd.tests.switch_double import PaperSwitch


@pytest.fixture
def cast(db: None, settings: Any) -> Cast:
    """Nobody signs in here, so the passwords need no costly hash."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return make_cast(wrap_up_s=30, ring_timeout_s=15)


@pytest.fixture
def switch(cast: Cast) -> PaperSwitch:
    return PaperSwitch()
