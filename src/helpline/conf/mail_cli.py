"""`helpline mail`: messages from files into a mailbox."""

import argparse
import sys
from pathlib import Path


def add_to(command: argparse.ArgumentParser) -> None:
    """The words that follow `helpline mail`."""
    words = command.add_subparsers(dest="what", required=True)
    text = (
        "Take in a folder of .eml files, an mbox, a Maildir or one message; doing it twice changes nothing."
    )
    ingest = words.add_parser("ingest", help=text, description=text)
    ingest.add_argument("path", type=Path)
    ingest.add_argument("--mailbox", required=True, metavar="NAME", help="name of the mailbox it came to")


def mail(options: argparse.Namespace) -> int:
    """Take in what lies at the path and print how many messages have which verdict.

    0 when every message has one, else 1.
    """
    from helpline.core.errors import DeskError
    from helpline.mail.models import Mailbox, Verdict
    from helpline.mail.sources.ingest import ingest

    mailbox = Mailbox.objects.select_related("desk").filter(name=options.mailbox).first()
    if mailbox is None:
        names = ", ".join(Mailbox.objects.order_by("name").values_list("name", flat=True)[:20])
        print(f"There is no mailbox {options.mailbox!r}. Mailboxes: {names or 'none yet'}.", file=sys.stderr)
        return 1
    try:
        counted = ingest(mailbox, options.path)
    except (DeskError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    for verdict in Verdict:
        if counted[verdict]:
            print(f"{verdict.value}: {counted[verdict]}")
    print(f"total: {counted.total()}")
    return 1 if counted[Verdict.WAITING] else 0
