"""Facts of wallets: the address of a crypto-currency's wallet in a text.

It cannot see an address in a picture, nor whether its check digits are right: a demand with a misspelt one is a demand.
"""

from __future__ import annotations

import re

_BASE58 = "1-9A-HJ-NP-Za-km-z"
# Bitcoin and Litecoin (bech32, then base58), Ethereum and its tokens, Tron, Monero.
LONG_WORD = re.compile(
    r"\w{22}", re.ASCII
)  # an address is one; most texts have none, and the pattern is slow
WALLET = re.compile(
    rf"(?<![\w/=])(?:(?:bc|ltc)1[a-z0-9]{{20,70}}|0x[0-9a-fA-F]{{40}}|4[0-9AB][{_BASE58}]{{93}}"
    rf"|[13LMT](?=[{_BASE58}]{{0,33}}\d)(?=[{_BASE58}]{{0,33}}[a-z])(?=[{_BASE58}]{{0,33}}[A-Z])[{_BASE58}]{{25,34}})"
    r"(?![\w/=])",
    re.ASCII,
)


def shows_wallet(text: str) -> bool:
    """True if a text has the address of a wallet, and not as a part of a URL."""
    return LONG_WORD.search(text) is not None and WALLET.search(text) is not None
