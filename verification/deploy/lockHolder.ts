import { hostname, userInfo } from "node:os";

/** Who holds the lock of a stack in a backend of files or a bucket, as Pulumi writes it. */
export interface LockHolder {
  user: string;
  host: string;
  pid: number;
  since: string;
}

/** `created by user@host (pid 42) at 2026-01-31T12:00:00Z`; undefined in other messages, as of Pulumi Cloud. */
export function lockHolder(message: string): LockHolder | undefined {
  const [, user, host, pid, since] = /created by (\S+)@(\S+) \(pid (\d+)\) at (\S+)/.exec(message) ?? [];
  if (user === undefined || host === undefined || pid === undefined || since === undefined) return undefined;
  return { user, host, pid: Number(pid), since };
}

/** Whether the holder still works: false only when it was a process of this machine and account that is gone. */
export function mayBeAlive({ user, host, pid }: LockHolder): boolean {
  if (host !== hostname() || user !== userInfo().username) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** Why a deployment is refused, and what to do. */
export function lockedMessage(stack: string, holder: LockHolder | undefined): string {
  if (holder === undefined) {
    return (
      `another deployment of stack ${stack} is under way: wait for it, then deploy again. If it was killed: ` +
      `pulumi cancel --stack ${stack}, then deploy again, which continues it`
    );
  }
  const { user, host, pid, since } = holder;
  return (
    `another deployment of stack ${stack} is under way, by ${user} on ${host} (process ${pid.toString()}) since ${since}: ` +
    `wait for it, then deploy again. If you know that it was killed: pulumi cancel --stack ${stack}, then deploy again, ` +
    "which continues it"
  );
}
