# What a further command does on a host, under `sh`, after the header set `act`, `run`, `piece` and `number`: print one
# piece of the answer that the run's first command kept, or remove it. In the script that asks it comes first, so that a
# document can hold all three. Kept answers lie in folders of ours: owned by us, no links, named in their file `run`.
LC_ALL=C
export LC_ALL
umask 077
base=${TMPDIR:-/tmp}

fail() {
  printf 'DIFFY-FAIL 1 run=%s %s %s\n' "$run" "$1" "$2"
  exit 3
}

ours() {
  [ -d "$1" ] && [ ! -L "$1" ] && [ -O "$1" ]
}

# alive FOLDER: whether the script that made it still runs.
alive() {
  owner=$(cat "$1/pid" 2>/dev/null)
  [ -z "$owner" ] || kill -0 "$owner" 2>/dev/null
}

if [ "$act" != ask ]; then
  kept=
  for old in "$base"/diffy.????????; do
    if ours "$old" && [ "$(cat "$old/run" 2>/dev/null)" = "$run" ]; then
      if [ "$act" = drop ]; then
        turns=10
        while [ ! -e "$old/expires" ] && alive "$old" && [ "$turns" -gt 0 ]; do
          sleep 1
          turns=$((turns - 1))
        done
        if [ -e "$old/expires" ] || ! alive "$old"; then rm -rf "$old"; fi
      elif [ -e "$old/expires" ]; then
        kept=$old
      fi
    fi
  done
  if [ "$act" = drop ]; then exit 0; fi
  [ -n "$kept" ] || fail not_kept 'the kept answer is gone'
  head -c "$((number * piece))" "$kept/packed" | tail -c "+$(((number - 1) * piece + 1))" | base64 | tr -d '\n' >"$kept/piece.$$" || fail no_space "$kept is full"
  printf 'DIFFY-PIECE 1 run=%s number=%s\n' "$run" "$number"
  cat "$kept/piece.$$"
  printf '\nDIFFY-PIECE-END 1 run=%s number=%s sha256=%s end\n' "$run" "$number" "$(sha256sum <"$kept/piece.$$" | cut -d ' ' -f 1)"
  rm -f "$kept/piece.$$"
  exit 0
fi
