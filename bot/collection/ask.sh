# What one host runs, as root, under `sh` (dash: no pipefail, no [[ ]]), after `run`, `budget` and `compact` were set by
# the header. Lines that hold only a comment are left out
# when it is sent. @NAMES@ are filled in by script.py. Nothing it prints or returns is a child's: 194 would reboot the host.
LC_ALL=C
export LC_ALL
umask 077

fail() {
  printf 'DIFFY-FAIL 1 run=%s %s %s\n' "$run" "$1" "$2"
  exit 3
}

for tool in @TOOLS@; do
  command -v "$tool" >/dev/null 2>&1 || fail missing_tool "$tool"
done
osqueryi=
for path in "$(command -v osqueryi)" @PLACES@; do
  if [ -f "$path" ] && [ -x "$path" ]; then osqueryi=$path; break; fi
done
[ -n "$osqueryi" ] || fail no_osquery 'osqueryi is neither in PATH nor in @PLACES@'

# Folders of a run that was killed outright: ours by owner, and their process is gone.
base=${TMPDIR:-/tmp}
for old in "$base"/diffy.????????; do
  if [ -d "$old" ] && [ ! -L "$old" ] && [ -O "$old" ]; then
    owner=$(cat "$old/pid" 2>/dev/null)
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then rm -rf "$old"; fi
  fi
done
work=$(mktemp -d "$base/diffy.XXXXXXXX" 2>/dev/null) || fail no_folder "no temporary folder could be made in $base"
child=
trap 'if [ -s "$child" ]; then kill "$(cat "$child")" 2>/dev/null; fi; cd /; rm -rf "$work"' EXIT
trap 'exit 4' HUP INT TERM
cd "$work" && printf '%s\n' "$$" >pid && : >all && : >lost || fail no_folder "$work cannot be written"
HOME=$work
export HOME
gently=
if nice -n 10 true 2>/dev/null; then gently='nice -n 10'; fi
if ionice -c 2 -n 7 true 2>/dev/null; then gently="$gently ionice -c 2 -n 7"; fi
began=$(date +%s)

cat >plan <<'@END@'
@PLAN@
@END@

# ask NAME SECONDS: NAME.sql in, NAME.out, NAME.err and $rc out. A process that even SIGKILL cannot end
# (a dead network mount) is left alone after a while: `timeout` itself would wait for it for ever. In the foreground:
# so it stays in our process group, and an agent that kills the group leaves nothing running.
ask() {
  child=$work/$1.pid
  (
    cd / && ulimit -f @FILE_BLOCKS@
    $gently timeout --foreground -k @KILL_AFTER_S@ "$2" "$osqueryi" @FLAGS@ <"$work/$1.sql" >"$work/$1.out" 2>"$work/$1.err" &
    printf '%s\n' "$!" >"$work/$1.pid"
    wait "$!"
    printf '%s\n' "$?" >"$work/$1.rc.new"
    mv "$work/$1.rc.new" "$work/$1.rc"
  ) >/dev/null 2>&1 &
  turns=$((($2 + @KILL_AFTER_S@ + 2) * 10))
  while [ ! -e "$1.rc" ] && [ "$turns" -gt 0 ]; do
    sleep 0.1
    turns=$((turns - 1))
  done
  rc=stuck
  if [ -e "$1.rc" ]; then rc=$(cat "$1.rc"); fi
  child=
}

# put KIND NAME RC OUT ERR: one section, unless it is too large for what is left; then its name goes to `lost`.
# Without a bucket (compact) what counts is the size of everything so far, packed together.
put() {
  if [ -e "$4" ]; then out=$4; else out=/dev/null; fi
  if [ -e "$5" ]; then head -c @ERR_BYTES@ "$5" >err; else : >err; fi
  {
    printf '#diffy %s %s %s %s %s\n' "$1" "$2" "$3" "$(($(wc -c <"$out")))" "$(($(wc -c <err)))"
    cat "$out" err
  } >part || fail no_space "$work is full"
  if [ "$compact" = 1 ]; then
    cat all part | gzip -9 -n -c >packed
    size=$(($(wc -c <packed)))
  else
    size=$((used + $(wc -c <part)))
  fi
  if [ "$size" -gt "$budget" ]; then
    printf '%s %s\n' "$2" "$((size - used))" >>lost
  else
    cat part >>all || fail no_space "$work is full"
    used=$size
    parts=$((parts + 1))
  fi
}

# The quick queries share one process; a marker row before each says whose array follows.
while IFS='|' read -r name alone seconds sql; do
  if [ "$alone" = 0 ]; then printf "SELECT '%s' AS diffy_query;\n%s\n" "$name" "$sql"; fi
done <plan >batch.sql
ask batch @BATCH_S@
batch_rc=$rc
awk '
  $0 == "[" { held = 1; next }
  held && /^  [{]"diffy_query":"[A-Za-z0-9_.-]+"[}]$/ { split($0, part, "\""); name = part[4]; held = 0; mark = 1; next }
  mark { if ($0 == "]") mark = 0; next }
  name == "" { held = 0; next }
  held { print "[" > ("q." name); held = 0 }
  { print > ("q." name) }
  $0 == "]" { close("q." name); printf "" > ("ok." name); close("ok." name); name = "" }
' batch.out || fail no_split 'awk could not read what osqueryi printed'
set -- ok.*
if [ ! -e "$1" ]; then
  case $batch_rc in
  124 | 12[89] | 1[3-9]? | 2?? | stuck) ;;
  *) fail no_start "osqueryi ended with $batch_rc: $(head -c 300 batch.err | tr -c '[:print:]' ' ')" ;;
  esac
fi

# Most telling first, so that what is given up is the least telling.
used=0
parts=0
put batch - "$batch_rc" /dev/null batch.err
while IFS='|' read -r name alone seconds sql; do
  if [ -e "ok.$name" ]; then
    put shared "$name" 0 "q.$name" /dev/null
    rm -f "q.$name"
  elif [ $(($(date +%s) - began + seconds)) -gt @BUDGET_S@ ]; then
    put unasked "$name" 0 /dev/null /dev/null
  else
    printf '%s\n' "$sql" >"a.$name.sql"
    ask "a.$name" "$seconds"
    put own "$name" "$rc" "a.$name.out" "a.$name.err"
    rm -f "a.$name.out"
  fi
done <plan
budget=$((budget + @LOST_BYTES@))
put lost - 0 lost /dev/null

gzip -9 -n -c <all >packed || fail no_space "$work is full"
sum=$(sha256sum <packed | cut -d ' ' -f 1)
printf 'DIFFY-BEGIN 1 run=%s\n' "$run"
base64 <packed | tr -d '\n'
printf '\nDIFFY-END 1 run=%s bytes=%s sha256=%s parts=%s end\n' "$run" "$(($(wc -c <packed)))" "$sum" "$parts"
exit 0
