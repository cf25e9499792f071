import { fillInVCenter, type Environment } from "../config";
import type { ResourceChange } from "../model";
import type { Https } from "../net/https";
import { duties, type Privilege } from "../privileges";
import { CouldNotRun } from "../problems";
import { lackedPrivileges, type Lacked } from "../vcenter/lackedPrivileges";
import type { Operation } from "./stack";

/** What vCenter says, and the provider passes on, of a call that its user may not make: not which privilege is missing. */
const denial = /NoPermission|Permission to perform this operation was denied/;

/**
 * The operation, with what its vCenter user lacks where that may be why it failed.
 *
 * @param https replaced in tests
 */
export async function explained(operation: Operation, env: Environment, https?: Https): Promise<Operation> {
  const { log, failure } = operation;
  if (failure === undefined || !denial.test(failure)) return operation;
  const changes = log.changes(true).filter(({ state }) => state !== "done");
  const needed = neededFor(changes);
  const vcenter = fillInVCenter({}, env);
  try {
    const lacked = await lackedPrivileges(vcenter, env, [...new Set(needed.map(({ privilege }) => privilege))], https);
    return { log, failure: [failure, ...lackedText(vcenter, lacked, needed)].join("\n") };
  } catch (error) {
    // The failure itself is what matters, and is told.
    if (error instanceof CouldNotRun) return operation;
    throw error;
  }
}

/** What these changes need; everything a deployment may need where no change was begun. */
export function neededFor(changes: readonly Pick<ResourceChange, "type" | "operation">[]): Privilege[] {
  const commands = { create: ["deploy"], update: ["deploy"], import: ["deploy"], delete: ["destroy"] };
  const of = duties.filter(({ for: commandsOf, resources = [] }) => {
    if (resources.length === 0) return false;
    if (changes.length === 0) return true;
    return changes.some(({ type, operation }) => {
      const kind = type.slice(type.lastIndexOf(":") + 1);
      const needing = operation === "replace" ? ["deploy", "destroy"] : commands[operation];
      return resources.includes(kind) && needing.some((command) => commandsOf.includes(command));
    });
  });
  return of.flatMap(({ privileges }) => privileges);
}

/** A line for each datacenter. */
export function lackedText(
  { server, user }: { server: string; user: string },
  lacked: readonly Lacked[],
  needed: readonly Privilege[],
): string[] {
  const callsOf = (name: string): string =>
    [...new Set(needed.filter(({ privilege }) => privilege === name).map(({ call }) => call))].join(", ");
  return lacked.map(({ datacenter, privileges }) => {
    const list = privileges.map((privilege) => `${privilege} (${callsOf(privilege)})`).join(", ");
    return (
      `vCenter ${server}: of the privileges that this takes, user ${user} lacks on datacenter ${datacenter}: ${list}; ` +
      "add them to the user's role, see docs/privileges.md"
    );
  });
}
