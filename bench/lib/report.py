"""Figures as plain tables and as JSON."""


def count(number):
    """1000000 as 1M, 250000 as 250k."""
    for factor, letter in ((1_000_000, "M"), (1_000, "k")):
        if number >= factor:
            return f"{number / factor:.3g}{letter}"
    return f"{number:.3g}"


def columns(rows):
    """Rows of texts as lines with aligned columns; the first row is the header."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        first = row[0].ljust(widths[0])
        rest = (text.rjust(width) for text, width in zip(row[1:], widths[1:]))
        lines.append(("  " + "  ".join([first, *rest])).rstrip())
    return "\n".join(lines)


def parts_text(pair):
    """Parts of both sides, "ours | peer", or those of the only side that has any."""
    sides = (", ".join(f"{name} {value:.2f}" for name, value in figures.part_medians().items()) for figures in (pair.ours, pair.peer))
    return " | ".join(side for side in sides if side)


class Comparison:
    """The pairs of one case at one size."""

    def __init__(self, title, lines, pairs):
        self.title = title
        self.lines = lines
        self.pairs = pairs

    def cost(self, figures):
        return figures.median / self.lines * 1e9

    def table(self):
        rows = [("ours | peer", "ours s", "peer s", "ours ns", "peer ns", "ratio", "of which (s)")]
        for pair in self.pairs:
            rows.append((
                f"{pair.ours.name} | {pair.peer.name}", f"{pair.ours.median:.3f}", f"{pair.peer.median:.3f}",
                f"{self.cost(pair.ours):.0f}", f"{self.cost(pair.peer):.0f}",
                f"{pair.ratio:.2f} ({min(pair.ratios):.2f} .. {max(pair.ratios):.2f})", parts_text(pair)))
        return columns(rows)

    def fastest_ours(self):
        return min([pair.ours for pair in self.pairs] + [pair.peer for pair in self.pairs if pair.is_own],
                   key=lambda figures: figures.median)

    def fastest_peer(self):
        return min((pair.peer for pair in self.pairs if not pair.is_own), key=lambda figures: figures.median)

    def as_dict(self):
        return {"case": self.title, "lines": self.lines, "pairs": [
            {"is_own": pair.is_own, "ours": pair.ours.name, "ours_seconds": pair.ours.seconds, "ours_parts": pair.ours.parts,
             "peer": pair.peer.name, "peer_seconds": pair.peer.seconds, "peer_parts": pair.peer.parts, "ratios": pair.ratios}
            for pair in self.pairs]}


class Rate:
    """One contestant without a peer."""

    def __init__(self, title, lines, figures):
        self.title = title
        self.lines = lines
        self.figures = figures

    def table(self):
        seconds = self.figures.seconds
        return columns([
            ("ours", "median s", "min s", "max s", "per second"),
            (self.figures.name, f"{self.figures.median:.3f}", f"{min(seconds):.3f}", f"{max(seconds):.3f}",
             count(self.lines / self.figures.median))])

    def fastest_ours(self):
        return self.figures

    def as_dict(self):
        return {"case": self.title, "lines": self.lines, "ours": self.figures.name,
                "ours_seconds": self.figures.seconds}


def growth(results):
    """Cost per line at every size, which shows how time grows."""
    costs = {}
    for result in results:
        nanoseconds = result.fastest_ours().median / result.lines * 1e9
        costs.setdefault(result.title, []).append(f"{count(result.lines)}: {nanoseconds:.0f}")
    return "\n".join(["Ours, fastest form, nanoseconds a line at each size"] + [
        f"  {title}  " + ", ".join(sizes) for title, sizes in costs.items()])


def best(results):
    """The fastest form of ours against the fastest form of any peer, whatever its settings."""
    rows = [("case", "lines", "ours", "s", "peer", "s", "ratio")]
    for result in results:
        if isinstance(result, Comparison):
            ours, peer = result.fastest_ours(), result.fastest_peer()
            rows.append((result.title, count(result.lines), ours.name, f"{ours.median:.3f}", peer.name,
                         f"{peer.median:.3f}", f"{peer.median / ours.median:.2f}"))
    return "The fastest of ours against the fastest peer, ratio of the medians\n" + columns(rows)


def facts_table(facts):
    return "\n".join(f"{name + ':':<10} {text}" for name, text in facts.items())
