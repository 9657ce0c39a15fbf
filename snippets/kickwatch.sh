# shellcheck shell=sh disable=SC2016,SC2034
# kickwatch.sh: functions that tell a Kickwatch server how an install goes.
#
# Copied into a script, or run as a program: sh kickwatch.sh start | progress PHASE PERCENT [TEXT] | error [TEXT] |
# logs | log NAME FILE | nopxe | finish | firstboot | status FIELD=VALUE...
#
# POSIX sh; uses curl, python or wget, whichever is there. A call takes at most 2 seconds and is tried at most 3 times;
# once the server did not answer three times in a row it is tried once a call. Nothing is printed, the exit status is
# always 0, and options, variables and traps of the script around it stay as they are (all names begin with kw_).
#if True
kw_server='$http_server'
kw_system='$getVar("system_name", "")'
kw_profile='$getVar("profile_name", "")'
kw_token='$getVar("kickwatch_token", "")'
#else
kw_server='@@server@@'
kw_system='@@system@@'
kw_profile='@@profile@@'
kw_token='@@token@@'
#end if
#raw
kw_dead=

kw_start() { kw_run kw_deliver "/cblr/svc/op/trig/mode/pre/@"; }
kw_finish() { kw_run kw_deliver "/cblr/svc/op/trig/mode/post/@"; }
kw_firstboot() { kw_run kw_deliver "/cblr/svc/op/trig/mode/firstboot/@"; }
kw_nopxe() { kw_run kw_deliver "/cblr/svc/op/nopxe/@"; }
# kw_progress PHASE PERCENT [TEXT]
kw_progress() { kw_run kw_post_status "phase=${1-}" "percent=${2-}" "message=${3-}"; }
# kw_status FIELD=VALUE...: fields of update_status
kw_status() { kw_run kw_post_status "$@"; }
# kw_error [TEXT]: the install failed; without a text the reason is looked for in the installer's logs
kw_error() { kw_run kw_post_error "$@"; }
# kw_log NAME FILE: the last 256 KiB of a file
kw_log() { kw_run kw_post_log "$@"; }
# kw_logs: all logs the installer has
kw_logs() { kw_run kw_post_logs; }

# Everything happens in a subshell without the caller's options.
kw_run() {
  (
    set +e +u +f +x +C
    unset IFS
    LC_ALL=C
    export LC_ALL
    kw_setup || exit 0
    "$@"
  ) </dev/null >/dev/null 2>&1 || kw_dead=1
}

# Who and where: KW_SERVER and its like win, then what was filled in, then the kernel command line.
kw_setup() {
  kw_server=${KW_SERVER-$kw_server} kw_system=${KW_SYSTEM-$kw_system}
  kw_profile=${KW_PROFILE-$kw_profile} kw_token=${KW_TOKEN-$kw_token}
  case $kw_server in *[@\$\ ]*) kw_server= ;; esac
  case $kw_system in *[!A-Za-z0-9._:+-]*) kw_system= ;; esac
  case $kw_profile in *[!A-Za-z0-9._:+-]*) kw_profile= ;; esac
  case $kw_token in *[!A-Za-z0-9._~+/=-]*) kw_token= ;; esac
  if [ -z "$kw_server" ] || [ -z "$kw_system$kw_profile" ]; then kw_read_cmdline; fi
  case $kw_server in
    '') return 1 ;;
    http://* | https://*) kw_base=${kw_server%/} ;;
    *) kw_base=http://${kw_server%/} ;;
  esac
  if [ -n "$kw_system" ]; then
    kw_path=system/$kw_system kw_target=$kw_system
  elif [ -n "$kw_profile" ]; then
    kw_path=profile/$kw_profile kw_target=profile:$kw_profile
  else
    return 1
  fi
}

