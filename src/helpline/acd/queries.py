"""Readers for pages and API; every one takes the actor and shows only what their desks may see."""

from helpline.acd.board import entry_points, front_end_messages, live_board
from helpline.acd.call_pages import call_detail, call_list
from helpline.acd.phone_bar import phone_bar
from helpline.acd.shown import (
    AgentTile,
    CallLine,
    Choice,
    ConsultLine,
    ContactRef,
    EntryPointLine,
    HoldLine,
    MenuKey,
    Person,
    PhoneBar,
    TicketRef,
    WrapUpLine,
)
from helpline.acd.shown_call import CallDetail, CallPage, CallSummary, LegLine, RecordingLine, StoryLine
from helpline.acd.shown_live import Board, FrontEnd, QueueRow, Stuck, Today, WaitingCaller

__all__ = [
    "AgentTile",
    "Board",
    "CallDetail",
    "CallLine",
    "CallPage",
    "CallSummary",
    "Choice",
    "ConsultLine",
    "ContactRef",
    "EntryPointLine",
    "FrontEnd",
    "HoldLine",
    "LegLine",
    "MenuKey",
    "Person",
    "PhoneBar",
    "QueueRow",
    "RecordingLine",
    "StoryLine",
    "Stuck",
    "TicketRef",
    "Today",
    "WaitingCaller",
    "WrapUpLine",
    "call_detail",
    "call_list",
    "entry_points",
    "front_end_messages",
    "live_board",
    "phone_bar",
]
# phone_bar(user: User) -> PhoneBar
# live_board(actor: Actor, clock=SYSTEM) -> Board
# front_end_messages(actor) -> tuple[FrontEnd, ...]          entry_points(actor) -> tuple[EntryPointLine, ...]
# call_list(actor, *, text="", state="", queue="", agent="", contact_id=None, after="", limit=50) -> CallPage
# call_detail(actor, call_id: UUID | str) -> CallDetail      (raises NotFound)
