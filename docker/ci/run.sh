#!/usr/bin/env bash
# Run the scenarios; their pages, one JUnit file and a summary are in MQLAB_CI_REPORTS. The exit code is mqlab's.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/settings.sh"

read -ra scenarios <<<"$(tr '\r\n' '  ' <<<"$MQLAB_CI_SCENARIOS")"
if [ ${#scenarios[@]} = 0 ]; then
  echo "no scenario is named: MQLAB_CI_SCENARIOS, or the input \`scenarios\`" >&2
  exit 2
fi
needs_mqlab
rm -f "$MQLAB_CI_REPORTS/summary.md" "$MQLAB_CI_REPORTS/junit.xml" # of an earlier run, which this one may not come to replace
# A job that is cancelled may tell this shell alone: mqlab is told too, and waited for while it removes its labs.
trap 'told=1; kill -TERM $(jobs -p) 2>/dev/null || true' INT TERM HUP
"$mqlab" run --jobs "$MQLAB_CI_JOBS" --reports "$MQLAB_CI_REPORTS" --junit "$MQLAB_CI_REPORTS/junit.xml" -- "${scenarios[@]}" &
until
  told="" code=0
  wait "$!" || code=$?
  [ -z "$told" ] # else it was the signal that ended the waiting
do :; done
if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -e "$MQLAB_CI_REPORTS/summary.md" ]; then
  # A job's page has no files beside it: each row's link becomes its name, in which a bracket is escaped.
  sed -E 's/^(\| [^|]* \| )\[((\\.|[^]\])*)\]\([^)]*\.html\)/\1\2/' "$MQLAB_CI_REPORTS/summary.md" >>"$GITHUB_STEP_SUMMARY" ||
    echo "the summary cannot be written to GITHUB_STEP_SUMMARY" >&2 # the verdicts count
fi
exit "$code"
