#!/bin/sh
# A change is proposed: what it would change, and which policies it breaks. Changes nothing.
# STACK: the stack. POLICIES: the folder of the policy pack; POLICY_CONFIG: its configuration.
set -eu
npx vsphere-ha deploy --stack "$STACK" --preview \
  --policy-pack "$POLICIES" --policy-pack-config "$POLICY_CONFIG" --report report
