import type { Duty } from "../verification/privileges";

/** docs/privileges.md, of the table that the tests try. */
export function privilegesPage(duties: readonly Duty[]): string {
  const rows = duties.flatMap(({ what, privileges }) =>
    privileges.map(({ privilege, on, call, why }) => `| ${what} | \`${privilege}\` | ${on} | ${call} | ${why} |`),
  );
  return [
    "# Privileges of the vCenter user",
    "",
    "`check` and `monitor` need the role Read-only on the cluster's datacenter, and nothing else. Everything else needs that role",
    "and more: the table has it, by the call that asks for it. `recover` needs what its drill needs, `deploy --drill` what both",
    "need. Give the role on the datacenter and let it propagate; `StorageProfile.View` counts on vCenter itself.",
    "",
    "Each row was tried in the lab: vCenter refuses its call to a user who lacks this one of the command's privileges. A deployment,",
    "`check` and `drift` were run by a user who has just theirs. Drills, `load` and `deploy` name the privilege, the call and the",
    "server. A drill ends with exit code 2 and breaks nothing. A deployment leaves what it made before, and the next one goes on",
    "from there. `pulumi up` passes on the words of vCenter, which do not name the privilege: `vsphere-ha deploy` asks for it.",
    "",
    "| for | privilege | on | call | why |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    "",
    "What the lab has not tried:",
    "",
    "- What `pulumi destroy` of hosts, datastores, port groups and the cluster takes is in the table, and was tried call by call,",
    "  not yet as a whole with a user that has just that. The same goes for the drills and `load`.",
    "- The drills of host power, isolation and storage act through the BMC and over SSH: vCenter is only asked there.",
    "- `host-loss-vcenter-down` stops and starts vCenter's service through the appliance. That is no privilege of a role: the user",
    "  must be in the group SystemConfiguration.Administrators of single sign-on.",
    "- A source that is marked as a template takes `VirtualMachine.Provisioning.DeployTemplate` in place of `…Clone`.",
    "- An OVA takes `VApp.Import`, a datacenter of the stack's own `Datacenter.Create` and `Datacenter.Delete`, a host's license key",
    "  `Global.Licenses`.",
    "",
    'Sources: vSphere Web Services API reference, "Required Privileges" of each method; vSphere Security, "Required Privileges for',
    'Common Tasks". Written by `npm run schema` from `verification/privileges.ts`.',
    "",
  ].join("\n");
}
