#!/usr/bin/env bash
# Run the scenarios; their pages, one JUnit file, a summary and annotations are in MQLAB_CI_REPORTS, with the folders of the runs
# that did not pass. The exit code is mqlab's.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/settings.sh"

read -ra scenarios <<<"$(tr '\r\n' '  ' <<<"$MQLAB_CI_SCENARIOS")"
if [ ${#scenarios[@]} = 0 ] && [ "$MQLAB_CI_SERVE" != no ]; then
  echo "no scenario is named: the job has the API alone"
  exit 0
fi
if [ ${#scenarios[@]} = 0 ]; then
  echo "no scenario is named: MQLAB_CI_SCENARIOS, or the input \`scenarios\`" >&2
  exit 2
fi
needs_mqlab
arguments=(--jobs "$MQLAB_CI_JOBS" --reports "$MQLAB_CI_REPORTS" --junit "$MQLAB_CI_REPORTS/junit.xml")
case $MQLAB_CI_SHARD in
"" | 1) ;;
*/*) arguments+=(--shard "$MQLAB_CI_SHARD") ;;
*) arguments+=(--shard "${CI_NODE_INDEX:-}/$MQLAB_CI_SHARD") ;; # a job of GitLab's `parallel`
esac
if [ -n "$MQLAB_CI_LIMIT" ]; then arguments+=(--time-limit "$MQLAB_CI_LIMIT"); fi

# The reports of an earlier job, which this one may not come to replace: a page has its JUnit file beside it.
for name in summary.md junit.xml annotations.txt code-quality.json; do rm -f "$MQLAB_CI_REPORTS/$name"; done
for earlier in "$MQLAB_CI_REPORTS"/*.junit.xml; do
  if grep -qs 'package="mqlab"' "$earlier"; then rm -f "$earlier" "${earlier%.junit.xml}.html"; fi
done
rm -rf "$MQLAB_CI_REPORTS"/failed-runs/????????-??????-??????

shopt -s nullglob
run_folders() { for folder in "$MQLAB_HOME"/runs/????????-??????-??????; do echo "${folder##*/}"; done; }
earlier_runs=$(run_folders)
token=""
if [ "${GITHUB_ACTIONS:-}" = true ]; then # names and reasons are texts of others: no line of them is a command
  token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  exec 3>&2 2>&1 # one stream, so that no line comes after the end of the silence
  echo "::stop-commands::$token"
fi
# A job that is cancelled may tell this shell alone: mqlab is told too, and waited for while it removes its labs.
trap 'told=1; kill -TERM $(jobs -p) 2>/dev/null || true' INT TERM HUP
"$mqlab" run "${arguments[@]}" -- "${scenarios[@]}" &
until
  told="" code=0
  wait "$!" || code=$?
  [ -z "$told" ] # else it was the signal that ended the waiting
do :; done
if [ -n "$token" ]; then
  printf '\n::%s::\n' "$token"
  exec 2>&3
  if [ -e "$MQLAB_CI_REPORTS/annotations.txt" ]; then cat "$MQLAB_CI_REPORTS/annotations.txt"; fi
fi
if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -e "$MQLAB_CI_REPORTS/summary.md" ]; then
  # A job's page has no files beside it: each row's link becomes its name, in which a bracket is escaped.
  sed -E 's/^(\| [^|]* \| )\[((\\.|[^]\])*)\]\([^)]*\.html\)/\1\2/' "$MQLAB_CI_REPORTS/summary.md" >>"$GITHUB_STEP_SUMMARY" ||
    echo "the summary cannot be written to GITHUB_STEP_SUMMARY" >&2 # the verdicts count
fi
if [ "$MQLAB_CI_RUNS" = failed ]; then
  for run in $(run_folders); do
    if grep -qxF "$run" <<<"$earlier_runs" || grep -qs '^  "outcome": "passed"' "$MQLAB_HOME/runs/$run/report.json"; then continue; fi
    "$mqlab" film "$MQLAB_HOME/runs/$run" >/dev/null 2>&1 || true # a run that came to no history has none
    { mkdir -p "$MQLAB_CI_REPORTS/failed-runs" && cp -R "$MQLAB_HOME/runs/$run" "$MQLAB_CI_REPORTS/failed-runs/"; } ||
      echo "the folder of run $run cannot be kept in $MQLAB_CI_REPORTS/failed-runs" >&2
  done
fi
exit "$code"
