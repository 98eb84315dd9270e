from django.urls import path

from helpline.people import desk_views, notice_views, views

app_name = "people"
urlpatterns = [
    path("setup/<str:secret>/", views.setup, name="setup"),
    path("me/", views.me, name="me"),
    path("me/tokens/", views.new_token, name="new_token"),
    path("me/tokens/<int:token_id>/revoke/", views.drop_token, name="drop_token"),
    path("me/phone-password/", views.phone_password, name="phone_password"),
    path("me/notifications/", notice_views.choose, name="choose_notifications"),
    path("notifications/", notice_views.notification_list, name="notifications"),
    path("notifications/bell/", notice_views.bell, name="bell"),
    path("notifications/seen/", notice_views.all_seen, name="all_seen"),
    path("notifications/<int:notification_id>/", notice_views.open_notification, name="open_notification"),
    path("desks/", desk_views.desk_list, name="desks"),
    path("desks/new/", desk_views.new_desk, name="new_desk"),
    path("desks/<int:desk_id>/", desk_views.desk, name="desk"),
    path("desks/<int:desk_id>/teams/", desk_views.new_team, name="new_team"),
    path("people/", views.people_list, name="list"),
    path("people/new/", views.new_user, name="new"),
    path("people/skills/", views.skills, name="skills"),
    path("people/<slug:username>/", views.person, name="person"),
    path("people/<slug:username>/roles/<int:desk_id>/", views.roles, name="roles"),
    path("people/<slug:username>/active/", views.active, name="active"),
    path("people/<slug:username>/skills/<slug:key>/", views.skill, name="skill"),
]
