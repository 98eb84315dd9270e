"""The switches of this desk, one or several, each a node with a name; and what every one of them tells."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from helpline.telephony.ari import AriClient, Event
from helpline.telephony.node_names import name_of

#: the field of an event that names the node it came from, ours beside those of ARI
NODE = "helpline_node"


class Nodes:
    """A client per node. Every event carries the name of its node; `on_up` and `on_down` are told it."""

    def __init__(
        self,
        urls: Sequence[str],
        user: str,
        password: str,
        *,
        on_event: Callable[[Event], None],
        on_up: Callable[[str], None],
        on_down: Callable[[str], None],
    ) -> None:
        self._on_event = on_event
        self._on_down = on_down
        self._clients = {
            name_of(url): AriClient(
                url,
                user,
                password,
                on_event=partial(self._heard, name_of(url)),
                on_up=partial(on_up, name_of(url)),
                on_down=partial(self._down, name_of(url)),
            )
            for url in urls
        }

    @property
    def names(self) -> tuple[str, ...]:
        """As they were given; the first is meant where none is named."""
        return tuple(self._clients)

    @property
    def up(self) -> bool:
        """At least one of them tells events."""
        return any(client.up for client in self._clients.values())

    def of(self, name: str) -> AriClient:
        """The client of a node; the first for a name that is not known (any more)."""
        return self._clients.get(name) or next(iter(self._clients.values()))

    def __iter__(self) -> Iterator[tuple[str, AriClient]]:
        return iter(self._clients.items())

    async def start(self) -> None:
        """Begin to listen to all."""
        for client in self._clients.values():
            await client.start()

    async def stop(self) -> None:
        for client in self._clients.values():
            await client.stop()

    def _heard(self, name: str, event: Event) -> None:
        event[NODE] = name
        self._on_event(event)

    def _down(self, name: str, reason: str) -> None:
        self._on_down(name)
