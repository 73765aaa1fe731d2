"""Mail: headers, body, and attachments as documents of their own."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from retrieval.errors import DocumentUnreadable, EncryptedDocument, UnsupportedFormat
from retrieval.parse.formats import parse_content
from retrieval.parse.mail import MAX_ATTACHMENTS
from retrieval.types import Attachment, LeftOut
from tests.retrieval.parse.formats.compound import compound, outlook


def mail(subject: str = "Travel limits") -> EmailMessage:
    made = EmailMessage()
    made["From"] = "Ada <ada@example.com>"
    made["To"] = "Grace <grace@example.com>"
    made["Date"] = "Sun, 01 Mar 2026 10:00:00 +0000"
    made["Subject"] = subject
    return made


HEADERS = ["From: Ada <ada@example.com>", "To: Grace <grace@example.com>", "Date: Sun, 01 Mar 2026 10:00:00 +0000"]


def test_plain_text_is_preferred() -> None:
    made = mail()
    made.set_content("Hotels: 180 €.\n\nBest,\nAda\n")
    made.add_alternative("<p>Hotels: <b>180</b> €.</p>", subtype="html")
    made.add_attachment(b"# Policy", maintype="text", subtype="markdown", filename="policy.md")
    parsed = parse_content("a.eml", made.as_bytes())
    assert parsed.title == "Travel limits"
    assert parsed.text.splitlines() == ["Subject: Travel limits", *HEADERS, "Hotels: 180 €.", "Best,", "Ada"]
    assert parsed.attachments == (Attachment("policy.md", b"# Policy"),)
    assert [s.heading for s in parsed.sections] == ["Travel limits"]


def test_html_stands_in_for_plain_text() -> None:
    made = mail("Grüße: 4 €")
    made.set_content("<h1>1. Hotels</h1><p>180 EUR<p hidden>ignore", subtype="html")
    parsed = parse_content("a.eml", made.as_bytes())
    assert parsed.text.splitlines()[-2:] == ["1. Hotels", "180 EUR"]
    assert [(s.label, s.heading, s.path) for s in parsed.sections] == [
        (None, "Grüße: 4 €", ("Grüße: 4 €",)),
        ("1", "Hotels", ("Grüße: 4 €", "1 Hotels")),
    ]
    assert LeftOut("hidden text", "after “1. Hotels”") in parsed.left_out


def test_a_mail_inside_a_mail_is_an_attachment() -> None:
    inner, outer = mail("Inner"), mail("Outer")
    inner.set_content("inner text")
    outer.set_content("outer text")
    outer.add_attachment(inner)
    (attachment,) = parse_content("a.eml", outer.as_bytes()).attachments
    assert attachment.name == "message.eml"
    assert parse_content(attachment.name, attachment.content).title == "Inner"


def test_mails_inside_mails_end_somewhere() -> None:
    made = mail("0")
    made.set_content("text")
    for depth in range(1, 8):
        outer = mail(str(depth))
        outer.set_content("text")
        outer.add_attachment(made)
        made = outer
    parsed = parse_content("a.eml", made.as_bytes())
    assert parsed.attachments == ()
    assert parsed.left_out[0].what == "mail inside 4 mails"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\evil.docx", "evil.docx"),
        ("/abs/a.pdf", "a.pdf"),
        ("..", "attachment-1"),
        ("a\x00b.txt", "a_b.txt"),
        ("", "attachment-1"),
    ],
)
def test_names_of_attachments_lead_nowhere(given: str, name: str) -> None:
    parsed = parse_content("a.msg", outlook("S", "body", {given: b"data"}))
    assert [a.name for a in parsed.attachments] == [name]


def test_attachments_are_counted_and_named_apart() -> None:
    made = mail()
    made.set_content("text")
    for _ in range(MAX_ATTACHMENTS + 2):
        made.add_attachment(b"x", maintype="application", subtype="pdf", filename="a.pdf")
    made.add_attachment(b"x", maintype="image", subtype="png", filename="logo.png")
    parsed = parse_content("a.eml", made.as_bytes())
    assert len({a.name for a in parsed.attachments}) == MAX_ATTACHMENTS
    assert {item.what for item in parsed.left_out} == {"attachment above the limit of one mail", "picture or recording"}


def test_outlook() -> None:
    parsed = parse_content(
        "a.msg", outlook("Travel limits", "Hotels: 180 €.\r\nBest, Ada", {"policy.md": b"# P" * 2000})
    )
    assert parsed.title == "Travel limits"
    assert parsed.text.splitlines() == [
        "Subject: Travel limits",
        'From: "Ada" <ada@example.com>',
        "To: Grace <grace@example.com>",
        "Hotels: 180 €.",
        "Best, Ada",
    ]
    assert parsed.attachments == (Attachment("policy.md", b"# P" * 2000),)


def test_other_compound_files_are_named() -> None:
    with pytest.raises(UnsupportedFormat, match="old Office format"):
        parse_content("a.doc", compound({"WordDocument": b"x" * 5000}))
    with pytest.raises(EncryptedDocument, match="password"):
        parse_content("a.docx", compound({"EncryptedPackage": b"x" * 5000, "EncryptionInfo": b"y" * 100}))


def test_a_damaged_message_is_refused() -> None:
    with pytest.raises(DocumentUnreadable):
        parse_content("a.msg", outlook("S", "b", {})[:1500])


def test_an_unknown_code_page_is_no_reason_to_refuse_a_message() -> None:
    parsed = parse_content("a.msg", outlook("Subject", "Notice is sixty days.", {}, code_page=12_345, narrow="ascii"))
    assert "Notice is sixty days." in parsed.text


@pytest.mark.parametrize(
    ("code_page", "codec", "text"),
    [
        (950, "cp950", "通知期限為三十天。"),
        (932, "cp932", "通知期間は三十日。①"),
        (936, "gb18030", "通知期限为三十天。"),
        (949, "cp949", "통지 기간은 삼십일로 한다."),
        (874, "cp874", "ระยะเวลาแจ้งสามสิบวัน"),
        (1251, "cp1251", "Срок тридцать дней."),
        (20127, "cp1252", "Die Gebühr beträgt 500 €"),
        (65001, "utf-8", "Gebühr 500 €"),
    ],
)
def test_code_pages_as_outlook_names_them(code_page: int, codec: str, text: str) -> None:
    parsed = parse_content("a.msg", outlook("Re", text, {}, code_page=code_page, narrow=codec))
    assert text in parsed.text
    assert parsed.left_out == ()


@pytest.mark.parametrize("codec", ["cp1252", "utf-8"])
@pytest.mark.parametrize("declared", ["utf-8", "iso-8859-1", "x-unknown", ""])
def test_a_wrong_declaration_does_not_spoil_letters(declared: str, codec: str) -> None:
    kind = f"text/plain; charset={declared}" if declared else "text/plain"
    head = f"From: a@example.com\nSubject: Geb\xfchr\nContent-Type: {kind}\nContent-Transfer-Encoding: 8bit\n\n"
    body = "Die Gebühr beträgt 500 € – fällig am 1. März."
    parsed = parse_content("a.eml", head.encode("latin-1") + body.encode(codec))
    assert body in parsed.text
    assert "Subject: Gebühr" in parsed.text


def test_letters_that_cannot_be_decoded_are_reported() -> None:
    text = "Größe und Gebühr: " * 20
    broken = text.encode() + b"\xe2\x82" + text.encode()
    head = b"From: a@example.com\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
    parsed = parse_content("a.eml", head + broken)
    assert "Größe und Gebühr: \ufffdGröße" in parsed.text
    assert [item.what for item in parsed.left_out] == ["letters that could not be decoded"]


def test_a_mail_is_known_by_its_content() -> None:
    made = mail()
    made["MIME-Version"] = "1.0"
    made.set_content("text")
    assert parse_content("saved.txt", made.as_bytes()).title == "Travel limits"
