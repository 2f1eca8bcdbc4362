"""A night's log has no use for the libraries' loading bars and advice."""

from __future__ import annotations


def quiet_libraries() -> None:
    """Errors only, and no bars, from diffusers and transformers."""
    import diffusers
    import transformers

    for library in (diffusers, transformers):
        library.utils.logging.disable_progress_bar()
        library.utils.logging.set_verbosity_error()
