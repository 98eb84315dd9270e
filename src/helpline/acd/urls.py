from django.urls import URLPattern, URLResolver, path

from helpline.acd import urls_pages, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("phone/credentials/", views.phone_credentials, name="phone_credentials"),
    *urls_pages.urlpatterns,
    path("phone/<slug:verb>/", views.phone_verb, name="phone_verb"),
]
