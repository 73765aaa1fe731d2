"""Every fixed text that people read in a chat, in one place: plain, short, and the same on every platform.

Reconciliation recognises the bot's own messages by `FIXED`, so a text that is posted alone stands there too, and the
old wording of one that changes goes to `EARLIER`: chats keep what was said.
"""

from __future__ import annotations

import re

# --- while it works, and where an answer went ------------------------------------------------

STATUS = "Looking in your documents…"
PRIVATE_NOTE = "I have answered this in a direct message to the person who asked."
ASKED_IN = "You asked me this here: {link}"
THE_QUESTION = "the question"
SHOWN_BEFORE = "I have answered this, but could not make sure that it arrived. If you see no answer, please ask again."
CONTINUED = "(continued"  # begins the later parts of an answer that is shown in parts
PART = CONTINUED + ", part {n})"
NOT_TAKEN = (
    "I have an answer to this, but it could not be shown here in any form. "
    "An administrator can look it up in the audit log: record {record}"
)
NO_PRIVATE_CHAT = (
    "I may not show this answer here, and I cannot write to you in private. "
    "Open a direct chat with me once, then ask again."
)

# --- no answer ---------------------------------------------------------------------------------

NOT_FOUND = "I could not find this in the documents that everyone here may read."
NOT_FOUND_PRIVATE = "I could not find this in the documents you can read."
NOTHING_FOUND = "I found nothing that answers this."
CLOSEST = "I found no sentence that answers this for sure. The closest are:"
READ_AS = "“{typed}” as “{read}”"
NEAREST_SECTIONS = "The nearest sections I found"
AS_OF = "As it stood on {day}."
UPDATING = "{names} has just changed at its source and is being updated. Please ask again in a minute."
CANNOT_ANSWER = "I cannot answer right now: {why}"
WENT_WRONG = "Something went wrong on my side. It has been logged."
UNRECORDED = (
    "I cannot answer right now: the audit log cannot be written, and I show nothing that is not recorded. "
    "Please ask again later, or give an administrator this reference: {reference}"
)

# --- who may ask, and how much -----------------------------------------------------------------

SHARED_CHANNEL = (
    "I do not answer in channels that are shared with other organisations. "
    "Ask me in a direct message, or ask an administrator to allow this channel."
)
MEMBERS_ONLY = "I only answer members of this organisation. Please ask the person who invited you."
RIGHTS_UNKNOWN = "I could not find out what you may read, so I show nothing. Please ask again in a few minutes."
EMAIL_UNCONFIRMED = (
    "Slack does not confirm your e-mail address, so I search only what everyone may read. "
    "An administrator can change this: the setting is slack_trusted_emails."
)
READERS_UNKNOWN = "I could not find out who can read this channel, so I show nothing here. Please ask again."
QUEUE_FULL = (
    "More questions are waiting than I can answer in good time, so I have not taken this one. "
    "Please ask again in a few minutes."
)
QUEUE_FULL_OF_YOURS = (
    "You have {waiting} questions waiting already, so I have not taken this one. "
    "Please ask it again when they are answered."
)
PERSON_LIMITED = (
    "I answer up to {limit} {questions} per person in {minutes}, and you have reached that. "
    "Please ask again in about {wait}."
)
CHANNEL_LIMITED = (
    "I answer up to {limit} {questions} in {minutes} in this channel, and it has reached that. "
    "Please ask again in about {wait}, or ask me in a direct message."
)

# --- commands ------------------------------------------------------------------------------------

