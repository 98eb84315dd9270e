from django.urls import URLPattern, URLResolver, path

from helpline.acd import urls_pages, urls_setting, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("phone/credentials/", views.phone_credentials, name="phone_credentials"),
    *urls_pages.urlpatterns,
    *urls_setting.urlpatterns,
    path("phone/<slug:verb>/", views.phone_verb, name="phone_verb"),
]
