"""Speech: calls are heard, and it is told whether the caller is content.

    phrases    a small grammar of answers, and sentences of it with their sentiment
    voices     programs that read a text aloud
    spoiled    six ways in which a call sounds; what is seen of one at a glance
    spoken     the calls: answers and free speech, read by seven voices
    prompts    announcements that a person has spoken, and their words
    weights    the files of Whisper, checked
    listeners  the candidates of the first step; those of the second are from ``sentiment``
    checks     what a good text of a call is
    workflow   the workflow itself, ``speech``; its first step on announcements, ``announced``

It needs the packages of the extra ``speech``, ``pip install 'flexiflow[speech]'``, and two
programs that Debian has: ``apt-get install espeak-ng flite``. The announcements are in
``apt-get install asterisk-core-sounds-en asterisk-core-sounds-en-wav``.
"""

from flexiflow.examples.speech.prompts import announcements, need_announcements
from flexiflow.examples.speech.spoken import calls
from flexiflow.examples.speech.voices import need_voices
from flexiflow.examples.speech.workflow import PACKAGES, announced, heard, judged, speech

__all__ = [
    "PACKAGES",
    "announced",
    "announcements",
    "calls",
    "heard",
    "judged",
    "need_announcements",
    "need_voices",
    "speech",
]
