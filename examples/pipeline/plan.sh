#!/bin/sh
# For a pull request: plans the file and keeps the plan in plan.txt. Fails where the file has a mistake or a rule refuses it.
set -eu
code=0
# shellcheck disable=SC2086 # the command can have arguments
${ALLOTREE:-allotree} plan -f "$1" >plan.txt || code=$?
cat plan.txt
case $code in
0 | 2) exit 0 ;; # nothing to do; changes are pending
*) exit "$code" ;;
esac
