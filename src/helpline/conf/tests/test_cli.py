"""The command line: what scripts and administrators rely on."""

import gc

import pytest

from helpline.conf import cli, starting
from helpline.people.models import ApiToken
from helpline.people.queries import user_by_token
from helpline.people.tests.factories import UserFactory


@pytest.mark.django_db
def test_a_token_is_printed_last_and_works(capsys: pytest.CaptureFixture[str]) -> None:
    UserFactory(username="ada")
    with pytest.raises(SystemExit) as end:
        cli.main(["token", "create", "ada"])
    assert end.value.code == 0
    token = capsys.readouterr().out.split()[-1]
    user = user_by_token(token)
    assert user is not None
    assert user.username == "ada"
    assert token not in str(ApiToken.objects.values_list("digest", flat=True).get())


@pytest.mark.django_db
def test_an_unknown_user_is_named_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    UserFactory(username="ben")
    with pytest.raises(SystemExit) as end:
        cli.main(["token", "create", "nobody"])
    assert end.value.code == 1
    said = capsys.readouterr().err
    assert "'nobody'" in said
    assert "ben" in said


def test_the_collector_leaves_alone_what_start_up_made() -> None:
    before = gc.get_freeze_count()
    starting.start()
    try:
        assert gc.get_freeze_count() > before
    finally:
        gc.unfreeze()


def test_a_wrong_word_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["token", "eat", "ada"])
    assert end.value.code == 2
    assert "create" in capsys.readouterr().err
