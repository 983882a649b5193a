"""What OpenAI's models make: a background, a script of a transcript, a translation, a voice."""

from typing import Any

from shared.core.text import cut
from shared.jobs.handler import Outcome, Succeeded, Work
from shared.jobs.provider import ProviderBusy
from shared.operations.files import keep_file
from shared.operations.operation import done_of
from shared.operations.ports import ProviderPorts
from shared.transcription.transcribe import ANSWERED_WITHIN_SECONDS

# Of a transcript, what a model is given, and of what it writes, what is kept: bytes; of a text to be spoken, what OpenAI takes.
MAX_TEXT, MAX_WRITTEN, MAX_SPOKEN = 60_000, 30_000, 4096

_SCRIPT = (
    "You are given the transcript of a screen recording or tutorial. Answer with a JSON object of two members: "
    '"steps", a list of objects with "title" and "description", one for each thing that is done, in order; '
    'and "script", the narration as clean text. Use the transcript\'s language.'
)
_TRANSLATION = (
    "Translate the text that you are given into the language with the ISO 639-1 code {language}. Keep its line breaks, and where "
    'it is subtitles (SRT or WebVTT) its numbers and times as they are. Answer with a JSON object of one member, "text".'
)


def background(work: Work, ports: ProviderPorts) -> Outcome:
    work.lease.hold_for(ANSWERED_WITHIN_SECONDS + 15)
    given = work.job.input
    content = ports.studio.image(given["prompt"], given["size"])
    file = keep_file(work, iter([content]), "image/png", "png", len(content), ports.storage)
    return Succeeded({"prompt": given["prompt"], "image": file})


def script(work: Work, ports: ProviderPorts) -> Outcome:
    work.lease.hold_for(ANSWERED_WITHIN_SECONDS + 15)
    answer = ports.studio.written(_SCRIPT, _transcript(work))
    steps = [
        {"title": str(step.get("title", ""))[:300], "description": str(step.get("description", ""))[:500]}
        for step in _list(answer.get("steps"))[:100]
        if isinstance(step, dict)
    ]
    if not steps and not answer.get("script"):
        raise ProviderBusy("the model answered with neither steps nor script")
    return Succeeded({"steps": steps, "script": cut(str(answer.get("script", "")), MAX_WRITTEN)})


def translation(work: Work, ports: ProviderPorts) -> Outcome:
    work.lease.hold_for(ANSWERED_WITHIN_SECONDS + 15)
    language, text = work.job.input["language"], work.job.input.get("text") or _transcript(work)
    answer = ports.studio.written(_TRANSLATION.format(language=language), cut(text, MAX_TEXT))
    translated = answer.get("text")
    if not isinstance(translated, str) or not translated:
        raise ProviderBusy("the model answered without a translation")
    return Succeeded({"language": language, "text": cut(translated, MAX_TEXT)})


def voiceover(work: Work, ports: ProviderPorts) -> Outcome:
    """Of the text that was given, or of the script that an earlier step wrote, or of what was said."""
    work.lease.hold_for(ANSWERED_WITHIN_SECONDS + 15)
    written = done_of(work.job).get("script") or {}
    text = (work.job.input.get("text") or written.get("script") or _transcript(work))[:MAX_SPOKEN]
    content = ports.studio.speech(text, work.job.input["voice"])
    return Succeeded(
        {
            "voice": work.job.input["voice"],
            "audio": keep_file(work, iter([content]), "audio/wav", "wav", len(content), ports.storage),
        }
    )


def _transcript(work: Work) -> str:
    found = done_of(work.job).get("transcript") or {}
    return cut(str(found.get("transcript", "")), MAX_TEXT) or "(nothing is said)"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
