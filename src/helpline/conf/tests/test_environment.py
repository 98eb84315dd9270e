"""A wrong setting stops the start with one line that says what to do."""

from pathlib import Path

import pytest

from helpline.conf.environment import EnvironmentInvalid, database, read_environment


def test_ports_follow_the_first_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HELPLINE_DATA", str(tmp_path))
    monkeypatch.setenv("HELPLINE_PORT", "9000")
    env = read_environment()
    assert (env.port, env.ari_port) == (9000, 9088)
    assert env.ari_url == "http://127.0.0.1:9088/ari"
    assert env.origins == ("http://127.0.0.1:9000", "http://localhost:9000")


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", ""])
def test_a_wrong_port_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, port: str) -> None:
    monkeypatch.setenv("HELPLINE_DATA", str(tmp_path))
    monkeypatch.setenv("HELPLINE_SIP_PORT", port)
    with pytest.raises(EnvironmentInvalid, match="HELPLINE_SIP_PORT"):
        read_environment()


def test_secrets_are_made_once_and_only_the_owner_reads_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HELPLINE_DATA", str(tmp_path))
    monkeypatch.delenv("HELPLINE_SECRET_KEY", raising=False)
    monkeypatch.delenv("HELPLINE_ARI_PASSWORD", raising=False)
    first, second = read_environment(), read_environment()
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) > 40
    assert first.ari_password != first.secret_key
    assert (tmp_path / "secret.key").stat().st_mode & 0o077 == 0


def test_a_data_directory_that_cannot_be_made_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HELPLINE_DATA", str(tmp_path / "file" / "data"))
    with pytest.raises(EnvironmentInvalid, match="HELPLINE_DATA"):
        read_environment()


def test_both_databases_are_read_from_an_address() -> None:
    assert database("sqlite:////var/lib/helpline/db.sqlite3")["NAME"] == "/var/lib/helpline/db.sqlite3"
    found = database("postgresql://desk:p%40ss@db.example:5433/helpline?sslmode=require")
    assert found["PASSWORD"] == "p@ss"
    assert found["PORT"] == "5433"
    assert found["OPTIONS"] == {"sslmode": "require"}


def test_an_unknown_database_is_refused_without_its_password() -> None:
    with pytest.raises(EnvironmentInvalid) as refusal:
        database("mysql://desk:secret@db/helpline")
    assert "secret" not in str(refusal.value)
