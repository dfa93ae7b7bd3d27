#!/bin/bash
# One run, shared by several processes of this machine, or of several with TASKS_ON.
#
#   ./anonymize.sh -i export -o anonymized -c config.json
#   TASKS=16 ./anonymize.sh …                          more tasks: the outputs are the same
#   TASKS_ON=node1,node2 TASKS=8 ./anonymize.sh …      over ssh, 8 on each; absolute paths that all of them see
set -euo pipefail
tasks=${TASKS:-4}

# parallel's own process number would come again some day.
export SLUICE_RUN_ID="${SLUICE_RUN_ID:-$(date -u +%Y-%m-%dT%H%M%SZ)}"

places=()
slots=$tasks
if [ -n "${TASKS_ON:-}" ]; then
  places=(--sshlogin "$TASKS_ON" --env SLUICE_RUN_ID)
  slots=$((tasks * $(tr ',' '\n' <<<"$TASKS_ON" | wc -l)))
fi

# --retries starts a task again that failed or was killed. -N0 starts one for each number, without the number.
# --termseq gives a task half a minute to keep what it has, where parallel is told to stop twice.
seq "$slots" |
  parallel --jobs "$tasks" --retries "${RETRIES:-4}" --termseq TERM,30000,KILL,25 --line-buffer --quote -N0 \
    ${places[@]+"${places[@]}"} sluice anonymize "$@" --join
