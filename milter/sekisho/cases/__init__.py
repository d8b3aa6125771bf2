"""Cases: messages from files, with what SMTP and DNS said of them (the format is in `docs/cases.md`)."""

from sekisho.cases.files import Case, CaseError, load, parse_case

__all__ = ["Case", "CaseError", "load", "parse_case"]
