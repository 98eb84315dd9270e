"""What the desk knows of the switch nodes, as data: how each is, and which has which call."""

from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from helpline.telephony import queries
from helpline.telephony.models import Call

#: calls whose nodes are kept in mind
_KEPT = 5000


@dataclass(slots=True)
class NodeBook:
    """With one node (or none named) everything is at it, and nothing here asks the database."""

    names: tuple[str, ...] = ("",)
    #: those whose events we do not hear now; those that take no new calls; those given up
    down: set[str] = field(default_factory=set)
    draining: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    #: those whose lists were compared with our rows since the start
    asked: set[str] = field(default_factory=set)
    #: when each was started, in its own words
    started: dict[str, str] = field(default_factory=dict)
    _of: dict[str, str] = field(default_factory=dict)

    @property
    def several(self) -> bool:
        return len(self.names) > 1

    def known(self, name: str) -> str:
        """The node itself; the first for a name that is empty or not in the settings any more."""
        return name if name in self.names else self.names[0]

    def of(self, call: UUID | str) -> str:
        """The node of a call."""
        if not self.several:
            return self.names[0]
        key = str(call)
        if key not in self._of:
            row = Call.objects.filter(pk=key).values_list("node", flat=True).first()
            self.put(key, self.known(row or ""))
        return self._of[key]

    def put(self, call: UUID | str, node: str) -> None:
        """The call is on this node from now on."""
        if len(self._of) >= _KEPT:
            self._of.clear()
        self._of[str(call)] = node

    def tag(self, call: UUID | str) -> str:
        """As `of`, for the engine: empty where there is only one."""
        return self.of(call) if self.several else ""

    @property
    def all_asked(self) -> bool:
        """Every node that is not given up has said what is there."""
        return set(self.names) <= self.asked | self.lost

    def condition(self, name: str) -> str:
        """In one word, for pages and figures: up, draining, down or lost."""
        for word, those in (("lost", self.lost), ("down", self.down), ("draining", self.draining)):
            if name in those:
                return word
        return "up"

    def here(self, node: str, path: str = "") -> Q:
        """Rows of a node; `path`: the way from the row to its column. With one node it is every row."""
        if not self.several:
            return Q()
        if node == self.names[0]:
            return ~Q(**{f"{path}node__in": self.names[1:]})
        return Q(**{f"{path}node": node})

    def calls(self, node: str) -> QuerySet[Call]:
        """Live calls of a node."""
        return queries.live_calls().filter(self.here(node))

    def choose(self, among: frozenset[str] | None = None, *, but: str = "") -> str:
        """Where to dial: of those that are up (and in `among`), one that does not drain and has the fewest calls.

        When none is left it is the first that is up, else the first: the attempt then says what is wrong.
        """
        if not self.several:
            return self.names[0]
        up = [one for one in self.names if one not in self.down and one not in self.lost and one != but]
        fit = [one for one in up if one not in self.draining and (among is None or one in among)]
        if not fit:
            return next(iter(up), self.names[0])
        busy = dict(queries.live_calls().order_by().values_list("node").annotate(Count("pk")))
        return min(fit, key=lambda one: (busy.get(one, 0), self.names.index(one)))
