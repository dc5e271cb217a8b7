"""The embedded default: simulated hosts, embedded AWS, a local Slack. Meets the bot only at its public entrance."""
