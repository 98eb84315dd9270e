"""Template context of the shell. What costs a query is worked out only when a template asks."""

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from helpline.core import outbox
from helpline.web.navigation import rail
from helpline.web.signed_in import actor
from helpline.web.texts import spoken

SHELL = "web/base.html"
MAIN_ONLY = "web/main_only.html"


def wants_main_only(request: HttpRequest) -> bool:
    """True for htmx requests that replace `#main`; after a history miss htmx needs the whole document."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Target") == "main"
        and headers.get("HX-History-Restore-Request") != "true"
    )


def shell(request: HttpRequest) -> dict[str, object]:
    """`shell_template` to extend, `actor`, `rail`, and the numbers the page's clock and live feed start from."""
    return {
        "shell_template": MAIN_ONLY if wants_main_only(request) else SHELL,
        "actor": SimpleLazyObject(lambda: actor(request)),
        "rail": SimpleLazyObject(lambda: rail(request, actor(request))),
        "server_now": timezone.now(),
        "texts": spoken,
        "live_after": SimpleLazyObject(lambda: _live_after(request)),
    }


def _live_after(request: HttpRequest) -> int:
    """The number from before the page was read, where the middleware took it."""
    found: int | None = getattr(request, "live_after", None)
    return outbox.last_id() if found is None else found
