"""`helpline asterisk config DIR`."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpline.conf.cli import main
from helpline.people.models import PhoneAccount
from helpline.people.tests.factories import UserFactory


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(["asterisk", "config", *words])
    return int(end.value.code or 0)


def test_files_are_written_and_the_start_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(tmp_path / "etc")) == 0
    assert f"asterisk -f -C {tmp_path}/etc/asterisk.conf" in capsys.readouterr().out
    assert "type=auth" not in (tmp_path / "etc" / "pjsip.conf").read_text()


@pytest.mark.django_db
def test_standalone_has_the_accounts(tmp_path: Path) -> None:
    user = UserFactory()
    PhoneAccount.objects.create(
        user=user, username="ada", realm="helpline", ha1_md5="0" * 32, changed_at=datetime.now(UTC)
    )
    assert run(str(tmp_path), "--standalone") == 0
    text = (tmp_path / "pjsip.conf").read_text()
    assert "md5_cred=" + "0" * 32 in text
    assert "max_contacts=1" in text
    assert "[ada@browser]" in text


@pytest.mark.parametrize(
    ("words", "environment"),
    [(["--key", "/k.pem"], {}), ([], {"HELPLINE_RTP_PORTS": "many"}), (["--https-port", "8089"], {})],
)
def test_what_cannot_be_is_told_in_one_line(
    tmp_path: Path,
    words: list[str],
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert run(str(tmp_path / "etc"), *words) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert not (tmp_path / "etc").exists()
