from django.apps import AppConfig

#: seconds between looks for recordings whose time is over
ERASE_EVERY_S = 3600.0


class TelephonyConfig(AppConfig):
    name = "helpline.telephony"
    label = "telephony"

    def ready(self) -> None:
        """Have the worker erase recordings whose time is over; say what is held of a caller."""
        from helpline.core.registry import Periodic, periodic
        from helpline.telephony import personal, recordings, shell_parts

        duty = Periodic("erase recordings", ERASE_EVERY_S, recordings.erase_what_is_due)
        periodic.register("erase_recordings", duty)
        personal.register()
        shell_parts.register()
