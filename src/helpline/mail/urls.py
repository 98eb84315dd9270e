"""Addresses of this room."""

from django.urls import path

from helpline.mail import draft_views, outgoing_views, views

urlpatterns = [
    path("mail/<uuid:inbound_id>/raw/", views.raw, name="mail_raw"),
    path("mail/<uuid:inbound_id>/parts/<int:place>/", views.part, name="mail_part"),
    path("mail/out/<uuid:outbound_id>/parts/<int:place>/", outgoing_views.part, name="mail_out_part"),
    path("mail/out/<uuid:outbound_id>/undo/", outgoing_views.undo, name="mail_out_undo"),
    path("mail/out/<uuid:outbound_id>/resend/", outgoing_views.resend, name="mail_out_resend"),
    path("mail/out/<uuid:outbound_id>/raw/", outgoing_views.raw, name="mail_out_raw"),
    path("drafts/", draft_views.my_drafts, name="drafts"),
    path("tickets/<int:number>/compose/", draft_views.compose, name="compose"),
    path("tickets/<int:number>/writers/", draft_views.writers, name="writers"),
    path("tickets/<int:number>/draft/", draft_views.draft, name="draft"),
    path("tickets/<int:number>/draft/discard/", draft_views.discard, name="draft_discard"),
    path("tickets/<int:number>/draft/files/", draft_views.add_files, name="draft_files"),
    path("tickets/<int:number>/draft/files/<int:file_id>/", draft_views.file, name="draft_file"),
    path(
        "tickets/<int:number>/draft/files/<int:file_id>/remove/",
        draft_views.remove_file,
        name="draft_file_remove",
    ),
    path("tickets/<int:number>/draft/template/", draft_views.insert, name="draft_insert"),
    path("tickets/<int:number>/send/", draft_views.send, name="draft_send"),
    path("tickets/<int:number>/take-back/<uuid:outbound_id>/", draft_views.take_back, name="draft_take_back"),
]
