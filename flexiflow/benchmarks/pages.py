"""The page of results: one section a part, of which some may be kept from an older page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

HEAD = """# Benchmark results

This file is generated; do not edit it. Figures that are seconds of the machine itself (decision \
times, overhead, what is served) differ from run to run; all others follow from the seeds."""

_MADE = "- made: "


def sections(text: str) -> dict[str, str]:
    r"""The sections of a page by the name of their part, each with how it was made.

    What stands above the first section, where pages said that once for all, is put into each.

    Examples
    --------
    >>> sections("# Results\n\nGenerated.\n\n- made: today\n\n## Replay\n\nReplays.\n")
    {'replay': '- made: today\n\nReplays.'}
    """
    above, *each = f"\n{text}".split("\n## ")
    made = [block for block in above.split("\n\n") if _MADE in block or block.startswith("`")]
    found = {}
    for section in each:
        title, _, body = section.partition("\n")
        blocks = [] if _MADE in body else made
        found[title.strip().lower()] = "\n\n".join([*(b.strip() for b in blocks), _finished(body)])
    return found


def _finished(body: str) -> str:
    """Without what was still to come."""
    return body.partition("\nNot finished; ")[0].strip()


def joined(
    order: Iterable[str],
    kept: Mapping[str, str],
    found: Mapping[str, Sequence[str]],
    left: Sequence[str],
) -> str:
    """The page.

    Parameters
    ----------
    order
        Names of all parts.
    kept
        Sections of an older page.
    found
        Blocks of those that were measured now, which take the place of older ones.
    left
        Commands that are still to come.
    """
    page = [HEAD]
    for name in order:
        blocks = found.get(name) or ([kept[name]] if name in kept else [])
        page += [f"## {name.capitalize()}", *blocks] if blocks else []
    if left:
        page += ["Not finished; still to come:", "\n".join(f"- `{told}`" for told in left)]
    return "\n\n".join(page) + "\n"
