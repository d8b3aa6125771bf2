"""Cases: messages from files, with the facts of their SMTP session and DNS (format: `docs/cases.md`)."""

from sekisho.cases.files import EXPECTED, Case, CaseError, load, of_bytes, parse_case

__all__ = ["EXPECTED", "Case", "CaseError", "load", "of_bytes", "parse_case"]
