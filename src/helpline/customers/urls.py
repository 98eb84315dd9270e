from django.urls import path

from helpline.customers import views

app_name = "customers"
urlpatterns = [
    path("contacts/", views.contact_list, name="list"),
    path("contacts/new/", views.new_contact, name="new"),
    path("contacts/<int:contact_id>/", views.contact_page, name="contact"),
    path("contacts/<int:contact_id>/edit/", views.edit_contact, name="edit"),
    path("contacts/<int:contact_id>/numbers/", views.numbers, name="numbers"),
    path("contacts/<int:contact_id>/assets/", views.assets, name="assets"),
    path("contacts/<int:contact_id>/give-out/", views.give_out, name="give_out"),
    path("contacts/<int:contact_id>/erase/", views.erase, name="erase"),
]
