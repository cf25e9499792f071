import { createConnection } from "node:net";

/**
 * `refused`: the guest or the last hop said no. `silent`: nothing answered in time. `unknown`: the failure was on our
 * side, so nothing was learnt about the service.
 */
export type TcpOutcome = "up" | "refused" | "silent" | "unknown";

/**
 * Connects once and closes at once, by a reset: no connection stays behind on either side, however many probes there
 * are.
 *
 * @param timeoutMs wall ms
 */
export function connectTcp(address: string, port: number, timeoutMs: number): Promise<TcpOutcome> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: address, port });
    const finish = (outcome: TcpOutcome): void => {
      clearTimeout(timer);
      socket.removeAllListeners("connect");
      if (outcome === "up") socket.resetAndDestroy();
      else socket.destroy();
      resolve(outcome);
    };
    // A paused event loop runs the timer before it reads the answer that has long arrived: look once more, after I/O.
    const timer = setTimeout(() => {
      setImmediate(() => {
        finish("silent");
      });
    }, timeoutMs);
    socket.once("connect", () => {
      finish("up");
    });
    // Stays for errors after the end: a reset by the peer must not end the process.
    socket.on("error", (error: NodeJS.ErrnoException) => {
      finish(answeredByPeer.has(error.code ?? "") ? "refused" : "unknown");
    });
  });
}

/**
 * Errors that say something about the guest: it refused, or the last hop found no such machine. Others are ours: no
 * network, no free port, too many open files.
 */
const answeredByPeer = new Set(["ECONNREFUSED", "ECONNRESET", "EHOSTUNREACH", "ETIMEDOUT", "EHOSTDOWN"]);

/** True when the service accepts a connection within the time (wall ms). */
export async function probeTcp(address: string, port: number, timeoutMs: number): Promise<boolean> {
  return (await connectTcp(address, port, timeoutMs)) === "up";
}
