"""Messages from files: folders, mbox, Maildir; as often as one likes."""

import mailbox as formats
from collections import Counter
from pathlib import Path

import pytest

from helpline.conf import cli
from helpline.core.clock import SetClock
from helpline.core.errors import Invalid
from helpline.mail.models import Inbound, Mailbox
from helpline.mail.sources.ingest import ingest
from helpline.mail.tests.factories import mail
from helpline.tickets.models import Ticket

MAILS = [mail(f"Mail {number}", message_id=f"<{number}@acme.example>") for number in range(4)]


def folder(path: Path) -> Path:
    for number, raw in enumerate(MAILS):
        file = path / ("old" if number % 2 else "new files") / f"{number}.eml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(raw)
    (path / "readme.txt").write_text("not a mail")
    return path


def mbox(path: Path) -> Path:
    box = formats.mbox(path / "box")
    for raw in MAILS:
        box.add(raw)
    box.close()
    return path / "box"


def maildir(path: Path) -> Path:
    box = formats.Maildir(path / "Maildir")
    for raw in MAILS:
        box.add(raw)
    return path / "Maildir"


@pytest.mark.parametrize("kind", [folder, mbox, maildir])
def test_every_message_has_one_verdict_and_twice_is_once(
    support: Mailbox, clock: SetClock, tmp_path: Path, kind
) -> None:
    place = kind(tmp_path / "in" if kind is folder else tmp_path)
    assert ingest(support, place, clock=clock) == Counter(ticket=4)
    assert ingest(support, place, clock=clock) == Counter(ticket=4)
    assert Inbound.objects.count() == Ticket.objects.count() == 4


def test_a_maildir_whose_mails_were_read_holds_the_same_mails(
    support: Mailbox, clock: SetClock, tmp_path: Path
) -> None:
    place = maildir(tmp_path)
    ingest(support, place, clock=clock)
    for file in list((place / "new").iterdir()):
        file.rename(place / "cur" / f"{file.name}:2,S")
    ingest(support, place, clock=clock)
    assert Inbound.objects.count() == 4


def test_one_file_is_one_message(support: Mailbox, clock: SetClock, tmp_path: Path) -> None:
    file = tmp_path / "mail.eml"
    file.write_bytes(MAILS[0])
    assert ingest(support, file, clock=clock).total() == 1


def test_a_path_that_is_not_there(support: Mailbox, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="does not exist"):
        ingest(support, tmp_path / "nothing")


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int | str | None, str, str]:
    with pytest.raises(SystemExit) as end:
        cli.main(["mail", "ingest", *words])
    said = capsys.readouterr()
    return end.value.code, said.out, said.err


def test_the_command_counts(support: Mailbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = folder(tmp_path / "in")
    (place / "again.eml").write_bytes(MAILS[0])
    (place / "empty.eml").write_bytes(b"")
    code, out, _err = run(capsys, str(place), "--mailbox", "support")
    assert code == 0
    assert out.split("\n") == ["ticket: 4", "duplicate: 1", "parked: 1", "total: 6", ""]


def test_the_command_names_the_mailboxes_there_are(
    support: Mailbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _out, err = run(capsys, str(tmp_path), "--mailbox", "suport")
    assert code == 1
    assert "support" in err
    assert run(capsys, str(tmp_path / "nothing"), "--mailbox", "support")[0] == 1
