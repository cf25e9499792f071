#!/bin/sh
# In an approved window: breaks what DRILL names at the host HOST, and measures what becomes of the VMs.
set -eu
pulumi stack output verification --json --stack "$STACK" > cluster.json
npx vsphere-ha drill "$DRILL" --config cluster.json --host "$HOST" --report report
