from django.urls import URLPattern, URLResolver, path

from helpline.telephony import switch_views, trunk_views, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("recordings/<uuid:recording_id>.wav", views.recording_file, name="recording_file"),
    path("prompts/<str:key>.wav", views.prompt_file, name="prompt_file"),
    path("calls/<uuid:call_id>/ladder/", switch_views.call_ladder, name="call_ladder"),
    path("switch/", switch_views.switch, name="switch"),
    path("switch/guessers/", switch_views.guesser_notice, name="guesser_notice"),
    path("switch/unban/", switch_views.lift_ban, name="lift_ban"),
    path("trunks/", trunk_views.trunk_list, name="trunks"),
    path("trunks/new/", trunk_views.new_trunk, name="new_trunk"),
    path("trunks/<slug:name>/", trunk_views.trunk, name="trunk"),
    path("trunks/<slug:name>/switch/", trunk_views.trunk_switch, name="trunk_switch"),
    path("trunks/<slug:name>/drop/", trunk_views.trunk_drop, name="trunk_drop"),
]
