"""Addresses of this room."""

from django.urls import path

from helpline.mail import ledger_views, views
from helpline.mail.address import views as address_views
from helpline.mail.answering import views as draft_views
from helpline.mail.junk import views as junk_views
from helpline.mail.letters import views as letter_views
from helpline.mail.mailboxes import oauth_views
from helpline.mail.mailboxes import views as mailbox_views
from helpline.mail.outgoing import pages
from helpline.mail.outgoing import views as outgoing_views
from helpline.mail.webform import views as form_views

urlpatterns = [
    path("mail/<uuid:inbound_id>/raw/", views.raw, name="mail_raw"),
    path("mail/<uuid:inbound_id>/parts/<int:place>/", views.part, name="mail_part"),
    path("mail/attachments/<int:attachment_id>/", views.attachment, name="mail_attachment"),
    path("mail/letters/<int:letter_id>/", letter_views.body, name="letter"),
    path("mail/letters/<int:letter_id>/quoted/", letter_views.quoted, name="letter_quoted"),
    path("mail/letters/<int:letter_id>/pictures/", letter_views.pictures, name="letter_pictures"),
    path("mail/out/", pages.outbox, name="mail_outbox"),
    path("mail/boxes/<slug:name>/out/", pages.mailbox_out, name="mailbox_out"),
    path("mail/boxes/<slug:name>/out/text/", pages.mailbox_auto_text, name="mailbox_auto_text"),
    path("mail/boxes/<slug:name>/out/limits/", pages.mailbox_limits, name="mailbox_limits"),
    path("mail/junk/", junk_views.folder, name="mail_junk"),
    path("mail/<uuid:inbound_id>/not-junk/", junk_views.not_junk, name="mail_not_junk"),
    path("mail/tickets/<int:number>/junk/", junk_views.ticket_junk, name="mail_ticket_junk"),
    path("mail/boxes/<slug:name>/address/", address_views.address, name="mail_address"),
    path("mail/boxes/<slug:name>/trust/", address_views.settings, name="mail_trust"),
    path("mail/boxes/<slug:name>/check/", address_views.check, name="mail_check"),
    path("mail/boxes/<slug:name>/round-trip/", address_views.round_trip, name="mail_round_trip"),
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
    path("mail/boxes/<slug:name>/copies/", mailbox_views.desk_copies, name="mailbox_copies"),
    path("mail/boxes/<slug:name>/switch/", mailbox_views.mailbox_switch, name="mailbox_switch"),
    path("mail/boxes/<slug:name>/try/", mailbox_views.mailbox_try, name="mailbox_try"),
    path("mail/boxes/<slug:name>/connect/", oauth_views.connect, name="mailbox_connect"),
    path("form/<slug:name>/", form_views.web_form, name="mail_form"),
    path("form/<slug:name>/sent/", form_views.web_form_sent, name="mail_form_sent"),
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
