"""Speech: calls are heard, and it is told whether the caller is content.

    phrases    a small grammar of answers, and sentences of it with their sentiment
    voices     programs that read a text aloud
    spoiled    six ways in which a call sounds; what is seen of one at a glance
    spoken     the calls: answers and free speech, read by seven voices
    weights    the files of Whisper, checked
    listeners  the candidates of the first step; those of the second are from ``sentiment``
    checks     what a good text of a call is
    workflow   the workflow itself, ``speech``

It needs the packages of the extra ``speech``, ``pip install 'flexiflow[speech]'``, and two
programs that Debian has: ``apt-get install espeak-ng flite``.
"""

from flexiflow.examples.speech.spoken import calls
from flexiflow.examples.speech.voices import need_voices
from flexiflow.examples.speech.workflow import PACKAGES, heard, judged, speech

__all__ = ["PACKAGES", "calls", "heard", "judged", "need_voices", "speech"]
