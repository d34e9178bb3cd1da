"""The ways out of the house: e-mail, text message, and the console where neither is set up.

Each sends one message or raises what kept it: `Refused` for good, `Later` for now, `Down` where the
way itself is closed and no further message should be tried on it.
"""

from __future__ import annotations

import logging
import re
import smtplib
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from flask import current_app
from flask_mail import Connection

from app.jobs import mail_body
from app.jobs.mail_body import Calendar
from app.models.messages import reasons
from app.models.messages.freshness import Ready
from app.models.messages.notification import Notification
from app.models.messages.reach import is_set_up

log = logging.getLogger(__name__)

TIMEOUT = 20.0
"""Seconds to wait for a word of a mail server."""

GOOD_FOR = 500
"""How many messages go over one connection before it is opened anew."""


class Refused(Exception):
    """It will never go: the address is wrong, or the message is not wanted."""


class Later(Exception):
    """It may go at another time."""


class Down(Exception):
    """Nothing goes by this way just now."""


@dataclass
class Sent:
    """What the other side said; the provider's own number of the message, where it told one."""

    provider_id: str | None = None
    note: str | None = None


class Channels:
    """The open ways of one run; connections are opened when first needed, and closed at the end."""

    def __init__(self) -> None:
        self._mail: SmtpConnection | None = None
        self._sent = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.hang_up()

    def send(self, row: Notification, ready: Ready, calendar: Calendar | None = None) -> Sent:
        """Send by the channel of the row. Raises Refused, Later, Down."""
        if not is_set_up(row.channel):
            log.info(
                "Message %s (%s, %s) is kept here.", row.notification_id, row.rule, row.channel
            )
            return Sent("console", reasons.KEPT)
        return self._send_mail(row, ready, calendar) if row.channel == "email" else _send_sms(ready)

    def hang_up(self) -> None:
        """Close the connection, whatever state it is in."""
        connection, self._mail = self._mail, None
        if connection is not None and connection.host is not None:
            try:
                connection.host.quit()
            except (smtplib.SMTPException, OSError):
                connection.host.close()

    def _send_mail(self, row: Notification, ready: Ready, calendar: Calendar | None) -> Sent:
        if self._sent >= GOOD_FOR:
            self.hang_up()
        connection = self._mail or self._connect()
        letter = mail_body.letter_of(row, ready, datetime.now(UTC), calendar)
        try:
            if connection.host is not None:  # nothing leaves where the settings say so
                connection.host.sendmail(letter.sender, [letter.address], letter.content)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise _by_code(code, said) from None
        except smtplib.SMTPResponseException as error:
            if error.smtp_code == 421:
                self.hang_up()
            raise _by_code(error.smtp_code, error.smtp_error) from None
        except (smtplib.SMTPException, OSError) as error:
            self.hang_up()  # it may have been taken or not; the same Message-ID tells
            raise Later(reasons.BROKE % {"error": _name(error)}) from None
        self._sent += 1
        return Sent()

    def _connect(self) -> SmtpConnection:
        connection = SmtpConnection(current_app.extensions["mail"])
        try:
            connection.__enter__()
        except smtplib.SMTPAuthenticationError:
            raise Down(reasons.NO_MAIL_LOGIN) from None
        except (smtplib.SMTPException, OSError) as error:
            raise Down(reasons.NO_MAIL % {"error": _name(error)}) from None
        self._mail, self._sent = connection, 0
        return connection


class SmtpConnection(Connection):
    """As the library's, but it does not wait for ever."""

    def configure_host(self) -> smtplib.SMTP | smtplib.SMTP_SSL:
        """A connection to the mail server, signed in; closed where that fails."""
        kind = smtplib.SMTP_SSL if self.mail.use_ssl else smtplib.SMTP
        host = kind(self.mail.server, self.mail.port, timeout=TIMEOUT)
        try:
            if self.mail.use_tls:
                host.starttls()
            if self.mail.username and self.mail.password:
                host.login(self.mail.username, self.mail.password)
        except BaseException:
            host.close()
            raise
        return host


def _send_sms(ready: Ready) -> Sent:
    import apprise  # a hundred providers: loaded by who sends text messages only

    url: str = current_app.config["SMS_URL"]
    target = url.replace("{to}", ready.address)
    target = target if target != url else f"{url.rstrip('/')}/{ready.address}"
    gateway = apprise.Apprise()
    if not gateway.add(target):
        raise Down(reasons.NO_PROVIDER)
    with apprise.LogCapture(level=logging.WARNING) as said:  # type: ignore[no-untyped-call]
        if gateway.notify(body=ready.words.body, body_format=apprise.NotifyFormat.TEXT):
            return Sent()
        code = re.search(r"error=(\d{3})", said.getvalue())
    if code is None:
        raise Down(reasons.NO_SMS)
    number = int(code[1])
    if number in (401, 403):
        raise Down(reasons.NO_SMS_LOGIN % {"code": number})
    if number in (408, 425, 429) or number >= 500:
        raise Later(reasons.SMS_SAID % {"code": number})
    raise Refused(reasons.SMS_REFUSED % {"code": number})


def _by_code(code: int, said: bytes | str) -> Refused | Later:
    """4yz is passing, 5yz is for good (RFC 5321, 4.2.1)."""
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    text = reasons.MAIL_SAID % {"code": code, "words": " ".join(words.split())[:200]}
    return Refused(text) if 500 <= code < 600 else Later(text)


def _name(error: Exception) -> str:
    return type(error).__name__
