#!/usr/bin/env bash
# Counts the instructions of one send and one read, and holds them to those in
# functions/instructions/counts.txt: more than 5 % above them is a failure. `--accept` writes the new
# counts there.
#
# Counts hold for one compiler, C library, Valgrind and kind of processor, which that file names.
# With others nothing is compared, and the counts are only told.
set -euo pipefail
cd "$(dirname "$0")/../.."

accepted=functions/instructions/counts.txt
binary=${CARGO_TARGET_DIR:-target}/instructions/instructions
allowed_percent=5
times=1000

# Prints how many instructions one operation takes, from the request to the response. The environment
# is empty, because it could change what is counted.
count() {
    local told total
    told=$(env -i PATH="$PATH" valgrind --tool=callgrind --callgrind-out-file=/dev/null \
        --toggle-collect='instructions::counted*' "$binary" "$1" "$times" 2>&1) || {
        echo "$told" >&2
        return 1
    }
    total=$(awk '/Collected :/ { print $NF }' <<<"$told")
    if [ "${total:-0}" = 0 ]; then
        echo "nothing was counted: callgrind finds no instructions::counted in $binary" >&2
        return 1
    fi
    echo $((total / times))
}

# Prints what the counts depend on.
conditions() {
    local compiler host processor
    compiler=$(rustc --version | cut -d' ' -f1,2)
    host=$(rustc -vV | sed -n 's/^host: //p')
    # What is there decides which of their routines memchr and the C library take.
    processor=$(grep -qw avx2 /proc/cpuinfo && echo "with AVX2" || echo "without AVX2")
    echo "$compiler, $host $processor, $(getconf GNU_LIBC_VERSION), $(valgrind --version)"
}

cargo build --package instructions --profile instructions --locked
here=$(conditions)
send=$(count send)
read=$(count read)
counts="send $send
read $read"

echo "$counts"
if [ "${1:-}" = --accept ]; then
    printf '%s\n' "$here" "$counts" >"$accepted"
    exit
fi

there=$(head -n 1 "$accepted")
if [ "$here" != "$there" ]; then
    echo "NOT CHECKED: instructions. The counts in $accepted hold for" >&2
    echo "    $there, and this is" >&2
    echo "    $here." >&2
    exit
fi
failed=0
while read -r operation now; do
    before=$(awk -v operation="$operation" '$1 == operation { print $2 }' "$accepted")
    : "${before:?is no count of a $operation in $accepted}"
    change=$(((now - before) * 100 / before))
    if ((now * 100 > before * (100 + allowed_percent))); then
        echo "A $operation takes $now instructions, and took $before: $change % more, where" \
            "$allowed_percent % are allowed. If it must be so: functions/scripts/count_instructions.sh --accept" >&2
        failed=1
    elif ((now * 100 < before * (100 - allowed_percent))); then
        echo "A $operation took $before. So that it stays so: functions/scripts/count_instructions.sh --accept"
    fi
done <<<"$counts"
exit "$failed"
