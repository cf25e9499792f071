import type { Moid } from "../model";
import { CouldNotRun } from "../problems";
import { retrieveOne } from "./properties";
import { isFault, type Session } from "./session";
import { lackedPrivilege, type SoapFault } from "./soap";
import { at, children, element, integer, ref, refElement, textAt, type Ref, type Xml } from "./xml";

/** An account of a guest's own. The password comes from the environment and goes nowhere but into the call. */
export interface GuestAccount {
  user: string;
  password: string;
}

export interface GuestProgram {
  /** As the guest names the file: `/usr/bin/stress-ng`. */
  path: string;
  arguments: string;
}

export interface GuestProcess {
  pid: number;
  /** The whole command line, as the guest tells it. */
  command: string;
  running: boolean;
}

/** A VM by its id, with its name for messages. */
export interface GuestVm {
  id: Moid;
  name: string;
}

/**
 * Programs in guests, by VMware Tools (vSphere API reference, GuestProcessManager). Needs the privileges
 * VirtualMachine.GuestOperations.Execute and .Query. All errors are CouldNotRun and name the VM.
 */
export interface GuestOperations {
  /** Starts a program, waits for nothing; gives its process id. */
  start(vm: GuestVm, account: GuestAccount, program: GuestProgram): Promise<number>;
  /** Programs that run, and those that ended within the last minutes. */
  processes(vm: GuestVm, account: GuestAccount): Promise<GuestProcess[]>;
  /** Ends a program; no error when it has ended by itself. */
  terminate(vm: GuestVm, account: GuestAccount, pid: number): Promise<void>;
}

export function guestOperations(session: Session): GuestOperations {
  let manager: Promise<Ref> | undefined;

  async function call(
    method: string,
    vm: GuestVm,
    account: GuestAccount,
    parameters: string[],
    file = "the program",
  ): Promise<Xml> {
    manager ??= processManager(session);
    const auth = element(
      "auth",
      [
        element("interactiveSession", "false"),
        element("username", account.user),
        element("password", account.password),
      ],
      { "xsi:type": "NamePasswordAuthentication", "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance" },
    );
    const on = refElement("vm", { type: "VirtualMachine", id: vm.id });
    try {
      return await session.call(method, await manager, [on, auth, ...parameters]);
    } catch (error) {
      throw explained(error, vm.name, account.user, file);
    }
  }

  return {
    async start(vm, account, { path, arguments: args }) {
      const spec = element("spec", [element("programPath", path), element("arguments", args)]);
      const pid = integer(at(await call("StartProgramInGuest", vm, account, [spec], path), "returnval"));
      if (pid === undefined) throw new CouldNotRun(`vCenter gave no process id for ${path} in ${vm.name}`);
      return pid;
    },
    async processes(vm, account) {
      return children(await call("ListProcessesInGuest", vm, account, []), "returnval").map((process) => ({
        pid: integer(at(process, "pid")) ?? 0,
        command: textAt(process, "cmdLine"),
        running: at(process, "endTime") === undefined,
      }));
    },
    async terminate(vm, account, pid) {
      try {
        await call("TerminateProcessInGuest", vm, account, [element("pid", pid.toString())]);
      } catch (error) {
        if (!isFault(error, "GuestProcessNotFound")) throw error;
      }
    },
  };
}

async function processManager(session: Session): Promise<Ref> {
  const { guestOperationsManager } = session.service;
  const found =
    guestOperationsManager &&
    ref((await retrieveOne(session, guestOperationsManager, ["processManager"])).get("processManager"));
  if (found === undefined) throw new CouldNotRun(`vCenter ${session.server} offers no guest operations`);
  return found;
}

const remedies: Record<string, (user: string, file: string) => string> = {
  InvalidGuestLogin: (user) =>
    `the guest refuses user ${user} (InvalidGuestLogin): check guests.*.user and the password in guests.*.passwordEnv`,
  GuestOperationsUnavailable: () => "VMware Tools do not answer (GuestOperationsUnavailable): are they running?",
  GuestPermissionDenied: (user) => `user ${user} of the guest may not do that (GuestPermissionDenied)`,
  FileNotFound: (_, file) => `the guest has no ${file} (FileNotFound): install it, or name another in guests.*.load`,
  InvalidPowerState: () => "it is not powered on (InvalidPowerState)",
  NoPermission: () =>
    "the vCenter user lacks VirtualMachine.GuestOperations.Execute or .Query on it (NoPermission): add them to its role",
};

function explained(error: unknown, vm: string, user: string, file: string): unknown {
  if (!isFault(error, ...Object.keys(remedies))) return error;
  const fault: SoapFault = error;
  const known = lackedPrivilege(fault.detail) === undefined ? remedies[fault.fault]?.(user, file) : undefined;
  const remedy = known ?? fault.message;
  return new CouldNotRun(`guest operations in ${vm}: ${remedy}`, {
    cause: error,
  });
}
