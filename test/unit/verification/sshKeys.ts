import { utils } from "ssh2";

/** A key pair in OpenSSH's format. ssh2 makes one in some hundreds too short to be read again: then another one. */
export function makeSshKey(): ReturnType<typeof utils.generateKeyPairSync> {
  for (;;) {
    const pair = utils.generateKeyPairSync("ed25519");
    if (!(utils.parseKey(pair.private) instanceof Error) && !(utils.parseKey(pair.public) instanceof Error))
      return pair;
  }
}
