"""One self-contained HTML page: text, tables and figures without any other file."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from memcircuit.files import whole_file

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
       color: #222; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { border: 1px solid #ccc; padding: .3rem .7rem; text-align: left; vertical-align: top; }
th { background: #f2f2f2; }
figure { margin: 1.5rem 0; } img { max-width: 100%; }
figcaption { color: #555; }
"""


@dataclass
class Report:
    """Collects the parts of a report and writes them as one page.

    Attributes:
        title: heading of the page.
    """

    title: str
    _parts: list[str] = field(default_factory=list)

    def heading(self, text: str) -> None:
        """Add a section heading."""
        self._parts.append(f"<h2>{html.escape(text)}</h2>")

    def text(self, text: str) -> None:
        """Add a paragraph."""
        self._parts.append(f"<p>{html.escape(text)}</p>")

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add a table; every row has as many cells as the head."""
        lines = [_row("th", head), *(_row("td", row) for row in rows)]
        self._parts.append("<table>\n" + "\n".join(lines) + "\n</table>")

    def figure(self, png: Path, caption: str) -> None:
        """Add a picture from a PNG file, inside the page."""
        data = base64.b64encode(png.read_bytes()).decode("ascii")
        text = html.escape(caption)
        self._parts.append(
            f'<figure><img alt="{text}" src="data:image/png;base64,{data}">'
            f"<figcaption>{text}</figcaption></figure>"
        )

    def write(self, path: Path) -> Path:
        """Write the page and return its path."""
        title = html.escape(self.title)
        body = "\n".join(self._parts)
        page = (
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
            f"<style>{_STYLE}</style></head>\n<body><h1>{title}</h1>\n{body}\n</body></html>\n"
        )
        with whole_file(path) as fresh:
            fresh.write_text(page, encoding="utf-8")
        return path


def _row(tag: str, cells: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"
