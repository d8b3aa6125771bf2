"""Site knowledge from where the site keeps it: recipient domains, aliases, people and groups in Postfix's own tables.

| module | has |
| --- | --- |
| `options` | the section `[directory]` |
| `postmap` | one query of one table by Postfix's `postmap`, so that every type of table works that Postfix has |
| `tables` | answers, kept for a time; and what holds while a table fails |
| `trial` | does each table answer, before mail comes |
| `introduce` | one message with what the tables say of its recipients, of its author's domain and of people |

A failing table is unknown, never an answer: the last answer holds for a bounded time, then the configuration alone.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
