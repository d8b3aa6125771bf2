"""The options for how much of a message is read. What exceeds a limit is a problem (`limit.<name>`), never an error."""

from __future__ import annotations

from pydantic import Field

from sekisho.options import Options


class Limits(Options):
    """How much of a message is read."""

    scan_bytes: int = Field(
        default=10_000_000,
        ge=10_000,
        le=100_000_000,
        description="Bytes of a message that are read. Of a larger message, the headers and this many bytes are read.",
    )
    header_bytes: int = Field(
        default=262_144, ge=4_096, le=4_194_304, description="Bytes of the header block that are read."
    )
    header_fields: int = Field(
        default=1_000, ge=20, le=20_000, description="Number of header fields that are read."
    )
    address_bytes: int = Field(
        default=4_096, ge=256, le=65_536, description="Bytes of one address field that are parsed."
    )
    structured_characters: int = Field(
        default=1_000_000,
        ge=10_000,
        le=100_000_000,
        description="Characters that are parsed in the address and Content-* fields of a message and its parts. "
        "After that, the first 256 characters of each field are still parsed.",
    )
    mime_depth: int = Field(
        default=32,
        ge=1,
        le=100,
        description="Levels of nested MIME parts and attached messages that are opened.",
    )
    mime_parts: int = Field(default=500, ge=1, le=10_000, description="Number of MIME parts that are read.")
    text_characters: int = Field(
        default=2_000_000,
        ge=10_000,
        le=20_000_000,
        description="Characters of decoded text that are read in all HTML pages together, and as many in other text. "
        "They are decoded from at most twice as many bytes.",
    )
    links: int = Field(
        default=2_000,
        ge=10,
        le=50_000,
        description="Number of different links that are kept of all HTML pages, and as many of all other text.",
    )
    image_bytes: int = Field(
        default=1_000_000,
        ge=0,
        le=20_000_000,
        description="Bytes of one decoded image or archive that are kept to be examined.",
    )
    images: int = Field(
        default=20, ge=0, le=500, description="Number of different images that are searched for QR codes."
    )
    image_pixels: int = Field(
        default=8_000_000,
        ge=10_000,
        le=100_000_000,
        description="Pixels of an image that is decoded. A JPEG may have sixteen times as many, a WebP half as many.",
    )
    image_seconds: float = Field(
        default=2.0,
        ge=0,
        le=60,
        description="Seconds in which all images of a message together are searched. One image gets a fifth of them at "
        "first, and more after the others had their share.",
    )
    image_wait_seconds: float = Field(
        default=5.0,
        ge=0,
        le=60,
        description="Seconds that a message waits for the programs that decode images, in addition to `image_seconds`.",
    )
    prefix_bytes: int = Field(
        default=4_096,
        ge=0,
        le=1_000_000,
        description="Bytes that are decoded of an attachment that is no text, image or archive.",
    )
