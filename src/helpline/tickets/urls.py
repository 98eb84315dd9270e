from django.urls import path

from helpline.tickets import desk_views, incident_views, list_views, merge_views, views

app_name = "tickets"
urlpatterns = [
    path("tickets/", list_views.ticket_list, name="list"),
    path("tickets/bulk/", list_views.bulk, name="bulk"),
    path("tickets/new/", views.new, name="new"),
    path("tickets/<int:number>/", views.ticket_page, name="ticket"),
    path("tickets/<int:number>/fresh/", views.fresh, name="fresh"),
    path("tickets/<int:number>/properties/", views.properties, name="properties"),
    path("tickets/<int:number>/requester/", views.requester, name="requester"),
    path("tickets/<int:number>/note/", views.note, name="note"),
    path("tickets/<int:number>/mentions/<int:mention_id>/", views.mention, name="mention"),
    path("tickets/<int:number>/promise/", views.promise, name="promise"),
    path("tickets/<int:number>/promises/<int:promise_id>/kept/", views.promise_kept, name="promise_kept"),
    path("tickets/<int:number>/escalate/", views.escalate, name="escalate"),
    path("tickets/<int:number>/another/", views.another, name="another"),
    path("tickets/<int:number>/connect/", merge_views.connect, name="connect"),
    path("tickets/<int:number>/split/<int:item_id>/", merge_views.split, name="split"),
    path("tickets/<int:number>/moves/<int:move_id>/undo/", merge_views.undo, name="undo"),
    path("tickets/<int:number>/links/<int:link_id>/drop/", merge_views.unlink, name="unlink"),
    path("tickets/<int:number>/tasks/", merge_views.task, name="task"),
    path("tickets/<int:number>/tasks/<int:task_id>/done/", merge_views.task_done, name="task_done"),
    path("desks/<int:desk_id>/categories/", desk_views.new_category, name="new_category"),
    path("incidents/", incident_views.incident_list, name="incidents"),
    path("incidents/declare/", incident_views.declare, name="declare"),
    path("incidents/<int:incident_id>/edit/", incident_views.edit, name="incident_edit"),
    path("incidents/<int:incident_id>/fix/", incident_views.fix, name="incident_fix"),
]
