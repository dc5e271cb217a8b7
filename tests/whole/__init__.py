"""The whole of Diffy between an embedded AWS and a local Slack, each in a process or thread of its own."""
