"""`helpline search`: the index by which tickets are found."""

import argparse
import sys


def add_to(command: argparse.ArgumentParser) -> None:
    """The words that follow `helpline search`."""
    words = command.add_subparsers(dest="what", required=True)
    text = "Make the index anew from all tickets, the newest first; the desk works on meanwhile."
    words.add_parser("rebuild", help=text, description=text)


def search(_options: argparse.Namespace) -> int:
    """Rebuild the index and say how far it is; 0 when done."""
    from helpline.tickets.actions import rebuild_search

    count = rebuild_search(_say)
    print(f"{count} tickets indexed")
    return 0


def _say(done: int, every: int) -> None:
    print(f"{done} of {every}", file=sys.stderr, flush=True)
