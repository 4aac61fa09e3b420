# shellcheck shell=bash disable=SC2154 # built, work, bold and plain are demo's
# The lessons of ./demo --lesson: why TIME_WAIT exists. Sourced by demo, inside its namespaces.
#
# Two engines, A and B, each on a TAP of its own, and the kernel as the router between them. A closes
# first, so that TIME_WAIT is A's. There is no switch that turns TIME_WAIT off, and there is to be
# none: "without" is --msl 0.001, a TIME_WAIT of 2 ms, which is over before anything comes back.

port=7000       # B's
from_port=6000  # A's, the same each time
without_s=0.001 # MSL

a() {
    "$built/cli/tcpctl" --control "ipc://$work/a.sock" "$@"
}

b() {
    "$built/cli/tcpctl" --control "ipc://$work/b.sock" "$@"
}

# Prints a command of A or B as one would type it; the next two run it as well, the last without
# its output.
show_typed() {
    printf '%s%s$ tcpctl' "$bold" "${1^^}"
    local word
    for word in "${@:2}"; do
        case $word in
        *' '*) printf " '%s'" "$word" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
    printf '%s\n' "$plain"
}

type_it() {
    show_typed "$@"
    "$@"
}

type_quietly() {
    show_typed "$@"
    "$@" >/dev/null 2>&1
}

# start_engine SIDE NETWORK MSL KEY...
start_engine() {
    local side=$1 network=$2 msl=$3 settings=()
    shift 3
    local setting
    for setting in "$@"; do
        settings+=(--set "$setting")
    done
    "$built/daemon/tcpengined" --tap "tap-$side" --address "10.9.$network.2/24" \
        --gateway "10.9.$network.1" --control "ipc://$work/$side.sock" --http off --msl "$msl" \
        --set dad=false "${settings[@]}" 2>>"$work/daemon.log" </dev/null &
    engines+=("$!")
    children+=("$!")
    until_true 10 "the daemon ${side^^}" "$side" status
    ip link set "tap-$side" txqueuelen 20000 # all copies at once, and none is to be lost
    ip address add "10.9.$network.1/24" dev "tap-$side"
}

# start_engines MSL: A with that MSL, and B. Without timestamps (RFC 7323), which catch most old
# duplicates as well; and with windows that stay as they are, 4 MiB.
start_engines() {
    engines=()
    echo 1 >/proc/sys/net/ipv4/ip_forward
    start_engine a 1 "$1" allow_faults=yes timestamps=no faults_held_max=64M \
        receive_buffer_initial=4M receive_buffer_max=4M
    start_engine b 2 30 timestamps=no receive_buffer_initial=4M receive_buffer_max=4M
    listener=$(b -H --json listen "$port" | id_of)
}

stop_engines() {
    local engine
    kill "${engines[@]}" # together: each waits for the other's FIN
    for engine in "${engines[@]}"; do
        wait "$engine" || true
    done
}

id_of() {
    number_of id
}

number_of() {
    sed -n "s/^ *\"$1\": \([0-9]*\),*\$/\1/p"
}

# A connection from A's port to B's: $id_a and $id_b.
connect_them() {
    id_a=$(a --json open 10.9.2.2 "$port" -p "$from_port" --wait | id_of)
    id_b=$(b --json accept "$listener" --wait 10 | id_of)
    iss_a=$(a --json show "$id_a" | number_of iss)
    iss_b=$(b --json show "$id_b" | number_of iss)
}

# side_is SIDE ID STATE
side_is() {
    [ "$("$1" --json history "$2" | sed -n 's/^ *"to": "\(.*\)",*$/\1/p' | tail -1)" = "$3" ]
}

cause_of_end() {
    b --json history "$id_b" | sed -n 's/^ *"cause": "\(.*\)",*$/\1/p' | tail -1
}

# The faults that A's segments met, as events; each with the segment.
hits() {
    a --json events | tr -d '\n' | sed 's/  },  {/\n/g' | awk -v max="$1" '/"fault_hit"/ && n++ < max' |
        sed -n 's/.*"flags": "\([A-Z,]*\)", *"seq": \([0-9]*\), *"ack": \([0-9]*\), *"len": \([0-9]*\).*/    <SEQ=\2><ACK=\3><CTL=\1>, \4 bytes/p'
}

# --- the last ACK ---------------------------------------------------------------------------------

# last_ack MSL: both close, and A's ACK of B's FIN is lost.
last_ack() {
    start_engines "$1"
    connect_them
    say "A and B are connected. A's next ACK of a FIN will be lost:"
    type_quietly a fault add "$id_a" drop ack-of-fin --count 1
    say "A closes first, then B:"
    type_it a close "$id_a"
    until_true 10 "A's FIN" side_is b "$id_b" CLOSE_WAIT
    type_it b close "$id_b" --wait --timeout 20 || true
    until_true 20 "B's end" side_is b "$id_b" CLOSED
    say "This ACK was lost:"
    hits 1
    say "B's side of it:"
    type_it b -H history "$id_b" | tail -3
}

lesson_last_ack() {
    heading "Lesson: the last ACK"
    say "Whoever closes first sends the last ACK, and nobody acknowledges an ACK. If it is lost, the"
    say "other side repeats its FIN, and somebody must still be there who knows what it means."
    heading "1. With TIME_WAIT (MSL 30 s, so it lasts a minute)"
    last_ack 30
    say "A's side: it was asked again, and knew the answer (\"FINs repeated\"):"
    type_it a tw
    [ "$(cause_of_end)" = "recv ACK of FIN" ] || die "B ended by: $(cause_of_end)"
    a --json tw | grep -q '"fin_reacked": 1' || die "A was not asked again"
    stop_engines
    heading "2. Without (MSL 1 ms: TIME_WAIT is over after 2 ms)"
    last_ack "$without_s"
    say "When B repeated its FIN, A knew of no connection, and answered with a RST. B, which had done"
    say "nothing wrong, learns \"connection reset\": it cannot tell whether A has received everything."
    [ "$(cause_of_end)" = "recv RST" ] || die "B ended by: $(cause_of_end)"
    stop_engines
}

