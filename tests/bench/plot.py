"""The figures of tests/bench/compare as an SVG: one line per work, one mark per contender at its ratio
to the kernel over veth, with the range over the rounds. To the right is better: where less is
better, the inverse is drawn."""
import math
from html import escape

COLOURS = {"veth": "#444444", "loopback": "#999999", "channel": "#d62728", "rpc": "#ff7f0e", "run": "#e377c2",
           "lwip": "#2ca02c", "pasta": "#1f77b4", "slirp4netns": "#9467bd"}
SPARE_COLOUR = "#8c564b"
LEFT, RIGHT, TOP, BOTTOM = 330, 30, 70, 40
WIDTH, LINE = 1000, 44
LEAST, MOST = 1e-4, 1e3


def goodness(cell: dict, better: str) -> tuple[float, float, float] | None:
    """Least, median, most."""
    values = [cell["ratio_min"], cell["ratio"], cell["ratio_max"]]
    if any(value is None for value in values):
        return None
    values = [min(max(value, LEAST), MOST) for value in values]
    return tuple(values) if better == "high" else tuple(1 / value for value in reversed(values))


class Plot:
    def __init__(self, result: dict, titles: dict):
        self.rows, self.titles = result["rows"], titles
        points = [point for row in self.rows.values() for cell in row["cells"].values()
                  if cell is not None and (point := goodness(cell, row["better"])) is not None]
        self.low = math.floor(min([math.log10(point[0]) for point in points], default=-1))
        self.high = math.ceil(max([math.log10(point[2]) for point in points], default=0) + 1e-9)
        self.high = max(self.high, self.low + 1)
        self.height = TOP + LINE * len(self.rows) + BOTTOM

    def x(self, ratio: float) -> float:
        share = (math.log10(ratio) - self.low) / (self.high - self.low)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def text(self) -> str:
        parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{self.height}" '
                 f'viewBox="0 0 {WIDTH} {self.height}" font-family="sans-serif" font-size="13">',
                 '<rect width="100%" height="100%" fill="white"/>', *self._legend(), *self._axis()]
        for number, row in enumerate(self.rows.values()):
            parts += self._row(row, TOP + LINE * number)
        return "\n".join([*parts, "</svg>"]) + "\n"

    def _legend(self) -> list[str]:
        parts = [f'<text x="{LEFT}" y="18" font-weight="bold">Beside the kernel over veth (1): '
                 'median and range, to the right is better</text>']
        x = LEFT - 300
        for name in self.titles:
            parts += [f'<circle cx="{x}" cy="38" r="5" fill="{COLOURS.get(name, SPARE_COLOUR)}"/>',
                      f'<text x="{x + 9}" y="42">{escape(name)}</text>']
            x += 30 + 8 * len(name)
        return parts

    def _axis(self) -> list[str]:
        bottom, parts = self.height - BOTTOM, []
        for power in range(self.low, self.high + 1):
            for factor in (1, 2, 5) if power < self.high else (1,):
                x = self.x(factor * 10.0 ** power)
                parts += [f'<line x1="{x}" y1="{TOP}" x2="{x}" y2="{bottom}" stroke="#dddddd"/>',
                          f'<text x="{x}" y="{bottom + 18}" text-anchor="middle">'
                          f'{factor * 10.0 ** power:g}</text>']
        x = self.x(1) if self.low <= 0 <= self.high else None
        return parts + ([] if x is None else
                        [f'<line x1="{x}" y1="{TOP}" x2="{x}" y2="{bottom}" stroke="#444444"/>'])

    def _row(self, row: dict, top: float) -> list[str]:
        parts = [f'<text x="{LEFT - 12}" y="{top + LINE / 2 + 4}" text-anchor="end">'
                 f'{escape(row["title"])}</text>',
                 f'<line x1="20" y1="{top}" x2="{WIDTH - RIGHT}" y2="{top}" stroke="#eeeeee"/>']
        step = (LINE - 10) / max(len(self.titles) - 1, 1)
        for number, name in enumerate(self.titles):
            cell = row["cells"].get(name)
            point = goodness(cell, row["better"]) if cell is not None else None
            if point is not None:
                parts += self._mark(name, point, cell, row["unit"], top + 5 + step * number)
        return parts

    def _mark(self, name: str, point: tuple, cell: dict, unit: str, y: float) -> list[str]:
        colour, y = COLOURS.get(name, SPARE_COLOUR), round(y, 1)
        low, middle, high = (self.x(value) for value in point)
        return [f'<line x1="{low}" y1="{y}" x2="{high}" y2="{y}" stroke="{colour}"/>',
                f'<circle cx="{middle}" cy="{y}" r="4" fill="{colour}"><title>{escape(name)}: '
                f'{cell["median"]:.4g} {unit}, {cell["ratio"]:.3g}</title></circle>']
