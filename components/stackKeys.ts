/** The keys of Pulumi.<stack>.yaml that belong to the reference stack: which there are, and which were meant. */
import { nearestName } from "./nearestName";
import { openstackSchema } from "./openstackConfig";
import { clusterSchema, placementSchema } from "./stackSchema";
import { hidden, type Problem } from "./validation";

const sections = {
  cluster: Object.keys(clusterSchema.shape),
  vms: [],
  placement: Object.keys(placementSchema.shape),
  bmcs: [],
  ssh: [],
  openstack: Object.keys(openstackSchema.shape),
};
const secrets = ["hostPassword", "novaPassword", "computePrivateKey"];

/** Every key that the stack reads, without the project's name. */
export const stackKeys: readonly string[] = [...Object.keys(sections), ...secrets];

/** What to write in place of a key: another one, or a setting of a section that was written beside it. */
function remedy(project: string, name: string): string {
  const key = nearestName(name, stackKeys);
  if (key !== undefined) return `write ${project}:${key}, or leave it out`;
  for (const [section, settings] of Object.entries(sections)) {
    const setting = nearestName(name, settings);
    if (setting !== undefined) return `write ${setting} under ${project}:${section}, or leave it out`;
  }
  return `write one of ${stackKeys.join(", ")}, or leave it out`;
}

/** @param keys of the whole configuration, with project names: those of providers are not the stack's */
export function unknownKeys(project: string, keys: readonly string[]): Problem[] {
  const prefix = `${project}:`;
  return keys
    .filter((key) => key.startsWith(prefix) && !stackKeys.includes(key.slice(prefix.length)))
    .map((key) => ({
      path: key,
      // Nobody knows what it is: a password in the wrong place, perhaps.
      value: hidden,
      rule: "is not a setting of this stack",
      remedy: remedy(project, key.slice(prefix.length)),
    }));
}
