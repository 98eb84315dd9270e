"""WebSocket addresses of the live feed; conf.asgi puts sessions, sign-in and the origin check around them."""

from typing import Any, cast

from django.urls import path

from helpline.live.consumer import LiveConsumer

# channels routes ASGI applications by Django's path(), whose stubs know views only
websocket_urlpatterns = [path("live/ws/", cast(Any, LiveConsumer.as_asgi()))]
