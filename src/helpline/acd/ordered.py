"""Orders with their lanes, and what the runner does for itself beside what the switch does."""

from dataclasses import dataclass

from helpline.telephony import orders as o


@dataclass(frozen=True, slots=True)
class FetchRecording:
    """Bring finished sound home from the switch. `failure`: why it is not all of it, if so."""

    name: str
    failure: str = ""


Do = o.Order | FetchRecording


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order and its lane: orders of one lane are carried out one after the other, at one node of the switch."""

    lane: str
    do: Do
    node: str = ""
