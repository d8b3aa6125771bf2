"""Facts of ways out that stand in a text and are no link: a name in a messenger, a host or a number in words."""

from __future__ import annotations

import re

# A name in a messenger by which a reader finds somebody. At the foot of a brand's mail it is the brand's.
MESSENGER_NAME = re.compile(
    r"(?:telegram|whatsapp|line)\b[^\n]{0,30}?(?<![\w.])@[a-z]\w{3,}"
    r"|(?<![a-z])ID\W{1,4}@?[a-z0-9][\w.-]{3,40}+\W{0,3}[^\n]{0,12}追加",
    re.IGNORECASE,
)
_DIGIT = r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine)"
# A host in words: `example dot com`.
HOST_IN_WORDS = re.compile(
    r"(?<![a-z0-9-])[a-z0-9-]{3,63}(?: dot |\s?ドット\s?|\s?[\[({](?:\.|dot)[\])}]\s?)[a-z]{2,}",
    re.IGNORECASE,
)
# What a reader is to write in digits and signs: a host, a telephone number in words.
WRITTEN_OUT = re.compile(
    rf"{HOST_IN_WORDS.pattern}"
    rf"|\b{_DIGIT}(?:[ ,.-]{{1,2}}{_DIGIT}){{6,15}}\b"
    r"|[〇零ゼロ一二三四五六七八九](?:[の・-]?[〇零ゼロ一二三四五六七八九]){8,15}",
    re.IGNORECASE,
)
