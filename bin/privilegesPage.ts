/** The table of privileges, of which docs/privileges.md and the test that tries each are made. */
export interface Duty {
  task: string;
  what: string;
  privileges: { privilege: string; on: string; call: string; why: string }[];
}

export function privilegesPage(duties: readonly Duty[]): string {
  const rows = duties.flatMap(({ what, privileges }) =>
    privileges.map(({ privilege, on, call, why }) => `| ${what} | \`${privilege}\` | ${on} | ${call} | ${why} |`),
  );
  return [
    "# Privileges of the vCenter user",
    "",
    "`check` needs the role Read-only on the cluster's datacenter, and nothing else. Drills need more. Each row below was tried in",
    "the lab with a user that has just these privileges, and with one that lacks this one: the message then names the privilege,",
    "the object and the call, the exit code is 2, and nothing is broken.",
    "",
    "Not tried yet, and not in the table: what deployments need, what the other drills and `load` need besides, and",
    "`VirtualMachine.Interact.Reset`, with which guest-hang resets a VM that HA did not reset.",
    "",
    "| for | privilege | on | call | why |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    "",
    "Written by `npm run schema` from `privileges.json`.",
    "",
  ].join("\n");
}
