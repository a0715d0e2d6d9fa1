"""Reads style sheets as the house tests need them, and measures the contrast of their colours."""

import math
import re
from pathlib import Path

CSS = Path(__file__).resolve().parents[2] / "static" / "css"
DECLARATION = re.compile(r"([-\w]+)\s*:\s*([^;{}]+)(?=[;}])")
OKLCH = r"oklch\(([\d.]+)% ([\d.]+) ([\d.]+)\)"
THEMED = re.compile(r"--([\w-]+): light-dark\(" + OKLCH + ", " + OKLCH + r"\)")

Colour = tuple[float, float, float]  # lightness in percent, chroma, hue in degrees


def sheets() -> dict[str, str]:
    """Name → source of every style sheet, without comments."""
    return {
        str(path.relative_to(CSS)): re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        for path in sorted(CSS.rglob("*.css"))
    }


def themed_colours(tokens: str) -> dict[str, tuple[Colour, Colour]]:
    """Token → its colour in the light and in the dark theme."""
    found = {}
    for name, *numbers in THEMED.findall(tokens):
        light, dark = numbers[:3], numbers[3:]
        found[name] = (to_colour(light), to_colour(dark))
    return found


def to_colour(numbers: list[str]) -> Colour:
    lightness, chroma, hue = (float(number) for number in numbers)
    return lightness, chroma, hue


def contrast(one: Colour, other: Colour) -> float:
    """The contrast ratio of WCAG 2, from 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: Colour) -> float:
    red, green, blue = (as_shown(channel) for channel in linear_srgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def as_shown(channel: float) -> float:
    """A linear channel after the rounding to 8 bits that a screen does."""
    channel = min(1.0, max(0.0, channel))
    encoded = 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055
    encoded = round(encoded * 255) / 255
    return encoded / 12.92 if encoded <= 0.04045 else ((encoded + 0.055) / 1.055) ** 2.4


def linear_srgb(colour: Colour) -> tuple[float, float, float]:
    """OKLCH to linear sRGB, by the matrices of CSS Color 4."""
    lightness, chroma, hue = colour[0] / 100, colour[1], math.radians(colour[2])
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
