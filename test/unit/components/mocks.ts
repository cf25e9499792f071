import * as pulumi from "@pulumi/pulumi";

/** A resource as a program registered it, or a look-up (then without a name). */
export interface Registered {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

/** A template has the guest id that its name begins with. */
const template = {
  disks: [{ label: "disk0", size: 8, thinProvisioned: true, eagerlyScrub: false, unitNumber: 0 }],
  scsiType: "lsilogic",
};

/** The value inside a secret as it goes over the wire; anything else as it is. */
export function unwrapped(value: unknown): unknown {
  return typeof value === "object" && value !== null && "value" in value ? value.value : value;
}

/** Runs a program on Pulumi mocks to its end and tells what it registered: every resource, components included. */
export async function registered(program: () => unknown, resources: Registered[] = []): Promise<Registered[]> {
  await pulumi.runtime.setMocks(
    {
      newResource({ type, name, inputs }) {
        resources.push({ type, name, inputs: inputs as Record<string, unknown> });
        const said = name.endsWith("-registration") ? "logged in\nproject project-1\n" : "verified";
        const stdout = type === "command:local:Command" ? said : undefined;
        const computed = { moid: `moid-${name}`, resourcePoolId: `pool-${name}`, allFixedIps: ["192.0.2.99"], stdout };
        const state = { ...(inputs as object), ...computed };
        return { id: `id-${name}`, state };
      },
      call({ token, inputs }) {
        resources.push({ type: token, name: "", inputs: inputs as Record<string, unknown> });
        const { name } = inputs as { name: string };
        const found = token.endsWith(":getVirtualMachine")
          ? { ...template, guestId: name.startsWith("windows") ? "winXPProGuest" : "ubuntu64Guest" }
          : {};
        return { ...(inputs as object), ...found, id: `found-${name}` };
      },
    },
    "vsphere-ha",
    "test",
  );
  program();
  // Waits for every outstanding registration: children are registered some ticks after their component.
  await pulumi.runtime.disconnect();
  return resources;
}

/** Without look-ups. */
export const declared = (resources: Registered[]): Registered[] => resources.filter(({ name }) => name !== "");

/** The one resource of that name. */
export function named(resources: Registered[], name: string): Registered {
  const found = resources.filter((resource) => resource.name === name);
  if (found.length !== 1 || found[0] === undefined) {
    throw new Error(`${name}: ${String(found.length)} of ${resources.map((r) => r.name).join(", ")}`);
  }
  return found[0];
}

/** The value of an Output. */
export function value<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}
