"""Who is on a call now, read from rows."""

from dataclasses import dataclass
from uuid import UUID

from helpline.acd import names
from helpline.telephony import queries
from helpline.telephony.models import Call, CallState, Hold, Leg, LegRole, LegState


@dataclass(frozen=True, slots=True)
class Talk:
    """A live call. `other` is the caller, or the outside party of an outgoing call."""

    call: Call
    other: Leg | None
    agents: tuple[Leg, ...]
    #: the colleague (or outside number) asked in
    consult: Leg | None
    hold: Hold | None

    @property
    def id(self) -> UUID:
        return self.call.pk

    @property
    def lane(self) -> str:
        return str(self.call.pk)

    @property
    def legs(self) -> tuple[Leg, ...]:
        """Everybody, the other side first."""
        found = (self.other, *self.agents, self.consult)
        return tuple(leg for leg in found if leg is not None)

    @property
    def asker(self) -> Leg | None:
        """The agent who has the call."""
        up = [leg for leg in self.agents if leg.state == LegState.UP]
        return up[0] if up else None

    @property
    def merged(self) -> bool:
        """The colleague talks with the caller already."""
        return self.consult is not None and self.consult.bridge_id == names.main_bridge(self.id)

    def leg_of(self, user_id: int | None) -> Leg | None:
        """The live leg of a person on this call; one that is up before one that rings."""
        mine = [leg for leg in (*self.agents, self.consult) if leg is not None and leg.user_id == user_id]
        mine.sort(key=lambda leg: leg.state != LegState.UP)
        return mine[0] if mine else None


def talk_of(call_id: UUID) -> Talk | None:
    """The call, or None when it has ended or never was (three queries)."""
    call = Call.objects.filter(pk=call_id).exclude(state=CallState.ENDED).select_related("desk").first()
    if call is None:
        return None
    return talk_from(call, queries.live_legs(call_id), queries.running_hold(call_id))


def talk_from(call: Call, legs: list[Leg], hold: Hold | None) -> Talk:
    """A live call of rows read already; `legs` have not ended, oldest first."""
    oversight = {names.LegKind.LISTEN, names.LegKind.WHISPER, names.LegKind.BARGE}
    people = [leg for leg in legs if names.leg_kind(leg.pk) not in oversight]
    return Talk(
        call=call,
        other=_first(people, LegRole.CALLER) or _first(people, LegRole.OUTSIDE),
        agents=tuple(leg for leg in people if leg.role == LegRole.AGENT),
        consult=_first(people, LegRole.CONSULT),
        hold=hold,
    )


def _first(legs: list[Leg], role: LegRole) -> Leg | None:
    return next((leg for leg in legs if leg.role == role), None)
