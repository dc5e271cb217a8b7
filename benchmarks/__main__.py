"""`make bench`: every benchmark but the one of detection quality, one after the other."""

from __future__ import annotations

from benchmarks import acks, collect, store


def main() -> int:
    """Print the figures of acknowledgements under load, of the store, and of asking hosts."""
    print("Acknowledgements while ten analyses run")
    acks.main()
    print("\nThe store")
    store.main()
    print("\nAsking hosts over SSM, 5 % failing, a fifth of all calls refused")
    collect.main()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
