"""An attacker who tries: fakes that are held today are changed until they arrive.

    python -m lab.attack FOLDER… [--out FOLDER] [--fakes 100] [--tries 500] [--seed 1]

A fake is read into a draft (`draft`), changed by operators (`operators`, with their words in `operators.toml`), written
as a message with its session and DNS (`writing`), and judged in the shipped state, as `sekisho evaluate` does. The
attacker sees the verdict and the score and goes on from what came closest (`search`). A variant counts only while a
reader still sees the brand, the lure and a way out (`legible`). `report` counts.

In *hard* mode the display name is the brand's name and nothing else. The same seed gives the same figures.
"""
