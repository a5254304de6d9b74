# What the scripts of this folder share; sourced by each. Every setting can be given in the environment.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
: "${MQLAB_CI_HOME:=$PWD/.mqlab-ci}"              # what is installed, and the file of images: the folder to cache
: "${MQLAB_CI_VENV:=$MQLAB_CI_HOME/venv}"          # where mqlab is installed
: "${MQLAB_CI_PYTHON:=python3}"
: "${MQLAB_CI_EXTRAS:=}"                          # [amqp] for clients over AMQP, which needs a C compiler
: "${MQLAB_CI_RUNTIME:=emulation}"                # or simulation
: "${MQLAB_CI_ACTIVEMQ:=}"                       # releases that the file of images has, between spaces; else the default's
: "${MQLAB_CI_SCENARIOS:=}"                       # names, files or patterns, between spaces
: "${MQLAB_CI_JOBS:=1}"
: "${MQLAB_CI_SHARD:=}"                          # 2/3; or 3, of which CI_NODE_INDEX is run
: "${MQLAB_CI_LIMIT:=}"                          # of the time of each run, such as 10m
: "${MQLAB_CI_RUNS:=failed}"                     # whose folders are kept with the reports; or none
: "${MQLAB_CI_SERVE:=no}"                       # yes: Amazon MQ's API with brokers of the runtime; records: without brokers
: "${MQLAB_CI_REPORTS:=mqlab-reports}"            # pages, JUnit XML, summary.md
: "${MQLAB_CI_KEY_FILE:=$MQLAB_CI_HOME/key}"
case $MQLAB_CI_RUNTIME in
emulation | simulation) ;;
*)
  echo "MQLAB_CI_RUNTIME=$MQLAB_CI_RUNTIME is no runtime: emulation or simulation" >&2
  exit 2
  ;;
esac
case $MQLAB_CI_RUNS in
failed | none) ;;
*)
  echo "MQLAB_CI_RUNS=$MQLAB_CI_RUNS says of no runs whether they are kept: failed or none" >&2
  exit 2
  ;;
esac
case $MQLAB_CI_SERVE in
no) ;;
yes | records)
  case $MQLAB_CI_EXTRAS in
  *api* | *all*) ;;
  "") MQLAB_CI_EXTRAS="[api]" ;;
  *) MQLAB_CI_EXTRAS="${MQLAB_CI_EXTRAS%]},api]" ;;
  esac
  ;;
*)
  echo "MQLAB_CI_SERVE=$MQLAB_CI_SERVE does not tell whether the API is served: yes, records or no" >&2
  exit 2
  ;;
esac
MQLAB_RUNTIME=$MQLAB_CI_RUNTIME
export MQLAB_RUNTIME MQLAB_HOME="${MQLAB_HOME:-$MQLAB_CI_HOME/runs}"
mqlab=$MQLAB_CI_VENV/bin/mqlab
mkdir -p "$MQLAB_CI_HOME"
releases=()
for release in $MQLAB_CI_ACTIVEMQ; do releases+=(--activemq-version "$release"); done

needs_mqlab() { # which install.sh installs
  [ -x "$mqlab" ] && return
  echo "mqlab is not installed: there is no $mqlab" >&2
  echo "  bash $root/docker/ci/install.sh installs it; MQLAB_CI_HOME and MQLAB_CI_VENV say where, to every script" >&2
  exit 3
}
