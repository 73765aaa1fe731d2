"""Addresses of sources, as administrators and files write them, become addresses that platforms take."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answering.addresses import web_address
from bot.answering.render import deep_link
from bot.slack.render import openable
from tests.bot.slack.fakes import document, section

WRITTEN = {
    "https://intranet/Travel Policy.pdf": "https://intranet/Travel%20Policy.pdf",
    "https://intranet/Travel%20Policy.pdf": "https://intranet/Travel%20Policy.pdf",
    "https://intranet/100% sure.pdf": "https://intranet/100%25%20sure.pdf",
    "https://intranet/a[1].pdf?x=[2]|3": "https://intranet/a%5B1%5D.pdf?x=%5B2%5D%7C3",
    "https://intranet/a(b).pdf": "https://intranet/a%28b%29.pdf",
    "https://intranet/Größe/條款.pdf?q=é#§4": "https://intranet/Gr%C3%B6%C3%9Fe/%E6%A2%9D%E6%AC%BE.pdf?q=%C3%A9#%C2%A74",
    "https://bücher.example/a": "https://xn--bcher-kva.example/a",
    'https://intranet/"quoted"<b>.pdf': "https://intranet/%22quoted%22%3Cb%3E.pdf",
    "https://intranet/a\\b^c`{d}": "https://intranet/a%5Cb%5Ec%60%7Bd%7D",
    "https://intranet/a%2Fb?u=https%3A%2F%2Fx": "https://intranet/a%2Fb?u=https%3A%2F%2Fx",
    " https://intranet/a ": "https://intranet/a",
    "https://[::1]:8443/a": "https://[::1]:8443/a",
    "https://intranet/a#page=7#x": "https://intranet/a#page=7%23x",
}
REFUSED = ["javascript:alert(1)", "file:///etc/passwd", "https://", "https://ada:secret@intranet/a", "https://[bad/a",
           "https://intranet/a\nb", "https://intranet:port/a", "", "   ", "//intranet/a"]  # fmt: skip


@pytest.mark.parametrize(("written", "encoded"), WRITTEN.items())
def test_what_a_url_may_not_hold_is_encoded_once(written: str, encoded: str) -> None:
    assert web_address(written) == encoded
    assert web_address(encoded) == encoded


@pytest.mark.parametrize("written", REFUSED)
def test_what_is_no_web_address_is_none(written: str) -> None:
    assert web_address(written) is None


@given(st.text(max_size=60), st.text(max_size=30), st.text(max_size=30))
def test_any_words_become_an_address_that_ends_no_mark_up_and_stays_as_it_is(path: str, query: str, part: str) -> None:
    made = web_address(f"https://intranet.example/{path}?{query}#{part}")
    if made is not None:
        assert re.fullmatch(r"https://intranet\.example/[!#-;=?-Z_a-z~]*", made)
        assert not set(made) & set("()<>|[]\"' ")
        assert web_address(made) == made
        assert openable(made)


def test_a_link_to_a_page_is_encoded_too() -> None:
    made = replace(document(), url="https://intranet/Travel Policy (2026).pdf")
    assert deep_link(made, section(), 7) == "https://intranet/Travel%20Policy%20%282026%29.pdf#page=7"
