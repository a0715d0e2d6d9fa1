"""The icons: strokes on an grid of 18 by 18 in the colour of the text around them."""

from django.utils.html import format_html
from django.utils.safestring import SafeString

_CIRCLE = '<circle cx="9" cy="9" r="6.2"/>'

SHAPES = {
    "apps": '<rect x="3" y="3" width="5" height="5" rx="1.2"/><rect x="10" y="3" width="5" height="5" '
    'rx="1.2"/><rect x="3" y="10" width="5" height="5" rx="1.2"/><rect x="10" y="10" width="5" '
    'height="5" rx="1.2"/>',
    "check": '<path d="m3.8 9.4 3.4 3.4 7-7.2"/>',
    "chevron": '<path d="m4.8 7 4.2 4.2L13.2 7"/>',
    "clock": f'{_CIRCLE}<path d="M9 5.4V9l2.5 1.6"/>',
    "copy": '<rect x="6.5" y="6.5" width="8.2" height="8.2" rx="1.6"/>'
    '<path d="M11.5 3.9v-.2A.7.7 0 0 0 10.8 3H4a1 1 0 0 0-1 1v6.8c0 .4.3.7.7.7h.2"/>',
    "cross": '<path d="m4.8 4.8 8.4 8.4m0-8.4-8.4 8.4"/>',
    "external": '<path d="M7.5 4H4v10h10v-3.5M10.5 3.5h4v4M14.2 3.8 8.5 9.5"/>',
    "file": '<path d="M4.2 2.8h6.3l3.3 3.3v9.1H4.2z"/><path d="M10.3 3v3.3h3.3"/>',
    "gear": '<circle cx="9" cy="9" r="2.3"/><path d="M9 2.6v2M9 13.4v2M2.6 9h2M13.4 9h2M4.5 4.5l1.4 1.4'
    'M12.1 12.1l1.4 1.4M13.5 4.5l-1.4 1.4M5.9 12.1l-1.4 1.4"/>',
    "halo": '<path stroke-width="2.4" d="M9 2.6a6.4 6.4 0 1 1-4.5 1.9"/>',
    "home": '<path d="M3 8.6 9 3.4l6 5.2V15h-4.2v-4H7.2v4H3z"/>',
    "hourglass": '<path d="M5 3h8M5 15h8M5.6 3c0 3.4 3.4 4.2 3.4 6s-3.4 2.6-3.4 6M12.4 3c0 3.4-3.4 4.2-3.4 6'
    's3.4 2.6 3.4 6"/>',
    "memory": '<path d="M4 3h8.2L14 4.8V15H4z"/><path d="M6.8 7.6h4.4M6.8 10.8h4.4"/>',
    "minus": '<path d="M4 9h10"/>',
    "monitor": '<rect x="2.8" y="3.5" width="12.4" height="8.2" rx="1.2"/><path d="M6.5 14.8h5M9 11.9v2.7"/>',
    "more": '<path stroke-width="2.4" d="M4.2 9h.01M9 9h.01M13.8 9h.01"/>',
    "moon": '<path d="M14.8 10.6A6.2 6.2 0 1 1 7.4 3.2a5 5 0 0 0 7.4 7.4z"/>',
    "out": '<path d="M7.6 3H3.8v12h3.8M7.4 9h7.3m-2.8-2.9L14.8 9l-2.9 2.9"/>',
    "pause": '<path d="M6.4 4v10M11.6 4v10"/>',
    "pen": '<path d="m3.6 14.4.9-3.2 7.4-7.4 2.3 2.3-7.4 7.4zM10.4 5.3l2.3 2.3"/>',
    "play": '<path d="M5.2 3.6 14 9l-8.8 5.4z"/>',
    "plus": '<path d="M9 3.8v10.4M3.8 9h10.4"/>',
    "power": '<path d="M9 2.8v5.6M5.4 5.2a5.6 5.6 0 1 0 7.2 0"/>',
    "question": '<path d="M3.2 3.6h11.6v8.2H9.2L6 14.8v-3H3.2z"/>',
    "quiet": f'{_CIRCLE}<path d="M6.4 9h5.2"/>',
    "retry": '<path d="M14.4 9.4a5.5 5.5 0 1 1-1.5-4.2l1.5 1.5M14.6 3.4v3.4h-3.4"/>',
    "search": '<circle cx="8" cy="8" r="4.6"/><path d="m11.5 11.5 3.4 3.4"/>',
    "space": '<path d="M2.8 5.2a1.2 1.2 0 0 1 1.2-1.2h3l1.6 1.8H14a1.2 1.2 0 0 1 1.2 1.2v6'
    'a1.2 1.2 0 0 1-1.2 1.2H4a1.2 1.2 0 0 1-1.2-1.2z"/>',
    "spark": '<path d="M8.4 3 10 7.4l4.4 1.6L10 10.6 8.4 15l-1.6-4.4L2.4 9l4.4-1.6z'
    'M14.2 2.6v2.8M12.8 4h2.8"/>',
    "star": '<path d="m9 2.8 1.9 3.9 4.3.6-3.1 3 .7 4.3L9 12.6l-3.8 2 .7-4.3-3.1-3 4.3-.6z"/>',
    "stop": f'{_CIRCLE}<path d="m4.8 4.8 8.4 8.4"/>',
    "sun": '<circle cx="9" cy="9" r="2.9"/><path d="M9 2.4v1.4M9 14.2v1.4M2.4 9h1.4M14.2 9h1.4M4.3 4.3l1 1'
    'M12.7 12.7l1 1M13.7 4.3l-1 1M5.3 12.7l-1 1"/>',
    "tool": '<path d="M11.6 3.2a3.4 3.4 0 0 0-3.2 4.6l-5 5 1.8 1.8 5-5a3.4 3.4 0 0 0 4.4-4.2l-2 2-1.8-1.8 2-2'
    'a3.4 3.4 0 0 0-1.2-.4z"/>',
    "up": '<path d="m4.8 11.2 4.2-4.2 4.2 4.2"/>',
    "usage": '<path d="M3 15h12M5 12.4V9.6M9 12.4V3.6M13 12.4V6.8"/>',
    "user": '<circle cx="9" cy="6.2" r="2.9"/><path d="M3.6 15a5.4 5.4 0 0 1 10.8 0"/>',
    "warn": '<path d="M9 3.2 15.6 14.6H2.4z"/><path d="M9 7.6v3M9 12.6v.1"/>',
}

# What stands for a tone where nothing more exact is known
BY_TONE = {"ok": "check", "bad": "warn", "wait": "clock", "run": "play", "skip": "quiet", "quiet": "quiet"}


def draw(name: str) -> SafeString:
    """The SVG of an icon, hidden from screen readers. Raises KeyError for a name that is not in `SHAPES`."""
    return format_html(
        '<svg class="icon" viewBox="0 0 18 18" fill="none" stroke="currentColor" stroke-width="1.5" '
        'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">{}</svg>',
        SafeString(SHAPES[name]),
    )
