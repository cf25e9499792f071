import { join, resolve } from "node:path";
import { journalJsonSchema } from "../verification/journalSchema";
import { docstringsOf } from "./docstrings";
import { stackJsonSchema } from "./stackJsonSchema";
import { verificationJsonSchema, verificationLayerJsonSchema } from "./verificationJsonSchema";

/** The schemas in docs/, by file name. */
export function publishedSchemas(): Record<string, object> {
  return {
    "journal.schema.json": journalJsonSchema(),
    "stack.schema.json": stackJsonSchema(docstringsOf(join(resolve(__dirname, ".."), "components"))),
    "verification.schema.json": verificationJsonSchema(),
    "verification-layer.schema.json": verificationLayerJsonSchema(),
  };
}
