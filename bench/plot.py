"""Bars as SVG: one row a candidate, its median as a bar and the middle half as a line."""
from xml.sax.saxutils import escape

WIDTH, LABEL, ROW = 720, 210, 26


def bars(title, unit, rows):
    """rows: (name, median, from, to)"""
    most = max(row[3] for row in rows) or 1
    scale = (WIDTH - LABEL - 90) / most
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
           f'height="{ROW * len(rows) + 50}" font-family="sans-serif" font-size="13" '
           f'role="img" aria-label="{escape(title)}">',
           '<rect width="100%" height="100%" fill="#fff"/>',
           f'<text x="8" y="22" font-size="15">{escape(title)}</text>']
    for index, (name, median, low, high) in enumerate(rows):
        y = 36 + index * ROW
        out += [f'<text x="{LABEL - 8}" y="{y + 15}" text-anchor="end">{escape(name)}</text>',
                f'<rect x="{LABEL}" y="{y + 3}" width="{median * scale:.1f}" height="16" '
                f'fill="{"#2a6f97" if name.startswith("ferry") else "#a9b4bd"}"/>',
                f'<line x1="{LABEL + low * scale:.1f}" x2="{LABEL + high * scale:.1f}" '
                f'y1="{y + 11}" y2="{y + 11}" stroke="#222"/>',
                f'<text x="{LABEL + high * scale + 6:.1f}" y="{y + 15}">{median:,.1f} {unit}</text>']
    return "\n".join(out + ["</svg>"]) + "\n"


def of(figure, raw):
    """The plots of a figure: file name and SVG."""
    def row(name, value, divide=1):
        return name, value["median"] / divide, value["from"] / divide, value["to"] / divide

    if figure == "serve":
        yield "serve-cpu", bars("CPU time a request, one worker (less is better)", "µs",
                                [row(name, seen["cpu_us"]) for name, seen in raw["servers"].items()])
        yield "serve-rate", bars("Requests a second, one core (more is better)", "/s",
                                 [row(name, seen["per_second"])
                                  for name, seen in raw["servers"].items()])
    if figure == "start":
        yield "start", bars("Process start to the first answer (less is better)", "ms",
                            [row(name, seen["wall_us"], 1000) for name, seen in raw.items()])
