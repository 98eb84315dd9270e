"""How fast mail becomes tickets: Helpline beside django-helpdesk, on the same messages in the same run.

django-helpdesk is installed from PyPI into an environment that goes away. Both read the same files from a folder into SQLite,
in turns, so that whatever else the machine does hits both. Milliseconds of processor time per message, and of the clock.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from figures import beside, skipped, tell
from mail_corpus import write

MESSAGES = 1000
ROUNDS = 2
#: so many times faster than the peer we want to be
WANTED = 8.0
PEER = "django-helpdesk"
SOURCE = Path(__file__).parent.parent / "src"

OURS = """
import json, logging, sys, time
from pathlib import Path
from helpline.conf.starting import start
start()
logging.disable(logging.CRITICAL)
from django.core.management import call_command
call_command("migrate", verbosity=0)
from helpline.core.clock import SYSTEM
from helpline.mail.models import Mailbox
from helpline.mail.sources.ingest import ingest
from helpline.people.models import Desk
from helpline.tickets.models import Priority
desk = Desk.objects.create(key="bench", name="Bench")
Priority.objects.get_or_create(key="regular", defaults={"label": "Regular", "rank": 3})
box = Mailbox.objects.create(desk=desk, name="bench", address="support@desk.example", created_at=SYSTEM.now())
ingest(box, Path(sys.argv[1]) / "warm")
cpu, clock = time.process_time(), time.perf_counter()
counted = ingest(box, Path(sys.argv[1]) / "mails")
print(json.dumps({"cpu": time.process_time() - cpu, "clock": time.perf_counter() - clock,
                  "filed": {str(key): value for key, value in counted.items()}}))
"""

THEIRS = """
import json, logging, sys, time, types
from pathlib import Path
from django.conf import settings
folder = Path(sys.argv[1])
settings.configure(
    SECRET_KEY="bench", USE_TZ=True, ROOT_URLCONF="bench_urls", SITE_ID=1, MEDIA_ROOT=sys.argv[2] + "/media",
    EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend", DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    HELPDESK_TEAMS_MODE_ENABLED=False,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[2] + "/helpdesk.sqlite3"}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
                    "django.contrib.sites", "django.contrib.humanize", "django.contrib.messages",
                    "django.contrib.admin", "rest_framework", "helpdesk"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
)
import django
django.setup()
logging.disable(logging.CRITICAL)
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.urls import include, path as at
urls = sys.modules["bench_urls"] = types.ModuleType("bench_urls")
urls.urlpatterns = [at("", include("helpdesk.urls", namespace="helpdesk"))]
from helpdesk.email import extract_email_metadata
from helpdesk.models import Queue, Ticket
queue = Queue.objects.create(title="Bench", slug="bench", email_address="support@desk.example", allow_email_submission=True)
log = logging.getLogger("bench")
def file(path):
    extract_email_metadata(message=path.read_text(errors="replace"), queue=queue, logger=log)
for path in sorted((folder / "warm").glob("*.eml")):
    file(path)
cpu, clock = time.process_time(), time.perf_counter()
for path in sorted((folder / "mails").glob("*.eml")):
    file(path)
print(json.dumps({"cpu": time.process_time() - cpu, "clock": time.perf_counter() - clock,
                  "filed": {"tickets": Ticket.objects.count()}}))
"""


def main() -> int:
    """Measure both in turns and print the ratios. 1 when the peer could not be installed."""
    with tempfile.TemporaryDirectory(prefix="helpline-bench-") as place:
        folder = Path(place)
        write(folder / "warm", 10, seed=2)
        write(folder / "mails", MESSAGES)
        python = installed(folder)
        if python is None:
            tell(skipped("mail_filing", f"{PEER} could not be installed"))
            return 1
        found: dict[str, list[dict[str, float]]] = {"ours": [], "theirs": []}
        for number in range(ROUNDS):
            found["theirs"].append(run(python, THEIRS, folder, folder / f"theirs-{number}"))
            found["ours"].append(run(Path(sys.executable), OURS, folder, folder / f"ours-{number}"))
        report(found)
    return 0


def installed(folder: Path) -> Path | None:
    """The Python of an environment with the peer in it; None when it cannot be had."""
    place = folder / "peer"
    made = subprocess.run([sys.executable, "-m", "venv", place], check=False)
    python = place / "bin" / "python"
    wanted = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PEER]
    if made.returncode or subprocess.run(wanted, check=False).returncode:
        return None
    return python


def run(python: Path, program: str, folder: Path, data: Path) -> dict[str, float]:
    """Let the program file the mails with a data directory of its own; what it says of itself."""
    data.mkdir()
    env = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("HELPLINE_", "DJANGO_", "PYTHON"))
    }
    env |= {"HELPLINE_DATA": str(data), "DJANGO_SETTINGS_MODULE": "helpline.conf.settings"}
    if program is OURS:
        env["PYTHONPATH"] = str(SOURCE)
    else:
        del env["DJANGO_SETTINGS_MODULE"]
    words = [str(python), "-c", program, str(folder), str(data)]
    done = subprocess.run(words, env=env, check=True, capture_output=True, text=True)
    said: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    print(json.dumps({"run": data.name, **said}), file=sys.stderr, flush=True)
    return said


def report(found: dict[str, list[dict[str, float]]]) -> None:
    """Milliseconds per message and how many times faster we are, by processor time and by the clock."""
    for kind in ("cpu", "clock"):
        ours, theirs = (
            1000 * sum(one[kind] for one in found[who]) / (ROUNDS * MESSAGES) for who in ("ours", "theirs")
        )
        tell(
            beside(
                f"mail_filing_{kind}",
                round(ours, 2),
                "ms/message",
                peer=PEER,
                peer_value=theirs,
                times_faster=round(theirs / ours, 2),
                wanted=WANTED,
            )
        )


if __name__ == "__main__":
    sys.exit(main())
