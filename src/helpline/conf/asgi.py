"""The web process as ASGI: pages over HTTP, live events over WebSocket."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpline.conf.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from django.conf import settings

from helpline.live.routing import websocket_urlpatterns

application = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": OriginValidator(
            AuthMiddlewareStack(URLRouter(websocket_urlpatterns)), settings.ENV.origins
        ),
    }
)
