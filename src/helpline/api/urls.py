from django.urls import URLPattern, URLResolver, path

from helpline.api import agents, calls, mail, outgoing, queues, ticket_ties, tickets
from helpline.api.interface import api

api.add_router("/calls", calls.router)
api.add_router("/tickets", tickets.router)
api.add_router("/tickets", ticket_ties.router)
api.add_router("/tickets", outgoing.answers)
api.add_router("/inbound", mail.router)
api.add_router("/outbound", outgoing.router)
api.add_router("/agents", agents.router)
api.add_router("", queues.router)

urlpatterns: list[URLPattern | URLResolver] = [path("", api.urls)]
