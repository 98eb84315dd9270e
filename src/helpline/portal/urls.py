from django.urls import URLPattern, URLResolver, path

from helpline.portal import views

app_name = "portal"
urlpatterns: list[URLPattern | URLResolver] = [path("call", views.call_page, name="call")]
