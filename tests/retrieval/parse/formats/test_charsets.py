"""Letters by what a file declares, by what its bytes are, and by what they look like."""

from __future__ import annotations

import pytest

from retrieval.parse.charsets import code_page, codec_of, letters
from retrieval.parse.formats import parse_content

TEXTS = {
    "cp1251": "Срок уведомления составляет тридцать дней. Договор вступает в силу с даты подписания сторонами.",
    "cp932": "通知期間は三十日とする。本契約は署名日から効力を生じる。",
    "gb18030": "通知期限为三十天。合同双方应当遵守本合同的规定。",
    "cp949": "통지 기간은 삼십일로 한다. 계약은 서명일부터 효력이 발생한다.",
    "cp1252": "Die Kündigungsfrist beträgt dreißig Tage. Der Käufer trägt die Kosten für die Übergabe.",
    "cp1253": "Η προθεσμία καταγγελίας είναι τριάντα ημέρες από την υπογραφή της σύμβασης.",
}


@pytest.mark.parametrize("codec", TEXTS)
def test_sets_that_nobody_declares_are_detected(codec: str) -> None:
    found = letters((TEXTS[codec] * 2).encode(codec))
    assert found.text == TEXTS[codec] * 2
    assert found.guessed


@pytest.mark.parametrize("codec", TEXTS)
def test_a_declared_set_needs_no_guess(codec: str) -> None:
    assert letters(TEXTS[codec].encode(codec), codec) == letters(TEXTS[codec].encode())


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.csv", "a.html"])
def test_a_guess_is_reported(name: str) -> None:
    parsed = parse_content(name, TEXTS["cp1252"].encode("cp1252"))
    assert TEXTS["cp1252"] in parsed.text
    assert [item.what for item in parsed.left_out] == ["character set not told by the file, letters read as cp1252"]


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("windows-950", "cp950"),
        ("GB2312", "gb18030"),
        ("x-sjis", "cp932"),
        ("latin1", "cp1252"),
        ("rot13", ""),
        ("", ""),
    ],
)
def test_names_of_sets(name: str, codec: str) -> None:
    assert codec_of(name) == codec


def test_code_pages_have_codecs_or_none() -> None:
    assert (code_page(950), code_page(28605), code_page(99_999)) == ("cp950", "iso8859-15", "")


def test_a_page_says_its_set_in_its_xml_declaration() -> None:
    page = '<?xml version="1.0" encoding="windows-1251"?><html><body><p>' + TEXTS["cp1251"] + "</p></body></html>"
    assert parse_content("a.html", page.encode("cp1251")).text == TEXTS["cp1251"]


@pytest.mark.parametrize(
    "codec", ["cp866", "cp855", "cp737", "cp862", "cp857", "cp1251", "koi8-r", "iso8859-7", "mac-greek"]
)
def test_any_byte_is_a_letter_of_a_one_byte_set(codec: str) -> None:
    """So that UTF-8 under a wrong name is read as what it is, and a text of the set as the set's."""
    text = "Срок уведомления" if codec in ("cp866", "cp855", "cp1251", "koi8-r") else "fee: 500"
    assert letters(text.encode(codec), codec).text == text
    assert letters("Gebühr 500 €, fällig".encode(), codec).text == "Gebühr 500 €, fällig"


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("iso-8859-8-i", "iso8859-8"),
        ("ks_c_5601-1989", "cp949"),
        ("x-mac-ukrainian", "mac-cyrillic"),
        ("koi8-ru", "koi8-u"),
    ],
)
def test_names_that_the_web_and_mail_have_and_python_has_not(name: str, codec: str) -> None:
    assert codec_of(name) == codec


def test_each_code_page_that_is_named_has_a_codec() -> None:
    pages = [708, 866, 38598, 10008, 10010, 10017, 12000, 20108, 50227]
    assert all(code_page(number) for number in pages)
