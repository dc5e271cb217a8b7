# What one host runs, as root, under `sh` (dash: no pipefail, no [[ ]]), after kept.sh. What differs from run to run the
# header set before: `act`, `run`, `budget` (most packed bytes; 0: no limit) and `piece` (bytes to a piece; 0: print all).
# Lines that hold only a comment are left out when it is sent. @NAMES@ are filled in by script.py. Nothing it prints or
# returns is a child's: 194 would reboot the host.
for tool in @TOOLS@; do
  command -v "$tool" >/dev/null 2>&1 || fail missing_tool "$tool"
done
bring=@BRING@
osqueryi=
for path in "$(command -v osqueryi)" @PLACES@; do
  if [ -f "$path" ] && [ -x "$path" ]; then osqueryi=$path; break; fi
done
[ -n "$osqueryi$bring" ] || fail no_osquery 'osqueryi is neither in PATH nor in @PLACES@'

# What former runs left: folders of a run that was killed outright, and kept answers that nobody removed in time.
now=$(date +%s)
for old in "$base"/diffy.????????; do
  if ours "$old"; then
    if [ -e "$old/expires" ]; then
      until=$(cat "$old/expires")
      if [ "$until" -lt "$now" ] || [ "$until" -gt $((now + 2 * @KEEP_S@)) ]; then rm -rf "$old"; fi
    elif ! alive "$old"; then
      rm -rf "$old"
    fi
  fi
done
work=$(mktemp -d "$base/diffy.XXXXXXXX" 2>/dev/null) || fail no_folder "no temporary folder could be made in $base"
child=
trap 'if [ -s "$child" ]; then kill "$(cat "$child")" 2>/dev/null; fi; cd /; rm -rf "$work"' EXIT
trap 'exit 4' HUP INT TERM
cd "$work" && printf '%s\n' "$$" >pid && printf '%s\n' "$run" >run && : >all && : >lost || fail no_folder "$work cannot be written"
HOME=$work
export HOME
gently=
if nice -n 10 true 2>/dev/null; then gently='nice -n 10'; fi
if ionice -c 2 -n 7 true 2>/dev/null; then gently="$gently ionice -c 2 -n 7"; fi
began=$(date +%s)

@BRINGING@
cat >plan <<'@END@'
@PLAN@
@END@

# ask NAME SECONDS BLOCKS: NAME.sql in; at most so many blocks of NAME.out, NAME.err and $rc out. A process that even
# SIGKILL cannot end
# (a dead network mount) is left alone after a while: `timeout` itself would wait for it for ever. In the foreground:
# so it stays in our process group, and an agent that kills the group leaves nothing running.
ask() {
  child=$work/$1.pid
  (
    cd / && ulimit -f "$3"
    ulimit -v @MEMORY_KB@ 2>/dev/null || :
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

# put KIND NAME RC OUT ERR [BYTES]: one section, `large` and empty when OUT has more bytes than that; or, when it is too
# large for what is left, its name goes to `lost`. No process is started for what is empty: there are dozens of sections.
# Without a bucket what counts is the size of everything packed together: a section packed by itself is never smaller
# than what it adds, so all is packed anew only where the sum would be too large.
put() {
  out=$4 kind=$1 long=0 errors=0
  if [ -s "$out" ]; then long=$(($(wc -c <"$out"))); fi
  if [ "$long" -gt "${6:-$long}" ]; then kind=large long=0; fi
  if [ "$long" = 0 ]; then out=/dev/null; fi
  printf '' >err
  if [ -s "$5" ]; then
    head -c @ERR_BYTES@ "$5" >err
    errors=$(($(wc -c <err)))
  fi
  rawer=$((raw + long + errors))
  size=0
  if [ "$budget" -gt 0 ]; then
    section "$kind" "$2" "$3" >part || fail no_space "$work is full"
    size=$((used + $(gzip -9 -n -c <part | wc -c)))
    if [ "$size" -gt "$room" ]; then size=$(($(cat all part | gzip -9 -n -c | wc -c))); fi
  fi
  if [ "$rawer" -gt @MOST_RAW@ ] || [ "$size" -gt "$room" ]; then
    printf '%s %s\n' "$2" "$((budget > 0 ? size - used : rawer - raw))" >>lost
  else
    section "$kind" "$2" "$3" >>all || fail no_space "$work is full"
    used=$size
    raw=$rawer
    parts=$((parts + 1))
  fi
}

# section KIND NAME RC: $long bytes of $out and $errors bytes of `err`, under a line that says so.
section() {
  printf '#diffy %s %s %s %s %s\n' "$1" "$2" "$3" "$long" "$errors" || return 1
  if [ "$((long + errors))" -gt 0 ]; then cat "$out" err; fi
}

# The quick queries share one process; a marker row before each says whose array follows.
while IFS='|' read -r name alone seconds bytes sql; do
  if [ "$alone" = 0 ]; then printf "SELECT '%s' AS diffy_query;\n%s\n" "$name" "$sql"; fi
done <plan >batch.sql
ask batch @BATCH_S@ @FILE_BLOCKS@
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
raw=0
parts=0
room=$((budget > 0 ? budget - @LOST_BYTES@ : 0))
put batch - "$batch_rc" /dev/null batch.err
while IFS='|' read -r name alone seconds bytes sql; do
  if [ -e "ok.$name" ]; then
    put shared "$name" 0 "q.$name" /dev/null "$bytes"
    printf '' >"q.$name"
  elif [ $(($(date +%s) - began + seconds)) -gt @BUDGET_S@ ]; then
    put unasked "$name" 0 /dev/null /dev/null
  else
    printf '%s\n' "$sql" >"a.$name.sql"
    ask "a.$name" "$seconds" "$((bytes / 512 + 2))"
    put own "$name" "$rc" "a.$name.out" "a.$name.err" "$bytes"
    printf '' >"a.$name.out"
  fi
done <plan
room=$budget
put lost - 0 lost /dev/null

gzip -9 -n -c <all >packed || fail no_space "$work is full"
sum=$(sha256sum <packed | cut -d ' ' -f 1)
size=$(($(wc -c <packed)))
pieces=1
if [ "$piece" -gt 0 ] && [ "$size" -gt "$piece" ]; then pieces=$(((size + piece - 1) / piece)); fi
if [ "$pieces" -gt 1 ]; then
  # The rest waits for further commands. Whatever becomes of them, a watcher in a session of its own removes it in time,
  # and ends once it is gone.
  for file in "$work"/* "$work"/.[!.]*; do
    case ${file##*/} in packed | run | pid) ;; *) rm -rf "$file" ;; esac
  done
  printf '%s\n' "$(($(date +%s) + @KEEP_S@))" >expires || fail no_space "$work is full"
  detached=
  if command -v setsid >/dev/null 2>&1; then detached=setsid; fi
  cd /
  $detached sh -c 'trap "" HUP; turns=$2; while [ -d "$1" ] && [ "$turns" -gt 0 ]; do sleep 2; turns=$((turns - 1)); done; rm -rf "$1"' diffy "$work" "$((@KEEP_S@ / 2))" </dev/null >/dev/null 2>&1 &
  trap - EXIT
fi
printf 'DIFFY-BEGIN 1 run=%s\n' "$run"
if [ "$pieces" = 1 ]; then base64 <"$work/packed" | tr -d '\n'; else head -c "$piece" "$work/packed" | base64 | tr -d '\n'; fi
printf '\nDIFFY-END 1 run=%s bytes=%s sha256=%s parts=%s pieces=%s end\n' "$run" "$size" "$sum" "$parts" "$pieces"
exit 0
