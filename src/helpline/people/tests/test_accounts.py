"""Accounts: who may make whom, and what is kept of their secrets."""

import hashlib

import pytest

from helpline.core.access import SYSTEM, Role
from helpline.core.clock import SetClock
from helpline.core.errors import Conflict, Invalid, NotAllowed, NotFound
from helpline.core.models import AuditRow
from helpline.people import access, actions, queries
from helpline.people.models import ApiToken, Desk, PhoneAccount, Presence, RoleGrant, SetupLink, User
from helpline.people.tests.factories import DeskFactory, SkillFactory, TeamFactory, actor, person

pytestmark = pytest.mark.django_db


class TestUsers:
    def test_lena_makes_ada_who_starts_offline_with_a_phone(self):
        lena = actor("lena", Role.DESK_ADMIN)
        ada = actions.create_user(lena, "ada", password="Quiet-Harbour-9", phone_password="phone-secret")
        assert Presence.objects.get(user=ada).state == "offline"
        assert ada.check_password("Quiet-Harbour-9")
        assert AuditRow.objects.filter(verb="create_user", subject_id=str(ada.pk), actor_name="lena").exists()

    def test_only_the_digest_of_the_phone_password_is_kept(self):
        ada = person("ada")
        account = actions.set_phone_password(ada, "sesame")
        assert account.ha1_md5 == hashlib.md5(b"ada:helpline:sesame").hexdigest()
        actions.set_phone_password(ada, "another")
        assert PhoneAccount.objects.get(user=ada).ha1_md5 == hashlib.md5(b"ada:helpline:another").hexdigest()

    def test_an_agent_makes_nobody(self):
        with pytest.raises(NotAllowed):
            actions.create_user(actor("ada", Role.AGENT), "ben", password="Quiet-Harbour-9")

    @pytest.mark.parametrize("name", ["", "Ada", "ada smit", "ada@acme", "äda"])
    def test_a_user_name_is_fit_for_a_telephone(self, name):
        with pytest.raises(Invalid):
            actions.create_user(SYSTEM, name, password="x")

    def test_a_name_is_given_once(self):
        person("ada")
        with pytest.raises(Conflict):
            actions.create_user(SYSTEM, "ada", password="x")

    def test_nobody_is_called_what_switches_call_strangers(self):
        with pytest.raises(Conflict):
            actions.create_user(SYSTEM, "anonymous", password="x")

    def test_a_weak_password_is_refused_with_the_reason(self):
        with pytest.raises(Invalid, match="short"):
            actions.create_user(actor("lena", Role.DESK_ADMIN), "ben", password="abc")

    def test_who_is_locked_out_has_no_roles_and_no_token(self):
        ada = person("ada", Role.AGENT)
        token = actions.create_token(ada, "script")
        actions.set_active(SYSTEM, ada, False)
        assert access.actor_for(User.objects.get(pk=ada.pk)).desk_ids == frozenset()
        assert queries.user_by_token(token) is None

    def test_nobody_locks_themselves_out(self):
        lena = person("lena", Role.DESK_ADMIN)
        with pytest.raises(Conflict):
            actions.set_active(access.actor_for(lena), lena, False)


class TestTokens:
    def test_a_token_opens_until_it_is_revoked(self):
        ada = person("ada", Role.AGENT)
        text = actions.create_token(ada, "script")
        token = ApiToken.objects.get(user=ada)
        assert text not in (token.digest, token.name)
        assert queries.user_by_token(text) == ada
        assert queries.user_by_token(text + "x") is None
        actions.revoke_token(access.actor_for(ada), token)
        assert queries.user_by_token(text) is None

    def test_ben_cannot_revoke_adas_token(self):
        ada, ben = person("ada", Role.AGENT), actor("ben", Role.AGENT)
        actions.create_token(ada, "script")
        with pytest.raises(NotAllowed):
            actions.revoke_token(ben, ApiToken.objects.get(user=ada))

    def test_its_use_is_noted_at_most_once_a_minute(self):
        clock = SetClock()
        text = actions.create_token(person("ada"), "script")
        actions.token_used(text, clock=clock)
        first = ApiToken.objects.get().last_used_at
        clock.advance(30)
        actions.token_used(text, clock=clock)
        assert ApiToken.objects.get().last_used_at == first
        clock.advance(31)
        actions.token_used(text, clock=clock)
        assert ApiToken.objects.get().last_used_at == clock.now()


