"""The embedded AWS: a real HTTP endpoint on 127.0.0.1 with EC2, Auto Scaling, S3, STS and an SSM that runs scripts.

``EmbeddedAws`` starts it in a process of its own; ``python -m bot.sandbox.aws`` is that process. Nothing here
needs moto until the process runs.
"""

from bot.sandbox.aws.embedded import EmbeddedAws

__all__ = ["EmbeddedAws"]
