#!/bin/bash
# The steps of a run as jobs of their own: plan, then the array, then finish. Prints the id of the last one.
#
#   last=$(./staged.sh -i /shared/export -o /shared/anonymized -c /shared/config.json)
#   sbatch --dependency=afterok:"$last" load.sbatch
#
# Set SLUICE_ARRAY to have more tasks (default 1-4).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

# sbatch passes it on to all jobs.
SLUICE_RUN_ID="${SLUICE_RUN_ID:-$(date -u +%Y-%m-%dT%H%M%SZ)}"
export SLUICE_RUN_ID

submit() { sbatch --parsable --kill-on-invalid-dep=yes "$@"; }

plan=$(submit --job-name=plan "$here/step.sbatch" plan "$@")
work=$(submit --dependency="afterok:$plan" --array="${SLUICE_ARRAY:-1-4}" "$here/anonymize.sbatch" "$@")
# afterany of the tasks, not afterok: where one is lost, the others do its work. finish ends with 5 if units are
# missing. afterok of the plan, as without one there is nothing to finish.
finish=$(submit --job-name=finish --dependency="afterok:$plan,afterany:$work" "$here/step.sbatch" finish "$@")
echo "${finish%%;*}"
