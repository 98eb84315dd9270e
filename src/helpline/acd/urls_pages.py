"""Addresses of the pages about calls, the phone bar and the live board."""

from django.urls import URLPattern, URLResolver, path

from helpline.acd import views_pages

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views_pages.home, name="home"),
    path("phone/bar/", views_pages.phone_bar, name="phone_bar"),
    path("calls/", views_pages.call_list, name="calls"),
    path("calls/<uuid:call_id>/", views_pages.call_page, name="call"),
    path("calls/<uuid:call_id>/item/", views_pages.call_item, name="call_item"),
    path("live/", views_pages.live, name="live"),
    path("entry-points/", views_pages.entry_points, name="entry_points"),
]
