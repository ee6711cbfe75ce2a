"""The map as one page that needs nothing else: no script, no font, no address but the links to the code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files

from ckptlint.facts.mapped_checkpoints import KeyPath, MappedCheckpoint, Reader, Spot, StoredKey, Use, Writer
from ckptlint.report.checkpoint_map import words
from ckptlint.report.checkpoint_map.markup import markup
from ckptlint.report.checkpoint_map.picture import draw
from ckptlint.report.checkpoint_map.view import MapView

_LEGEND = (
    ("write", "writes the file"),
    ("restore", "puts the state back"),
    ("read", "reads the key"),
    ("possible", "may read any key: it is not followed"),
    ("missing", "reads a key that nothing writes"),
)


def render(view: MapView) -> Iterator[str]:
    """The page, piece by piece."""
    found = view.map
    name = f"Checkpoints of {view.project}" if view.project else "Checkpoints"
    yield (
        "<!doctype html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{markup(name)}</title>\n<style>\n{_style()}</style>\n</head>\n<body>\n"
        '<a class="skip" href="#map">To the checkpoints</a>\n'
        f"<header>\n<h1>{markup(name)}</h1>\n<p>{markup(words.summary(found))}</p>\n"
    )
    if found.checkpoints:
        yield from _legend()
    yield "</header>\n"
    if len(found.checkpoints) > 1:
        yield from _contents(found.checkpoints)
    yield '<main id="map">\n'
    for number, one in enumerate(found.checkpoints, 1):
        yield from _checkpoint(f"checkpoint-{number}", one, view)
    yield from _others("unmatched", "Read, writer not known", found.unmatched, view)
    yield from _others("outside", "Read from outside the project", found.outside, view)
    yield "</main>\n</body>\n</html>\n"


@cache
def _style() -> str:
    return files(__package__).joinpath("page.css").read_text(encoding="utf-8")


def _head(*cells: str) -> str:
    return "<thead><tr>" + "".join(f'<th scope="col">{cell}</th>' for cell in cells) + "</tr></thead>\n<tbody>\n"


def _legend() -> Iterator[str]:
    yield '<ul class="legend" aria-label="What the lines mean">\n'
    for style, meaning in _LEGEND:
        line = f'<path class="wire {style}" d="M0 6H34"/>'
        yield f'<li><svg width="34" height="12" aria-hidden="true">{line}</svg>{meaning}</li>\n'
    yield '<li><span class="badge never">never read</span> the file is read, but not this key</li>\n</ul>\n'


def _contents(checkpoints: Sequence[MappedCheckpoint]) -> Iterator[str]:
    yield '<nav aria-label="Checkpoints">\n'
    yield '<div class="scroll" tabindex="0" role="region" aria-label="Overview">\n<table class="rows">\n'
    yield _head("checkpoint", "keys", "writers", "readers", "stands out")
    for number, one in enumerate(checkpoints, 1):
        remarks = []
        if one.unread():
            remarks.append(f'<span class="badge never">{len(one.unread())} never read</span>')
        if one.unwritten:
            remarks.append(f'<span class="badge unwritten">{len(one.unwritten)} never written</span>')
        if not one.readers:
            remarks.append('<span class="soft">no reader is seen</span>')
        keys = str(len(one.keys)) if one.is_dict else "one object"
        link = f'<a class="mono" href="#checkpoint-{number}">{markup(words.title(one))}</a>'
        yield (
            f'<tr><th scope="row">{link}</th><td data-label="keys">{keys}</td>'
            f'<td data-label="writers">{len(one.writers)}</td><td data-label="readers">{len(one.readers)}</td>'
            f"<td>{' '.join(remarks)}</td></tr>\n"
        )
    yield "</tbody>\n</table>\n</div>\n</nav>\n"


def _checkpoint(name: str, one: MappedCheckpoint, view: MapView) -> Iterator[str]:
    title = markup(words.title(one))
    yield f'<section id="{name}" aria-labelledby="{name}-title">\n<h2 id="{name}-title">{title}</h2>\n'
    yield f'<div class="scroll" tabindex="0" role="region" aria-label="Picture of {title}">\n'
    for line in draw(one, f"{name}-picture", view.link):
        yield line + "\n"
    yield "</div>\n"
    if one.unread():
        keys = ", ".join(f"<code>{markup(words.key_text(key.path))}</code>" for key in one.unread())
        yield f'<p class="never">Never read, though the file is: {keys}</p>\n'
    yield from _keys(one, view)
    yield from _ways("Written by", one.writers, view)
    yield from _ways("Read by", one.readers, view)
    if not one.readers:
        yield '<p class="soft">Nothing that is seen reads it.</p>\n'
    yield "</section>\n"


def _keys(one: MappedCheckpoint, view: MapView) -> Iterator[str]:
    yield '<table class="rows">\n<caption>What it holds</caption>\n'
    yield _head("key", "holds", "written at", "what becomes of it")
    for key in one.keys:
        depth = max(0, len(key.path) - 1)
        doubt = "" if key.is_certain else ' <span class="soft">on some paths</span>'
        name = f"<code>{markup(key.name)}</code>" if key.path else "the whole file"
        yield (
            f'<tr style="--depth:{depth}"><th scope="row" style="padding-left:{depth}rem">{name}{doubt}</th>'
            f'<td data-label="holds">{markup(words.holds(key))}</td>'
            f'<td data-label="written at">{_place(key.at, view) if key.at else ""}</td>'
            f"<td>{_fate(one, key, view)}</td></tr>\n"
        )
    for path in one.unwritten:
        yield (
            f'<tr><th scope="row"><code class="unwritten">{markup(words.key_text(path))}</code></th>'
            f'<td><span class="badge unwritten">never written</span></td><td></td>'
            f"<td>{_uses(one, path, view)}</td></tr>\n"
        )
    yield "</tbody>\n</table>\n"
    if one.is_open:
        yield '<p class="soft">It may hold further keys that are not seen.</p>\n'


def _fate(one: MappedCheckpoint, key: StoredKey, view: MapView) -> str:
    use = one.use(key.path)
    if use is Use.NEVER:
        return '<span class="badge never">never read</span>'
    if use is Use.NO_READER:
        return '<span class="soft">no reader is seen</span>'
    if use is Use.POSSIBLE:
        return '<span class="soft">perhaps read, by code that is not followed</span>'
    return _uses(one, key.path, view)


def _uses(one: MappedCheckpoint, path: KeyPath, view: MapView) -> str:
    found = []
    for reader in one.readers:
        use = reader.use_of(path)
        if use is None:
            continue
        into = f"into <code>{markup(', '.join(use.into))}</code>" if use.into else "read"
        guarded = ' <span class="soft">if it is there</span>' if use.is_guarded else ""
        found.append(
            f'{into} at {_place(use.at, view)}{guarded} <span class="soft">({markup(words.does(reader))})</span>'
        )
    return "<br>".join(found)


def _ways(heading: str, ways: Sequence[Writer | Reader], view: MapView) -> Iterator[str]:
    if not ways:
        return
    yield f"<h3>{heading}</h3>\n<ul>\n"
    for way in ways:
        yield f"<li>{_way(way, view)}</li>\n"
    yield "</ul>\n"


def _way(way: Writer | Reader, view: MapView) -> str:
    purpose = f"<b>{markup(words.does(way))}</b>: " if isinstance(way, Reader) else ""
    steps = " → ".join(f"<code>{markup(words.function(s))}</code> {_place(s, view)}" for s in way.frames)
    path = f" with path <code>{markup(way.written)}</code>" if way.written else ""
    return f'{purpose}{steps}, <span class="soft"><code>{markup(way.api)}</code>{path}</span>'


def _others(name: str, heading: str, readers: Sequence[Reader], view: MapView) -> Iterator[str]:
    if not readers:
        return
    yield f'<section id="{name}" aria-labelledby="{name}-title">\n<h2 id="{name}-title">{heading}</h2>\n<ul>\n'
    for reader in readers:
        keys = ", ".join(f"<code>{markup(words.key_text(use.path))}</code>" for use in reader.uses if use.path)
        yield f"<li>{_way(reader, view)}{f'; reads {keys}' if keys else ''}</li>\n"
    yield "</ul>\n</section>\n"


def _place(spot: Spot, view: MapView) -> str:
    address = view.link(spot)
    text = f'<span class="mono">{markup(words.place(spot))}</span>'
    return f'<a href="{markup(address)}">{text}</a>' if address is not None else text
