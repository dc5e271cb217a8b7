"""`make bench`: every benchmark but the one of detection quality, one after the other."""

from __future__ import annotations

from benchmarks import acks, analysis, collect, store


def main() -> int:
    """Print the figures of acknowledgements under load, of analysis, of the store, and of asking hosts."""
    print("Acknowledgements while ten analyses run")
    acks.main()
    print("\nAnalysis of recorded hosts")
    analysis.main()
    analysis.main(["--grow"])
    analysis.main(["--recorded", "10000"])
    print("\nThe store")
    store.main()
    print("\nAsking hosts over SSM, 5 % failing, a fifth of all calls refused")
    collect.main()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
