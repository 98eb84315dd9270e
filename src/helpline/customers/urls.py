from django.urls import path

from helpline.customers import merge_views, organisation_views, views

app_name = "customers"
urlpatterns = [
    path("contacts/", views.contact_list, name="list"),
    path("contacts/new/", views.new_contact, name="new"),
    path("contacts/<int:contact_id>/", views.contact_page, name="contact"),
    path("contacts/<int:contact_id>/edit/", views.edit_contact, name="edit"),
    path("contacts/<int:contact_id>/numbers/", views.numbers, name="numbers"),
    path("contacts/<int:contact_id>/addresses/", views.addresses, name="addresses"),
    path("contacts/<int:contact_id>/history/", views.history, name="history"),
    path("contacts/<int:contact_id>/assets/", views.assets, name="assets"),
    path("contacts/<int:contact_id>/give-out/", views.give_out, name="give_out"),
    path("contacts/<int:contact_id>/erase/", views.erase, name="erase"),
    path("contacts/<int:contact_id>/same/", merge_views.find_same, name="same"),
    path("contacts/<int:contact_id>/same/<int:other_id>/", merge_views.merge, name="merge"),
    path("organisations/", organisation_views.organisation_list, name="organisations"),
    path("organisations/new/", organisation_views.new_organisation, name="new_organisation"),
    path("organisations/<int:organisation_id>/", organisation_views.organisation_page, name="organisation"),
    path(
        "organisations/<int:organisation_id>/edit/",
        organisation_views.edit_organisation,
        name="edit_organisation",
    ),
    path(
        "organisations/<int:organisation_id>/delete/",
        organisation_views.delete_organisation,
        name="delete_organisation",
    ),
    path(
        "organisations/<int:organisation_id>/assets/", organisation_views.discard_asset, name="discard_asset"
    ),
    path("contacts/<int:contact_id>/merges/<int:merge_id>/undo/", merge_views.undo, name="undo_merge"),
]
