"""Addresses of this room."""

from django.urls import path

from helpline.mail import letter_views, views

urlpatterns = [
    path("mail/<uuid:inbound_id>/raw/", views.raw, name="mail_raw"),
    path("mail/<uuid:inbound_id>/parts/<int:place>/", views.part, name="mail_part"),
    path("mail/attachments/<int:attachment_id>/", views.attachment, name="mail_attachment"),
    path("mail/letters/<int:letter_id>/", letter_views.body, name="letter"),
    path("mail/letters/<int:letter_id>/quoted/", letter_views.quoted, name="letter_quoted"),
    path("mail/letters/<int:letter_id>/pictures/", letter_views.pictures, name="letter_pictures"),
]
