"""odd_tree: a tree artifact with files of every size and sort, and names of every length."""

visibility("private")

# Text that shrinks, noise (what gzip has made of numbers), both in one file; few large files, many small ones.
_COMMAND = """
set -eu
out=$1
numbers() { awk -v seed="$1" -v n="$2" 'BEGIN { srand(seed); for (i = 0; i < n; i++) printf "%.15f\\n", rand() }'; }
noise() { numbers "$1" "$2" | gzip -9n | tail -c +20; }
put() { mkdir -p "$(dirname "$out/$1")"; cat > "$out/$1"; }
repeat() { awk -v text="$1" -v n="$2" 'BEGIN { for (i = 0; i < n; i++) printf "%s", text }'; }

numbers 1 200000 | put large/text
noise 2 300000 | put large/noise
{ numbers 3 20000; noise 4 120000; numbers 5 20000; } | put large/mixed
numbers 6 200000 | head -c 1048576 | put large/just_large
numbers 7 200000 | head -c 1048575 | put large/just_small
noise 8 400000 | head -c 2096640 | put large/two_pieces
noise 9 9000 | head -c 65536 | put dense/one_block
noise 10 60000 | head -c 400000 | put dense/several
i=0
while [ $i -lt 400 ]; do
  numbers $i $((i * 7 % 600)) | put "many/d$((i % 13))/f$i"
  i=$((i + 1))
done
printf '#!/bin/sh\\n' | put bin/script
{ printf '\\177ELF'; numbers 11 10; } | put bin/program
: | put tmp/empty
echo x | put var/tmp/x
echo x | put root/.profile
echo x | put 0/x
echo x | put a/x
echo x | put a-b/x
echo x | put "blanks and ümlauts/ =#*?[\\\\"
for copy in large/text large/noise dense/several bin/script; do put "zz/$copy" < "$out/$copy"; done
echo x | put "$(repeat n 100)"
numbers 12 10 | put "$(repeat deep/ 60)first"
numbers 12 10 | put "$(repeat deep/ 60)second"
echo x | put "$(repeat n 101)"
echo x | put "$(repeat d 155)/$(repeat n 100)"
echo x | put "$(repeat d 156)/$(repeat n 100)"
echo x | put "$(repeat deep/ 60)x"
"""

def _odd_tree_impl(ctx):
    tree = ctx.actions.declare_directory(ctx.label.name)
    ctx.actions.run_shell(
        arguments = [tree.path],
        command = _COMMAND,
        mnemonic = "OddTree",
        outputs = [tree],
        progress_message = "Growing %{label}",
    )
    return [DefaultInfo(files = depset([tree]))]

odd_tree = rule(implementation = _odd_tree_impl)
