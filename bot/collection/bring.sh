# Bring osquery to a host that lacks it: into our own folder, checked before it is run, removed with the folder.
if [ -z "$osqueryi" ]; then
  machine=$(uname -m)
  case $machine in
  x86_64) expected='@SHA_X86_64@' ;;
  aarch64 | arm64) machine=aarch64 expected='@SHA_AARCH64@' ;;
  *) expected= ;;
  esac
  [ -n "$expected" ] || fail no_bring "nothing is set for machines of kind $machine"
  url=$(printf '%s' '@URL@' | awk -v machine="$machine" '{ gsub(/[{]arch[}]/, machine); print }')
  if command -v curl >/dev/null 2>&1; then
    curl -fsSL --max-time 60 -o brought "$url" >/dev/null 2>&1
  elif command -v wget >/dev/null 2>&1; then
    timeout 60 wget -q -O brought "$url" >/dev/null 2>&1
  else
    fail no_bring 'there is neither curl nor wget'
  fi || fail no_bring 'the download failed'
  [ "$(sha256sum <brought | cut -d ' ' -f 1)" = "$expected" ] || fail no_bring 'what was downloaded has another sha256 than was set'
  if gzip -t <brought 2>/dev/null; then
    member=$(gzip -dc <brought | tar -tf - 2>/dev/null | awk '/^([.]\/)?opt\/osquery\/bin\/osquery[di]$/ { if (found == "" || /d$/) found = $0 } END { print found }')
    [ -n "$member" ] || fail no_bring 'the archive holds no opt/osquery/bin/osqueryd'
    gzip -dc <brought | tar -xOf - "$member" >osqueryi 2>/dev/null
    rm -f brought
  else
    mv brought osqueryi
  fi
  chmod 700 osqueryi && [ -s osqueryi ] || fail no_bring 'what was downloaded could not be unpacked'
  osqueryi=$work/osqueryi
fi
