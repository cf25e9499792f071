import { execFile } from "node:child_process";
import type { Environment } from "../config";
import type { HangCommand } from "../config/guests";
import { CouldNotRun } from "../problems";
import type { VCenter } from "../vcenter/client";
import type { GuestAccount } from "../vcenter/guestOperations";
import type { GuestHang } from "./guestHang";

/** Limit of a command of the user's, in wall ms. */
const commandLimitMs = 60_000;

/** A guest is made to hang by a program in it, or by a command of the user's on this machine. */
export function guestHang(
  command: HangCommand,
  vcenter: Pick<VCenter, "guests">,
  account: () => GuestAccount,
  env: Environment,
): GuestHang {
  if ("command" in command) {
    const [file = "", ...args] = command.command;
    return {
      what: file,
      account: undefined,
      start: ({ name, hostId }) => run(file, args, { ...withoutPasswords(env), VM_NAME: name, HOST_ID: hostId }),
    };
  }
  const { program, arguments: args } = command;
  const login = account();
  return {
    what: `${program} in it`,
    account: login,
    async start(vm) {
      await vcenter.guests.start(vm, login, { path: program, arguments: args });
    },
  };
}

/** A command of the user's has no need of ours. */
function withoutPasswords(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/PASSWORD/i.test(name)));
}

function run(file: string, args: readonly string[], env: Environment): Promise<void> {
  return new Promise((done, fail) => {
    execFile(file, args, { env, timeout: commandLimitMs }, (error, _, stderr) => {
      if (error === null) {
        done();
        return;
      }
      const reason = stderr.trim().split("\n").at(-1) ?? "";
      fail(new CouldNotRun(`the command ${file} failed: ${reason === "" ? error.message : reason}`));
    });
  });
}
