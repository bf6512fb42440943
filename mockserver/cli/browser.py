"""Shows an address in the browser of whoever runs a command, if there is one."""

from __future__ import annotations


def shown_in_browser(url: str) -> bool:
    """Return whether a browser was asked to show `url`."""
    import webbrowser

    try:
        return webbrowser.open(url)
    except webbrowser.Error:
        return False
