"""Why a file is not taken, by its first bytes: what people send by mistake, and what is made to deceive."""

from __future__ import annotations

import re

HEAD_BYTES = 4096
PLAYLIST = "is a playlist, which only names other files; give the media file itself"
PAGE = "is a web page, not a video; open its address in a browser and save the video itself"
PICTURE = "is a picture, not a video or audio file; choose another file"
TEXT = "is a text, not a video or audio file; choose another file"
ARCHIVE = "is an archive; unpack it and choose the video in it"
UNKNOWN = "is not a video or audio file ffmpeg can read; choose another file"
ZEROS = "holds only zeros where it should begin: it was not copied whole; copy or upload it again"
BOXES = frozenset({b"ftyp", b"mdat", b"moov", b"wide", b"free", b"skip"})
PICTURE_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1", b"avif", b"avis"})
SIGNS = (
    (
        re.compile(rb"#EXTM3U|ffconcat\s|\[playlist\]|\[Reference\]|<asx|<smil|(<\?xml[^>]*>\s*)?<(MPD|playlist)"),
        PLAYLIST,
    ),
    (re.compile(rb"(<\?xml[^>]*>\s*)?(<!DOCTYPE svg[^>]*>\s*)?<svg", re.IGNORECASE), PICTURE),
    (re.compile(rb"(<\?xml[^>]*>\s*)?<(!DOCTYPE html|html|head|body|script)", re.IGNORECASE), PAGE),
    (re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8|RIFF....WEBP|BM....\0\0\0\0|II\*\0|MM\0\*", re.DOTALL), PICTURE),
    (re.compile(rb"PK\x03\x04|Rar!|7z\xbc\xaf|\x1f\x8b|BZh|\xfd7zXZ"), ARCHIVE),
    (re.compile(rb"%PDF|\{\\rtf"), TEXT),
)


def reason(head: bytes) -> str:
    """What stands after the file's name: "is a playlist, …". `head` is its first HEAD_BYTES."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for sign, why in SIGNS:
        if sign.match(text):
            return why
    if is_boxed(head) and head[8:12] in PICTURE_BRANDS:
        return PICTURE
    if not head.strip(b"\0"):
        return ZEROS
    return TEXT if _is_text(head) else UNKNOWN


def is_boxed(head: bytes) -> bool:
    """Whether the file begins like an MP4 or MOV: ffmpeg takes the suffix alone for a sign."""
    return head[4:8] in BOXES


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # not merely a character that the end of `head` cuts in two
            return False
        text = head[: error.start].decode("utf-8")
    return all(character.isprintable() or character in "\r\n\t" for character in text)
