"""A post as one platform will show it: which of its texts and files go where, and what is left out, with a note."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from shared.media.media import MediaItem
from shared.platforms.content import Content
from shared.platforms.media_limits import validate_file
from shared.platforms.rules import Capability, Draft

NOTHING_KNOWN: Mapping[str, Any] = MappingProxyType({})


def compose(
    content: Content, capability: Capability, options: Mapping[str, Any], facts: Mapping[str, Any] = NOTHING_KNOWN
) -> Draft:
    """Which of the post's texts and files go where on this platform. `facts` are the account's."""
    text = options.get("text")
    draft = _with_files(replace(content, text=content.text if text is None else text), capability)
    draft = replace(draft, options=options, facts=facts)
    named = options.get(capability.cover_option)
    if named is not None:
        draft = replace(draft, cover=MediaItem(f"options.{capability.cover_option}", "image", named))
    return _fitted(draft, capability)


def _without_text_of_story(draft: Draft, capability: Capability) -> Draft:
    """What an address does not tell to be an image becomes one of the stories only once it is measured."""
    images_only = bool(draft.media) and all(item.kind == "image" for item in draft.media)
    if not draft.text or not (draft.is_story or (capability.images_are_stories and images_only)):
        return draft
    note = f"The text was left out: {capability.label} shows none with a story."
    return replace(draft, text="", notes=(*draft.notes, note))


def _without_unfit_cover(draft: Draft, capability: Capability) -> Draft:
    """An image that merely came beside the video is left out where the platform will not take it, unless an option names it."""
    cover = draft.cover
    if cover is None or capability.cover is None or cover.field.startswith("options."):
        return draft
    problems = validate_file(cover, capability.platform, capability.cover)
    if not problems:
        return draft
    return replace(draft, cover=None, notes=(*draft.notes, f"The image was left out as a cover: {problems[0].message}"))


def _with_files(content: Content, capability: Capability) -> Draft:
    video = next((item for item in content.media if item.field.endswith("videoUrl")), None)
    companions = tuple(item for item in content.media if ".imageUrls" in item.field)
    if video is None or not companions:
        return Draft(content.text, content.media)
    if capability.mixes and content.media_type == "image":
        return Draft(content.text, content.media)
    rest = tuple(item for item in content.media if item not in companions)
    if capability.cover is not None:
        left_out = companions[1:]
        notes = (f"{len(left_out)} further images were left out: a video takes one cover.",) if left_out else ()
        return Draft(content.text, rest, companions[0], notes)
    return Draft(content.text, rest, None, (f"The images were left out: {capability.label} shows none beside a video.",))


def with_stored(draft: Draft, stored: Sequence[MediaItem], capability: Capability) -> Draft:
    """The draft with its files replaced by their measured copies (matched by field)."""
    by_field = {item.field: item for item in stored}
    measured = replace(
        draft,
        media=tuple(by_field[item.field] for item in draft.media),
        cover=by_field[draft.cover.field] if draft.cover else None,
    )
    return _fitted(measured, capability)


def _fitted(draft: Draft, capability: Capability) -> Draft:
    """Without what the platform has no use for, as far as that is known: done again once the files are measured."""
    draft = _without_text_of_story(draft, capability)
    draft = _without_idle_cover(draft, capability)
    return _with_notes_on_options(_without_unfit_cover(draft, capability), capability)


def _without_idle_cover(draft: Draft, capability: Capability) -> Draft:
    perhaps_video = len(draft.media) == 1 and draft.media[0].kind != "image" and not draft.is_story
    if draft.cover is None or perhaps_video:
        return draft
    note = f"The cover was left out: {capability.label} takes one with a single video only."
    return replace(draft, cover=None, notes=(*draft.notes, note))


def _with_notes_on_options(draft: Draft, capability: Capability) -> Draft:
    if any(item.kind == "unknown" for item in draft.media):
        return draft
    idle = [
        f"{use.option} was left out: {capability.label} takes it with {use.with_what} only."
        for use in capability.uses
        if draft.options.get(use.option) not in use.idle and not use.applies(draft)
    ]
    told = [*idle, *_notes_on_alt_texts(draft, capability), *(remark.message for remark in capability.remarks(draft))]
    return replace(draft, notes=(*draft.notes, *(note for note in told if note not in draft.notes)))


def _notes_on_alt_texts(draft: Draft, capability: Capability) -> list[str]:
    """They are given out in order."""
    given = draft.options.get("altText")
    texts = 1 if isinstance(given, str) else len(given or ())
    files = sum(item.kind == "image" or capability.describes_videos for item in draft.media)
    if not texts or not files or draft.is_story or texts == files:
        return []
    if texts < files:
        return [f"Of {files} files the last {files - texts} have no altText: there were {texts}."]
    return [f"Of {texts} altTexts the last {texts - files} were left out: there are {files} files for them."]
