"""Addresses of this room."""

from django.urls import path

from helpline.mail import letter_views, outgoing_pages, outgoing_views, views

urlpatterns = [
    path("mail/<uuid:inbound_id>/raw/", views.raw, name="mail_raw"),
    path("mail/<uuid:inbound_id>/parts/<int:place>/", views.part, name="mail_part"),
    path("mail/attachments/<int:attachment_id>/", views.attachment, name="mail_attachment"),
    path("mail/letters/<int:letter_id>/", letter_views.body, name="letter"),
    path("mail/letters/<int:letter_id>/quoted/", letter_views.quoted, name="letter_quoted"),
    path("mail/letters/<int:letter_id>/pictures/", letter_views.pictures, name="letter_pictures"),
    path("mail/out/", outgoing_pages.outbox, name="mail_outbox"),
    path("mail/boxes/<slug:name>/out/", outgoing_pages.mailbox_out, name="mailbox_out"),
    path("mail/boxes/<slug:name>/out/text/", outgoing_pages.mailbox_auto_text, name="mailbox_auto_text"),
    path("mail/boxes/<slug:name>/out/limits/", outgoing_pages.mailbox_limits, name="mailbox_limits"),
    path("mail/out/<uuid:outbound_id>/parts/<int:place>/", outgoing_views.part, name="mail_out_part"),
    path("mail/out/<uuid:outbound_id>/undo/", outgoing_views.undo, name="mail_out_undo"),
    path("mail/out/<uuid:outbound_id>/resend/", outgoing_views.resend, name="mail_out_resend"),
    path("mail/out/<uuid:outbound_id>/raw/", outgoing_views.raw, name="mail_out_raw"),
]
