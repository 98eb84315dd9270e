from django.urls import path

from helpline.conf.health import healthz
from helpline.conf.metrics import metrics

urlpatterns = [path("healthz", healthz, name="healthz"), path("metrics", metrics, name="metrics")]
