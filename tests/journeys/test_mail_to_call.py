"""The story of the mail desk on the demo: a letter, an answer, a reply, a call, and one ticket for all of them."""

from __future__ import annotations

import json
import smtplib
from contextlib import AsyncExitStack
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import make_msgid, parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.async_api import expect

from tests.peers.baresip import Phone
from tests.peers.browser import Chromium
from tests.peers.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.peer]

ADA = 441
SUPPORT = "support@desk.example"
ROSA, ROSAS_NUMBER = "rosa.lind@lind.example", "0305550671"

_ROSA = """
import json
from helpline.core.access import SYSTEM
from helpline.customers import actions
from helpline.customers.models import Contact
from helpline.people.models import Desk
acme = Desk.objects.get(key="acme")
rosa = Contact.objects.filter(name="Rosa Lind").first()
if rosa is None:
    rosa = actions.create_contact(SYSTEM, acme, "Rosa Lind", number="{number}", address="{address}")
print(json.dumps(rosa.pk))
"""


def letter(subject: str, text: str, *, answers: EmailMessage | None = None) -> EmailMessage:
    """As a plain mail program writes it."""
    found = EmailMessage()
    found["From"], found["To"], found["Subject"] = f"Rosa Lind <{ROSA}>", SUPPORT, subject
    found["Message-ID"] = make_msgid(domain="lind.example")
    if answers is not None:
        found["In-Reply-To"] = answers["Message-ID"]
        found["References"] = f"{answers.get('References', '')} {answers['Message-ID']}".strip()
    found.set_content(text)
    return found


def post(desk: Desk, what: EmailMessage) -> None:
    """Rosa's mail program hands it to the desk's own door."""
    with smtplib.SMTP("127.0.0.1", desk.smtp_port, timeout=10) as server:
        assert server.send_message(what) == {}


def filed(desk: Desk, what: EmailMessage) -> dict[str, Any]:
    """Its row of the ledger, once it has a verdict."""
    wanted = quote(what["Message-ID"])

    def there() -> dict[str, Any] | None:
        rows = desk.api("GET", f"/inbound?message_id={wanted}", user="ada")["items"]
        return next((one for one in rows if one["verdict"] != "waiting"), None)

    return desk.eventually(there, 30, f"a verdict for {what['Subject']}")


def sent(desk: Desk, outbound: str) -> EmailMessage:
    """A letter of the desk, read from where the demo keeps what it sends to nobody."""
    file = desk.data / "mail" / "outbox" / f"{outbound}.eml"
    desk.eventually(file.exists, 30, f"the letter {outbound}")
    return message_from_bytes(file.read_bytes(), policy=policy.default)


def test_only_our_addresses_are_taken_at_the_door(desk: Desk) -> None:
    told = f"{SUPPORT} by SMTP at 127.0.0.1:{desk.smtp_port}"
    desk.eventually(lambda: told in desk.log and "nothing is sent outside" in desk.log, 20, "the greeting")
    with (
        smtplib.SMTP("127.0.0.1", desk.smtp_port, timeout=10) as server,
        pytest.raises(smtplib.SMTPRecipientsRefused) as refused,
    ):
        server.sendmail(ROSA, ["carl@elsewhere.example"], b"Subject: x\r\n\r\nx")
    assert refused.value.recipients["carl@elsewhere.example"][0] == 550


async def test_a_letter_an_answer_a_reply_and_a_call_are_one_ticket(
    desk: Desk, chromium: Chromium, tmp_path: Path
) -> None:
    json.loads(desk.command("shell", "-c", _ROSA.format(number=ROSAS_NUMBER, address=ROSA)).splitlines()[-1])
    question = letter("Scanner is silent", "It scans, but nothing comes out.")
    post(desk, question)
    row = filed(desk, question)
    assert (row["verdict"], row["mailbox"]) == ("ticket", "support")
    number = row["ticket"]

    told = desk.api("POST", f"/tickets/{number}/reply", {"text": "Please switch it off and on."}, user="ada")
    answer = sent(desk, told["id"])
    assert (parseaddr(answer["To"])[1], answer["In-Reply-To"]) == (ROSA, question["Message-ID"])
    assert question["Message-ID"] in answer["References"]
    assert answer["Message-ID"].strip("<>") == told["message_id"].strip("<>")

    reply = letter("Re: Scanner is silent", "I did. Still silent.", answers=answer)
    post(desk, reply)
    row = filed(desk, reply)
    assert (row["verdict"], row["ticket"], row["joined_by"]) == ("reply", number, "own_id")
    thread = [item["body"] for item in desk.api("GET", f"/tickets/{number}", user="ada")["items"]]
    assert any("Still silent." in body for body in thread)

    ada = await chromium.agent("ada", ADA)
    async with AsyncExitStack() as stack:
        phone = Phone(desk, ROSAS_NUMBER, "none", tmp_path, hum=700, register=False)  # type: ignore[arg-type]  # has what a phone needs of a switch
        await stack.enter_async_context(phone)
        await phone.dial("100")
        await phone.expect("CALL_ESTABLISHED", 20)
        await phone.command("sndcode", "1")
        call = await ada.is_rung()
        await expect(ada.page).to_have_url(f"{desk.url}/tickets/{number}/")
        await expect(ada.bar).to_contain_text("Rosa Lind")
        await ada.press("answer")
        await ada.is_in("talking")
        await expect(ada.page.locator("#main")).to_contain_text("Still silent.")
        await ada.page.keyboard.press("n")
        await expect(ada.page.locator(f"#thread-call-{call}")).to_be_visible()
        assert desk.call(call)["tickets"] == [number]
        await phone.hang_up()
