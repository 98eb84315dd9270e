from django.urls import path

from helpline.conf.health import healthz

urlpatterns = [path("healthz", healthz, name="healthz")]
