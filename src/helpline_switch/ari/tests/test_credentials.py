"""Accounts as Asterisk writes them."""

from __future__ import annotations

import pytest

from helpline_switch.ari.asterisk import _fields
from helpline_switch.ari.credentials import account_of

MD5, SHA = "a" * 32, "b" * 64
DIGEST = {"auth_type": "digest", "username": "ada", "realm": "helpline"}


def test_the_old_way_has_md5_only():
    account = account_of("ada", {"auth_type": "md5", "md5_cred": MD5.upper(), "realm": "helpline"})
    assert (account.username, account.ha1_md5, account.algorithms) == ("ada", MD5, ("MD5",))


def test_both_digests_and_the_order_of_challenges():
    fields = {"password_digest": f"MD5:{MD5}, SHA-256:{SHA}", "supported_algorithms_uas": "SHA-256, MD5"}
    account = account_of("ada", DIGEST | fields)
    assert (account.ha1_md5, account.ha1_sha256, account.algorithms) == (MD5, SHA, ("SHA-256", "MD5"))


def test_without_a_word_about_it_md5_is_asked_for_as_by_asterisk():
    account = account_of("ada", DIGEST | {"password_digest": f"SHA-256:{SHA},MD5:{MD5}"})
    assert account.algorithms == ("MD5",)


def test_an_account_of_sha256_alone():
    fields = {"password_digest": f"SHA-256:{SHA}", "supported_algorithms_uas": "SHA-256"}
    assert account_of("ada", DIGEST | fields).algorithms == ("SHA-256",)


@pytest.mark.parametrize(
    "fields",
    [
        {"password_digest": "SHA-256"},
        {"password_digest": "SHA-256:short", "supported_algorithms_uas": "SHA-256"},
        {"password_digest": f"SHA-256:{SHA}"},
        {"password_digest": f"MD5:{MD5}", "supported_algorithms_uas": "SHA-256"},
        {"password_digest": f"MD5:{MD5}", "supported_algorithms_uas": "SHA-512-256"},
    ],
)
def test_accounts_nobody_could_log_in_to(fields):
    with pytest.raises(ValueError):  # noqa: PT011 - the messages differ
        account_of("ada", DIGEST | fields)


def test_a_trunks_auth_is_no_account():
    assert account_of("carrier", {"auth_type": "userpass", "username": "u", "password": "p"}) is None


def test_a_repeated_digest_adds_to_the_list():
    given = [("password_digest", "MD5:x"), ("password_digest", "SHA-256:y"), ("username", "ada")]
    found = _fields([{"attribute": name, "value": value} for name, value in given])
    assert found == {"password_digest": "MD5:x,SHA-256:y", "username": "ada"}
