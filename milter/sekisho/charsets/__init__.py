"""Bytes to text, and what is odd about them.

`decode` gives the text that a reader most probably sees for bytes with a charset label. `decode_words` does this for a
header value with encoded words (RFC 2047), `decode_rfc2231` for a percent-encoded parameter. Each also tells whether
the label is unknown or wrong, and whether bytes are broken. Only the labels of a fixed table lead to a codec; its
aliases are those of the WHATWG Encoding Standard.

It cannot see the language. Bytes without a label are read as UTF-8 if they are valid UTF-8, else as the most plausible
of the Japanese encodings, since those arrive in Japan. Chinese in GB2312 without a label is misread.
"""

from sekisho.charsets.decoding import Decoded, decode
from sekisho.charsets.japanese import preload
from sekisho.charsets.labels import lookup
from sekisho.charsets.words import DecodedText, decode_rfc2231, decode_words

__all__ = ["Decoded", "DecodedText", "decode", "decode_rfc2231", "decode_words", "lookup", "preload"]