# kickwatch.server=, kickwatch.system=, kickwatch.token=, or the URL the answer file came from.
kw_read_cmdline() {
  kw_line=
  read -r kw_line <"${KW_CMDLINE-/proc/cmdline}" || :
  for kw_word in $kw_line; do
    case $kw_word in
      kickwatch.server=*) kw_server=${kw_word#*=} ;;
      kickwatch.system=*) kw_system=${kw_word#*=} ;;
      kickwatch.token=*) kw_token=${kw_word#*=} ;;
      *=http*://*/cblr/svc/op/*/system/* | *=http*://*/cblr/svc/op/*/profile/*)
        kw_word=${kw_word#*=}
        [ -n "$kw_server" ] || kw_server=${kw_word%%/cblr/*}
        kw_name=${kw_word##*/system/}
        kw_name=${kw_name##*/profile/}
        kw_name=${kw_name%%[/?]*}
        case $kw_word in
          */system/*) [ -n "$kw_system" ] || kw_system=$kw_name ;;
          *) [ -n "$kw_profile" ] || kw_profile=$kw_name ;;
        esac
        ;;
    esac
  done
  case $kw_server in *[!A-Za-z0-9._:/%-]*) case $kw_server in *\[*\]*) ;; *) kw_server= ;; esac ;; esac
  case $kw_system$kw_profile in *[!A-Za-z0-9._:+-]*) return 1 ;; esac
  case $kw_token in *[!A-Za-z0-9._~+/=-]*) kw_token= ;; esac
}

# kw_deliver PATH [BODY | @FILE [TYPE]]: @ at the end of PATH stands for the target. 1 = the server does not answer.
kw_deliver() {
  kw_url=$kw_base$1
  case $1 in *@) kw_url=$kw_base${1%@}$kw_path ;; esac
  shift
  kw_left=${kw_tries-3}
  [ -z "$kw_dead" ] || kw_left=1
  while :; do
    kw_call "$@"
    case $? in 0 | 2) return 0 ;; esac
    kw_left=$((kw_left - 1))
    [ "$kw_left" -gt 0 ] || return 1
    kw_nap
  done
}

# Between 1 and 3 seconds: machines that failed together do not come back together.
kw_nap() {
  kw_uuid=$$
  read -r kw_uuid </proc/sys/kernel/random/uuid || :
  case $kw_uuid in [0-4]*) sleep 1 ;; [5-9]*) sleep 2 ;; *) sleep 3 ;; esac
}

# kw_call [BODY | @FILE [TYPE]]: one call of kw_url. 0 = taken, 1 = may be tried again, 2 = refused.
kw_call() {
  kw_type=${2-application/x-www-form-urlencoded}
  if command -v curl; then
    kw_code=$(
      {
        printf 'header = "Content-Type: %s"\n' "$kw_type"
        [ -z "$kw_token" ] || printf 'header = "Authorization: Bearer %s"\n' "$kw_token"
      } | curl -q -s -K - -m 2 -o /dev/null -w '%{http_code}' ${1:+--data-binary "$1"} "$kw_url"
    )
    case $kw_code in 2??) return 0 ;; 408 | 429) return 1 ;; 3?? | 4??) return 2 ;; *) return 1 ;; esac
  fi
  for kw_python in python3 python /usr/libexec/platform-python python2; do
    command -v "$kw_python" || continue
    KW_BODY=${1-} KW_TYPE=$kw_type KW_TOKEN=$kw_token KW_URL=$kw_url "$kw_python" -c "$kw_script"
    case $? in 0 | 2) return $? ;; *) return 1 ;; esac
  done
  command -v wget || return 2
  kw_wget "$@"
}

# In some installers busybox's wget knows neither a time limit nor how to send.
kw_wget() {
  kw_body=${1-}
  kw_help=$(wget --help 2>&1)
  set -- wget -q -S -O /dev/null
  case $kw_help in *BusyBox*) ;; *) set -- "$@" -t 1 -T 2 ;; esac
  [ -z "$kw_token" ] || set -- "$@" --header "Authorization: Bearer $kw_token"
  case $kw_body in
    '') ;;
    @*)
      case $kw_help in *post-file*) ;; *) return 2 ;; esac
      set -- "$@" --header "Content-Type: $kw_type" --post-file "${kw_body#@}"
      ;;
    *)
      case $kw_help in *post-data*) ;; *) return 2 ;; esac
      set -- "$@" --header "Content-Type: $kw_type" --post-data "$kw_body"
      ;;
  esac
  kw_head=$(kw_bound "$@" "$kw_url" 2>&1) && return 0
  case $kw_head in *HTTP/1.?' 408'* | *HTTP/1.?' 429'*) return 1 ;; *HTTP/1.?' '[34]*) return 2 ;; *) return 1 ;; esac
}

# Runs a command and kills it after 2 seconds. 0 or 1.
kw_bound() {
  "$@" &
  kw_pid=$!
  (
    trap 'kill "$kw_sleep"; exit' TERM
    sleep 2 &
    kw_sleep=$!
    wait "$kw_sleep"
    kill -9 "$kw_pid"
  ) >/dev/null 2>&1 &
  kw_dog=$!
  wait "$kw_pid"
  kw_code=$?
  kill "$kw_dog"
  [ "$kw_code" -eq 0 ]
}

# The alarm ends the process whatever it waits for, name servers too.
kw_script='import os, signal, sys
signal.alarm(2)
try:
    from urllib.request import Request, urlopen
except ImportError:
    from urllib2 import Request, urlopen
env = os.environ.get
try:
    body = env("KW_BODY") or None
    if body and body[0] == "@":
        body = open(body[1:], "rb").read()
    elif body:
        body = body.encode("ascii")
    request = Request(env("KW_URL"), body)
    if body:
        request.add_header("Content-Type", env("KW_TYPE"))
    if env("KW_TOKEN"):
        request.add_header("Authorization", "Bearer " + env("KW_TOKEN"))
    urlopen(request)
except Exception:
    code = getattr(sys.exc_info()[1], "code", 0) or 0
    sys.exit(2 if 400 <= code < 500 and code not in (408, 429) else 1)'

# Printable ASCII on one line, at most 1000 characters.
kw_print() {
  printf '%s' "$1" | tr -c '\041-\176' ' ' | tr -s ' ' | cut -c1-1000 | sed -e 's/^ //' -e 's/ $//'
}

kw_encode() {
  kw_print "$1" | sed -e 's/%/%25/g' -e 's/&/%26/g' -e 's/+/%2B/g' -e 's/=/%3D/g' -e 's/;/%3B/g' -e 's/#/%23/g' \
    -e 's/"/%22/g' -e 's/ /+/g'
}

kw_post_status() {
  kw_form=
  kw_id=
  read -r kw_id </proc/sys/kernel/random/uuid || :
  [ -z "$kw_id" ] || set -- "event_id=$kw_id" "$@"
  for kw_pair in "$@"; do
    [ -n "${kw_pair#*=}" ] || continue
    kw_form=$kw_form${kw_form:+&}${kw_pair%%=*}=$(kw_encode "${kw_pair#*=}")
  done
  kw_deliver "/v1/status/$kw_target" "$kw_form"
}

kw_post_error() {
  kw_reason=${1-}
  [ -n "$kw_reason" ] || kw_reason=$(kw_find_reason)
  kw_post_status state=error "error=${kw_reason:-the installer failed and its logs say nothing about it}"
}

kw_post_log() {
  [ -s "${2-}" ] && [ -z "$kw_dead" ] || return 0
  kw_copy=$(mktemp) || return 0
  tail -c 262144 "$2" >"$kw_copy"
  kw_tries=1
  kw_deliver "/v1/log/$kw_target/$1?whole=1" "@$kw_copy" text/plain
  kw_code=$?
  rm -f "$kw_copy"
  return "$kw_code"
}

kw_post_logs() {
  for kw_file in $(kw_list_logs); do
    kw_post_log "${kw_file##*/}" "$kw_file" || return 1
  done
}

# KW_LOGS: another folder to look in.
kw_list_logs() {
  for kw_file in ${KW_LOGS+"$KW_LOGS"/*} /tmp/anaconda-tb-* /tmp/anaconda.log /tmp/packaging.log /tmp/program.log \
    /tmp/storage.log /tmp/dnf.log /tmp/syslog /tmp/ks-script-*.log /var/log/installer/subiquity-server-debug.log \
    /var/log/installer/curtin-install.log /var/log/YaST2/y2log; do
    [ -f "$kw_file" ] && printf '%s\n' "$kw_file"
  done
  # The target's own is of no interest here, that of debian-installer is.
  [ -d /var/lib/cdebconf ] && printf '%s\n' /var/log/syslog
}

# Exceptions, steps that failed (the innermost comes first) and errors by name; where there are none, lines whose level
# says so, then mere words, at last the end of the log.
kw_find_reason() {
  kw_reason=$(
    kw_grep 'tail -n 1' '^ *[A-Za-z_.]*(Error|Exception)[A-Za-z]*: '
    kw_grep 'head -n 1' ': FAIL: '
    kw_grep 'tail -n 2' "[]:] *[A-Za-z_.]*(Error|Exception): |[a-z-]: error: |Error code [0-9]+ running|[Ee]xiting on error|\
failed with error|nothing provides|be resolved|Error in (PRE|POST)"
  )
  [ -n "$kw_reason" ] || kw_reason=$(kw_grep 'tail -n 2' ' (CRIT|CRT|ERR) |ERROR')
  [ -n "$kw_reason" ] || kw_reason=$(kw_grep 'tail -n 2' '[Ee]rror|[Ff]ailed|No space left|Could not|[Cc]annot')
  [ -n "$kw_reason" ] || kw_reason=$(kw_grep 'tail -n 1' '[a-z]' | head -n 1)
  printf '%s' "$kw_reason" | tr '\n' '|' | sed 's/|/ | /g'
}

# kw_grep WHICH WORDS: of each log the lines with these words, WHICH of them.
kw_grep() {
  for kw_file in $(kw_list_logs); do
    tail -c 262144 "$kw_file" | tr -c '\012\041-\176' ' ' | grep -E "$2" |
      grep -Ev 'NonCritical|cancelled|(updates|product)\.img|unset_link_flags|rsyslogd:imfile|CalledProcessError|Unexpected error while' |
      $1 | cut -c1-300 | sed "s|^ *|${kw_file##*/}: |"
  done
}

case ${0##*/} in
  kickwatch.sh | kickwatch)
    kw_word=${1-}
    [ $# -eq 0 ] || shift
    case $kw_word in
      start) kw_start ;;
      progress) kw_progress "$@" ;;
      status) kw_status "$@" ;;
      error) kw_error "$@" ;;
      log) kw_log "$@" ;;
      logs) kw_logs ;;
      nopxe) kw_nopxe ;;
      finish) kw_finish ;;
      firstboot) kw_firstboot ;;
    esac
    exit 0
    ;;
esac
# end of kickwatch.sh
#end raw
