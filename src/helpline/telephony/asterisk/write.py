"""Writes the files, and makes the folders Asterisk does not make itself."""

from pathlib import Path

from helpline.telephony.asterisk.files import asterisk, files
from helpline.telephony.asterisk.site import Site

#: the files hold passwords: nobody but their owner and group reads them
_FILE_MODE, _FOLDER_MODE = 0o640, 0o750


def write(site: Site, folder: Path) -> list[Path]:
    """The files written, by name. Raises OSError, SiteInvalid; then no file was touched."""
    folder = folder.resolve()
    texts = {**files(site), "asterisk.conf": asterisk(site, str(folder))}
    folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    for name, text in texts.items():
        _replace(folder / name, text)
    _make_folders(site)
    return [folder / name for name in sorted(texts)]


def _replace(path: Path, text: str) -> None:
    """At once and whole: an Asterisk that reloads just now reads the old file or the new one."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=_FILE_MODE)
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _make_folders(site: Site) -> None:
    """Without spool/recording every recording fails."""
    if site.folders.state is None:
        return
    for name in ("lib/keys", "spool/recording", "spool/tmp", "run", "log", "cache"):
        (site.folders.state / name).mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
