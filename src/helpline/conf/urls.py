"""Which room answers which address."""

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("helpline.people.sign_in_urls")),
    path("api/v1/", include("helpline.api.urls")),
    path("", include("helpline.portal.urls")),
    path("", include("helpline.procedure.urls")),
    path("", include("helpline.acd.urls")),
    path("", include("helpline.mail.urls")),
    path("", include("helpline.telephony.urls")),
    path("", include("helpline.tickets.urls")),
    path("", include("helpline.customers.urls")),
    path("", include("helpline.people.urls")),
    path("", include("helpline.knowledge.urls")),
    path("", include("helpline.web.urls")),
    path("", include("helpline.conf.health_urls")),
]
