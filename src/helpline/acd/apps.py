from django.apps import AppConfig


class AcdConfig(AppConfig):
    name = "helpline.acd"
    label = "acd"

    def ready(self) -> None:
        """Put bar, state, rail entries and search of this room into the shell."""
        from helpline.acd import shell_parts

        shell_parts.register()
