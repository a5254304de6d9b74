#!/usr/bin/env bash
# Serve Amazon MQ's API in the background, until the process MQLAB_CI_PROCESS ends: the job's. On GitHub, later steps have the
# settings of clients in their environment. Elsewhere they are printed, as lines for the job's shell to evaluate.
set -euo pipefail
process=${MQLAB_CI_PROCESS:-$PPID}
source "$(dirname "${BASH_SOURCE[0]}")/settings.sh"

case $MQLAB_CI_SERVE in
no) exit 0 ;;
records) runtime=none ;;
*) runtime=$MQLAB_CI_RUNTIME ;;
esac
needs_mqlab
# Any free port, and an account of the job's own: a runner may have several jobs at once.
arguments=(--runtime "$runtime" --port 0 --account "job-$process" --empty --forget --detach)
if [ "$process" -gt 1 ]; then arguments+=(--while "$process"); fi # else the job's process is outside of this container
if [ -z "${GITHUB_ENV:-}" ]; then exec "$mqlab" serve "${arguments[@]}"; fi
# Without its mark of the job's processes, the server is not killed at the end of the job, and removes its brokers itself.
settings=$(RUNNER_TRACKING_ID="" "$mqlab" serve "${arguments[@]}" --shell dotenv)
grep '^AWS_' <<<"$settings" >>"$GITHUB_ENV"
echo "${settings##*$'\n'}"
