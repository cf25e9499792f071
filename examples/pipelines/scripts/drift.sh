#!/bin/sh
# Each night: what is otherwise than declared. Ends with 1 when something is; report/summary.md names it. Changes nothing.
set -eu
npx vsphere-ha drift --stack "$STACK" --report report
