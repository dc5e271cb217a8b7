"""Who and what is in the sandbox's workspace?"""

from __future__ import annotations

from bot.sandbox.slack.records import Channel, User

TEAM_ID = "T0SANDBOX01"
TEAM_DOMAIN = "sandbox"
APP_ID = "A0DIFFY0001"
BOT_ID = "B0DIFFY0001"

BOT = User("U0DIFFY0001", "diffy", "Diffy", is_bot=True)
RESPONDER = User("U0RESPOND01", "responder", "Responder")
APPROVER = User("U0APPROVE01", "approver", "Approver")
BYSTANDER = User("U0BYSTAND01", "bystander", "Second responder without rights")
GUEST = User("U0GUEST0001", "guest", "Guest", guest="multi")
SINGLE_CHANNEL_GUEST = User("U0SINGLE001", "single-guest", "Single-channel guest", guest="single")
LEFT = User("U0LEFT00001", "left", "Deactivated member", deleted=True)
SLACKBOT = User("USLACKBOT", "slackbot", "Slackbot", is_bot=True)
USERS = (BOT, RESPONDER, APPROVER, BYSTANDER, GUEST, SINGLE_CHANNEL_GUEST, LEFT, SLACKBOT)

_PEOPLE = frozenset({RESPONDER.id, APPROVER.id, BYSTANDER.id})
_WITH_BOT = _PEOPLE | {BOT.id}
INCIDENT = Channel("C0INCIDENT1", "incident-1", _WITH_BOT | {GUEST.id, SINGLE_CHANNEL_GUEST.id})
SECOND_INCIDENT = Channel("C0INCIDENT2", "incident-2", _WITH_BOT)
WITHOUT_BOT = Channel("C0WITHOUT01", "without-diffy", _PEOPLE)
PRIVATE = Channel("C0PRIVATE01", "private-incident", _WITH_BOT, private=True)
PRIVATE_WITHOUT_BOT = Channel("C0PRIVATE02", "private-without", _PEOPLE, private=True)
SHARED = Channel("C0SHARED001", "shared-with-vendor", _WITH_BOT, ext_shared=True)
ARCHIVED = Channel("C0ARCHIVED1", "old-incident", _WITH_BOT, archived=True)
CHANNELS = (INCIDENT, SECOND_INCIDENT, WITHOUT_BOT, PRIVATE, PRIVATE_WITHOUT_BOT, SHARED, ARCHIVED)