# --- the old duplicate ----------------------------------------------------------------------------

# Both ways; more than one window. The clock of initial sequence numbers takes 40 s for as many: so
# long may it be until the second connection.
old_bytes=10000000
msl_s=3

make_data() {
    head -c "$1" < <(yes 'old, from the first connection') >"$work/old"
    head -c "$1" /dev/zero >"$work/page"
}

# receives SIDE ID COUNT: takes what has come, into $work/received; true if it is COUNT bytes by now.
receives() {
    "$1" receive "$2" --wait 0.2 >>"$work/received" 2>/dev/null || true
    received=$(stat -c %s "$work/received")
    [ "$received" -ge "$3" ]
}

# transfer FROM ID TO ID FILE
transfer() {
    : >"$work/received"
    type_quietly "$1" send "$2" "$5" &
    until_true 30 "the data" receives "$3" "$4" "$(stat -c %s "$5")"
    wait "$!"
}

fetch_page_from_b() {
    say "A fetches $(stat -c %s "$work/page") bytes from B:"
    transfer b "$id_b" a "$id_a" "$work/page"
}

# The first connection, with copies of all of A's data under way when it is closed: held by $fault.
old_connection() {
    start_engines "$1"
    make_data "$old_bytes"
    connect_them
    say "The first connection, from A's port $from_port to B's port $port."
    fetch_page_from_b
    say "Then A sends as many. The network makes a copy of each segment, which takes a detour:"
    local copy=("dport = :$port" duplicate data --out --delay 60000)
    show_typed a fault add "${copy[@]}"
    fault=$(a --json fault add "${copy[@]}" | id_of)
    transfer a "$id_a" b "$id_b" "$work/old"
    say "B has received all of it, once. The first three of A's segments, whose copies are to come:"
    hits 3
    say "A closes first, then B:"
    type_quietly a close "$id_a"
    until_true 10 "A's FIN" side_is b "$id_b" CLOSE_WAIT
    type_quietly b close "$id_b" --wait
    old_iss_a=$iss_a old_iss_b=$iss_b
}

# B's stack does not take any old segment: it also checks what it acknowledges (RFC 5961 5.2). It
# is right again when B has sent so much on the new connection that its numbers are a little beyond
# where they were at the end of the old one.
fetch_as_far_as_before() {
    local ahead_a=$(((iss_a - old_iss_a) & 0xffffffff)) ahead_b=$(((iss_b - old_iss_b) & 0xffffffff))
    if [ "$ahead_a" -ge "$old_bytes" ] || [ "$ahead_b" -ge "$old_bytes" ]; then
        die "this machine is too slow: the second connection came $((ahead_a / 250000)) s after the first"
    fi
    head -c "$((old_bytes - ahead_b + 50000))" /dev/zero >"$work/page"
    fetch_page_from_b
}

copies_come() {
    say "$1"
    type_quietly a fault rm "$fault"
}

without_time_wait() {
    old_connection "$without_s"
    say "Nothing keeps A from the same ports again, at once:"
    connect_them
    type_it a ls | sed 's/^/    /'
    fetch_as_far_as_before
    copies_come "The detour has an end: without this fault, the copies are there."
    say "A sends nothing at all on this connection. What does B receive?"
    : >"$work/received"
    until_true 30 "an old duplicate" receives b "$id_b" 1000
    printf '    %s...\n' "$(head -c 93 "$work/received" | tr '\n' '|')"
    say "The copies. Sequence numbers start from a clock that ticks 250,000 times per second (RFC 9293"
    say "3.4.1), so those of the first connection's data are just now the ones that B waits for. B's"
    say "program takes for A's words what A has never said on this connection."
    stop_engines
}

with_time_wait() {
    old_connection "$msl_s"
    say "A wants the same ports again:"
    if type_it a open 10.9.2.2 "$port" -p "$from_port" 2>&1; then
        die "the port pair was free"
    fi
    type_it a tw
    copies_come "Now the copies come, while TIME_WAIT keeps the ports: B has no connection for them."
    say "Not before no copy can be under way any more are the ports free:"
    until_true 60 "the end of TIME_WAIT" no_time_wait
    connect_them
    type_it a ls | sed 's/^/    /'
    head -c 100000 /dev/zero >"$work/page"
    fetch_page_from_b
    : >"$work/received"
    if receives b "$id_b" 1; then
        die "B received $received bytes that nobody sent"
    fi
    say "B has received nothing, as A has sent nothing."
    stop_engines
}

lesson_old_duplicate() {
    heading "Lesson: the old duplicate"
    say "A copy of a segment may be under way for up to one MSL. Meanwhile both sides may have closed and"
    say "opened a connection with the same ports; then the copy looks as if it belonged to that one."
    heading "1. Without TIME_WAIT (MSL 1 ms: it is over after 2 ms)"
    without_time_wait
    heading "2. With TIME_WAIT (MSL $msl_s s, so it lasts $((2 * msl_s)) s)"
    with_time_wait
}

no_time_wait() {
    [ -z "$(a -H tw)" ]
}
