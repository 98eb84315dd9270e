"""The command `helpline`: starts the processes and does what an administrator does at a terminal."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from helpline.conf import asterisk_cli, mail_cli, search_cli
from helpline.conf.switch_cli import add_to

Run = Callable[[argparse.Namespace], int]


def _run_all(options: argparse.Namespace) -> int:
    if options.demo:
        os.environ["HELPLINE_DEMO"] = "1"
    _setup()
    from helpline.conf.run import run_all

    return run_all(demo=options.demo)


def _web(options: argparse.Namespace) -> int:
    _setup()
    from helpline.conf.web_process import serve

    return serve()


def _acd(options: argparse.Namespace) -> int:
    _setup()
    from helpline.acd.runner import main as run_acd

    return run_acd()


def _worker(options: argparse.Namespace) -> int:
    _setup()
    from helpline.conf.worker_process import work

    return work()


def _postman(options: argparse.Namespace) -> int:
    _setup()
    from helpline.conf.postman_process import fetch

    return fetch()


def _switch(options: argparse.Namespace) -> int:
    from helpline.conf.environment import read_environment
    from helpline.conf.switch_process import become_switch

    return become_switch(read_environment())


def _asterisk(options: argparse.Namespace) -> int:
    _setup()
    return asterisk_cli.asterisk(options)


def _mail(options: argparse.Namespace) -> int:
    _setup()
    return mail_cli.mail(options)


def _search(options: argparse.Namespace) -> int:
    _setup()
    return search_cli.search(options)


def _demo(options: argparse.Namespace) -> int:
    _setup()
    from django.core.management import call_command

    from helpline.conf.demo import load
    from helpline.core.clock import SYSTEM

    call_command("migrate", verbosity=0)
    print(load(SYSTEM))
    return 0


def _token(options: argparse.Namespace) -> int:
    _setup()
    from helpline.people.actions import create_token
    from helpline.people.models import User

    user = User.objects.filter(username=options.user, is_active=True).first()
    if user is None:
        names = ", ".join(User.objects.filter(is_active=True).values_list("username", flat=True)[:20])
        print(f"There is no user {options.user!r}. Users: {names or 'none yet'}.", file=sys.stderr)
        return 1
    print(create_token(user, options.name))
    return 0


def _setup_link(options: argparse.Namespace) -> int:
    _setup()
    from helpline.conf.run import setup_url

    print(setup_url())
    return 0


def _setup() -> None:
    from helpline.conf.starting import start

    start()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="helpline",
        description="The help desk whose telephone is part of it.",
        epilog="Any other word is handed to Django: helpline migrate, helpline shell, ...",
    )
    commands = parser.add_subparsers(dest="command", required=True)

    def add(name: str, run: Run, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        return command

    everything = add("run", _run_all, "Start all processes of one machine and watch them.")
    everything.add_argument("--demo", action="store_true", help="load the demo desk first")
    add("web", _web, "Start the pages and the API.")
    add("acd", _acd, "Start the process that routes calls.")
    add("worker", _worker, "Start the process that does the jobs.")
    add("postman", _postman, "Start the process that reads the mailboxes.")
    add_to(add("switch", _switch, "The phone switch: start it, look into it, drain it."), _switch)
    asterisk_cli.add_to(add("asterisk", _asterisk, "Write the files of an Asterisk that serves this desk."))
    mail_cli.add_to(add("mail", _mail, "Take messages from files into a mailbox."))
    search_cli.add_to(add("search", _search, "Make the index anew by which tickets are found."))
    add("demo", _demo, "Load the demo desk; doing it twice changes nothing.")
    add("setup-link", _setup_link, "Print a one-time link that makes the first administrator.")
    token = add("token", _token, "Manage API tokens.")
    token.add_argument("action", choices=["create"])
    token.add_argument("user")
    token.add_argument("--name", default="command line")
    return parser


OWN = (
    "run",
    "web",
    "acd",
    "worker",
    "postman",
    "switch",
    "asterisk",
    "mail",
    "search",
    "demo",
    "setup-link",
    "token",
    "-h",
    "--help",
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry of the console script. Exits with 0 when done, 1 when refused, 2 on a wrong word."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] not in OWN:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpline.conf.settings")
        from django.core.management import execute_from_command_line

        execute_from_command_line(["helpline", *words])
        return
    options = _parser().parse_args(words)
    run: Run = options.run
    sys.exit(run(options))
