from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "helpline.mail"
    label = "mail"

    def ready(self) -> None:
        """Have the worker file what a crash left, erase what is due and watch the mailboxes; join the shell; say what is
        held of a person."""
        from helpline.core.registry import Periodic, on, periodic, searchable
        from helpline.mail import events, jobs, noticing, offers, personal, retention, searching, shell_parts
        from helpline.mail.address import round_trip
        from helpline.mail.answering import drafting
        from helpline.mail.junk import offers as junk_offers
        from helpline.mail.letters import parts
        from helpline.mail.mailboxes import alarms
        from helpline.mail.outgoing import autoreply
        from helpline.mail.outgoing import jobs as sending_jobs
        from helpline.mail.threading import moving

        sweep = Periodic("file what waits", jobs.SWEEP_EVERY_S, jobs.sweep)
        periodic.register("file_mail", sweep)
        letters = Periodic("send what waits", sending_jobs.SWEEP_EVERY_S, sending_jobs.sweep)
        periodic.register("send_mail", letters)
        duty = Periodic("erase raw mail", retention.ERASE_EVERY_S, retention.erase_what_is_due)
        periodic.register("erase_raw_mail", duty)
        on(events.HOOK_TOO_LARGE, autoreply.say_too_large)
        watch = Periodic("watch the mailboxes", alarms.WATCH_EVERY_S, alarms.watch_all)
        periodic.register("watch_mailboxes", watch)
        trips = Periodic("give up round trips", round_trip.GIVE_UP_EVERY_S, round_trip.give_up)
        periodic.register("give_up_round_trips", trips)
        drafts = Periodic("forget sent drafts", drafting.FORGET_EVERY_S, drafting.duty)
        periodic.register("forget_drafts", drafts)
        told = Periodic("mail notices", noticing.EVERY_S, noticing.duty)
        periodic.register("mail_notices", told)
        noticing.register()
        searchable.register("mail", searching.said_in_letters)
        personal.register()
        moving.register()
        parts.register()
        shell_parts.register()
        offers.register()
        junk_offers.register()
