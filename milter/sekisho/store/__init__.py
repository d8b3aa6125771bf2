"""Data that must outlive a process. Only this room (and later `history`) uses databases.

| room | has |
| --- | --- |
| `database` | a database and its files: options, connections, transactions, migrations, lock, backup; knows no tables |
| `audit` | who did what, when, and how it ended |
| `quarantine` | held messages: their tables, how they are kept, read, moved and removed |
| `lists` | list entries made while the program runs, and their snapshot beside the database |

`quarantine` and `lists` know `database` and `audit`, and not each other. What other rooms need is imported from one of
the four.
"""
