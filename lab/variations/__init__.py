"""Fresh variations: genuine and fake mail of kinds that the corpus has, with other senders, words and ways.

    python -m lab.variations OUT

Each file of `kinds/` describes the cases of one kind; `kinds/no_payload.toml` explains the format. A description is
read (`description`), written as a message (`message`) and delivered: signed, forwarded, sealed, with the DNS that the
receiver would ask (`delivery`, `zone`). The result is a case (docs/cases.md), in the half `look` or `blind` of OUT.

What is right for a case is decided from mail practice when it is written, before any verdict is seen. Those who tune
the program look at `look` only. `blind` is counted, and nobody reads it.
"""
