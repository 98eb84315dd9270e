from django.urls import URLPattern, URLResolver, path

from helpline.telephony import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("recordings/<uuid:recording_id>.wav", views.recording_file, name="recording_file"),
]
