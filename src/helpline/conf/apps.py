from django.apps import AppConfig


class ConfConfig(AppConfig):
    name = "helpline.conf"
    label = "conf"