class TestSetup:
    def use(self, secret, **more):
        desk = actions.DeskFacts("My desk", "de", "Europe/Berlin", "DE")
        facts = {"username": "lena", "password": "Quiet-Harbour-9", "desk": desk} | more
        return actions.use_setup_link(secret, **facts)

    def test_the_first_administrator_comes_by_a_link_that_works_once(self):
        secret = actions.make_setup_link()
        assert not SetupLink.objects.filter(digest=secret).exists()
        lena = self.use(secret)
        desk = Desk.objects.get(name="My desk")
        assert access.actor_for(lena).may(desk.pk, Role.DESK_ADMIN)
        with pytest.raises(NotFound):
            self.use(secret, username="eve")

    def test_it_is_too_old_after_a_day(self):
        clock = SetClock()
        secret = actions.make_setup_link(clock=clock)
        clock.advance(24 * 3600 + 1)
        with pytest.raises(NotFound):
            self.use(secret, clock=clock)

    def test_a_new_link_ends_the_one_before(self):
        first, second = actions.make_setup_link(), actions.make_setup_link()
        with pytest.raises(NotFound):
            self.use(first)
        assert self.use(second).username == "lena"

    def test_a_refused_password_does_not_use_the_link_up(self):
        secret = actions.make_setup_link()
        with pytest.raises(Invalid):
            self.use(secret, password="abc")
        assert self.use(secret).username == "lena"

    def test_there_is_no_link_once_there_is_an_administrator(self):
        person("lena", Role.DESK_ADMIN)
        with pytest.raises(Conflict):
            actions.make_setup_link()


class TestStaff:
    def test_roles_are_set_as_a_whole(self):
        lena, ada = actor("lena", Role.DESK_ADMIN), person("ada", Role.AGENT)
        desk = DeskFactory()
        actions.set_roles(lena, ada, desk, [Role.SPECIALIST, Role.COACH])
        assert access.actor_for(ada).roles[desk.pk] == {Role.SPECIALIST, Role.COACH}

    def test_the_last_administrator_stays(self):
        lena = person("lena", Role.DESK_ADMIN)
        with pytest.raises(Conflict):
            actions.revoke(access.actor_for(lena), lena, DeskFactory(), Role.DESK_ADMIN)
        assert RoleGrant.objects.filter(user=lena).exists()

    def test_an_administrator_of_another_desk_grants_nothing_here(self):
        globex = DeskFactory(key="globex", name="Globex")
        eve = actor("eve", Role.DESK_ADMIN, desk=globex)
        with pytest.raises(NotAllowed):
            actions.grant(eve, person("ada"), DeskFactory(), Role.AGENT)

    def test_skill_levels(self):
        lena, ada, vpn = actor("lena", Role.LEAD), person("ada", Role.AGENT), SkillFactory(key="vpn")
        actions.set_skill(lena, ada, vpn, 60)
        assert queries.agents([DeskFactory().pk])[0].skills == {"vpn": 60}
        actions.set_skill(lena, ada, vpn, 0)
        assert queries.agents([DeskFactory().pk])[0].skills == {}
        with pytest.raises(Invalid):
            actions.set_skill(lena, ada, vpn, 101)

    def test_agents_are_read_in_few_queries(self, django_assert_max_num_queries):
        desk = DeskFactory()
        team = TeamFactory(desk=desk, tier=2)
        for number in range(12):
            team.members.add(person(f"agent-{number}", Role.SPECIALIST, desk=desk))
        with django_assert_max_num_queries(4):
            found = queries.agents([desk.pk])
        assert {agent.tier for agent in found if agent.teams} == {2}
