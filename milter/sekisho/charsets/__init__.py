"""Bytes to text, and what is odd about it.

What it answers: the text that a reader most probably sees for bytes with a charset label (`decode`), for a
header value with encoded words (`decode_words`, RFC 2047) and for a percent-encoded parameter
(`decode_rfc2231`), and whether the label was unknown, untrue, or the bytes broken. Labels lead to codecs only
through a closed table, after the aliases of the WHATWG Encoding Standard.

What it cannot see: languages. Unlabelled bytes are taken for UTF-8, then for the Japanese encodings by how
likely the text is, since that is what arrives in Japan; unlabelled Chinese in GB2312 will be misread.
"""

from sekisho.charsets.decoding import Decoded, decode
from sekisho.charsets.japanese import preload
from sekisho.charsets.labels import lookup
from sekisho.charsets.words import DecodedText, decode_rfc2231, decode_words

__all__ = ["Decoded", "DecodedText", "decode", "decode_rfc2231", "decode_words", "lookup", "preload"]
