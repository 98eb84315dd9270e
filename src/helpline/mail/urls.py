"""Addresses of this room."""

from django.urls import path

from helpline.mail import junk_views, outgoing_views, views
from helpline.mail.address import views as address_views

urlpatterns = [
    path("mail/<uuid:inbound_id>/raw/", views.raw, name="mail_raw"),
    path("mail/<uuid:inbound_id>/parts/<int:place>/", views.part, name="mail_part"),
    path("mail/junk/", junk_views.folder, name="mail_junk"),
    path("mail/<uuid:inbound_id>/not-junk/", junk_views.not_junk, name="mail_not_junk"),
    path("mail/tickets/<int:number>/junk/", junk_views.ticket_junk, name="mail_ticket_junk"),
    path("mail/mailboxes/<slug:name>/address/", address_views.address, name="mail_address"),
    path("mail/mailboxes/<slug:name>/trust/", address_views.settings, name="mail_trust"),
    path("mail/mailboxes/<slug:name>/check/", address_views.check, name="mail_check"),
    path("mail/mailboxes/<slug:name>/round-trip/", address_views.round_trip, name="mail_round_trip"),
    path("mail/out/<uuid:outbound_id>/parts/<int:place>/", outgoing_views.part, name="mail_out_part"),
    path("mail/out/<uuid:outbound_id>/undo/", outgoing_views.undo, name="mail_out_undo"),
    path("mail/out/<uuid:outbound_id>/resend/", outgoing_views.resend, name="mail_out_resend"),
    path("mail/out/<uuid:outbound_id>/raw/", outgoing_views.raw, name="mail_out_raw"),
]
