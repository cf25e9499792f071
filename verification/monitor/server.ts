import { createServer, type Server } from "node:http";
import { CouldNotRun, messageOf } from "../problems";

export interface Address {
  host: string;
  port: number;
}

/** What is told at one path. */
export interface Page {
  contentType: string;
  text(): Promise<string>;
}

/** Serves metrics to whoever reaches the address: there is no secret in them, and no way to change anything. */
export async function serveMetrics({ host, port }: Address, metrics: Page): Promise<Server> {
  const server = createServer({ headersTimeout: 5000, requestTimeout: 10_000 }, (request, response) => {
    const path = request.url?.split("?")[0];
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD" }).end();
      return;
    }
    if (path === "/-/healthy") {
      response.end("ok\n");
      return;
    }
    if (path !== "/metrics") {
      response.writeHead(404).end("metrics are at /metrics\n");
      return;
    }
    metrics.text().then(
      (text) => {
        response.writeHead(200, { "content-type": metrics.contentType }).end(text);
      },
      (error: unknown) => {
        response.writeHead(500).end(`${messageOf(error)}\n`);
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const where = `${host}:${port.toString()}`;
      reject(new CouldNotRun(`cannot listen on ${where}: ${error.code ?? error.message}; name another --listen`));
    });
    server.listen(port, host, resolve);
  });
  return server;
}
