"""What the environment says, read once and checked; a wrong value stops the start with one clear line."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit


class EnvironmentInvalid(SystemExit):
    """A setting cannot be used; the message names it and says what it takes."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Settings of this installation. Times in seconds."""

    data: Path
    host: str
    port: int
    sip_host: str
    sip_port: int
    #: how phones may prove their password, the preferred way first (RFC 8760)
    sip_digest: tuple[str, ...]
    #: the switches that serve this desk; the first is the one where there is one only
    ari_urls: tuple[str, ...]
    #: the embedded switch serves this desk; with HELPLINE_ARI_URL somebody else's does
    own_switch: bool
    ari_host: str
    ari_port: int
    ari_user: str
    ari_password: str
    phone_ws_url: str
    #: where Asterisk fetches the prompts that the desk renders for it
    prompts_url: str
    database_url: str
    secret_key: str
    allowed_hosts: tuple[str, ...]
    origins: tuple[str, ...]
    debug: bool
    demo: bool
    #: where mail is delivered to us by SMTP or LMTP
    smtp_host: str
    smtp_port: int
    #: certificate (PEM, with its chain) and key of that door, and its port that speaks TLS from the start
    smtp_cert: Path | None
    smtp_key: Path | None
    smtps_port: int | None
    #: who shows it may read /metrics; empty: only this machine may
    metrics_token: str
    #: how mail leaves: smtp://USER:PASSWORD@HOST, smtps://..., a provider; empty: into a folder
    smtp_url: str

    @property
    def ari_url(self) -> str:
        """The only switch, or the first of several."""
        return self.ari_urls[0]


def _number(name: str, default: int) -> int:
    text = os.environ.get(name, str(default))
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise EnvironmentInvalid(f"{name}={text!r}: give a port number from 1 to 65535.")
    return int(text)


def _file(name: str) -> Path | None:
    """A file that may come later: whoever reads it says what is wrong with it."""
    text = os.environ.get(name, "").strip()
    return Path(text) if text else None


def _flag(name: str) -> bool:
    return os.environ.get(name, "").lower() in {"1", "true", "yes", "on"}


def _list(name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in os.environ.get(name, "").split(",") if part.strip())


def _urls(name: str) -> tuple[str, ...]:
    found = tuple(part.rstrip("/") for part in os.environ.get(name, "").split())
    for one in found:
        parts = urlsplit(one)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise EnvironmentInvalid(
                f"{name}={one!r}: give http://HOST:PORT/ari, several with spaces between."
            )
    if len({urlsplit(one).netloc for one in found}) < len(found):
        raise EnvironmentInvalid(f"{name} names a switch twice.")
    return found


def _smtp_url(name: str) -> str:
    """The words of a way out; mail.routes reads them. Without a value the password is not told again."""
    text = os.environ.get(name, "").strip()
    parts = urlsplit(text)
    if (parts.scheme in {"smtp", "smtps"} and not parts.hostname) or (text and "://" not in text):
        raise EnvironmentInvalid(
            f"{name}={parts.scheme}:...: give smtp://USER:PASSWORD@HOST:PORT, smtps://... or PROVIDER://:KEY@."
        )
    return text


def _digests(name: str) -> tuple[str, ...]:
    found = tuple(each.upper() for each in _list(name)) or ("MD5",)
    if set(found) - {"MD5", "SHA-256"}:
        raise EnvironmentInvalid(f"{name}={','.join(found)!r}: give MD5, SHA-256 or both.")
    return found


def _kept_secret(path: Path) -> str:
    """A secret made at the first start and kept in the data directory, readable by its owner only."""
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        pass
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    temporary.touch(mode=0o600)
    temporary.write_text(secrets.token_urlsafe(48))
    try:
        os.link(temporary, path)  # whoever links first wins; the others read that one
    except FileExistsError:
        return path.read_text().strip()
    finally:
        temporary.unlink()
    return path.read_text().strip()


