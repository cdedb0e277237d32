#!/usr/bin/env bash
# The job of examples/nightly.lua with the command `promptic` and jq: nightly.sh COMPONENT ROWS.csv MODEL
#
# What it cannot do: look up a create whose response was lost before it is repeated, finish a copy that a kill left
# without its name, tell a gain from chance, write a report. Exit status: 0 deployed, 3 not better (or deployed before),
# else that of the command that failed. A platform may require the columns of ROWS.csv as inputs of the prompt: add
# --input-variable NAME=COLUMN to `experiments create` below.
set -euo pipefail
name=$1 rows=$2 model=$3 night="nightly ${NIGHT:-$(date +%F)}"
p() { promptic "$@" --json; }
named() { jq -r --arg name "$1" '[(.data // .)[] | select(.name == $name)][0].id // empty'; }

component=$(p components list | named "$name")
[ -n "$component" ] || component=$(p components create "$name" | jq -r .id)
deployed=$(p deployments prompt "$component")
experiment=$(p experiments list -c "$component" --limit 100 | named "$night")
if [ -z "$experiment" ] && [ "$deployed" != null ]; then
  from=$(jq -r .experimentId <<<"$deployed")
  experiment=$(p experiments duplicate "$from" -p "$(jq -r .prompt <<<"$deployed")" | jq -r .id)
  p experiments update "$experiment" --name "$night" >/dev/null
elif [ -z "$experiment" ]; then
  experiment=$(p experiments create -c "$component" -m "$model" -n "$night" -p "Which team takes this ticket?" \
    --hyperparameters <(echo '{ "trainSplitRatio": 0.7, "epochs": 5 }') | jq -r .id)
fi
if [ "$(p experiments get "$experiment" | jq -r .experimentStatus)" = pending ]; then
  p observations add "$experiment" --from-file "$rows" --only-new >/dev/null
  [ -n "$(p evaluators list "$experiment" | named F1)" ] || p evaluators add "$experiment" -n F1 -t f1 >/dev/null
  p experiments start "$experiment" >/dev/null
fi
p experiments wait "$experiment" --timeout "${MAX_WAIT:-3600}" >/dev/null
p iterations list "$experiment" | jq -e --argjson old "$deployed" '[(.data // .)[] | {prompt, s: .evalNormalizedScore}]
  | $old == null or (map(.s) | max) > (map(select(.prompt == $old.prompt))[0].s // 1)' >/dev/null || exit 3
p deployments deploy "$component" "$experiment" >/dev/null
