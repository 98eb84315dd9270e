"""What the switch is given of a person's phone account."""

import hashlib
from dataclasses import replace

import pytest
from django.conf import settings

from helpline.acd.accounts import Account, objects, wanted
from helpline.people import actions
from helpline.people.models import PhoneAccount
from helpline.people.tests.factories import person

SAID = b"ada:helpline:sesame"


@pytest.fixture
def both_ways(monkeypatch):
    monkeypatch.setattr(settings, "ENV", replace(settings.ENV, sip_digest=("SHA-256", "MD5")))


@pytest.mark.django_db
class TestWanted:
    def test_a_phone_is_challenged_with_md5_unless_the_desk_wants_more(self):
        actions.set_phone_password(person("ada"), "sesame")
        (account,) = wanted()
        assert (account.ha1, account.algorithms) == (hashlib.md5(SAID).hexdigest(), ("MD5",))
        assert account.ha1_sha256 == hashlib.sha256(SAID).hexdigest()

    def test_the_strongest_way_first_when_the_desk_wants_both(self, both_ways):
        actions.set_phone_password(person("ada"), "sesame")
        assert wanted()[0].algorithms == ("SHA-256", "MD5")

    def test_a_password_of_old_has_only_the_old_digest(self, both_ways):
        actions.set_phone_password(person("ada"), "sesame")
        PhoneAccount.objects.update(ha1_sha256="")
        assert wanted()[0].algorithms == ("MD5",)


def test_the_auth_object_in_the_words_of_asterisk():
    plain = Account("ada", "helpline", "m" * 32, "s" * 64)
    assert objects(plain, one_phone=False)["auth"] == {
        "auth_type": "md5",
        "username": "ada",
        "realm": "helpline",
        "md5_cred": "m" * 32,
    }
    both = objects(replace(plain, algorithms=("SHA-256", "MD5")), one_phone=True)["auth"]
    assert both == {
        "auth_type": "digest",
        "username": "ada",
        "realm": "helpline",
        "password_digest": f"MD5:{'m' * 32},SHA-256:{'s' * 64}",
        "supported_algorithms_uas": "SHA-256,MD5",
    }
