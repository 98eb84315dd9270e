from django.urls import URLPattern, URLResolver, path

from helpline.procedure import admin_views, views

app_name = "procedure"

urlpatterns: list[URLPattern | URLResolver] = [
    path("procedure/<uuid:call_id>/", views.panel_page, name="panel"),
    path("procedure/<uuid:call_id>/step/", views.step, name="step"),
    path("procedure/<uuid:call_id>/tick/", views.tick, name="tick"),
    path("procedure/<uuid:call_id>/answer/", views.answer, name="answer"),
    path("procedure/<uuid:call_id>/gate/", views.gate, name="gate"),
    path("procedure/<uuid:call_id>/ticket/", views.ticket, name="ticket"),
    path("procedure/<uuid:call_id>/another/", views.another, name="another"),
    path("procedure/<uuid:call_id>/incident/<int:incident_id>/", views.incident, name="incident"),
    path("procedure/<uuid:call_id>/alert/", views.alert, name="alert"),
    path("procedure/<uuid:call_id>/assign/", views.assign, name="assign"),
    path("procedure/<uuid:call_id>/article/<int:article_id>/", views.article, name="article"),
    path("procedure/<uuid:call_id>/licence/<int:asset_id>/", views.licence, name="licence"),
    path("procedure/<uuid:call_id>/callers/", views.callers, name="callers"),
    path("procedure/<uuid:call_id>/close/", views.close, name="close"),
    path("procedures/", admin_views.listing, name="list"),
    path("procedures/new/", admin_views.create, name="new"),
    path("procedures/<int:procedure_id>/", admin_views.detail, name="detail"),
    path("procedures/<int:procedure_id>/edit/", admin_views.edit, name="edit"),
    path("procedures/<int:procedure_id>/compare/", admin_views.compare, name="compare"),
    path("procedures/<int:procedure_id>/preview/", admin_views.preview, name="preview"),
]
