"""Addresses of this room."""

from django.urls import path

from helpline.mail import (
    form_views,
    ledger_views,
    letter_views,
    mailbox_views,
    oauth_views,
    outgoing_pages,
    outgoing_views,
    views,
)

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
    path("mail/notice/", mailbox_views.mail_notice, name="mail_notice"),
    path("mail/oauth/", oauth_views.returned, name="mail_oauth"),
    path("mail/ledger/", ledger_views.ledger, name="mail_ledger"),
    path("mail/ledger/replay/", ledger_views.replay, name="mail_replay"),
    path("mail/ledger/<uuid:inbound_id>/", ledger_views.message, name="mail_message"),
    path("mail/ledger/<uuid:inbound_id>/accept/", ledger_views.accept, name="mail_accept"),
    path("mail/boxes/", mailbox_views.mailbox_list, name="mailboxes"),
    path("mail/boxes/new/", mailbox_views.new_mailbox, name="new_mailbox"),
    path("mail/check/", mailbox_views.mailbox_check, name="mailbox_check"),
    path("mail/boxes/<slug:name>/", mailbox_views.mailbox, name="mailbox"),
    path("mail/boxes/<slug:name>/switch/", mailbox_views.mailbox_switch, name="mailbox_switch"),
    path("mail/boxes/<slug:name>/try/", mailbox_views.mailbox_try, name="mailbox_try"),
    path("mail/boxes/<slug:name>/connect/", oauth_views.connect, name="mailbox_connect"),
    path("form/<slug:name>/", form_views.web_form, name="mail_form"),
    path("form/<slug:name>/sent/", form_views.web_form_sent, name="mail_form_sent"),
]
