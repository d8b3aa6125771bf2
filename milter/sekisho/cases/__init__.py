"""Cases: messages from files, with the facts of their SMTP session and DNS (format: `docs/cases.md`)."""

from sekisho.cases.files import Case, CaseError, load, parse_case

__all__ = ["Case", "CaseError", "load", "parse_case"]
