#!/bin/sh
# bake.sh - writes the Lua files of a folder as C arrays to standard output; baked.h says how they look.
#
#    sh bindings/bake/bake.sh NAME FOLDER [COMPILE] >FILE.c
#
# NAME is that of the list in baked.h. FOLDER/a/b.lua becomes the module promptic.a.b, and FOLDER/a/init.lua
# promptic.a. With COMPILE, the program of bake_compile.c, they are baked as that makes them; without it as they
# are, since a module may be loaded by more than one Lua. Only POSIX tools are used: a build of the module needs
# neither a Lua command nor a second compiler, and the order of the rows does not depend on the machine.
set -eu

if [ $# -lt 2 ] || [ $# -gt 3 ]; then
   echo "usage: sh bake.sh NAME FOLDER [COMPILE]" >&2
   exit 2
fi
list=$1
folder=$2
compile=${3:-}
LC_ALL=C
export LC_ALL

[ -d "$folder" ] || { echo "bake.sh: no folder $folder" >&2; exit 1; }
files=$(cd "$folder" && find . -name '*.lua' | sed 's|^\./||' | sort)

# What is baked of a file. The shell does not look at a command that fails in the middle of a pipe.
bytes() {
   if [ -z "$compile" ]; then
      cat "$folder/$1"
   else
      "$compile" "=promptic/$1" <"$folder/$1" || kill -s TERM $$
   fi
}

printf '/* Made by bindings/bake/bake.sh from %s; not to be edited. */\n#include "baked.h"\n' "${folder##*/}"

number=0
for file in $files; do
   number=$((number + 1))
   printf '\nstatic const unsigned char source_%d[] = {\n' "$number"
   bytes "$file" | od -An -v -tu1 | sed 's/  *\([0-9][0-9]*\)/\1,/g'
   echo '0};' # not part of the source: C has no empty array
done

printf '\nconst baked_module %s[] = {\n' "$list"
number=0
for file in $files; do
   number=$((number + 1))
   path=${file%.lua}
   path=${path%/init}
   module=promptic.$(printf '%s' "$path" | tr / .)
   printf '    {"%s", "=promptic/%s",\n' "$module" "$file"
   printf '     (const char *)source_%d, sizeof source_%d - 1},\n' "$number" "$number"
done
printf '    {NULL, NULL, NULL, 0},\n};\n'
