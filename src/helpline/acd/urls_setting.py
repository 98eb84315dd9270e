"""Addresses of the phone administrator's pages."""

from django.urls import URLPattern, URLResolver, path

from helpline.acd import queue_views, setting_views

urlpatterns: list[URLPattern | URLResolver] = [
    path("entry-points/first/", setting_views.first_number, name="first_number"),
    path("entry-points/new/", setting_views.new_number, name="new_number"),
    path("entry-points/<int:entry_id>/", setting_views.entry_point, name="entry_point"),
    path("entry-points/<int:entry_id>/keys/", setting_views.menu_key, name="new_menu_key"),
    path("entry-points/<int:entry_id>/keys/<int:choice_id>/", setting_views.menu_key, name="menu_key"),
    path("queues/", queue_views.queue_list, name="queues"),
    path("queues/new/", queue_views.new_queue, name="new_queue"),
    path("queues/<slug:key>/", queue_views.queue, name="queue"),
    path("queues/<slug:key>/needs/", queue_views.queue_need, name="queue_need"),
    path("queues/<slug:key>/needs/<int:need_id>/drop/", queue_views.queue_need_drop, name="queue_need_drop"),
    path("queues/<slug:key>/tips/", queue_views.queue_tip, name="new_queue_tip"),
    path("queues/<slug:key>/tips/<int:tip_id>/", queue_views.queue_tip, name="queue_tip"),
]
