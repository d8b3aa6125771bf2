"""Facts of mail programs, by the names in `X-Mailer` and `User-Agent`.

A name tells that a person wrote the mail in front of a screen, that a script or a mass mailer sent it, that the program
was given up years ago, or that it does not exist. A new program is a word in one of these lists.
"""

from __future__ import annotations

import re

MAX_NAME_CHARS = 200  # of a program's name that are read

# What people write their own mail with.
PERSONAL = (
    "outlook", "windows live mail", "windows mail", "thunderbird", "apple mail", "iphone mail", "ipad mail",
    "foxmail", "flashmail", "dreammail", "koomail", "becky!", "shuriken", "al-mail", "sylpheed",
    "claws mail", "the bat!", "eudora", "pegasus mail", "roundcube",
    "squirrelmail", "superhuman", "horde", "zimbra", "open-xchange", "airmail", "edmax", "winbiff",
    "netscape", "lotus notes", "ibm notes", "postbox", "em client",
)  # fmt: skip
# Scripts of web servers, and programs sold to send to lists of addresses.
BULK = (
    "phpmailer", "swiftmailer", "swift mailer", "leaf php", "leafmailer", "php/", "mime::lite",
    "mime-tools", "mailsend", "supmailer", "smart_send", "smartsend", "sendblaster", "maxbulk", "groupmail",
    "gammadyne", "atomic mail", "turbo-mailer", "turbomailer", "turbo mailer", "advanced mass sender",
    "mach5 mailer", "volleymail", "e-campaign", "ultramailer", "mass mailer", "massmail", "bulk mailer",
    "bulkmail", "sendmail.pl", "gsymail", "inboxmass", "king mailer",
)  # fmt: skip
# The year from which nobody could get them any more, as their makers say.
RETIRED = (("outlook express", 2014), ("windows live mail", 2017), ("windows mail", 2017), ("eudora", 2013))
GRACE_YEARS = 3  # for which old machines keep a program that was given up

# One or two made-up words and a bare number, as no program signs: `Qgeszx 4`.
INVENTED = re.compile(r"[A-Z][a-z]{1,11}(?: [A-Z][a-z]{1,11})? \d{1,2}(?:\.\d{1,2})?")
HONEST = (
    "mail", "send", "post", "news", "message", "office", "letter", "crm", "web", "notes", "server", "form",
)  # fmt: skip


def personal(name: str) -> bool:
    """True for a program with which people write their own mail."""
    return _names(name, PERSONAL)


def bulk(name: str) -> bool:
    """True for a script or a mass mailer."""
    return _names(name, BULK)


def retired(name: str, year: int) -> bool:
    """True for a program that had been given up for years in that year."""
    lower = name[:MAX_NAME_CHARS].lower()
    return any(word in lower and year >= end + GRACE_YEARS for word, end in RETIRED)


def invented(name: str) -> bool:
    """True for a name of random words. One that says what the program does is believed."""
    known = personal(name) or bulk(name) or _names(name, HONEST)
    return not known and INVENTED.fullmatch(name) is not None


def _names(name: str, words: tuple[str, ...]) -> bool:
    lower = name[:MAX_NAME_CHARS].lower()
    return any(word in lower for word in words)
