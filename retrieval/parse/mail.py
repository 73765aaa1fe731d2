"""Mail: its headers and body as text, its attachments as documents of their own."""

from __future__ import annotations

import codecs
import email
import re
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import replace
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.policy import EmailPolicy
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, cast

from oxmsg import Message as OutlookMessage
from oxmsg.domain import encodings

from retrieval.parse.blocks import Block, assemble
from retrieval.parse.charsets import code_page, letters
from retrieval.parse.clauses.flow import outlined
from retrieval.parse.html import html_pieces
from retrieval.parse.text import GUESSED, lines_of
from retrieval.parse.titling import file_title
from retrieval.types import Attachment, LeftOut, ParsedDocument

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

MAX_ATTACHMENTS = 200
MAX_ATTACHED = 48 * 1024 * 1024  # bytes of all attachments of a mail
MAX_DEPTH = 4  # mails inside mails
_STRUCTURED = 8_000  # characters of a header that is read by its grammar, which takes a time that grows with its square
_SHOWN_OF = 100_000  # characters that are shown of any other

_SHOWN = ("From", "To", "Cc", "Date")
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*]')


def parse_eml(name: str, content: bytes) -> ParsedDocument:
    """Read an Internet message (RFC 5322, MIME). Raises ValueError or LookupError for a damaged one."""
    message = email.message_from_bytes(content, policy=_POLICY)
    files = _Files()
    plain: list[str] = []
    html: list[str] = []
    for part in _parts(message, files):
        kind = part.get_content_type()
        inline = part.get_content_disposition() != "attachment" and not part.get_filename()
        if inline and kind in ("text/plain", "text/html"):
            (plain if kind == "text/plain" else html).append(_text(part, files))
        else:
            files.add(part.get_filename() or "", kind, _bytes(part))
    headers = [(field, _header(message, field)) for field in _SHOWN]
    is_html = not "".join(plain).strip()
    return _assemble(name, _header(message, "Subject"), headers, "\n".join(html if is_html else plain), is_html, files)


def parse_msg(name: str, content: bytes) -> ParsedDocument:
    """Read an Outlook message ([MS-OXMSG]).

    Raises ValueError, LookupError or OSError for a damaged one.
    """
    guesses: list[str] = []
    token = _GUESSES.set(guesses)
    try:
        parsed = _read_msg(name, OutlookMessage.load(content))
    finally:
        _GUESSES.reset(token)
    notes = tuple(LeftOut(f"{GUESSED} {name}", "mail") for name in dict.fromkeys(guesses))
    return replace(parsed, left_out=(*parsed.left_out, *notes))


def _read_msg(name: str, message: OutlookMessage) -> ParsedDocument:
    files = _Files()
    given = {key.casefold(): value for key, value in message.message_headers.items()}
    people = ", ".join(f"{r.name} <{r.email_address}>" if r.name else r.email_address for r in message.recipients)
    sent = message.sent_date.strftime("%a, %d %b %Y %H:%M:%S %z") if message.sent_date else ""
    headers = [
        ("From", message.sender or ""),
        ("To", given.get("to") or people),
        ("Cc", given.get("cc") or ""),
        ("Date", given.get("date") or sent),
    ]
    for attachment in message.attachments:
        data = attachment.file_bytes if attachment.attached_by_value else None
        if data is None:
            files.left_out.append(LeftOut("attached message", attachment.file_name or "without a name"))
        else:
            files.add(attachment.file_name or "", attachment.mime_type or "", data)
    body, html = message.body or "", False
    if not body.strip():
        body, html = message.html_body or "", True
    if not body.strip():
        files.left_out.append(LeftOut("body without plain text or HTML", "mail"))
    return _assemble(name, message.subject, headers, body, html, files)


def _assemble(
    name: str, subject: str, headers: Iterable[tuple[str, str]], body: str, html: bool, files: _Files
) -> ParsedDocument:
    subject = " ".join(subject.split())
    blocks = [Block(f"Subject: {subject}", level=1, heading=subject)] if subject else []
    blocks += [Block(f"{field}: {' '.join(value.split())}") for field, value in headers if value.strip()]
    if html:
        inner, unread = html_pieces(body)
        files.left_out.extend(unread)
        blocks += [_under(b) for b in outlined(inner)]
    else:
        blocks += [Block(line.rstrip()) for line in lines_of(body).replace("\x00", "").split("\n")]
    return assemble(
        subject or file_title(name),
        blocks,
        left_out=tuple(dict.fromkeys(files.left_out)),
        attachments=files.attachments,
    )


def _under(block: Block) -> Block:
    """A heading of the body stands under the mail's subject."""
    if block.level is None:
        return block
    return Block(block.text, level=block.level + 1, label=block.label, heading=block.heading)


