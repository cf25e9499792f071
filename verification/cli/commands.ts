/* eslint-disable @typescript-eslint/no-require-imports -- import() would look for JavaScript where TypeScript runs as it is */
import type * as Check from "./check";
import type * as Deploy from "./deploy";
import type * as Drill from "./drill";
import type * as Init from "./init";
import type * as Load from "./load";
import type * as Monitor from "./monitor";

/** The commands, each loaded when it is called: what reads a cluster need not wait for what draws charts. */
export const commands = {
  check: (): typeof Check => require("./check") as typeof Check,
  deploy: (): typeof Deploy => require("./deploy") as typeof Deploy,
  drill: (): typeof Drill => require("./drill") as typeof Drill,
  init: (): typeof Init => require("./init") as typeof Init,
  load: (): typeof Load => require("./load") as typeof Load,
  monitor: (): typeof Monitor => require("./monitor") as typeof Monitor,
};
