"""`make bench`: every benchmark but the one of detection quality, one after the other."""

from __future__ import annotations

from benchmarks import acks, store


def main() -> int:
    """Print the figures of acknowledgements under load, and of the store."""
    print("Acknowledgements while ten analyses run")
    acks.main()
    print("\nThe store")
    store.main()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
