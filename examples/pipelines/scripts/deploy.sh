#!/bin/sh
# A change was merged: deploys it, then checks the cluster. Continues what an earlier, killed deployment left.
set -eu
npx vsphere-ha deploy --stack "$STACK" \
  --policy-pack "$POLICIES" --policy-pack-config "$POLICY_CONFIG" --report report
