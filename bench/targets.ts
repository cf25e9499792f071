/** 1,000 listening services on the loopback network, until it is ended. Prints `ready`. */
import { once } from "node:events";
import { createServer } from "node:net";

export const targetPort = 2222;

export function targetAddresses(count: number): string[] {
  return Array.from(
    { length: count },
    (_, k) => `127.219.${(1 + Math.floor(k / 250)).toString()}.${(1 + (k % 250)).toString()}`,
  );
}

async function main(count: number): Promise<void> {
  for (const address of targetAddresses(count)) {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.end();
    });
    server.listen(targetPort, address);
    await once(server, "listening");
  }
  console.log("ready");
}

if (require.main === module) void main(Number(process.argv[2]));