class _Files:
    """Attachments within their limits, with names that lead nowhere."""

    def __init__(self) -> None:
        self.attachments: list[Attachment] = []
        self.left_out: list[LeftOut] = []
        self._size = 0

    def add(self, name: str, kind: str, data: bytes) -> None:
        name = self._name(name, kind)
        if kind.startswith(("image/", "audio/", "video/")):
            self.left_out.append(LeftOut("picture or recording", name))
        elif len(self.attachments) >= MAX_ATTACHMENTS or self._size + len(data) > MAX_ATTACHED:
            self.left_out.append(LeftOut("attachment above the limit of one mail", name))
        elif data:
            self._size += len(data)
            self.attachments.append(Attachment(name, data))

    def _name(self, name: str, kind: str) -> str:
        """The last part of a name, safe on every system, and used once."""
        base = PurePosixPath(_UNSAFE.sub("_", name.replace("\\", "/"))).name.strip(". ")[-150:]
        base = base or ("message.eml" if kind == "message/rfc822" else f"attachment-{len(self.attachments) + 1}")
        if kind == "message/rfc822" and not base.lower().endswith(".eml"):
            base += ".eml"
        taken = {a.name for a in self.attachments}
        path, count, unique = PurePosixPath(base), 1, base
        while unique in taken:
            count += 1
            unique = f"{path.stem}-{count}{path.suffix}"
        return unique


# --- MIME -----------------------------------------------------------------------------------


def _parts(message: EmailMessage, files: _Files) -> Iterator[EmailMessage]:
    """The leaves of a message, attached messages whole."""
    stack: list[Message] = [message]
    while stack:
        part = stack.pop()
        payload = part.get_payload()
        if part.get_content_type() == "message/rfc822":
            if _depth(part) > MAX_DEPTH:
                files.left_out.append(LeftOut(f"mail inside {MAX_DEPTH} mails", part.get_filename() or "attachment"))
            elif isinstance(part, EmailMessage):
                yield part
        elif isinstance(payload, list):
            stack.extend(p for p in reversed(payload) if isinstance(p, Message))
        elif isinstance(part, EmailMessage):
            yield part


def _depth(message: Message) -> int:
    """How many mails stand inside one another from here."""
    deepest, stack = 0, [(message, 0)]
    while stack:
        part, depth = stack.pop()
        depth += part.get_content_type() == "message/rfc822"
        deepest = max(deepest, depth)
        payload = part.get_payload()
        if isinstance(payload, list):
            stack.extend((p, depth) for p in payload if isinstance(p, Message))
    return deepest


def _bytes(part: EmailMessage) -> bytes:
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload()
        return inner[0].as_bytes() if isinstance(inner, list) and inner and isinstance(inner[0], Message) else b""
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _text(part: EmailMessage, files: _Files) -> str:
    """A text part by its declared character set; by what its bytes look like where that does not fit."""
    found = letters(_bytes(part), part.get_content_charset() or "")
    if found.guessed:
        files.left_out.append(LeftOut(f"{GUESSED} {found.guessed}", "mail"))
    return found.text


def _header(message: EmailMessage, field: str) -> str:
    """A header's text. Bytes beyond ASCII, which RFC 5322 does not allow, are read as they look."""
    raw = next((value for name, value in message.raw_items() if name.lower() == field.lower()), None)
    if isinstance(raw, str) and any("\udc80" <= c <= "\udcff" for c in raw):
        return letters(raw.encode("utf-8", "surrogateescape")).text
    if raw is not None and len(raw) > _STRUCTURED:
        line = " ".join(str(raw)[:_SHOWN_OF].split())
        try:
            return str(make_header(decode_header(line)))
        except (ValueError, LookupError, MessageError):
            return line
    return str(message[field] or "")


class _Policy(EmailPolicy):
    """The usual rules, with MIME headers cut where they are longer than any that means something."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:_STRUCTURED] if name.lower().startswith("content-") else value


_POLICY = cast("EmailPolicy[EmailMessage]", _Policy())


# --- code pages of Outlook --------------------------------------------------------------------


def _codec(codepage: int) -> str:
    """The name of a codec that reads a code page of Windows, or the letters that a wrong one left."""
    return f"{_CODEC}{codepage}"


def _lookup(name: str) -> codecs.CodecInfo | None:
    number = name.removeprefix(_CODEC)
    if not name.startswith(_CODEC) or not number.isdecimal():
        return None
    declared = code_page(int(number))

    def decode(content: Buffer, _errors: str = "strict") -> tuple[str, int]:
        data = bytes(content)
        found = letters(data, declared)
        if found.guessed and (guesses := _GUESSES.get()) is not None:
            guesses.append(found.guessed)
        return found.text, len(data)

    return codecs.CodecInfo(codecs.lookup("utf-8").encode, decode, name=name)


_GUESSES: ContextVar[list[str] | None] = ContextVar("guesses", default=None)  # of the message being read
_CODEC = "outlook_code_page_"
codecs.register(_lookup)
encodings.encoding_from_codepage = _codec  # the library knows fewer code pages, and refuses a message for one letter