WELCOME = (
    "I answer questions from your organisation's documents, and show the sentences that an answer stands on. "
    "Ask me here, or mention me in a channel or a group chat."
)
HELP = (
    "Ask me anything about the organisation's documents, in your own words, for example: "
    "“What is the hotel limit in Paris?” I answer only from documents that everyone here may read, "
    "and I quote them word for word. If they do not answer it, I say so.\n"
    "• In a channel: mention me with your question; to go on, ask in the thread, with a question mark or a mention.\n"
    "• In a direct message: just ask.\n"
    "• `sources` lists what I can answer from. `why` shows how I found the last answer. "
    "`expert` asks a person. `forget` clears what I remember of this thread.\n"
    "Every question and answer is kept in an audit log that your compliance team can read."
)
NO_SOURCES = "There is no document that everyone here may read."
NO_EXPERT_HERE = "In Slack and Teams this asks a person for help; there is nobody to ask from here."
NO_QUESTION = "There is no question in this thread that I could pass on. Ask me first, then say `expert`."
NO_EXPERT = "No expert has been named for this. An administrator can name one in the settings."
EXPERT_CALL = "Can you help with this question?"
EXPERT_ELSEWHERE = "{name} can help with this. They cannot see this conversation, so please write to them."
POINTER = "This was asked earlier in this thread, and I answered it on {at}. The documents it quotes have not changed."
POINTER_DIRECT = "You asked this before, and I answered it on {at}. The documents it quotes have not changed."
GO_TO_ANSWER = "Go to the answer"
NOTHING_TO_EXPLAIN = "There is no answer in this thread that I could explain. Ask me a question first."
LAST_ANSWER_UNREADABLE = "I cannot look up the last answer right now. Please ask again in a minute."
PRIVATE_BEFORE = (
    "The last answer here was private, so I do not explain it in front of everyone. Its record is {record}."
)
WHY_HEADS = {
    "answered": "How I found the last answer here:",
    "abstained": "Why I gave no answer to the last question here:",
    "refused": "Why I did not answer the last question here:",
    "failed": "Why I could not answer the last question here:",
}

AI_LABEL = "AI-generated: an AI chose this from your documents. Check the passage before you rely on it."
"""Below what the bot shows of documents in Slack, which has no label of its own as Teams has."""

# --- buttons and windows ---------------------------------------------------------------------------

SHOW_PASSAGE = "Show the passage"
SHOW_PASSAGE_AT = "Show passage {n}"
SHOW_PASSAGE_OF = "Show the passage of…"
OPEN_DOCUMENT = "Open the document"
PASSAGE_TITLE = "The passage"
PASSAGE_LOADING = "Reading…"
PASSAGE_GONE = (
    "You cannot read this passage now: you may not read the document, or it has changed or gone since the answer. "
    "Ask the owner of the document for access."
)
PASSAGE_UNAVAILABLE = "The passage cannot be shown right now. Please close this window and try again in a minute."
GOOD_ANSWER = "Good answer"
BAD_ANSWER = "Bad answer"
FEEDBACK_TITLE = "Your feedback"
FEEDBACK_ASKED = "What was wrong or missing?"
NOT_SAVED = "This could not be saved right now. Please send it again in a minute."
CUT = "… (The answer is cut here to fit; its record has all of it.)"

# --- what reconciliation knows by sight --------------------------------------------------------------

EARLIER = (
    "I may not show this answer here, and I cannot write to you in private. "
    "Open a personal chat with me once, then ask again.",
    "I have answered this privately.",
    "I answered this privately just before a restart. If you did not see the answer, please ask again.",
    "I answered this privately, but Slack did not confirm it. If you do not see the answer here, please ask me again, "
    "or ask in a direct message.",
    "I answer members of the organisation only. Ask the person who invited you.",
    "I could not find out who may read this channel, so I show nothing here. Please ask again.",
    "I cannot answer right now: the audit log cannot be written, and I show nothing that is not recorded. "
    "Please ask again later, or tell an administrator this reference: {reference}",
    "No expert is set up for this. An administrator can name one in the settings.",
    "{name} can help with this. They do not see this conversation, so please write to them.",
)
FIXED = (
    *(
        STATUS,
        PRIVATE_NOTE,
        NO_PRIVATE_CHAT,
        SHOWN_BEFORE,
        NOT_TAKEN,
        UNRECORDED,
        WELCOME,
        EXPERT_ELSEWHERE,
        NO_QUESTION,
    ),
    *(NO_EXPERT, SHARED_CHANNEL, MEMBERS_ONLY, RIGHTS_UNKNOWN, READERS_UNKNOWN, *EARLIER),
)
"""Texts that stand in a chat without a record of their own."""


def _pattern(text: str) -> str:
    """With anything short in the place of what is filled in."""
    parts = re.split(r"\{\w+\}", " ".join(text.split()))
    return ".{1,100}?".join(re.escape(part) for part in parts)


_CALL = rf"@?.{{1,60}} {re.escape(EXPERT_CALL)} “.*”"  # to an expert: the name, our words, somebody's question
_FIXED = re.compile("|".join([*map(_pattern, FIXED), _CALL]), re.DOTALL)


def is_fixed(text: str) -> bool:
    """Whether a message, on one line as people read it, is one of ours without an answer."""
    return text.startswith(CONTINUED) or _FIXED.fullmatch(text) is not None
