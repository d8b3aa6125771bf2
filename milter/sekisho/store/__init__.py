"""Data that must outlive a process. Only this room (and later `history`) uses databases.

| room | has |
| --- | --- |
| `database` | a database and its files: options, connections, transactions, migrations, lock, backup; knows no tables |
| `quarantine` | held messages: their tables, how they are kept, read, moved, audited and removed |
| `lists` | list entries made while the program runs, and their snapshot beside the database |

`quarantine` and `lists` know `database` and not each other. What other rooms need is imported from one of the three.
"""