def read_environment() -> Environment:
    """Read all `HELPLINE_*` variables. Raises EnvironmentInvalid with a line for the person at the terminal."""
    data = Path(os.environ.get("HELPLINE_DATA", "data")).resolve()
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentInvalid(f"HELPLINE_DATA={data}: cannot be made: {error.strerror}.") from error
    host, port = os.environ.get("HELPLINE_HOST", "127.0.0.1"), _number("HELPLINE_PORT", 8000)
    ari_host = os.environ.get("HELPLINE_ARI_HOST", "127.0.0.1")
    ari_port = _number("HELPLINE_ARI_PORT", port + 88)
    origins = _list("HELPLINE_ORIGINS") or (f"http://127.0.0.1:{port}", f"http://localhost:{port}")
    return Environment(
        data=data,
        host=host,
        port=port,
        sip_host=os.environ.get("HELPLINE_SIP_HOST", "127.0.0.1"),
        sip_port=_number("HELPLINE_SIP_PORT", 5060),
        sip_digest=_digests("HELPLINE_SIP_DIGEST"),
        ari_urls=_urls("HELPLINE_ARI_URL") or (f"http://{ari_host}:{ari_port}/ari",),
        own_switch=not _urls("HELPLINE_ARI_URL"),
        ari_host=ari_host,
        ari_port=ari_port,
        ari_user=os.environ.get("HELPLINE_ARI_USER", "helpline"),
        ari_password=os.environ.get("HELPLINE_ARI_PASSWORD") or _kept_secret(data / "ari.password"),
        prompts_url=os.environ.get("HELPLINE_PROMPTS_URL", f"http://127.0.0.1:{port}").rstrip("/"),
        phone_ws_url=os.environ.get("HELPLINE_PHONE_WS_URL", ""),
        database_url=os.environ.get("HELPLINE_DATABASE_URL", f"sqlite:///{data}/helpline.sqlite3"),
        secret_key=os.environ.get("HELPLINE_SECRET_KEY") or _kept_secret(data / "secret.key"),
        allowed_hosts=_list("HELPLINE_ALLOWED_HOSTS") or ("127.0.0.1", "localhost", "[::1]"),
        origins=origins,
        debug=_flag("HELPLINE_DEBUG"),
        demo=_flag("HELPLINE_DEMO"),
        smtp_host=os.environ.get("HELPLINE_SMTP_HOST", "127.0.0.1"),
        smtp_port=_number("HELPLINE_SMTP_PORT", 2525),
        smtp_cert=_file("HELPLINE_SMTP_CERT"),
        smtp_key=_file("HELPLINE_SMTP_KEY"),
        smtps_port=_number("HELPLINE_SMTPS_PORT", 0) if os.environ.get("HELPLINE_SMTPS_PORT") else None,
        metrics_token=os.environ.get("HELPLINE_METRICS_TOKEN", ""),
        smtp_url=_smtp_url("HELPLINE_SMTP_URL"),
    )


SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
        " PRAGMA cache_size=-32000; PRAGMA mmap_size=134217728; PRAGMA journal_size_limit=67108864"
    ),
}


def database(url: str) -> dict[str, object]:
    """Django's DATABASES entry for `sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST:PORT/NAME?OPTION=VALUE`."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        name = "/" + parts.path.lstrip("/")
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": name,
            "OPTIONS": dict(SQLITE_OPTIONS),
            # A file, as in production: threads and processes of a test meet in it.
            "TEST": {"NAME": f"{name}.test"},
        }
    if parts.scheme in {"postgres", "postgresql"}:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.path.lstrip("/"),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": unquote(parts.hostname or ""),
            "PORT": str(parts.port or ""),
            "OPTIONS": dict(parse_qsl(parts.query)),
            "CONN_HEALTH_CHECKS": True,
        }
    raise EnvironmentInvalid(
        f"HELPLINE_DATABASE_URL={parts.scheme}:...: give sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME."
    )
