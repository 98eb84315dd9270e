from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "helpline.mail"
    label = "mail"

    def ready(self) -> None:
        """Have the worker file what a crash left, erase what is due and watch the mailboxes; join the shell; say what is
        held of a person."""
        from helpline.core.registry import Periodic, periodic
        from helpline.mail import alarms, jobs, personal, retention, shell_parts

        sweep = Periodic("file what waits", jobs.SWEEP_EVERY_S, jobs.sweep)
        periodic.register("file_mail", sweep)
        duty = Periodic("erase raw mail", retention.ERASE_EVERY_S, retention.erase_what_is_due)
        periodic.register("erase_raw_mail", duty)
        watch = Periodic("watch the mailboxes", alarms.WATCH_EVERY_S, alarms.watch_all)
        periodic.register("watch_mailboxes", watch)
        personal.register()
        shell_parts.register()
