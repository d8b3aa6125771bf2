"""The commands and their options, one module for each group.

A command imports what carries it out when it runs, so that `--help` is instant.
"""

from sekisho.cli.commands import brands, config, lists, operating, quarantine, store
from sekisho.cli.commands.core import cli

__all__ = ["brands", "cli", "config", "lists", "operating", "quarantine", "store"]
